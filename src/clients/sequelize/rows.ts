/** Written rows: values of `create` and `update`, instances that `save` writes. */
import type { Assignment, How, Node, Predicate, Row, Table, Value } from '../../model.ts';
import { lineage } from '../../value/terms.ts';
import type { ClientContext } from '../client.ts';
import { comparison, rowFrom, rowIn, rowsFrom } from '../common/rows.ts';
import { ID, isHandle, isModelClass, modelData, tableOf } from './handles.ts';
import { columnIn, effective } from './where.ts';
import { fragmentOf } from './options.ts';

/** SQL that is written in a value's place: over the stored column itself it is computed by the database. */
export function writtenValue(key: string, value: Value): { value: Value; how: How } | undefined {
  const fragment = fragmentOf(value);
  if (!fragment) return undefined;
  const step = /^\W*[\w.]+\W*\s*([+-])\s*(\d+(?:\.\d+)?)\s*$/.exec(fragment.text ?? '');
  const names = (one: Value): boolean => columnIn(one) === key || (fragmentOf(one)?.text ?? '').includes(key) || (fragmentOf(one)?.args.some(names) ?? false);
  if (!names(value)) return { value, how: step ? 'atomic' : 'set' };
  return { value, how: fragment.kind === 'fn' && /array_append|array_cat|array_remove|jsonb?_set|json_insert|concat/i.test(fragment.text ?? '') ? 'append' : 'atomic' };
}

export function writtenRow(value: Value, context: ClientContext, node?: Node): Row {
  const row = rowFrom(value, context, node, writtenValue);
  return context.entries(value) ? { ...row, assignments: lastOf(row.assignments) } : row;
}

function lastOf(assignments: readonly Assignment[]): readonly Assignment[] {
  return assignments.filter((one, index) => !assignments.slice(index + 1).some((later) => later.column === one.column && !later.conditional));
}

export function writtenRows(value: Value, context: ClientContext, node?: Node): ReturnType<typeof rowsFrom> { return rowsFrom(value, context, node, writtenValue); }

/** The key by which an instance's row is addressed. */
export function primaryKey(table: Table | undefined): readonly string[] { return table?.keys.find((key) => key.primary)?.columns ?? ['id']; }

export function rowPredicate(value: Value, table: Table | undefined, context: ClientContext, node?: Node): Predicate {
  const keys = primaryKey(table);
  return { arms: [keys.map((key) => comparison(key, '=', context.property(value, key), node))], complete: true, node };
}

export interface Instance { readonly name: string; readonly isNew: boolean; readonly model?: Value | undefined }

/** What a value is an instance of: made by `new User()` or `build`, or handed out by a read or a write; undefined for anything else. */
export function instanceOf(value: Value, context: ClientContext): Instance | undefined {
  if (value.kind === 'object') {
    if (isHandle(value.of, 'model')) { const { name } = modelData(value.of); return name === undefined ? undefined : { name, isNew: isMade(value, context) }; }
    const facts = context.classOf(value);
    return facts && !facts.isStatic && isModelClass(facts, context) ? { name: facts.name, isNew: value.node.type === 'NewExpression' || value.node.type === 'CallExpression' } : undefined;
  }
  if (value.kind === 'choice') {
    const all = value.arms.filter((arm) => arm.value.kind !== 'literal').map((arm) => instanceOf(arm.value, context));
    const [first] = all;
    return first && all.every((one) => one?.name === first.name) ? { name: first.name, isNew: all.every((one) => one!.isNew) } : undefined;
  }
  const operation = lineage(value);
  if (operation?.client !== ID || operation.detail?.['raw'] === true || operation.detail?.['on'] === 'raw') return undefined;
  const row = rowIn(value, operation, (name) => tableOf(name, context));
  return row && { name: row.name, isNew: false, model: row.related ? undefined : operation.detail?.['model'] as Value | undefined };
}

/** `build(values, { isNewRecord: false })` stands for a stored row. */
function isMade(value: Value, context: ClientContext): boolean {
  return !context.entries(value)?.some((one) => one.kind === 'property' && one.key === 'isNewRecord' && context.literal(one.value)?.value === false);
}

/** What `instance.save()` writes: of a new one all fields; of a loaded one those that were assigned, while the rest rides along unsent. */
export function savedRow(value: Value, table: Table | undefined, context: ClientContext, node?: Node): Row {
  const entries = context.entries(value);
  const isLoaded = (one: Value): boolean => instanceOf(one, context)?.isNew === false && one.kind !== 'object';
  if (!entries) return isLoaded(value) ? { assignments: carried(value, [], table, context), spreads: [], node } : { assignments: [], spreads: [value], node };
  const kept = effective(entries);
  const own = kept.flatMap((entry): Assignment[] => {
    if (entry.kind !== 'property' || entry.value.kind === 'function') return [];
    const special = writtenValue(entry.key, entry.value);
    return [{ column: entry.key, value: special?.value ?? entry.value, how: special?.how ?? 'set', node: entry.node, ...(entry.conditional && { conditional: true }) }];
  });
  const spreads = kept.flatMap((entry) => (entry.kind === 'spread' ? [entry.value] : []));
  const loaded = spreads.filter(isLoaded);
  return { assignments: [...loaded.flatMap((one) => carried(one, own, table, context)), ...own], spreads: spreads.filter((one) => !loaded.includes(one)), node };
}

function carried(value: Value, given: readonly Assignment[], table: Table | undefined, context: ClientContext): Assignment[] {
  return [...table?.columns.keys() ?? []].filter((column) => !given.some((one) => one.column === column))
    .map((column) => ({ column, value: context.terms.member(value, column), how: 'carried', node: undefined }));
}
