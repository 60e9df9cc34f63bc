/** Writes of a model: `create`, `update`, `upsert`, `delete` and their many-row kin. */
import type { Conflict, Node, OperationSpec, ResultPart, Value } from '../../model.ts';
import type { ClientContext, Meaning } from '../client.ts';
import { addressesOne } from '../common/rows.ts';
import { readData, readRows, type Written } from './data.ts';
import { dialectOf, specFor, type Target } from './handles.ts';
import { columnsOf } from './nested.ts';
import { projectionOf } from './projection.ts';
import { isRead, lazily, option, predicateOf, ROW_OR_THROW } from './reads.ts';
import { atomicityOf } from './upsert.ts';
import { violationOf } from './violation.ts';

const WRITTEN: readonly ResultPart[] = [{ path: [], is: 'written' }];
const AFFECTED: readonly ResultPart[] = [{ path: ['count'], is: 'affected', numeric: 'number' }];

export const WRITES: ReadonlySet<string> = new Set([
  'create', 'createMany', 'createManyAndReturn', 'update', 'updateMany', 'updateManyAndReturn', 'upsert', 'delete', 'deleteMany',
]);

export function writeMeaning(method: string, given: Target, args: Value | undefined, context: ClientContext): Meaning | undefined {
  // Nested writes and the call's own statement are one transaction; it is given up again where there is nothing nested.
  const implicit: Target = given.origin.transaction ? given : { ...given, origin: { ...given.origin, transaction: context.transaction(given.node, 'default', 'batch', undefined) } };
  const target = implicit;
  const { table } = target.ref;
  const data = (key: string): { readonly value: Value; readonly node: Node } | undefined =>
    option(args, key, context) ?? (args && !isRead(args, context) ? { value: context.property(args, key), node: given.node } : undefined);
  const violation = violationOf(context, dialectOf(given, context));
  switch (method) {
    case 'create': {
      const from = data('data');
      const written: Written = from ? readData(from.value, target, context, from.node) : { row: { assignments: [], spreads: [], node: given.node }, before: [], after: [], linked: false };
      return meaning(given, [...written.before, specFor(target, context, { verb: 'insert', many: false, rows: [written.row], result: WRITTEN, violation, ...shown(args, target, context) }), ...written.after]);
    }
    case 'createMany': case 'createManyAndReturn': {
      const from = data('data');
      if (!from) return undefined;
      const { rows, rowsOf } = readRows(from.value, target, context, from.node);
      const conflict = skipped(option(args, 'skipDuplicates', context)?.value, target, context);
      return meaning(given, [specFor(target, context, {
        verb: conflict ? 'upsert' : 'insert', many: true, rows, ...(rowsOf && { rowsOf }), ...(conflict && { conflict }), violation,
        result: method === 'createMany' ? AFFECTED : WRITTEN,
      })]);
    }
    case 'update': {
      const from = data('data');
      if (!from) return undefined;
      const predicate = predicateOf(target, args, true, context);
      const written = readData(from.value, target, context, from.node, predicate);
      const { row } = written;
      // With nested writes alone the row itself is only looked up.
      const own = written.linked && !row.assignments.length && !row.spreads.length
        ? specFor(target, context, { verb: 'find', many: false, predicate, result: ROW_OR_THROW, miss: 'throws', ...shown(args, target, context) })
        : specFor(target, context, { verb: 'update', many: false, predicate, rows: [row], result: WRITTEN, miss: 'throws', violation, ...shown(args, target, context) });
      return meaning(given, [...written.before, own, ...written.after]);
    }
    case 'updateMany': case 'updateManyAndReturn': {
      const from = data('data');
      if (!from) return undefined;
      const predicate = predicateOf(target, args, false, context);
      const { row } = readData(from.value, target, context, from.node, predicate);
      const counts = method === 'updateMany';
      return meaning(given, [specFor(target, context, {
        verb: 'update', many: !counts || !addressesOne(predicate, table), predicate, rows: [row], violation, result: counts ? AFFECTED : WRITTEN, miss: 'count',
      })]);
    }
    case 'upsert': return upsert(given, target, args, data('create'), data('update'), context);
    case 'delete': return meaning(given, [specFor(target, context, { verb: 'delete', many: false, predicate: predicateOf(target, args, true, context), result: WRITTEN, miss: 'throws', ...shown(args, target, context) })]);
    case 'deleteMany': {
      const predicate = predicateOf(target, args, false, context);
      return meaning(given, [specFor(target, context, { verb: 'delete', many: !addressesOne(predicate, table), predicate, result: AFFECTED, miss: 'count' })]);
    }
    default: return undefined;
  }
}

function upsert(given: Target, target: Target, args: Value | undefined, create: { readonly value: Value; readonly node: Node } | undefined, update: { readonly value: Value; readonly node: Node } | undefined, context: ClientContext): Meaning | undefined {
  if (!create || !update) return undefined;
  const predicate = predicateOf(target, args, true, context);
  const created = readData(create.value, target, context, create.node);
  const updated = readData(update.value, target, context, update.node, predicate);
  const dialect = dialectOf(given, context);
  const { atomic, why } = atomicityOf({ where: option(args, 'where', context)?.value, predicate, created, updated, projection: projectionOf(args, target.ref.table, context), table: target.ref.table, dialect }, context);
  const writesNothing = !updated.row.assignments.length && !updated.row.spreads.length && !updated.linked;
  const conflict: Conflict = { target: columnsOf(predicate, target.ref.table), action: writesNothing ? 'ignore' : 'update', update: writesNothing ? undefined : updated.row, atomic, ...(why !== undefined && { why }) };
  const own = specFor(target, context, { verb: 'upsert', many: false, predicate, rows: [created.row], conflict, result: WRITTEN, violation: violationOf(context, dialect), ...shown(args, target, context) });
  return meaning(given, [...created.before, ...updated.before, own, ...created.after, ...updated.after]);
}

/** `skipDuplicates: true` is `ON CONFLICT DO NOTHING` for any key; MySQL's `INSERT IGNORE` also swallows other errors. */
function skipped(value: Value | undefined, target: Target, context: ClientContext): Conflict | undefined {
  if (!value) return undefined;
  const literal = context.literal(value);
  if (literal && !literal.value) return undefined;
  if (!literal) return { target: undefined, action: 'ignore', update: undefined, atomic: 'unknown', why: '`skipDuplicates` may be false' };
  const refused = dialectOf(target, context) === 'sqlite';
  return { target: undefined, action: 'ignore', update: undefined, atomic: true, ...(refused && { why: 'SQLite does not accept `skipDuplicates`' }) };
}

/** What a write gives back. */
function shown(args: Value | undefined, target: Target, context: ClientContext): Partial<OperationSpec> {
  const { columns, includes, included } = projectionOf(args, target.ref.table, context);
  return { ...(columns && { columns }), ...(includes && { includes }), ...(included && { included }) };
}

function meaning(given: Target, operations: readonly OperationSpec[]): Meaning {
  const [only] = operations;
  if (operations.length === 1) return lazily({ ...only!, transaction: given.origin.transaction });
  return { kind: 'operations', operations, lazy: true };
}
