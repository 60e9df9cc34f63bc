/** Instances: made by `new User()` or `build`, or handed out by a read; written by `save`, `update`, `increment`, `destroy`. */
import type { OperationSpec, ResultPart, Row, Table, Value } from '../../model.ts';
import type { Relation } from '../../schema/model.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { comparison, single } from '../common/rows.ts';
import { dialectOf, specFor, tableOf, targetOf, transactionIn, type Origin, type Target } from './handles.ts';
import { operation, restored, steps } from './methods.ts';
import { findOptions } from './options.ts';
import { primaryKey, rowPredicate, savedRow, writtenRow, type Instance } from './rows.ts';
import { violationOf } from './violation.ts';

const WRITTEN: readonly ResultPart[] = [{ path: [], is: 'written' }];

export function onInstance(call: Call, { name, isNew }: Instance, origin: Origin, context: ClientContext): Meaning | undefined {
  const { receiver, node } = call;
  const [first, second] = call.args;
  const target = targetOf(call, origin, name, 'row', context);
  const { table } = target.table;
  const stored = rowPredicate(receiver, table, context, node);
  switch (call.method) {
    case 'save': return operation(saved(target, receiver, isNew, first, context));
    case 'update': case 'updateAttributes': {
      if (!first) return undefined;
      // Of a new instance it sets the values and inserts.
      if (isNew) return operation({ ...saved(target, receiver, true, second, context), rows: [merged(savedRow(receiver, table, context, node), writtenRow(first, context, call.argNodes[0]))] });
      const field = context.literal(first)?.value;
      const row: Row = typeof field === 'string' && second
        ? { assignments: [{ column: field, value: second, how: 'set', node: call.argNodes[1] }], spreads: [], node }
        : writtenRow(first, context, call.argNodes[0]);
      return operation({ ...changed(target, stored, row, typeof field === 'string' ? call.args[2] : second, context), ...optimistic(table) });
    }
    case 'increment': case 'decrement': {
      const assignments = first && steps(call.method, first, second, call.argNodes[0], context);
      return assignments && operation(changed(target, stored, { assignments, spreads: [], node }, second, context));
    }
    case 'destroy': {
      const soft = table && [...table.columns.values()].some((one) => one.deletedAt) && !(first && context.entries(first) && context.literal(context.property(first, 'force'))?.value === true);
      return operation(specFor(target, context, { verb: 'delete', many: false, predicate: stored, miss: 'silent', result: [], transaction: transactionIn(first, node, context), detail: { method: 'destroy', ...(soft && { soft: true }) } }));
    }
    case 'restore': return operation(changed(target, stored, restored(table, context), first, context));
    case 'reload': {
      const found = findOptions(target, first, context, node, stored);
      return operation(specFor(target, context, { verb: 'find', many: false, predicate: found.predicate, transaction: found.transaction, miss: 'throws', ...(found.lock && { lock: found.lock }), result: [] }));
    }
    case 'set': case 'setAttributes': case 'setDataValue': {
      const field = first && context.literal(first)?.value;
      if (typeof field !== 'string') return first && { kind: 'assign', to: receiver, from: first };
      return second && { kind: 'assign', to: receiver, from: second, key: field };
    }
    case 'get': case 'getDataValue': {
      const field = first && context.literal(first)?.value;
      return { kind: 'value', value: typeof field === 'string' ? context.property(receiver, field) : receiver };
    }
    case 'toJSON': return { kind: 'value', value: receiver };
    default: return associated(call, target, context);
  }
}

const merged = (one: Row, other: Row): Row => ({ assignments: [...one.assignments.filter((each) => !other.assignments.some((later) => later.column === each.column)), ...other.assignments], spreads: [...one.spreads, ...other.spreads], node: other.node });

/** `version: true` puts the version that was read into the condition; a row that changed meanwhile throws. */
function optimistic(table: Table | undefined): Partial<OperationSpec> {
  return table && [...table.columns.values()].some((one) => one.version) ? { optimistic: true, miss: 'throws' } : {};
}

function saved(target: Target, value: Value, isNew: boolean, options: Value | undefined, context: ClientContext): OperationSpec {
  const { table } = target.table;
  return specFor(target, context, {
    verb: isNew ? 'insert' : 'save', many: false, rows: [savedRow(value, table, context, target.node)], saved: value, transaction: transactionIn(options, target.node, context),
    violation: violationOf(dialectOf(target.origin, context), context), ...(!isNew && { predicate: rowPredicate(value, table, context, target.node), miss: 'silent' as const, ...optimistic(table) }), result: WRITTEN, detail: { method: 'save' },
  });
}

function changed(target: Target, predicate: OperationSpec['predicate'], row: Row, options: Value | undefined, context: ClientContext): OperationSpec {
  return specFor(target, context, {
    verb: 'update', many: false, ...(predicate && { predicate }), rows: [row], miss: 'silent', result: WRITTEN, transaction: transactionIn(options, target.node, context), violation: violationOf(dialectOf(target.origin, context), context),
    detail: { method: 'instance.update' },
  });
}

const plain = (name: string): string => name.toLowerCase().replace(/ies$/, 'y').replace(/(?<=[^s])s$/, '');

/** `user.getPosts({ where })`, `user.createPost(values)`, `user.countPosts()`, `user.$create('post', values)`, of relations that the models declare. */
function associated(call: Call, target: Target, context: ClientContext): Meaning | undefined {
  const [, generic] = /^\$(get|create|count)$/.exec(call.method) ?? [];
  const [, mixin, suffix] = /^(get|create|count)([A-Z]\w*)$/.exec(call.method) ?? [];
  const given = generic && call.args[0] ? context.literal(call.args[0])?.value : suffix;
  const [verb, name] = [generic ?? mixin, typeof given === 'string' ? given : undefined];
  const skipped = generic ? 1 : 0;
  const { table } = target.table;
  const relation = name === undefined ? undefined : table?.relations.find((one) => plain(one.name) === plain(name));
  if (!relation || !table) return undefined;
  const other: Target = { ...target, table: { name: relation.target, table: tableOf(relation.target, context) } };
  const links = linksOf(relation, table, other.table.table, call.receiver, context);
  const [first, second] = call.args.slice(skipped);
  const [node] = call.argNodes.slice(skipped);
  const condition = single(...(links ?? []).map(({ column, value }) => comparison(column, '=', value, call.node)));
  const start = links ? { ...condition, node: call.node } : { arms: [], complete: false, node: call.node };
  if (verb === 'create') {
    if (!links || relation.columns.length) return undefined;
    const row = first ? writtenRow(first, context, node) : { assignments: [], spreads: [], node };
    return operation(specFor(other, context, {
      verb: 'insert', many: false, rows: [{ ...row, assignments: [...links.map((one) => ({ ...one, how: 'set' as const, node })), ...row.assignments] }], transaction: transactionIn(second, call.node, context),
      violation: violationOf(dialectOf(target.origin, context), context), result: WRITTEN, detail: { method: 'createAssociation' },
    }));
  }
  const found = findOptions(other, first, context, node, start);
  const base = { predicate: found.predicate, transaction: found.transaction, ...(found.lock && { lock: found.lock }) };
  if (verb === 'count') return operation(specFor(other, context, { ...base, verb: 'count', many: true, result: [{ path: [], is: 'count', numeric: 'number' }] }));
  return operation(specFor(other, context, { ...base, verb: 'find', many: relation.many, result: [relation.many ? { path: [], is: 'rows' } : { path: [], is: 'row', miss: 'null' }], ...(!relation.many && { miss: 'null' as const }) }));
}

/** Columns of the other table and what they hold for this row; undefined where a join table stands between, or the key was not read. */
function linksOf(relation: Relation, table: Table, other: Table | undefined, row: Value, context: ClientContext): readonly { readonly column: string; readonly value: Value }[] | undefined {
  if (relation.columns.length) return relation.columns.map((column, index) => ({ column: relation.references[index] ?? 'id', value: context.property(row, column) }));
  const back = other?.relations.filter((one) => one.target === table.name && one.columns.length && (relation.inverse === undefined || one.name === relation.inverse));
  const [key] = primaryKey(table);
  return back?.length === 1 && key !== undefined ? back[0]!.columns.map((column) => ({ column, value: context.property(row, key) })) : undefined;
}
