// Everything that repeats what the rules and clients say: rules/index.ts, the transforms of codemods/transforms, docs/rules and the
// tables of the README.
//
//   node scripts/generate.mjs            writes what changed
//   node scripts/generate.mjs --check    writes nothing; exit code 1 when a file is not what it would be
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, dist, root } from './build.mjs';
import { filled, headerOf, indexFile, librariesTable, rulePage, rulesTable, transformFile } from './generated.mjs';

const check = process.argv.includes('--check');
const unknown = process.argv.slice(2).filter((one) => one !== '--check');
if (unknown.length) {
  console.error(`generate: unknown option ${unknown[0]}; known is --check.`);
  process.exit(2);
}

const stale = [];
const at = (...parts) => join(root, ...parts);

/** Writes `text`, or notes that the file differs from it. `undefined`: the file should not be there. */
function put(path, text) {
  const now = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  if (now === text) return;
  stale.push(relative(root, path));
  if (check) return;
  if (text === undefined) return rmSync(path);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Removes generated files of rules that are gone. */
function only(folder, names, suffix) {
  if (!existsSync(folder)) return;
  for (const file of readdirSync(folder)) if (file.endsWith(suffix) && !names.includes(file.slice(0, -suffix.length))) put(join(folder, file), undefined);
}

const names = readdirSync(at('rules')).filter((file) => /^[a-z][\w-]*\.ts$/.test(file) && file !== 'index.ts').map((file) => file.slice(0, -3)).sort();
put(at('rules/index.ts'), indexFile(names));
only(at('codemods/transforms'), ['all', ...names], '.cjs');
for (const name of names) put(at('codemods/transforms', `${name}.cjs`), transformFile(readFileSync(at('codemods/transforms/all.cjs'), 'utf8'), name));

// What rules and clients say of themselves is asked of the built modules.
if (!build({ check: false })) process.exit(1);
const load = (path) => import(pathToFileURL(join(dist, path)).href);
const rules = [];
for (const name of names) {
  const rule = (await load(`rules/${name}.js`)).default;
  if (rule?.name !== name) throw new Error(`rules/${name}.ts: its default export should be a rule of the name '${name}'.`);
  rules.push({ rule, header: headerOf(readFileSync(at('rules', `${name}.ts`), 'utf8'), `rules/${name}.ts`) });
}
const { CLIENTS } = await load('src/clients/index.js');
const { optionsSchema } = await load('src/eslint/adapter.js');

only(at('docs/rules'), names, '.md');
for (const { rule, header } of rules) put(at('docs/rules', `${rule.name}.md`), rulePage(rule, header, optionsSchema(rule)));
const readme = readFileSync(at('README.md'), 'utf8');
put(at('README.md'), filled(readme, { rules: rulesTable(rules.map((one) => one.rule)), libraries: librariesTable(CLIENTS) }));

if (stale.length) console.log(`${check ? 'Not up to date (run `npm run generate`)' : 'Written'}:\n${stale.map((path) => `  ${path}`).join('\n')}`);
process.exitCode = check && stale.length ? 1 : 0;
