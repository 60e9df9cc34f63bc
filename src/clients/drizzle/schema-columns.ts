/** Columns and keys of `pgTable(name, columns, extra)` and its siblings, from the syntax alone. */
import type { Column, Place, Relation, UniqueKey } from '../../schema/model.ts';
import type { Node, SourceFile } from '../../source/file.ts';
import { isFunction, keyName, unwrap } from '../../source/syntax.ts';

/** Named values of a project's schema files: objects of columns that are spread, functions that give a column. */
export interface Shared {
  /** The initialiser or function body behind a name, in this file or in one that it is imported from. */
  find(name: string, file: SourceFile): { readonly node: Node; readonly file: SourceFile } | undefined;
}

/** One call of a chain: `text('email').notNull()` is `text`, then `notNull`. */
export interface Step { readonly name: string; readonly args: readonly Node[]; readonly node: Node; readonly owner: string | undefined }

/** The calls of a chain from its first to its last; undefined when it starts with something else. */
export function stepsOf(given: Node | undefined): Step[] | undefined {
  const steps: Step[] = [];
  for (let at = given && unwrap(given); at?.type === 'CallExpression';) {
    const callee = unwrap(at.callee);
    if (callee.type === 'Identifier') return [{ name: callee.name, args: at.arguments, node: at, owner: undefined }, ...steps];
    if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return undefined;
    const object = unwrap(callee.object);
    // `t.text('email')`, `pg.text()`: the callback's builders, or a namespace import.
    if (object.type === 'Identifier') return [{ name: callee.property.name, args: at.arguments, node: at, owner: object.name }, ...steps];
    steps.unshift({ name: callee.property.name, args: at.arguments, node: at, owner: undefined });
    at = object;
  }
  return undefined;
}

export const literalOf = (node: Node | undefined): string | number | boolean | null | undefined => {
  const one = node && unwrap(node);
  if (one?.type === 'Literal' && (one.value === null || ['string', 'number', 'boolean'].includes(typeof one.value))) return one.value as string | number | boolean | null;
  return one?.type === 'TemplateLiteral' && one.quasis.length === 1 ? one.quasis[0]!.value.cooked ?? undefined : undefined;
};
export const textOf = (node: Node | undefined): string | undefined => { const value = literalOf(node); return typeof value === 'string' ? value : undefined; };

export function propertyOf(object: Node | undefined, key: string): Node | undefined {
  const one = object && unwrap(object);
  if (one?.type !== 'ObjectExpression') return undefined;
  const found = one.properties.findLast((each) => each.type === 'Property' && keyName(each.key, each.computed) === key);
  return found?.type === 'Property' ? found.value : undefined;
}

/** What a function gives, when it does nothing but give it. */
export function returned(node: Node): Node | undefined {
  if (!isFunction(node)) return undefined;
  if (node.body.type !== 'BlockStatement') return unwrap(node.body);
  const last = node.body.body.at(-1);
  return last?.type === 'ReturnStatement' && last.argument ? unwrap(last.argument) : undefined;
}

export interface Columns {
  readonly columns: Column[];
  readonly primary: string[];
  readonly keys: UniqueKey[];
  readonly relations: Relation[];
  complete: boolean;
}

const GENERATED = new Set(['serial', 'smallserial', 'bigserial', 'autoincrement', 'generatedAlwaysAsIdentity', 'generatedByDefaultAsIdentity']);
const MADE_BY_DATABASE = new Set(['default', 'defaultNow', 'defaultRandom', 'generatedAlwaysAs', 'onUpdateNow']);
const MADE_BY_CLIENT = new Set(['$default', '$defaultFn', '$onUpdate', '$onUpdateFn']);
const STRUCTURED = /^(?:json|jsonb|blob|array)$/;
const MAX_DEPTH = 5;

/** Columns of an object literal, spreads and helpers of the project followed. */
export function columnsOf(node: Node | undefined, file: SourceFile, shared: Shared, casing: 'snake' | 'camel' | undefined, depth = 0): Columns {
  const found: Columns = { columns: [], primary: [], keys: [], relations: [], complete: true };
  let given = node && unwrap(node);
  // `(t) => ({ … })`: the columns are made by the callback's builders.
  if (given && isFunction(given)) given = returned(given);
  if (given?.type === 'Identifier' && depth < MAX_DEPTH) {
    const named = shared.find(given.name, file);
    if (named) return columnsOf(named.node, named.file, shared, casing, depth + 1);
  }
  if (given?.type === 'CallExpression' && depth < MAX_DEPTH) {
    const callee = unwrap(given.callee);
    const named = callee.type === 'Identifier' ? shared.find(callee.name, file) : undefined;
    if (named && isFunction(named.node)) return columnsOf(named.node, named.file, shared, casing, depth + 1);
  }
  if (given?.type !== 'ObjectExpression') return { ...found, complete: false };
  for (const property of given.properties) {
    if (property.type === 'SpreadElement') {
      const inner = columnsOf(property.argument, file, shared, casing, depth + 1);
      found.columns.push(...inner.columns);
      found.primary.push(...inner.primary);
      found.keys.push(...inner.keys);
      found.relations.push(...inner.relations);
      found.complete &&= inner.complete;
      continue;
    }
    const name = keyName(property.key, property.computed);
    if (name === undefined || !column(name, property.value, file, shared, casing, found)) found.complete = false;
  }
  return found;
}

/** The chain of a column, with the chain of a helper (`id()`, `timestamp.createdAt`) in front of its own steps. */
function chainOf(node: Node, file: SourceFile, shared: Shared, depth: number): Step[] | undefined {
  const one = unwrap(node);
  if (one.type === 'Identifier' || one.type === 'MemberExpression') {
    const name = one.type === 'Identifier' ? one.name : one.object.type === 'Identifier' ? one.object.name : undefined;
    const named = name === undefined || depth > MAX_DEPTH ? undefined : shared.find(name, file);
    const inner = one.type === 'MemberExpression' && named ? propertyOf(named.node, keyName(one.property, one.computed) ?? '') : named?.node;
    return named && inner ? chainOf(inner, named.file, shared, depth + 1) : undefined;
  }
  const steps = stepsOf(one);
  const [first, ...rest] = steps ?? [];
  if (!first || depth > MAX_DEPTH) return steps;
  const helper = first.owner === undefined ? shared.find(first.name, file) : undefined;
  const body = helper && returned(helper.node);
  const inner = body && chainOf(body, helper.file, shared, depth + 1);
  return inner ? [...inner, ...rest] : steps;
}

/** What code gets of it: SQLite keeps moments and booleans as numbers, which `mode` makes into values of their own. */
function typeOf({ name, args }: { readonly name: string; readonly args: readonly Node[] }): string {
  const modes = args.flatMap((one) => { const mode = literalOf(propertyOf(one, 'mode')); return typeof mode === 'string' ? [mode] : []; });
  if (name === 'integer' && modes[0]?.startsWith('timestamp')) return 'timestamp';
  if (name === 'integer' && modes[0] === 'boolean') return 'boolean';
  return modes[0] === 'json' ? 'json' : name.toLowerCase();
}

function column(name: string, node: Node, file: SourceFile, shared: Shared, casing: 'snake' | 'camel' | undefined, found: Columns): boolean {
  const steps = chainOf(node, file, shared, 0);
  const [type, ...rest] = steps ?? [];
  if (!steps || !type) return false;
  const place: Place = { file: file.path, line: file.line(node.range[0]) };
  const has = (wanted: ReadonlySet<string>) => steps.some((one) => wanted.has(one.name));
  const called = (wanted: string) => rest.find((one) => one.name === wanted);
  const primary = called('primaryKey');
  const autoincrement = primary && (type.name === 'integer' || type.name === 'int') && (literalOf(propertyOf(primary.args[0], 'autoIncrement')) === true || literalOf(propertyOf(primary.args[0], 'autoincrement')) === true);
  // An integer primary key of SQLite is the row's own number.
  const rowid = primary && type.name === 'integer' && /sqlite-core/.test(file.text);
  const generated = has(GENERATED) || Boolean(autoincrement) || Boolean(rowid);
  const plain = literalOf(called('default')?.args[0]);
  found.columns.push({
    name, dbName: textOf(type.args[0]) ?? cased(name, casing), type: typeOf(type), nullable: !(primary || called('notNull') || /serial$/.test(type.name)),
    default: generated ? 'generated-id' : has(MADE_BY_DATABASE) ? 'database' : has(MADE_BY_CLIENT) ? 'client' : 'none',
    ...(plain !== undefined && { defaultLiteral: plain }),
    ...((called('$onUpdate') || called('$onUpdateFn') || called('onUpdateNow')) && { updatedAt: true }),
    ...((STRUCTURED.test(type.name) || called('array')) && { structured: true }),
  });
  if (primary) found.primary.push(name);
  const unique = called('unique');
  if (unique) found.keys.push({ name: textOf(unique.args[0]), columns: [name], primary: false, place, ...(textOf(propertyOf(unique.args[1], 'nulls')) === 'not distinct' && { nullsNotDistinct: true }) });
  const target = called('references')?.args[0];
  const pointed = target && returned(target);
  if (pointed?.type === 'MemberExpression' && pointed.object.type === 'Identifier' && pointed.property.type === 'Identifier') {
    found.relations.push({ name: `${name}→${pointed.object.name}`, target: pointed.object.name, columns: [name], references: [pointed.property.name], many: false });
  }
  return true;
}

export function cased(name: string, casing: 'snake' | 'camel' | undefined): string {
  if (casing === 'snake') return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2').toLowerCase();
  return casing === 'camel' ? name.replace(/_([a-z0-9])/g, (_, char: string) => char.toUpperCase()) : name;
}

const KEY_MAKERS = new Set(['unique', 'uniqueIndex', 'primaryKey']);
const OTHER_MAKERS = new Set(['index', 'foreignKey', 'check', 'pgPolicy', 'policy', 'fulltextIndex', 'spatialIndex']);

/** Keys of the third argument: `(t) => [unique().on(t.a, t.b)]`, or the older object. False: some of it was not understood. */
export function extraKeys(node: Node | undefined, file: SourceFile, keys: UniqueKey[]): boolean {
  if (!node) return true;
  const body = returned(unwrap(node));
  const items = body?.type === 'ArrayExpression' ? body.elements : body?.type === 'ObjectExpression' ? body.properties.map((one) => (one.type === 'Property' ? one.value : one)) : undefined;
  if (!items) return false;
  let complete = true;
  for (const item of items) {
    const steps = item && item.type !== 'SpreadElement' ? stepsOf(item) : undefined;
    const [first] = steps ?? [];
    if (!first) { complete = false; continue; }
    if (OTHER_MAKERS.has(first.name)) continue;
    const key = KEY_MAKERS.has(first.name) ? keyOf(steps!, file) : undefined;
    if (key) keys.push(key); else complete = false;
  }
  return complete;
}

function keyOf(steps: readonly Step[], file: SourceFile): UniqueKey | undefined {
  const [first] = steps;
  const place: Place = { file: file.path, line: file.line(first!.node.range[0]) };
  if (first!.name === 'primaryKey') {
    const list = propertyOf(first!.args[0], 'columns');
    // `primaryKey(t.a, t.b)`, the older form.
    const parts = list ? (list.type === 'ArrayExpression' ? list.elements : undefined) : first!.args;
    const columns = parts?.map((one) => memberName(one ?? undefined));
    return columns?.length && columns.every((one) => one !== undefined) ? { name: textOf(propertyOf(first!.args[0], 'name')), columns, primary: true, place } : undefined;
  }
  const on = steps.find((one) => one.name === 'on' || one.name === 'using' || one.name === 'onOnly');
  const parts = on && (on.name === 'using' ? on.args.slice(1) : on.args);
  if (!parts) return undefined;
  const columns = parts.map(memberName);
  const where = steps.find((one) => one.name === 'where')?.args[0];
  const plain = columns.filter((one) => one !== undefined);
  return {
    name: textOf(first!.args[0]), columns: plain, primary: false, place,
    ...(plain.length < columns.length && { expression: true }),
    ...(where && { where: whereText(where, file) }),
    ...(steps.some((one) => one.name === 'nullsNotDistinct') && { nullsNotDistinct: true }),
  };
}

/** The condition of a partial index as SQL where it is a template of text and columns, else as it stands in code. */
function whereText(node: Node, file: SourceFile): string {
  const one = unwrap(node);
  if (one.type !== 'TaggedTemplateExpression') return file.slice(one);
  const { quasis, expressions } = one.quasi;
  return quasis.map((quasi, index) => quasi.value.cooked + (expressions[index] ? memberName(expressions[index]) ?? file.slice(expressions[index]) : '')).join('').trim();
}

/** `t.email`, `t.email.asc().nullsLast()`, `t['email']`; undefined for an expression. */
function memberName(given: Node | undefined): string | undefined {
  let node = given && unwrap(given);
  while (node?.type === 'CallExpression' && node.callee.type === 'MemberExpression') node = unwrap(node.callee.object);
  return node?.type === 'MemberExpression' && node.object.type === 'Identifier' ? keyName(node.property, node.computed) : undefined;
}
