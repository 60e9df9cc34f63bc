// For jscodeshift: every rewrite of the package. The engine is an ES module and therefore imported when the first file arrives,
// which works with the runner's `--babel` (its default) and with `--no-babel`.
'use strict';

module.exports = async function all(file, api, options) {
  const { transform } = await import('../transform.js');
  return transform(file, api, options);
};
