/** Aggregation pipelines: the rows that leading `$match` stages select, and one number where all of them are grouped into one. */
import type { OperationSpec, ResultPart, Transaction, Value } from '../../model.ts';
import type { ClientContext } from '../client.ts';
import { andPredicate, EVERYTHING } from '../common/rows.ts';
import { filterPredicate } from './filter.ts';
import { specFor, type Target } from './handles.ts';

const FUNCTIONS: Readonly<Record<string, string>> = { $sum: 'sum', $max: 'max', $min: 'min', $avg: 'avg' };
/** Stages that leave no row out. */
const KEEPING: ReadonlySet<string> = new Set(['$sort', '$project', '$addFields', '$set', '$lookup', '$unset']);

export function pipeline(target: Target, stages: Value | undefined, transaction: Transaction | undefined, context: ClientContext): OperationSpec {
  const list = stages && context.elements(stages);
  let predicate = EVERYTHING;
  const rows = (complete: boolean): OperationSpec => specFor(target, {
    verb: 'find', many: true, result: [{ path: [], is: 'rows' }], predicate: { ...predicate, complete: predicate.complete && complete }, transaction, columns: [], detail: { lean: true, method: 'aggregate' },
  });
  if (!list) return rows(false);
  for (const { value, spread } of list) {
    const [stage] = spread ? [] : context.entries(value) ?? [];
    if (stage?.kind !== 'property') return rows(false);
    if (stage.key === '$match') { predicate = andPredicate(predicate, filterPredicate(stage.value, context, stage.node)); continue; }
    if (stage.key === '$count') {
      const name = context.literal(stage.value)?.value;
      return typeof name === 'string' ? specFor(target, { verb: 'count', many: true, predicate, transaction, result: [{ path: ['0', name], is: 'count', numeric: 'number' }], detail: { method: 'aggregate' } }) : rows(false);
    }
    if (stage.key === '$group') return grouped(target, stage.value, predicate, transaction, context) ?? rows(false);
    if (!KEEPING.has(stage.key)) return rows(false);
  }
  return rows(true);
}

/** `{ _id: null, last: { $max: '$number' } }`. */
function grouped(target: Target, group: Value, predicate: OperationSpec['predicate'], transaction: Transaction | undefined, context: ClientContext): OperationSpec | undefined {
  const id = context.literal(context.property(group, '_id'));
  if (!id || id.value != null) return undefined;
  let aggregate: OperationSpec['aggregate'];
  const result: ResultPart[] = [];
  for (const entry of context.entries(group) ?? []) {
    const [accumulator] = entry.kind === 'property' && entry.key !== '_id' ? context.entries(entry.value) ?? [] : [];
    if (entry.kind !== 'property' || accumulator?.kind !== 'property') continue;
    const given = context.literal(accumulator.value)?.value;
    if ((accumulator.key === '$sum' && given === 1) || accumulator.key === '$count') { result.push({ path: ['0', entry.key], is: 'count', numeric: 'number' }); continue; }
    const name = FUNCTIONS[accumulator.key];
    if (!name) continue;
    const column = typeof given === 'string' && given.startsWith('$') ? given.slice(1) : undefined;
    aggregate ??= { function: name, column };
    result.push({ path: ['0', entry.key], is: 'scalar', numeric: 'number', ...(column !== undefined && { column }) });
  }
  if (!result.length) return undefined;
  return specFor(target, { verb: aggregate ? 'aggregate' : 'count', many: true, transaction, result, ...(predicate && { predicate }), ...(aggregate && { aggregate }), detail: { method: 'aggregate' } });
}
