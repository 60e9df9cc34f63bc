/**
 * Migrations written in code, read as the DDL that they send: a library turns its calls into SQL text, one statement each, and the
 * reader of SQL files applies them in order. What a call does that is not understood leaves its table incomplete.
 */
import { dirname } from 'node:path';
import { readSource } from './source.ts';
import { compareNatural } from '../../schema/order.ts';
import { readSql } from '../../schema/index.ts';
import type { Dialect, Unread } from '../../schema/model.ts';
import type { Node, SourceFile } from '../../source/file.ts';
import { eachNode, isFunction, functionName, keyName, unwrap } from '../../source/syntax.ts';
import type { SchemaSource } from '../client.ts';

/** SQL that a call stands for, at its place; `written`: the project's own text, and not made here. */
export interface Sent { readonly at: Node; readonly sql: string; readonly written?: boolean }

/** One call of a chain: `.string('email')`. */
export interface Step { readonly name: string; readonly args: readonly Node[]; readonly node: Node; readonly property: Node }

export interface MigrationReader {
  readonly client: string;
  /** A text without this has nothing to read. */
  readonly telling: RegExp;
  dialect?(text: string): Dialect | undefined;
  statements(file: SourceFile, constants: Constants): readonly Sent[];
}

/** Text that a node stands for: a string, a template without holes, a constant of the file. */
export type Constants = (node: Node | undefined | null) => string | undefined;

const FOLDER = /(?:^|[\\/])(?:\w*migrations?|migrate|schema|models?|db|database|knexfile|kysely)[\\/.]|(?:^|[\\/])(?:knexfile|\w*migrations?)\.[cm]?[jt]s$|\.(?:migration|model)\.[cm]?[jt]s$/i;

export function migrationSource(reader: MigrationReader): SchemaSource {
  return {
    matches: (path) => /\.[cm]?[jt]s$/.test(path) && !/\.(?:d|test|spec)\.[cm]?[jt]s$/.test(path) && !/(?:^|[\\/])(?:tests?|__tests__|seeds?|fixtures?)[\\/]/i.test(path) && FOLDER.test(path),
    read(files) {
      const unread: Unread[] = [];
      const sources: { path: string; text: string }[] = [];
      // Folders of migrations come one after the other, each in the order of its names.
      const ordered = [...files].sort((one, other) => compareNatural(dirname(one.path), dirname(other.path)) || compareNatural(one.path, other.path));
      const dialects = new Set(files.flatMap(({ text }) => reader.dialect?.(text) ?? []));
      // On MySQL names stand in backticks, and what stands in double quotes is a text.
      const dialect = dialects.size === 1 ? [...dialects][0] : undefined;
      for (const { path, text } of ordered) {
        if (!reader.telling.test(text)) continue;
        const file = readSource(path, text, unread);
        if (!file) continue;
        const sql = placed(reader.statements(file, constantsOf(file)).map((one) => (dialect === 'mysql' && !one.written ? { ...one, sql: one.sql.replaceAll('"', '`') } : one)), file);
        if (sql !== '') sources.push({ path, text: sql });
      }
      if (!sources.length && !unread.length) return [];
      // The texts were made here, in words of any database: what they look like says nothing of the project's.
      const part = { ...readSql(sources, dialect), dialect };
      // The same texts that were made here are of no help in a list of what could not be read.
      return [{ ...part, unread: [...unread, ...part.unread.map((one) => ({ ...one, reason: `a migration does something that is not understood: ${one.reason}` }))] }];
    },
  };
}

/** Each statement on the line of its call, so that keys name the place where they were declared. */
function placed(statements: readonly Sent[], file: SourceFile): string {
  let text = '';
  let line = 1;
  for (const { at, sql } of statements) {
    const wanted = file.line(at.range[0]);
    if (wanted > line) { text += '\n'.repeat(wanted - line); line = wanted; }
    const flat = sql.includes('\n') && !/--|\$\$/.test(sql) ? sql.replace(/\s*\n\s*/g, ' ') : sql;
    text += `${flat.trim().replace(/;$/, '')}; `;
    line += flat.split('\n').length - 1;
  }
  return text;
}

function constantsOf(file: SourceFile): Constants {
  const known = new Map<string, Node>();
  for (const statement of file.ast.body) {
    const node = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (node?.type === 'VariableDeclaration' && node.kind === 'const') for (const one of node.declarations) if (one.id.type === 'Identifier' && one.init) known.set(one.id.name, one.init);
  }
  const text = (given: Node | undefined | null, depth = 0): string | undefined => {
    if (!given || depth > 4) return undefined;
    const node = unwrap(given);
    if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined;
    if (node.type === 'TemplateLiteral') {
      const parts = node.expressions.map((one) => text(one, depth + 1));
      return parts.every((one) => one !== undefined) ? node.quasis.map((quasi, index) => (quasi.value.cooked ?? '') + (parts[index] ?? '')).join('') : undefined;
    }
    if (node.type === 'BinaryExpression' && node.operator === '+') {
      const [left, right] = [text(node.left as Node, depth + 1), text(node.right, depth + 1)];
      return left !== undefined && right !== undefined ? left + right : undefined;
    }
    return node.type === 'Identifier' ? text(known.get(node.name), depth + 1) : undefined;
  };
  return (node) => text(node);
}

/** The calls of a chain, first to last, and what they are made on. */
export function chainOf(node: Node): { readonly root: Node; readonly steps: readonly Step[] } {
  const steps: Step[] = [];
  let at = unwrap(node);
  for (;;) {
    if (at.type === 'AwaitExpression') { at = unwrap(at.argument); continue; }
    if (at.type !== 'CallExpression') break;
    const callee = unwrap(at.callee);
    const name = callee.type === 'MemberExpression' ? keyName(callee.property, callee.computed) : undefined;
    if (callee.type !== 'MemberExpression' || name === undefined) break;
    steps.unshift({ name, args: at.arguments, node: at, property: callee.property });
    at = unwrap(callee.object);
  }
  return { root: at, steps };
}

/** The outermost chains of calls of a file, in the order in which they stand, but for those of the function that undoes. */
export function chainsIn(root: Node): readonly Node[] {
  const found: Node[] = [];
  eachNode(root, (node) => {
    if (isFunction(node) && functionName(node) === 'down') return false;
    if (node.type !== 'CallExpression') return undefined;
    const parent = node.parent as Node | undefined;
    if (parent?.type === 'MemberExpression' && parent.object === node) return undefined;
    found.push(node);
    return undefined;
  });
  return found;
}

/** Texts of an array, or of one text; undefined where one is not known. */
export function textsOf(node: Node | undefined, text: Constants): readonly string[] | undefined {
  if (!node) return undefined;
  const one = unwrap(node);
  if (one.type !== 'ArrayExpression') { const single = text(one); return single === undefined ? undefined : [single]; }
  const all = one.elements.map((each) => text(each));
  return all.every((each) => each !== undefined) ? all : undefined;
}

export function optionOf(node: Node | undefined, key: string): Node | undefined {
  const object = node && unwrap(node);
  if (object?.type !== 'ObjectExpression') return undefined;
  const found = object.properties.findLast((one) => one.type === 'Property' && keyName(one.key, one.computed) === key);
  return found?.type === 'Property' ? found.value : undefined;
}

export const quoted = (name: string): string => name.split('.').map((one) => `"${one.replaceAll('"', '')}"`).join('.');
export const list = (names: readonly string[]): string => names.map((one) => `"${one.replaceAll('"', '')}"`).join(', ');
/** A statement that no reader understands: the table may have more columns and keys than are known. */
export const unknownChange = (table: string): string => `alter table ${quoted(table)} unread`;

/** A default as SQL: a literal of code, or an expression of the database. */
export function defaultText(node: Node | undefined): string {
  const value = node && unwrap(node);
  if (value?.type === 'Literal') {
    if (typeof value.value === 'string') return `'${value.value.replaceAll("'", "''")}'`;
    if (typeof value.value === 'number' || typeof value.value === 'boolean') return String(value.value);
    if (value.value === null) return 'null';
  }
  return '(made_by_database())';
}
