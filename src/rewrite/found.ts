/** What a statement with a look-up binds: the row, the rows, a count, the returned error. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Operation } from '../model.ts';
import type { SourceFile } from '../source/file.ts';
import { keyName, unwrap } from '../source/syntax.ts';
import type { Node } from '../value/terms.ts';
import { NOT_BOUND, RowTests, type Found } from './presence.ts';
import { awaited, type Statement } from './syntax.ts';

/** `const row = await find()`, `const { data: row, error } = await find()`, `const [row] = await find()`; undefined: the statement binds none of these. */
export function foundBy(statement: Statement, read: Operation, file: SourceFile): Found | undefined {
  if (statement.type !== 'VariableDeclaration' || statement.declarations.length !== 1) return undefined;
  const { id, init } = statement.declarations[0]!;
  if (!init) return undefined;
  const whole = read.result.find((one) => !one.path.length);
  const taken = takenFrom(init, read);
  if (taken) return id.type === 'Identifier' ? { row: file.variable(id), error: undefined, declaration: statement, is: taken, ...(taken === 'row' && { miss: 'undefined' as const }) } : taken === 'rows' && id.type === 'ArrayPattern' ? firstOf(id, statement, file) : undefined;
  if (awaited(init) !== unwrap(read.node)) {
    const isBoolean = id.type === 'Identifier' && new RowTests(read, NOT_BOUND, file).polarity(init) === 'present' && (whole?.is === 'row' || whole?.is === 'count');
    return isBoolean ? { row: file.variable(id), error: undefined, declaration: statement, is: 'exists' } : undefined;
  }
  if (id.type === 'Identifier') {
    const is = whole?.is;
    const rows = whole ? undefined : rowsPath(read);
    if (rows) return { row: file.variable(id), error: undefined, declaration: statement, is: 'rows', at: rows };
    return is === 'row' || is === 'rows' || is === 'exists' || is === 'count' ? { row: file.variable(id), error: undefined, declaration: statement, is } : undefined;
  }
  if (id.type === 'ArrayPattern') {
    const [only] = id.elements;
    if (whole?.is === 'rows') return firstOf(id, statement, file);
    // `const [rows] = await …`, `const [[row]] = await …` of MySQL's drivers.
    const isInner = id.elements.length === 1 && rowsPath(read)?.join() === '0';
    if (isInner && only?.type === 'Identifier') return { row: file.variable(only), error: undefined, declaration: statement, is: 'rows' };
    return isInner && only?.type === 'ArrayPattern' ? firstOf(only, statement, file) : undefined;
  }
  return id.type === 'ObjectPattern' ? foundIn(id, statement, read, file) : undefined;
}

/** `[row]` of a list. */
function firstOf({ elements }: TSESTree.ArrayPattern, declaration: TSESTree.VariableDeclaration, file: SourceFile): Found | undefined {
  const [only] = elements;
  return elements.length === 1 && only?.type === 'Identifier' ? { row: file.variable(only), error: undefined, declaration, is: 'row', miss: 'undefined' } : undefined;
}

/** Where an answer that is no list itself has its rows: `rows`, `0`. */
function rowsPath(read: Operation): readonly string[] | undefined {
  const [only, ...more] = read.result.filter((one) => one.is === 'rows');
  return only?.path.length === 1 && !more.length ? only.path : undefined;
}

/** `(await find()).rows`, `(await find()).rows[0]`. */
function takenFrom(init: Node, read: Operation): 'rows' | 'row' | undefined {
  const keys: string[] = [];
  let at = unwrap(init);
  for (; at.type === 'MemberExpression'; at = unwrap(at.object)) {
    const key = keyName(at.property, at.computed) ?? (at.property.type === 'Literal' ? String(at.property.value) : undefined);
    if (key === undefined) return undefined;
    keys.unshift(key);
  }
  const path = rowsPath(read);
  if (!keys.length || !path || awaited(at) !== unwrap(read.node) || path.some((key, index) => keys[index] !== key)) return undefined;
  return keys.length === path.length ? 'rows' : keys.length === path.length + 1 && keys.at(-1) === '0' ? 'row' : undefined;
}

function foundIn(pattern: TSESTree.ObjectPattern, declaration: TSESTree.VariableDeclaration, read: Operation, file: SourceFile): Found | undefined {
  let found: Found = { row: undefined, error: undefined, declaration, is: 'row' };
  for (const one of pattern.properties) {
    if (one.type !== 'Property' || one.key.type !== 'Identifier') return undefined;
    const key = one.key.name;
    if (one.value.type === 'ArrayPattern' && pattern.properties.length === 1 && rowsPath(read)?.join() === key) return firstOf(one.value, declaration, file);
    if (one.value.type !== 'Identifier') return undefined;
    const part = read.result.find((each) => each.path.length === 1 && each.path[0] === key);
    const variable = file.variable(one.value);
    if (part?.is === 'error') found = { ...found, error: variable };
    else if (part?.is === 'row' || part?.is === 'rows' || part?.is === 'count') found = { ...found, row: variable, is: part.is };
    else return undefined;
  }
  return found;
}

/** `if ((await count()) === 0)`: what the look-up gives decides how a test of it reads. */
export function unbound(read: Operation): Found {
  const is = read.result.find((one) => !one.path.length)?.is;
  const at = is === undefined ? rowsPath(read) : undefined;
  if (at) return { ...NOT_BOUND, is: 'rows', at };
  return is === 'rows' || is === 'count' || is === 'exists' ? { ...NOT_BOUND, is } : NOT_BOUND;
}
