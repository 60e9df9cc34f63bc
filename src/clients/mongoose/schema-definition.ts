/** The paths of one schema: `new Schema({ email: { type: String, unique: true } })` to columns and single-field keys. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Column, Place, UniqueKey } from '../../schema/model.ts';
import { keyName, unwrap } from '../../source/syntax.ts';
import type { Node, SourceFile } from '../../source/file.ts';

export interface Definition {
  readonly columns: Column[];
  readonly keys: UniqueKey[];
  /** All paths were understood. */
  complete: boolean;
}

export function emptyDefinition(): Definition { return { columns: [], keys: [], complete: true }; }

const PRIMITIVES: ReadonlySet<string> = new Set(['String', 'Number', 'Boolean', 'Date', 'Buffer', 'ObjectId', 'ObjectID', 'Decimal128', 'UUID', 'BigInt', 'Int32', 'Double', 'Oid', 'Bool']);
const STRUCTURED: ReadonlySet<string> = new Set(['Mixed', 'Map', 'Array', 'Object']);

/** The last name of `mongoose.Schema.Types.ObjectId`. */
export function lastName(node: Node): string | undefined {
  const at = unwrap(node);
  if (at.type === 'Identifier') return at.name;
  return at.type === 'MemberExpression' ? keyName(at.property, at.computed) : undefined;
}

export function literalOf(node: Node | undefined): { readonly value: unknown } | undefined {
  const at = node && unwrap(node);
  if (!at) return undefined;
  if (at.type === 'Literal' && !('regex' in at && at.regex)) return { value: at.value };
  if (at.type === 'UnaryExpression' && at.operator === '-' && at.argument.type === 'Literal') return { value: -Number(at.argument.value) };
  // `[true, 'is required']`.
  return at.type === 'ArrayExpression' && at.elements[0] ? literalOf(at.elements[0]) : undefined;
}

export function properties(node: Node | undefined): ReadonlyMap<string, Node> | undefined {
  const at = node && unwrap(node);
  if (at?.type !== 'ObjectExpression') return undefined;
  const found = new Map<string, Node>();
  for (const one of at.properties) {
    if (one.type !== 'Property') continue;
    const name = keyName(one.key, one.computed);
    if (name !== undefined) found.set(name, one.value);
  }
  return found;
}

/** The object literal that an expression is, also through a constant of the file. */
export function objectOf(node: Node | undefined, file: SourceFile): TSESTree.ObjectExpression | undefined {
  const at = node && unwrap(node);
  if (at?.type === 'ObjectExpression') return at;
  if (at?.type !== 'Identifier') return undefined;
  const definition = file.variable(at)?.defs[0]?.node as Node | undefined;
  return definition?.type === 'VariableDeclarator' && definition.init ? objectOf(definition.init, file) : undefined;
}

/** Reads `object` into `into`, below `prefix`. */
export function readDefinition(object: TSESTree.ObjectExpression, into: Definition, file: SourceFile, prefix = ''): void {
  for (const one of object.properties) {
    if (one.type === 'SpreadElement') {
      const spread = objectOf(one.argument, file);
      if (spread) readDefinition(spread, into, file, prefix); else into.complete = false;
      continue;
    }
    const name = keyName(one.key, one.computed);
    if (name === undefined) { into.complete = false; continue; }
    readPath(`${prefix}${name}`, one.value, into, file);
  }
}

function readPath(path: string, given: Node, into: Definition, file: SourceFile): void {
  const value = unwrap(given);
  const place: Place = { file: file.path, line: file.line(given.range[0]) };
  const resolved = value.type === 'Identifier' && !PRIMITIVES.has(value.name) ? objectOf(value, file) ?? value : value;
  const options = resolved.type === 'ObjectExpression' ? properties(resolved)! : undefined;
  const type = options?.get('type');
  // `{ type: { type: String } }` is a nested path named "type".
  if (resolved.type === 'ObjectExpression' && (!type || (unwrap(type).type === 'ObjectExpression' && properties(type)!.has('type')))) {
    if (!resolved.properties.length) { add(path, { type: 'mixed', structured: true }, undefined, place, into); return; }
    into.columns.push(column(path, { type: undefined, structured: true }, undefined));
    readDefinition(resolved, into, file, `${path}.`);
    return;
  }
  add(path, typeOf(type ?? resolved), options, place, into);
}

interface Type { readonly type: string | undefined; readonly structured: boolean }

function typeOf(node: Node): Type {
  const at = unwrap(node);
  if (at.type === 'ArrayExpression') return { type: 'array', structured: true };
  if (at.type === 'NewExpression' || at.type === 'ObjectExpression') return { type: 'object', structured: true };
  if (at.type === 'Literal' && typeof at.value === 'string') return { type: at.value.toLowerCase(), structured: false };
  const name = lastName(at);
  if (name === undefined) return { type: undefined, structured: false };
  return { type: name.toLowerCase(), structured: STRUCTURED.has(name) || !PRIMITIVES.has(name) };
}

function add(path: string, type: Type, options: ReadonlyMap<string, Node> | undefined, place: Place, into: Definition): void {
  into.columns.push(column(path, type, options));
  const key = options && pathKey(path, options, place);
  // An index over an array holds each of its elements, of which no document may have one that another has.
  if (key) into.keys.push(type.structured ? { ...key, expression: true } : key);
}

function column(path: string, type: Type, options: ReadonlyMap<string, Node> | undefined): Column {
  const fallback = options?.get('default');
  const literal = fallback && literalOf(fallback);
  const isPlain = literal && (literal.value === null || ['string', 'number', 'boolean'].includes(typeof literal.value)) && unwrap(fallback).type !== 'ArrayExpression';
  return {
    name: path, dbName: path, type: type.type, nullable: requiredness(options), default: fallback || type.type === 'array' ? 'client' : 'none',
    ...(isPlain && { defaultLiteral: literal.value as string | number | boolean | null }),
    ...(type.structured && { structured: true }),
    ...(options && literalOf(options.get('select'))?.value === false && { hidden: true }),
  };
}

/** Mongoose refuses a document without it; the database does not. */
function requiredness(options: ReadonlyMap<string, Node> | undefined): Column['nullable'] {
  const required = options?.get('required');
  if (!required) return true;
  const literal = literalOf(required);
  return typeof literal?.value === 'boolean' ? !literal.value : 'unknown';
}

/** `unique: true`, `index: { unique: true, sparse: true }`. */
function pathKey(path: string, options: ReadonlyMap<string, Node>, place: Place): UniqueKey | undefined {
  const index = properties(options.get('index')) ?? properties(options.get('unique'));
  const unique = options.get('unique');
  const isUnique = (unique !== undefined && literalOf(unique)?.value !== false) || (index !== undefined && literalOf(index.get('unique'))?.value === true);
  return isUnique ? keyFrom([path], new Map([...options, ...index ?? []]), place, undefined) : undefined;
}

/** A missing field counts as null, and null as a value like others, unless the index is sparse. */
export function keyFrom(columns: readonly string[], options: ReadonlyMap<string, Node>, place: Place, text: ((node: Node) => string) | undefined): UniqueKey {
  const partial = options.get('partialFilterExpression');
  const sparse = options.get('sparse');
  const name = literalOf(options.get('name'))?.value;
  return {
    name: typeof name === 'string' ? name : undefined, columns, primary: false, place,
    ...(partial && { where: text?.(partial) ?? 'partialFilterExpression' }),
    ...(options.has('collation') && { expression: true }),
    ...((!sparse || literalOf(sparse)?.value === false) && { nullsNotDistinct: true }),
  };
}
