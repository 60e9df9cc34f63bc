/** The unit of work: what `flush` makes of entities that were made, changed or removed. */
import type { Node, OperationSpec, Transaction, Value } from '../../model.ts';
import { lineage } from '../../value/terms.ts';
import type { ClientContext, ObjectEntry, UnitOfWork } from '../client.ts';
import { ID, instanceName, isRow, rowTable } from './entities.ts';
import { dialectOf, specFor, targetOf, type Origin } from './handles.ts';
import { WRITTEN } from './writes.ts';
import { entityRows, rowOf } from './rows.ts';
import { violationOf } from './violation.ts';
import { rowPredicate } from './where.ts';

/** The unit that a transaction's unit was split off from, at the end of the line: a fork's own, or the context's. */
const families = new WeakMap<UnitOfWork, UnitOfWork>();

/** A unit of its own, for a fork; `parent`: of a transaction, which knows the entities that were read before it and is handed its own new ones alone. */
export function makeUnit(parent?: UnitOfWork): UnitOfWork {
  const unit: UnitOfWork = {
    row: (value, context) => rowAround(value, unit, context),
    written: (row, how, fresh, node, context) => written(unit, row, how, fresh, node, context),
  };
  families.set(unit, (parent && families.get(parent)) ?? unit);
  return unit;
}

/** What everything belongs to that was not forked. */
const CONTEXT: UnitOfWork = makeUnit();

const ofTransactions = new WeakMap<Transaction, UnitOfWork>();

/** What the entities of a manager belong to: those of the context's managers, to the transaction that is open around them. */
export function unitOf(origin: Origin, context: ClientContext): UnitOfWork {
  if (origin.unit) return origin.unit;
  for (let at = context.ambient(ID); at; at = at.parent) { const unit = ofTransactions.get(at); if (unit) return unit; }
  return CONTEXT;
}

/** The unit of a transaction that is opened now through a manager of this origin. */
export function openUnit(transaction: Transaction, origin: Origin, context: ClientContext): UnitOfWork {
  const unit = makeUnit(unitOf(origin, context));
  ofTransactions.set(transaction, unit);
  return unit;
}

export function isOfContext(origin: Origin): boolean { return origin.unit === undefined || families.get(origin.unit) === CONTEXT; }

/** The innermost row that `value` is or lies in, as far as it was read through this unit. */
function rowAround(value: Value, unit: UnitOfWork, context: ClientContext): Value | undefined {
  const operation = lineage(value);
  if (operation?.client !== ID || families.get((operation.detail?.['unit'] as UnitOfWork | undefined) ?? CONTEXT) !== families.get(unit)) return undefined;
  for (let at: Value = value; at.kind === 'member' || at.kind === 'element' || at.kind === 'filtered' || at.kind === 'result'; at = at.kind === 'member' ? at.object : at.of) {
    if (isRow(at, context) && !isCollection(at)) return at;
    if (at.kind === 'result') return undefined;
  }
  return undefined;
}

function isCollection(value: Value): boolean {
  return value.kind === 'result' && value.operation.result.some((part) => part.is === 'rows' && !part.path.length);
}

function written(unit: UnitOfWork, row: Value, how: 'insert' | 'update' | 'delete', fresh: readonly ObjectEntry[], node: Node, context: ClientContext): OperationSpec | undefined {
  const operation = lineage(row);
  const element = context.elements(row) || row.kind === 'array' || row.kind === 'filtered' ? context.element(row) : undefined;
  const name = rowTable(row, context)?.name ?? instanceName(element ?? row, context);
  const origin: Origin = { evidence: operation?.evidence ?? 'declaration', dialect: operation?.dialect, transaction: operation?.transaction, unit };
  const target = targetOf({ receiverText: context.text(node) || 'entity', method: 'flush', node }, origin, name === undefined ? undefined : { name, value: undefined }, 'unit', context);
  const { table } = target.ref;
  const named = { ...target, label: 'em.flush' };
  const violation = violationOf(dialectOf(origin, context));
  const detail = { method: how };
  switch (how) {
    case 'insert': {
      const rows = row.kind === 'object' ? { rows: [rowOf(fresh, table, context, node)], many: false } : entityRows(row, element !== undefined, table, context, node);
      // Of a value that came from elsewhere nobody knows here whether it is new.
      const isNew = row.kind === 'object' || element?.kind === 'object';
      return specFor(named, context, { verb: isNew ? 'insert' : 'save', ...rows, saved: row, ...(!isNew && !element && { predicate: rowPredicate(row, table, context, node), miss: 'silent' as const }), result: WRITTEN, violation, detail });
    }
    case 'update': {
      const versioned = table !== undefined && [...table.columns.values()].some((one) => one.version);
      return specFor(named, context, {
        verb: 'update', many: false, rows: [rowOf(fresh, table, context, node)], saved: row, predicate: rowPredicate(row, table, context, node), result: WRITTEN, violation, detail,
        ...(versioned ? { optimistic: true, miss: 'throws' as const } : { miss: 'silent' as const }),
      });
    }
    case 'delete': return specFor(named, context, { verb: 'delete', many: element !== undefined, predicate: rowPredicate(element ?? row, table, context, node), saved: row, miss: 'silent', result: [], detail });
  }
}
