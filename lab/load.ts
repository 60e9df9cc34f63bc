import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Scenario } from './model.ts';
import { need } from './need.ts';

/** Where the lab keeps what it makes once: below the nearest `node_modules`, so that packages resolve from there. */
export async function cacheFolder(): Promise<string> {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const packages = join(folder, 'node_modules');
    if (existsSync(packages)) {
      const cache = join(packages, '.cache', 'db-race-lab');
      await mkdir(cache, { recursive: true });
      return cache;
    }
    if (folder === dirname(folder)) throw new Error('the lab finds no node_modules folder above itself to keep its cache in.');
  }
}

/** The folder of the nearest package.json: the project that a scenario belongs to. */
export function projectOf(file: string): string {
  for (let folder = dirname(resolve(file)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) throw new Error(`${file}: no package.json stands above this scenario.`);
  }
}

/**
 * Loads a scenario with all TypeScript that it imports, on any Node and outside any test runner: the files are transpiled (decorators
 * as TypeORM and NestJS want them) into the cache, which keeps their places to one another, and imported from there. Packages are those
 * of the lab. `packages` maps a package to what is loaded in its place: `@prisma/client` to the client generated for the project.
 */
export async function loadScenario(file: string, packages: Readonly<Record<string, string>> = {}): Promise<Scenario> {
  const entry = resolve(file);
  const { default: ts } = await need('typescript', () => import('typescript'));
  const files = new Map<string, string>();
  const visit = async (path: string): Promise<void> => {
    if (files.has(path)) return;
    const text = await readFile(path, 'utf8');
    files.set(path, '');
    const { outputText } = ts.transpileModule(text, {
      fileName: path,
      compilerOptions: {
        module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, experimentalDecorators: true, emitDecoratorMetadata: true, useDefineForClassFields: false,
        sourceMap: false, inlineSourceMap: true, inlineSources: true,
      },
    });
    const local: string[] = [];
    const rewritten = replaceSpecifiers(ts, outputText, (specifier) => {
      if (/^\.{1,2}\//.test(specifier)) {
        const target = resolve(dirname(path), specifier);
        if (!existsSync(target)) throw new Error(`${path} imports ${specifier}, which is no file.`);
        local.push(target);
        return specifier.replace(/\.([cm]?)ts$/, '.$1ts.mjs');
      }
      return packages[specifier] ?? specifier;
    });
    files.set(path, rewritten);
    for (const one of local) await visit(one);
  };
  await visit(entry);
  const root = commonFolder([...files.keys()]);
  const hash = createHash('sha256');
  for (const path of [...files.keys()].sort()) hash.update(`${relative(root, path)}\0${files.get(path)}\0`);
  const target = join(await cacheFolder(), 'modules', hash.digest('hex').slice(0, 16));
  for (const [path, text] of files) {
    const output = join(target, `${relative(root, path)}.mjs`);
    if (existsSync(output)) continue;
    await mkdir(dirname(output), { recursive: true });
    // Written beside and moved, so that another process never reads half a file.
    await writeFile(`${output}.${process.pid}`, text);
    await rename(`${output}.${process.pid}`, output);
  }
  const loaded = (await import(pathToFileURL(join(target, `${relative(root, entry)}.mjs`)).href)) as { default?: Scenario };
  if (!loaded.default) throw new Error(`${file} has no default export; a scenario file ends with \`export default { … } satisfies Scenario<…>\`.`);
  return loaded.default;
}

/** Rewrites what imports and exports name, by position: text in strings and comments stays. */
function replaceSpecifiers(ts: typeof import('typescript'), text: string, replace: (specifier: string) => string): string {
  const source = ts.createSourceFile('module.js', text, ts.ScriptTarget.ES2022, true, ts.ScriptKind.JS);
  const found: import('typescript').StringLiteral[] = [];
  const visit = (node: import('typescript').Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) found.push(node.moduleSpecifier);
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword && node.arguments[0] && ts.isStringLiteral(node.arguments[0])) found.push(node.arguments[0]);
    ts.forEachChild(node, visit);
  };
  visit(source);
  let result = text;
  for (const one of found.toReversed()) result = result.slice(0, one.getStart(source)) + JSON.stringify(replace(one.text)) + result.slice(one.getEnd());
  return result;
}

function commonFolder(paths: readonly string[]): string {
  let common = dirname(paths[0]!).split(sep);
  for (const path of paths) {
    const parts = dirname(path).split(sep);
    common = common.slice(0, common.findIndex((part, at) => part !== parts[at]) === -1 ? common.length : common.findIndex((part, at) => part !== parts[at]));
  }
  return common.join(sep) || sep;
}
