/** How a file imports its neighbours: with or without extensions, by relative paths or by an alias; and the import that is added. */
import { dirname, extname, isAbsolute, relative, resolve } from 'node:path';
import type { NeededImport } from '../../src/clients/forms.ts';
import type { Edit } from '../../src/model.ts';
import type { SourceFile } from '../../src/source/file.ts';

/** What a project says of module names, as far as it matters here. */
export interface Resolution {
  /** Patterns of `paths` with the absolute folder or file that each leads to: `@/*` → `/app/src/*`. */
  readonly paths: readonly { readonly pattern: string; readonly target: string }[];
  /** The extension that names of the project's own modules need where no import shows it: '', '.js' or '.ts'. */
  readonly extension: (path: string) => string;
}

const SOURCE = /\.([cm]?)[jt]sx?$/;

/** The name by which `from` imports `to`, as the file's other imports are named. `style`: files to look at where it has none. */
export function specifier(from: SourceFile | { readonly path: string }, to: string, resolution: Resolution, style: readonly SourceFile[]): string {
  const own = 'ast' in from ? [from] : [];
  const aliased = aliasOf(to, resolution);
  for (const files of [own, style]) {
    const names = files.flatMap(importedNames);
    const relatives = names.filter((one) => one.startsWith('.'));
    const aliases = aliased === undefined ? [] : names.filter((one) => resolution.paths.some(({ pattern }) => matches(one, pattern)));
    if (!relatives.length && !aliases.length) continue;
    const local = [...relatives, ...aliases];
    const extension = extensionOf(local, to);
    return aliases.length > relatives.length ? withExtension(aliased!, extension) : withExtension(relativeName(from.path, to), extension);
  }
  return withExtension(relativeName(from.path, to), resolution.extension(to));
}

function importedNames(file: SourceFile): string[] {
  return file.ast.body.flatMap((one) => (one.type === 'ImportDeclaration' || (one.type === 'ExportNamedDeclaration' && one.source) || one.type === 'ExportAllDeclaration' ? [one.source!.value] : []));
}

/** As most of the names have it; a name without an extension says that none is written. */
function extensionOf(names: readonly string[], to: string): string {
  const kind = SOURCE.exec(to)?.[1] ?? '';
  const ends = names.map((one) => SOURCE.exec(one)?.[0] ?? (extname(one) && /^\.(?:json|css|scss|svg|graphql)$/.test(extname(one)) ? undefined : '')).filter((one) => one !== undefined);
  const script = ends.filter((one) => /^\.[cm]?jsx?$/.test(one)).length;
  const typescript = ends.filter((one) => /^\.[cm]?tsx?$/.test(one)).length;
  const none = ends.length - script - typescript;
  if (!ends.length || none >= Math.max(script, typescript)) return '';
  return typescript >= script ? extname(to) : `.${kind}js`;
}

const withExtension = (name: string, extension: string): string => name.replace(SOURCE, '') + extension;

function relativeName(from: string, to: string): string {
  const way = relative(dirname(from), to).replaceAll('\\', '/');
  return way.startsWith('.') ? way : `./${way}`;
}

const matches = (name: string, pattern: string): boolean => (pattern.includes('*') ? name.startsWith(pattern.split('*')[0]!) && name.length > pattern.length - 1 : name === pattern);

function aliasOf(to: string, { paths }: Resolution): string | undefined {
  for (const { pattern, target } of paths) {
    const [before, after] = [target.split('*')[0]!, pattern.split('*')[0]!];
    if (pattern.includes('*') && target.includes('*') && to.startsWith(before) && after !== '') return after + to.slice(before.length).replaceAll('\\', '/');
  }
  return undefined;
}

/** `needed.from`, as the file at `path` writes it. */
export function rebased({ from, importer }: NeededImport, path: string): string {
  if (!from.startsWith('.') || importer === undefined) return from;
  const target = resolve(dirname(importer), from);
  if (!isAbsolute(target)) return from;
  const way = relative(dirname(path), target).replaceAll('\\', '/');
  return way.startsWith('.') ? way : `./${way}`;
}

/** Lines of import statements, one a module. */
export function importLines(needed: readonly NeededImport[], path: string, { quote, semicolon }: { readonly quote: string; readonly semicolon: string }): string[] {
  const modules = new Map<string, { readonly values: Set<string>; readonly types: Set<string> }>();
  for (const one of needed) {
    const from = rebased(one, path);
    const known = modules.get(from) ?? { values: new Set<string>(), types: new Set<string>() };
    modules.set(from, known);
    (one.type ? known.types : known.values).add(one.local ? `${one.name} as ${one.local}` : one.name);
  }
  return [...modules].sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1)).flatMap(([from, { values, types }]) => [
    ...(types.size ? [`import type { ${[...types].sort().join(', ')} } from ${quote}${from}${quote}${semicolon}`] : []),
    ...(values.size ? [`import { ${[...values].sort().join(', ')} } from ${quote}${from}${quote}${semicolon}`] : []),
  ]);
}

const rank = (from: string): number => (from.startsWith('.') ? 1 : 0);

/** The edit that imports `name` into a file; undefined when it is imported so already. */
export function importEdit(file: SourceFile, name: string, from: string, { quote, semicolon }: { readonly quote: string; readonly semicolon: string }): Edit | undefined {
  const imports = file.ast.body.filter((one) => one.type === 'ImportDeclaration');
  const same = imports.find((one) => one.source.value === from && one.importKind !== 'type' && one.specifiers.some((each) => each.type === 'ImportSpecifier'));
  if (same) {
    if (same.specifiers.some((one) => one.type === 'ImportSpecifier' && one.local.name === name)) return undefined;
    const end = same.specifiers.at(-1)!.range[1];
    return { start: end, end, text: `, ${name}` };
  }
  const line = `import { ${name} } from ${quote}${from}${quote}${semicolon}`;
  const last = imports.at(-1);
  if (last) return { start: last.range[1], end: last.range[1], text: `\n${line}` };
  const directive = file.ast.body.filter((one) => one.type === 'ExpressionStatement' && one.directive).at(-1);
  if (directive) return { start: directive.range[1], end: directive.range[1], text: `\n\n${line}` };
  const start = /^#!.*\n/.exec(file.text)?.[0].length ?? 0;
  return { start, end: start, text: `${line}\n\n` };
}
