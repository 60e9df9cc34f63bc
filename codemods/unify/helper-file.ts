/** Where the function goes, and whether it is there already. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, extname, join, relative } from 'node:path';
import { unification } from '../../src/engine.ts';
import type { SourceFile } from '../../src/source/file.ts';
import type { Table, UniqueKey } from '../../src/schema/model.ts';

export interface Present {
  readonly file: SourceFile;
  /** Of the whole declaration, its comment included. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly keys: readonly UniqueKey[];
  readonly columns: readonly string[] | undefined;
  readonly tellsNew: boolean;
  readonly mixed: boolean;
}

/** The exported function of this name in a file, as far as it looks like one that was written here. */
export function presentIn(file: SourceFile, name: string, table: Table): Present | undefined {
  const node = file.ast.body.find((one) => one.type === 'ExportNamedDeclaration' && one.declaration?.type === 'FunctionDeclaration' && one.declaration.id?.name === name);
  if (!node) return undefined;
  const comment = file.comments.findLast((one) => one.range[1] <= node.range[0] && file.text.slice(one.range[1], node.range[0]).trim() === '');
  const start = comment?.range[0] ?? node.range[0];
  const text = file.text.slice(start, node.range[1]);
  const names = [...(/^[ \t]*const find = \(by[^)]*\) => \{([\s\S]*?)^[ \t]*\};?$/m.exec(text)?.[1] ?? '').matchAll(/case ['"](\w+)['"]:/g)].map((one) => one[1]!);
  const keys = names.map((one) => table.keys.find((key) => key.columns.join('_') === one));
  if (!keys.length || keys.includes(undefined)) return undefined;
  const columns = /\.select\(['"]([^'"]*)['"]\)/.exec(text)?.[1]?.split(',').map((one) => one.trim());
  return { file, start, end: node.range[1], text, keys: keys as UniqueKey[], columns, tellsNew: text.includes('created: true'), mixed: text.includes('!== seen)') };
}

/** Beside the places: in their deepest common folder, or its `lib`, and named as the files there are. */
export function defaultPath(name: string, places: readonly string[], root: string): string {
  const folders = [...new Set(places.map((one) => dirname(one)))];
  let folder = folders[0]!;
  while (folders.some((one) => relative(folder, one).startsWith('..'))) folder = dirname(folder);
  if (folders.length > 1 || folder === root) {
    const lib = [join(folder, 'lib'), join(folder, 'src', 'lib')].find((one) => existsSync(one));
    if (lib !== undefined) folder = lib;
  }
  const extension = extname(places.find((one) => /\.[cm]?tsx?$/.test(one)) ?? places[0]!).replace('x', '');
  return join(folder, fileName(name, siblings(folder)) + extension);
}

function siblings(folder: string): string[] {
  try { return readdirSync(folder); } catch { return []; }
}

function fileName(name: string, others: readonly string[]): string {
  const stems = others.map((one) => basename(one).replace(/\..*$/, ''));
  const camel = stems.filter((one) => /^[a-z]+(?:[A-Z][a-z\d]*)+$/.test(one)).length;
  const snake = stems.filter((one) => /^[a-z\d]+(?:_[a-z\d]+)+$/.test(one)).length;
  const kebab = stems.filter((one) => /^[a-z\d]+(?:-[a-z\d]+)+$/.test(one)).length;
  const parted = (separator: string): string => name.replace(/([a-z\d])([A-Z])/g, `$1${separator}$2`).toLowerCase();
  return camel > kebab && camel >= snake ? name : snake > kebab ? parted('_') : parted('-');
}

/** The same function but for white space and quotes. */
export const sameFunction = (one: string, other: string): boolean => plain(one) === plain(other);

const plain = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '').replace(/"/g, "'").replace(/[\s;,]+/g, '');

export const { quoteOf, indentUnit } = unification;
