// What the package does, on the four small applications of fixtures/incidents: ESLint's findings, the codemod's diff, and both
// versions run on a real database. Works on copies; nothing in the repository changes.
//
//   npm run demo [-- --no-lab]
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, dist, root } from './build.mjs';
import { bold, codeFrame, cyan, dim, green, lineDiff, red, wrapped, yellow } from './terminal.mjs';

const incidents = join(root, 'fixtures/incidents');
/** Marks of the fixtures' runner, which readers of the demo need not see. */
const MARK = /^\s*\/\/\s*(?:race|ok|refused|todo-race|todo-ok):/;
const GOLDEN = /\.(?:fixed|scenario)\.[cm]?ts$/;

/** @returns {string[]} all files below `folder`, relative to it, sorted. */
function filesOf(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => !/(^|[\\/])(node_modules|generated)([\\/]|$)/.test(path) && statSync(join(folder, path)).isFile()).sort();
}

function newest(folders) {
  return Math.max(0, ...folders.flatMap((folder) => filesOf(join(root, folder)).map((path) => statSync(join(root, folder, path)).mtimeMs)));
}

function ensureBuilt() {
  const entry = join(dist, 'src/index.js');
  const sources = ['src', 'rules', 'codemods', 'lab'].filter((folder) => existsSync(join(root, folder)));
  if (existsSync(entry) && statSync(entry).mtimeMs >= newest(sources)) return true;
  console.log(dim('building …'));
  return build({ check: false });
}

/** A copy of an application without marks and goldens. */
function copyOf(name) {
  const target = join(mkdtempSync(join(tmpdir(), 'db-race-demo-')), name);
  for (const path of filesOf(join(incidents, name))) {
    if (GOLDEN.test(path)) continue;
    const text = readFileSync(join(incidents, name, path), 'utf8');
    mkdirSync(dirname(join(target, path)), { recursive: true });
    writeFileSync(join(target, path), /\.[cm]?tsx?$/.test(path) ? text.split('\n').filter((line) => !MARK.test(line)).join('\n') : text);
  }
  return target;
}

async function findings(project, { ESLint, parser, plugin }) {
  const eslint = new ESLint({ cwd: project, overrideConfigFile: true, overrideConfig: [{ files: ['**/*.ts'], languageOptions: { parser } }, plugin.configs.recommended] });
  const results = await eslint.lintFiles(['src/**/*.ts']);
  let count = 0;
  for (const { filePath, messages } of results) {
    const text = readFileSync(filePath, 'utf8');
    for (const message of messages) {
      count++;
      console.log(`${cyan(`${relative(project, filePath)}:${message.line}:${message.column}`)} ${yellow(message.ruleId ?? 'error')}`);
      console.log(wrapped(message.message, '  '));
      console.log(`${codeFrame(text, message)}\n`);
    }
  }
  if (!count) console.log('no findings\n');
  return results.filter((one) => one.messages.length).map((one) => one.filePath);
}

/** The codemod's diff; what it asks to be accepted by name is accepted here and said. */
function rewritten(project, paths, { rewriteSource }) {
  for (const path of paths) {
    const text = readFileSync(path, 'utf8');
    const filename = relative(project, path);
    const asked = rewriteSource(text, { cwd: project, filename }).refused.flatMap((one) => one.unproven ?? []);
    const accept = [...new Set(asked.map((one) => one.id))];
    const result = rewriteSource(text, { cwd: project, filename, accept });
    console.log(`${cyan(filename)}${accept.length ? dim(` --accept=${accept.join(',')}`) : ''}`);
    const diff = lineDiff(text, result.text);
    if (diff) console.log(diff);
    const said = new Set();
    for (const one of result.rewritten) {
      const notes = [green(`line ${one.line}: ${one.title}`), ...one.changes.map((change) => wrapped(`changes: ${change}`, '  '))].join('\n');
      if (!said.has(notes)) console.log(notes);
      said.add(notes);
    }
    for (const one of result.refused) {
      console.log(red(`line ${one.line}: not rewritten (${one.id})`));
      console.log(wrapped(one.reason, '  '));
      if (one.migration) console.log(Object.entries(one.migration.statements).map(([dialect, sql]) => `${dim(`  -- ${dialect}`)}\n${sql.trim().split('\n').map((line) => `  ${line}`).join('\n')}`).join('\n'));
    }
    console.log();
  }
}

/** Before and after of every scenario of an application, on the first of its engines that is here. */
async function proven(name, lab) {
  const files = filesOf(join(incidents, name)).filter((path) => /\.scenario\.ts$/.test(path));
  for (const path of files) {
    const { scenario, project } = await lab.readScenario(join(incidents, name, path));
    const missing = [];
    let engine;
    for (const one of scenario.engines) {
      const why = await lab.engineMissing(one);
      if (why === undefined) { engine = one; break; }
      missing.push(`${one} (${why})`);
    }
    if (!engine) {
      console.log(yellow(`${scenario.title}: not run, no database for it was found: ${missing.join(', ')}`));
      continue;
    }
    console.log(table(await quietly(() => lab.prove(scenario, project, engine))));
  }
}

/** The applications log what fails, which the lab lets fail dozens of times: what it shows is the table. */
async function quietly(run) {
  const kept = { error: console.error, warn: console.warn };
  console.error = console.warn = () => {};
  try {
    return await run();
  } finally {
    Object.assign(console, kept);
  }
}

/** A proof as a table: what runs at the same time, and how many of its schedules end as no serial order of the calls would. */
function table({ title, server, library, note, trials }) {
  const rows = trials.filter((one) => one.schedules !== 'sequence').map((trial) => {
    const cell = (version) => {
      if (!version) return dim('not rewritten');
      const residual = version.seen.filter((one) => one.verdict === 'residual').reduce((sum, one) => sum + one.count, 0);
      const text = version.broken ? `${version.broken} of ${version.run} wrong` : `${version.run} of ${version.run} right`;
      return `${version.broken ? red(text) : green(text)}${residual ? yellow(`, ${residual} as stated`) : ''}`;
    };
    const broken = trial.before.seen.find((one) => one.verdict === 'broken');
    return { name: trial.name, before: cell(trial.before), after: cell(trial.after), note: trial.problems[0] ?? broken?.note ?? '' };
  });
  const plain = (text) => text.replace(/\x1b\[\d+m/g, '');
  const width = (key, head) => Math.max(head.length, ...rows.map((row) => plain(row[key]).length));
  const [first, second, third] = [width('name', 'at the same time'), width('before', 'before'), width('after', 'after')];
  const pad = (text, size) => text + ' '.repeat(Math.max(0, size - plain(text).length));
  return [
    `${bold(title)} ${dim(`${library} on ${server}${note ? `; ${note}` : ''}`)}`,
    dim(`  ${pad('at the same time', first)}  ${pad('before', second)}  ${pad('after', third)}`),
    ...rows.map((row) => `  ${pad(row.name, first)}  ${pad(row.before, second)}  ${pad(row.after, third)}  ${dim(row.note.split('\n')[0].slice(0, 60))}`), '',
  ].join('\n');
}

async function main() {
  const withLab = !process.argv.includes('--no-lab');
  const unknown = process.argv.slice(2).filter((one) => one !== '--no-lab');
  if (unknown.length) throw new Error(`unknown option ${unknown[0]}; known is --no-lab.`);
  if (!existsSync(incidents)) throw new Error('the applications are missing: fixtures/incidents is no folder. Run the demo in a checkout of the repository.');
  if (!ensureBuilt()) throw new Error('the build failed: see the messages of tsc above.');
  const load = (path) => import(pathToFileURL(join(dist, path)).href);
  const [{ ESLint }, parser, { default: plugin }, codemods] = await Promise.all([import('eslint'), import('@typescript-eslint/parser'), load('src/index.js'), load('codemods/index.js')]);
  const lab = withLab ? await load('lab/index.js') : undefined;
  try {
    await show({ ESLint, parser, plugin, codemods, lab });
  } finally {
    await lab?.stopEngines();
  }
}

async function show({ ESLint, parser, plugin, codemods, lab }) {
  for (const name of readdirSync(incidents).filter((one) => statSync(join(incidents, one)).isDirectory()).sort()) {
    const project = copyOf(name);
    try {
      console.log(bold(`━━ ${name} ${'━'.repeat(Math.max(0, 90 - name.length))}\n`));
      console.log(bold('eslint src\n'));
      const reported = await findings(project, { ESLint, parser, plugin });
      if (reported.length) console.log(bold('jscodeshift -t …/codemods/transforms/all.cjs src\n'));
      rewritten(project, reported, codemods);
      if (lab) {
        console.log(bold('both versions, run under every interleaving of their statements\n'));
        await proven(name, lab);
      }
    } finally {
      rmSync(dirname(project), { recursive: true, force: true });
    }
  }
}

try {
  await main();
} catch (error) {
  console.error(`demo: ${error.message}`);
  process.exitCode = 1;
}
