// Which room may load which at run time: the way of the data, in one list. Types may be imported from anywhere below, and the
// shared words (src/model.ts, src/clients/client.ts, src/schema/model.ts) are types only, so that they bind nobody.
// Read by eslint.config.js and by the test of the import graph.

/** Room → rooms and single files that it may load, beside itself. A file of several rooms belongs to the first that fits. */
export const ROOMS = {
  'src/source': [],
  'src/value': ['src/source'],
  'src/sql': [],
  'src/schema': ['src/source', 'src/sql'],
  'src/clients': ['src/source', 'src/value', 'src/schema', 'src/sql'],
  'src/trace': ['src/source', 'src/value', 'src/schema'],
  'src/project': ['src/source', 'src/schema', 'src/trace'],
  'src/rewrite': ['src/wording.ts', 'src/source', 'src/value', 'src/schema', 'src/trace'],
  'src/eslint': ['src/engine.ts', 'src/ignores.ts', 'src/settings.ts', 'src/package.ts', 'src/rule.ts', 'src/source', 'src/schema', 'src/clients/index.ts', 'rules'],
  'src/wording.ts': ['src/source', 'src/value', 'src/schema', 'src/trace'],
  rules: ['src/rule.ts', 'src/wording.ts', 'src/trace', 'src/value', 'src/schema', 'src/source'],
  'src/ignores.ts': [],
  'src/model.ts': [],
  'src/package.ts': [],
  'src/rule.ts': [],
  'src/settings.ts': ['src/clients/index.ts', 'src/schema'],
  'src/engine.ts': ['src/clients/index.ts', 'src/project', 'src/rewrite', 'src/schema', 'src/source', 'src/trace'],
  'src/index.ts': ['src/eslint', 'rules', 'src/settings.ts', 'src/package.ts', 'src/clients/common/rows.ts'],
  codemods: ['src/engine.ts', 'src/settings.ts', 'src/ignores.ts', 'src/package.ts', 'src/schema', 'src/source', 'src/clients/index.ts', 'rules'],
};

/** Packages that nothing which a linter loads may load. */
export const HEAVY = ['jscodeshift', 'ts-morph', 'typescript', 'eslint', 'vitest', '@typescript-eslint/parser', '@typescript-eslint/typescript-estree', '@typescript-eslint/rule-tester', 'libpg-query', '@mrleebo/prisma-ast'];

/** The room of a path relative to the project's folder, '/' between its parts; undefined: no room (tests, scripts, the lab). */
export function roomOf(path) {
  return Object.keys(ROOMS).find((room) => path === room || path.startsWith(`${room}/`));
}

/** The library that a file belongs to (`src/clients/<id>/…`); undefined for what all libraries share. */
export function clientOf(path) {
  const name = /^src\/clients\/([^/]+?)(?:\/|\.ts$)/.exec(path)?.[1];
  return name === 'client' || name === 'index' || name === 'common' ? undefined : name;
}

/** Why a file may not load another, or undefined when it may. */
export function forbidden(from, to) {
  const [room, target] = [roomOf(from), roomOf(to)];
  if (room === undefined) return undefined;
  const [own, other] = [clientOf(from), clientOf(to)];
  if (other !== undefined && own !== other && from !== 'src/clients/index.ts') return `only src/clients/index.ts and ${other}'s own files may name a library`;
  if (target === room || ROOMS[room].some((one) => to === one || to.startsWith(`${one}/`))) return undefined;
  return `${room} may load ${ROOMS[room].join(', ') || 'no other room'}`;
}
