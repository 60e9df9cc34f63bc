// What the rules cost, as ratios within one run on one machine (DESIGN, "Budgets"): absolute times say little on shared hardware.
//
//   npm run bench -- FOLDER [FOLDER …]     folders with TypeScript or JavaScript, best whole repositories
//
//   npm run bench -- --seconds 300 FOLDER  larger samples (default: 30)
//
// It ends on a tree of any size: what works file by file runs over groups of neighbours from all over the tree until its seconds are
// over, and is told for the whole tree by its kilobytes; a command runs over the whole tree and is killed after 120 seconds.
// Measured, after `npm run build`:
//   rules / parse      time in our rules by ESLint's --stats, over its parse time; with imported files followed, and without
//   text scan          CPU time to tell of a text that no word of a library is called in it, a file and a kilobyte
//   evidence           CPU time to tell of what the scan leaves which files show a library, and how many those are
//   scan / oxc         CPU time and memory of `db-race scan` in a process of its own, less its start, over reading all files and
//                      parsing with oxc those that the text scan leaves; where imports are followed, also what these lead to
//   migrate / oxc      the same of `db-race migrate`, which writes nothing
//   ESLint / scan      CPU time of ESLint's TypeScript parser over all files, over that of `db-race scan` less its start
//   jscodeshift / scan the same of a jscodeshift transform that only parses
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { ESLint } from 'eslint';
import jscodeshift from 'jscodeshift';
import * as parser from '@typescript-eslint/parser';
import { parseSync } from 'oxc-parser';
import { dist } from '../scripts/build.mjs';

const SOURCES = new Set(['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs']);
const { values, positionals } = parseArgs({ options: { seconds: { type: 'string', default: '30' } }, allowPositionals: true });
/** For one measurement, in milliseconds. */
const SAMPLE = 1000 * Number(values.seconds);
const KILL_AFTER = 120_000;
/** Files of a group: neighbours share what they import, and scattered ones would read it all over again. */
const GROUP = 24;

const folders = positionals.map((one) => resolve(one));
const problem = !(SAMPLE > 0) ? '--seconds takes a number above 0.'
  : !folders.length ? 'name at least one folder with source files.'
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

/** What is being measured, for whoever waits at a terminal. */
function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

const kilobytesOf = (some) => some.reduce((sum, { text }) => sum + text.length, 0) / 1000;

/** Groups of neighbours in an order in which any few from the start stand for all. */
function groupsOf(some) {
  const groups = Array.from({ length: Math.ceil(some.length / GROUP) }, (_, at) => some.slice(at * GROUP, (at + 1) * GROUP));
  // Multiples of the golden section fall evenly into what is left.
  return groups.map((group, at) => ({ group, place: (at * 0.618034) % 1 })).sort((one, other) => one.place - other.place).map(({ group }) => group);
}

/** CPU time of `run` over all files in milliseconds, told from as many groups as the seconds allow. */
function sampled(what, some, run) {
  const until = Date.now() + SAMPLE;
  const done = [];
  let time = 0;
  for (const group of groupsOf(some)) {
    if (done.length && Date.now() > until) break;
    progress(`${what}: ${done.length} of ${some.length} files`);
    time += cpu(() => { for (const one of group) run(one); });
    done.push(...group);
  }
  return done.length === some.length ? time : time * kilobytesOf(some) / kilobytesOf(done);
}

/** What a run of a command costs in CPU time, in milliseconds, and at its peak in megabytes; undefined when it was killed. */
function command(cwd, name, args) {
  progress(`db-race ${name} ${args.join(' ')}`);
  const measure = "process.on('exit', () => { const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage(); process.stderr.write(`\\n#${JSON.stringify({ time: (userCPUTime + systemCPUTime) / 1000, peak: maxRSS / 1024 })}`); });";
  const { stderr, error } = spawnSync(process.execPath, ['--import', `data:text/javascript,${encodeURIComponent(measure)}`, join(dist, 'codemods/cli.js'), name, '--workers', '1', ...args], { cwd, encoding: 'utf8', maxBuffer: 2 ** 30, timeout: KILL_AFTER, killSignal: 'SIGKILL' });
  if (error) {
    progress('');
    console.error(`bench: db-race ${name} ${args.join(' ')} in ${cwd} ${error.code === 'ETIMEDOUT' ? `was killed after ${KILL_AFTER / 1000} s.` : `failed (${error.message}).`}`);
    return undefined;
  }
  return JSON.parse(stderr.slice(stderr.lastIndexOf('#') + 1));
}

/** The files that some lead to by imports, without them; as many as the seconds allow. */
function reachedFrom(some) {
  const until = Date.now() + SAMPLE;
  const found = new Map(some.map((one) => [one.path, one]));
  for (const { path, text } of found.values()) {
    if (Date.now() > until) break;
    for (const source of sourcesIn(text)) {
      const target = resolvePath(source, path);
      if (target !== undefined && !found.has(target)) found.set(target, { path: target, text: readFileSync(target, 'utf8') });
    }
  }
  return [...found.values()].slice(some.length);
}

function eslintFor(cwd, followImports) {
  return new ESLint({
    cwd, overrideConfigFile: true, stats: true, ignore: false, errorOnUnmatchedPattern: false, allowInlineConfig: false,
    overrideConfig: [
      // A pattern for everything would leave ESLint with its own extensions only.
      { files: ['**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs}'], languageOptions: { parser, parserOptions: { ecmaFeatures: { jsx: true } } } },
      { ...plugin.configs.strict, ignores: [], settings: { 'db-race': { followImports } } },
    ],
  });
}

/** Both ways over the same groups, so that they can be compared. */
async function eslintTimes(cwd, files) {
  const ways = [false, true].map((following) => ({ eslint: eslintFor(cwd, following), parse: 0, rules: 0, findings: 0 }));
  const until = Date.now() + 2 * SAMPLE;
  let count = 0;
  for (const group of groupsOf(files)) {
    if (count && Date.now() > until) break;
    progress(`ESLint: ${count} of ${files.length} files`);
    for (const way of ways) {
      for (const { stats, messages } of await way.eslint.lintFiles(group.map(({ path }) => path))) {
        way.findings += messages.filter((one) => one.ruleId).length;
        for (const pass of stats?.times.passes ?? []) {
          way.parse += pass.parse.total;
          for (const rule of Object.values(pass.rules ?? {})) way.rules += rule.total;
        }
      }
    }
    count += group.length;
  }
  return { off: ways[0], on: ways[1], count };
}

/** With the options that ESLint gives. */
function parseAsEslint({ path, text }) {
  try { parser.parseForESLint(text, { filePath: path, range: true, loc: true, tokens: true, comment: true, ecmaFeatures: { jsx: /x$/.test(path) } }); } catch { /* A syntax error. */ }
}

const recast = jscodeshift.withParser('tsx');
function parseAsJscodeshift({ text }) {
  try { recast(text); } catch { /* A syntax error. */ }
}

const percent = (part, whole) => `${((100 * part) / whole).toFixed(2)} %`;

for (const folder of folders) {
  const paths = sourcesOf(folder);
  if (!paths.length) { console.log(`${folder}: no source files`); continue; }
  const settings = parseSettings({ followImports: false });
  let files = [];
  progress('reading');
  // The first round warms the page cache.
  for (const path of paths) readFileSync(path, 'utf8');
  const reading = cpu(() => { files = paths.map((path) => ({ path, text: readFileSync(path, 'utf8') })); });
  // As warm as after the first files of a run.
  for (const { text } of files) isCandidate(text, settings);
  let worded = [];
  const scanning = cpu(() => { worded = files.filter(({ text }) => isCandidate(text, settings)); });
  let survivors = 0;
  const show = ({ path, text }) => { if (isCandidate(text, settings, { path, cwd: folder })) survivors++; };
  // The first one reads the schema.
  worded.slice(0, 1).forEach(show);
  survivors = 0;
  const telling = sampled('evidence', worded, show);
  const oxc = (some) => sampled('oxc', some, ({ path, text }) => { void parseSync(path, text, { astType: 'ts', range: true, preserveParens: false }).program; });
  const parsing = oxc(worded);
  const parsingReached = parsing + oxc(reachedFrom(worded));
  const nothing = mkdtempSync(join(tmpdir(), 'db-race-bench-'));
  writeFileSync(join(nothing, 'empty.ts'), '');
  const started = command(nothing, 'scan', [])?.time ?? 0;
  rmSync(nothing, { recursive: true });
  const alone = ['scan', 'migrate'].map((name) => command(folder, name, ['--no-ignore', '--no-follow-imports']));
  const following = ['scan', 'migrate'].map((name) => command(folder, name, ['--no-ignore']));
  const eslintParsing = sampled('ESLint parsing', files, parseAsEslint);
  const jscodeshiftParsing = sampled('jscodeshift parsing', files, parseAsJscodeshift);
  const { off, on, count } = await eslintTimes(folder, files);
  progress('');
  const kilobytes = kilobytesOf(files);
  const over = (list, bare) => ['scan', 'migrate'].map((name, at) => (list[at] ? `${name} ${((list[at].time - started) / (reading + bare)).toFixed(2)} ×, ${list[at].peak.toFixed(0)} MB` : `${name} killed after ${KILL_AFTER / 1000} s`)).join('; ');
  const faster = (time) => [alone, following].map(([scan]) => (scan ? `${(time / (scan.time - started)).toFixed(1)} ×` : 'killed')).join(', imports followed ');
  console.log([
    `${relative(process.cwd(), folder) || folder}: ${files.length} files, ${kilobytes.toFixed(0)} KB, ${worded.length} left by the text scan, ${survivors} by evidence`,
    `  rules / parse in ESLint       ${percent(off.rules, off.parse)} (budget 3 %), ${off.findings} findings${count < files.length ? ` in ${count} files` : ''}`,
    `  … imported files followed     ${percent(on.rules, on.parse)}, ${on.findings} findings`,
    `  text scan                     ${((1000 * scanning) / files.length).toFixed(1)} µs a file, ${((1000 * scanning) / kilobytes).toFixed(2)} µs a KB (budget 5 µs + 1.5 µs a KB), ${(scanning / reading).toFixed(2)} × reading`,
    `  evidence                      ${((1000 * telling) / Math.max(1, worded.length)).toFixed(1)} µs a file that the scan leaves`,
    `  command / (reading + oxc)     ${over(alone, parsing)} (budget 1.5 ×, 200 MB)`,
    `  … imported files followed     ${over(following, parsingReached)}`,
    `  ESLint parsing alone / scan   ${faster(eslintParsing)} (budget 15 ×)`,
    `  jscodeshift parsing / scan    ${faster(jscodeshiftParsing)} (budget 10 ×)`,
  ].join('\n'));
}
