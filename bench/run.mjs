// What the rules cost, as ratios within one run on one machine (DESIGN, "Budgets"): absolute times say little on shared hardware.
//
//   npm run bench -- FOLDER [FOLDER …]     folders with TypeScript or JavaScript, best whole repositories
//
// Measured over all files of the folders, after `npm run build`:
//   rules / parse      time in our rules by ESLint's --stats, over its parse time; with imported files followed, and without
//   text scan          CPU time to tell of a text that no word of a library is called in it, a file and a kilobyte
//   evidence           CPU time to tell of what the scan leaves which files show a library, and how many those are
//   scan / oxc         CPU time and memory of `db-race scan` in a process of its own, less its start, over reading all files and
//                      parsing with oxc those that the text scan leaves; where imports are followed, also what these lead to
//   migrate / oxc      the same of `db-race migrate`, which writes nothing
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ESLint } from 'eslint';
import * as parser from '@typescript-eslint/parser';
import { parseSync } from 'oxc-parser';
import { dist } from '../scripts/build.mjs';

const SOURCES = new Set(['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs']);
const folders = process.argv.slice(2).map((one) => resolve(one));
const problem = !folders.length ? 'name at least one folder with source files.'
  : !existsSync(join(dist, 'src/index.js')) ? 'the package is not built; run `npm run build` first.'
  : folders.find((one) => !existsSync(one) || !statSync(one).isDirectory());
if (problem) {
  console.error(`bench: ${folders.includes(problem) ? `${problem} is no folder.` : problem}`);
  process.exit(2);
}

const load = (path) => import(pathToFileURL(join(dist, path)).href);
const { default: plugin } = await load('src/index.js');
const { isCandidate } = await load('src/engine.js');
const { resolvePath } = await load('src/source/modules.js');
const { sourcesIn } = await load('src/source/reach.js');
const { parseSettings } = await load('src/settings.js');

function sourcesOf(folder) {
  const found = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...sourcesOf(path));
    else if (entry.isFile() && SOURCES.has(extname(entry.name)) && !entry.name.endsWith('.d.ts')) found.push(path);
  }
  return found;
}

/** CPU time of this process in milliseconds. */
function cpu(run) {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** What a run of a command costs in CPU time, in milliseconds, and at its peak in megabytes. */
function command(cwd, name, args) {
  const measure = "process.on('exit', () => { const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage(); process.stderr.write(`\\n#${JSON.stringify({ time: (userCPUTime + systemCPUTime) / 1000, peak: maxRSS / 1024 })}`); });";
  const { stderr } = spawnSync(process.execPath, ['--import', `data:text/javascript,${encodeURIComponent(measure)}`, join(dist, 'codemods/cli.js'), name, '--no-ignore', '--workers', '1', ...args], { cwd, encoding: 'utf8', maxBuffer: 2 ** 30 });
  return JSON.parse(stderr.slice(stderr.lastIndexOf('#') + 1));
}

/** The files that some lead to by imports, without them. */
function reachedFrom(some) {
  const found = new Map(some.map((one) => [one.path, one]));
  for (const { path, text } of found.values()) {
    for (const source of sourcesIn(text)) {
      const target = resolvePath(source, path);
      if (target !== undefined && !found.has(target)) found.set(target, { path: target, text: readFileSync(target, 'utf8') });
    }
  }
  return [...found.values()].slice(some.length);
}

async function eslintTimes(cwd, files, followImports) {
  const eslint = new ESLint({
    cwd, overrideConfigFile: true, stats: true, ignore: false, errorOnUnmatchedPattern: false, allowInlineConfig: false,
    overrideConfig: [
      // A pattern for everything would leave ESLint with its own extensions only.
      { files: ['**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs}'], languageOptions: { parser, parserOptions: { ecmaFeatures: { jsx: true } } } },
      { ...plugin.configs.strict, ignores: [], settings: { 'db-race': { followImports } } },
    ],
  });
  let [parse, rules, findings] = [0, 0, 0];
  for (const { stats, messages } of await eslint.lintFiles(files)) {
    findings += messages.filter((one) => one.ruleId).length;
    for (const pass of stats?.times.passes ?? []) {
      parse += pass.parse.total;
      for (const rule of Object.values(pass.rules ?? {})) rules += rule.total;
    }
  }
  return { parse, rules, findings };
}

const percent = (part, whole) => `${((100 * part) / whole).toFixed(2)} %`;

for (const folder of folders) {
  const files = sourcesOf(folder);
  if (!files.length) { console.log(`${folder}: no source files`); continue; }
  const settings = parseSettings({ followImports: false });
  let texts = [];
  // The first round warms the page cache.
  for (const path of files) readFileSync(path, 'utf8');
  const reading = cpu(() => { texts = files.map((path) => readFileSync(path, 'utf8')); });
  // As warm as after the first files of a run.
  for (const text of texts) isCandidate(text, settings);
  let worded = [];
  const scanning = cpu(() => { worded = files.flatMap((path, at) => (isCandidate(texts[at], settings) ? [{ path, text: texts[at] }] : [])); });
  const shown = (options) => worded.filter(({ path, text }) => isCandidate(text, options, { path, cwd: folder }));
  // The first round reads the schema.
  shown(settings);
  let survivors = [];
  const telling = cpu(() => { survivors = shown(settings); });
  const parse = (some) => cpu(() => { for (const { path, text } of some) void parseSync(path, text, { astType: 'ts', range: true, preserveParens: false }).program; });
  const parsing = parse(worded);
  const parsingReached = parsing + parse(reachedFrom(worded));
  const nothing = mkdtempSync(join(tmpdir(), 'db-race-bench-'));
  writeFileSync(join(nothing, 'empty.ts'), '');
  const started = command(nothing, 'scan', []).time;
  rmSync(nothing, { recursive: true });
  const alone = ['scan', 'migrate'].map((name) => command(folder, name, ['--no-follow-imports']));
  const following = ['scan', 'migrate'].map((name) => command(folder, name, []));
  const off = await eslintTimes(folder, files, false);
  const on = await eslintTimes(folder, files, true);
  const kilobytes = texts.reduce((sum, text) => sum + text.length, 0) / 1000;
  const over = (list, bare) => ['scan', 'migrate'].map((name, at) => `${name} ${((list[at].time - started) / (reading + bare)).toFixed(2)} ×, ${list[at].peak.toFixed(0)} MB`).join('; ');
  console.log([
    `${relative(process.cwd(), folder) || folder}: ${files.length} files, ${kilobytes.toFixed(0)} KB, ${worded.length} left by the text scan, ${survivors.length} by evidence`,
    `  rules / parse in ESLint       ${percent(off.rules, off.parse)} (budget 3 %), ${off.findings} findings`,
    `  … imported files followed     ${percent(on.rules, on.parse)}, ${on.findings} findings`,
    `  text scan                     ${((1000 * scanning) / files.length).toFixed(1)} µs a file, ${((1000 * scanning) / kilobytes).toFixed(2)} µs a KB (budget 5 µs + 1.5 µs a KB), ${(scanning / reading).toFixed(2)} × reading`,
    `  evidence                      ${((1000 * telling) / Math.max(1, worded.length)).toFixed(1)} µs a file that the scan leaves`,
    `  command / (reading + oxc)     ${over(alone, parsing)} (budget 1.5 ×, 200 MB)`,
    `  … imported files followed     ${over(following, parsingReached)}`,
  ].join('\n'));
}
