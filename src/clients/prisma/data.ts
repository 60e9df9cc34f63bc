/** `data`, `create`, `update` objects → written rows, and the further statements that nested writes are. */
import type { Assignment, Node, OperationSpec, Predicate, Row, Value } from '../../model.ts';
import type { Relation } from '../../schema/model.ts';
import type { ClientContext, ObjectEntry } from '../client.ts';
import { accessorOf, relationOf, type Target } from './handles.ts';
import { nestedWrites } from './nested.ts';
import { effectiveEntries, isUndefined, maybeUndefined } from './where.ts';

export interface Written {
  readonly row: Row;
  /** Statements on related tables, before and after the row's own. */
  readonly before: readonly OperationSpec[];
  readonly after: readonly OperationSpec[];
  /** A relation is written: `connect`, or any nested write. */
  readonly linked: boolean;
}
export interface WrittenRows {
  readonly rows: readonly Row[];
  readonly rowsOf?: Value;
  readonly many: boolean;
  readonly before: readonly OperationSpec[];
  readonly after: readonly OperationSpec[];
  readonly linked: boolean;
}

/** The row whose related rows are written: what is known of its columns. */
export interface Parent {
  readonly target: Target;
  /** A column's value, the same unknown one each time where nothing is known. */
  value(column: string): Value;
}

/** Nesting deeper than this adds statements that no rule pairs with anything. */
const MAX_DEPTH = 3;

/** What one entry writes: to columns of the row itself, or elsewhere. */
export interface EntryWrites { readonly assignments: readonly Assignment[]; readonly before: readonly OperationSpec[]; readonly after: readonly OperationSpec[] }

export function readData(value: Value, target: Target, context: ClientContext, node: Node | undefined, where?: Predicate, links: readonly Assignment[] = [], depth = 0): Written {
  const entries = context.entries(value);
  if (!entries) return { row: { assignments: links, spreads: [value], node }, before: [], after: [], linked: false };
  const { table } = target.ref;
  const assignments: Assignment[] = [...links];
  const spreads: Value[] = [];
  const relations: (ObjectEntry & { kind: 'property' })[] = [];
  for (const entry of effectiveEntries(entries)) {
    if (entry.kind === 'spread') { if (entry.value.kind !== 'literal') spreads.push(entry.value); continue; }
    if (isUndefined(entry.value)) continue;
    if (isRelationEntry(entry, target, context)) relations.push(entry);
    else assignments.push(assigned(entry, table?.columns.get(entry.key)?.type === 'json', context));
  }
  const parent = parentOf(target, assignments, spreads, where, context);
  const before: OperationSpec[] = [];
  const after: OperationSpec[] = [];
  for (const entry of depth < MAX_DEPTH ? relations : []) {
    const written = nestedWrites(entry, parent, context, depth);
    assignments.push(...written.assignments.map((one) => (entry.conditional ? { ...one, conditional: true } : one)));
    before.push(...written.before);
    after.push(...written.after);
  }
  return { row: { assignments, spreads, node }, before, after, linked: relations.length > 0 };
}

/** The rows of `createMany`, and of a nested `create` that may be one object or a list. */
export function readRows(value: Value, target: Target, context: ClientContext, node?: Node, links: readonly Assignment[] = [], depth = 0): WrittenRows {
  const read = (one: Value, at: Node | undefined): Written => readData(one, target, context, at, undefined, links, depth);
  const elements = context.elements(value);
  if (elements && elements.every((one) => !one.spread)) return rowsOf(elements.map((one) => read(one.value, one.node)), elements.length !== 1);
  if (context.entries(value)) return rowsOf([read(value, node)], false);
  const element = context.element(value);
  return { ...rowsOf([read(element, node)], true), rowsOf: value };
}

function rowsOf(written: readonly Written[], many: boolean): WrittenRows {
  return { rows: written.map((one) => one.row), many, before: written.flatMap((one) => one.before), after: written.flatMap((one) => one.after), linked: written.some((one) => one.linked) };
}

function parentOf(target: Target, assignments: readonly Assignment[], spreads: readonly Value[], where: Predicate | undefined, context: ClientContext): Parent {
  const made = new Map<string, Value>();
  return {
    target,
    value(column) {
      const known = made.get(column);
      if (known) return known;
      const looked = where?.arms.length === 1 ? where.arms[0]!.find((one) => one.column === column && one.operator === '=' && !one.via.length)?.value : undefined;
      const written = assignments.findLast((one) => one.column === column && one.how === 'set')?.value;
      const value = looked ?? written ?? context.terms.unknown(target.node, spreads);
      made.set(column, value);
      return value;
    },
  };
}

const ATOMIC: ReadonlySet<string> = new Set(['increment', 'decrement', 'multiply', 'divide']);
const FIELD_OPERATIONS: ReadonlySet<string> = new Set([...ATOMIC, 'set', 'push', 'unset']);
export const NESTED: ReadonlySet<string> = new Set([
  'create', 'createMany', 'connect', 'connectOrCreate', 'set', 'disconnect', 'update', 'updateMany', 'upsert', 'delete', 'deleteMany',
]);

/** With a schema relations are known; without one an object of nothing but nested writes is taken for one. */
function isRelationEntry(entry: ObjectEntry & { kind: 'property' }, target: Target, context: ClientContext): boolean {
  const { table } = target.ref;
  if (relationOf(table, entry.key)) return true;
  if (table?.columns.has(entry.key)) return false;
  const keys = context.entries(entry.value)?.map((one) => (one.kind === 'property' ? one.key : ''));
  // `{ set: … }` alone is a column's as well.
  return keys !== undefined && keys.length > 0 && keys.every((key) => NESTED.has(key)) && !keys.every((key) => key === 'set');
}

/** `name`, `{ set: name }`, `{ increment: 1 }`, `{ push: tag }`; one of them or nothing, by a condition. */
function assigned(entry: ObjectEntry & { kind: 'property' }, isDocument: boolean, context: ClientContext): Assignment {
  const { key, node } = entry;
  const conditional = entry.conditional || maybeUndefined(entry.value) ? { conditional: true } : {};
  const arms = entry.value.kind === 'choice' ? entry.value.arms.filter((arm) => !isUndefined(arm.value)) : [];
  const value = arms.length === 1 ? arms[0]!.value : entry.value;
  const inner = isDocument || (value.kind === 'object' && value.of !== undefined) ? undefined : context.entries(value);
  const only = inner?.length === 1 ? inner[0] : undefined;
  if (only?.kind !== 'property' || !FIELD_OPERATIONS.has(only.key)) return { column: key, value: entry.value, how: 'set', node, ...conditional };
  const how = ATOMIC.has(only.key) ? 'atomic' as const : only.key === 'push' ? 'append' as const : 'set' as const;
  // What a decrement adds is the negative of its amount.
  const written = only.key === 'unset' ? context.terms.null : only.key === 'decrement' ? context.terms.expression('-', [only.value]) : only.value;
  return { column: key, value: written, how, node, ...conditional };
}

/**
 * The foreign key columns of a child row that point at its parent: as the schema says, else by the usual name. Undefined for a
 * many-to-many relation, whose links lie in a table of their own.
 */
export function childLinks(relation: Relation | undefined, inverse: Relation | undefined, parent: Parent): readonly { column: string; value: Value }[] | undefined {
  if (inverse?.columns.length) return inverse.columns.map((column, index) => ({ column, value: parent.value(inverse.references[index] ?? 'id') }));
  if (relation) return undefined;
  return [{ column: `${accessorOf(parent.target.ref.name)}Id`, value: parent.value('id') }];
}
