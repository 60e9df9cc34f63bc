/** What else happens only where a check held, and what becomes of those for whom it did not: whether it matters that two calls pass. */
import type { Operation } from '../model.ts';
import { conjuncts, formulaLiterals, type Formula } from '../value/formula.ts';
import { formulaValues, type Value } from '../value/terms.ts';
import type { RowRead } from './checked.ts';
import { isSameForAll } from './idle.ts';
import type { Trace } from './index.ts';
import { sameTable } from './matching.ts';
import { precedes } from './order.ts';
import { FAILURE } from './present.ts';
import { sharedTransaction } from './protection.ts';
import { addresses } from './rows.ts';

/** An update of a known row with constants, an upsert, a delete: making it again makes no difference; what is upserted may be another caller's. */
function isRepeatable(operation: Operation, byOthers: boolean): boolean {
  if (!byOthers && (operation.verb === 'upsert' || operation.verb === 'delete')) return true;
  return operation.verb === 'update' && operation.rows?.length === 1 && !operation.rows[0]!.spreads.length && operation.rows[0]!.assignments.every((one) => one.how === 'set' && isSameForAll(one.value));
}

/** Calls whose second run somebody receives or pays for; those that only tell the program's own parts (`emit`, `enqueue`) may well be told twice. */
export const FELT = /(?:^|\.)(?:re)?[sS]end(?![a-z])|(?:^|\.)(?:email|mail|charge|pay|refund|capture|transfer|deliver|deduct|credit|debit|award|withdraw|deposit|mint|ship|purchase)(?![a-z])/;

const RECORDS = /audit|log|histor|activit|event|metric|analytic|view/i;

export interface Effects {
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** Of those before: what stays when the write finds nothing and its transaction is given up. */
  readonly lasting: string | undefined;
  /** A row is inserted after the write, into another table. */
  readonly adds: boolean;
  /** Nothing but calls made after the write: somebody is told twice. */
  readonly isOnlyTold: boolean;
}

/**
 * What else happens only where the check held: writes to other rows, calls that somebody notices when they are made twice.
 * @param idle writing it again changes nothing; `used`: what is used up may have been brought by two callers.
 */
export function effectsOf(parts: readonly Formula[], row: RowRead, write: Operation, idle: boolean | 'used', trace: Trace): Effects {
  // Another branch than the write's is another story.
  const meets = (condition: Formula): boolean => trace.formulas.and(condition, write.condition).kind !== 'false';
  // A value that is only thrown away was of no use to whatever was called with it: an address that no longer works.
  const clears = idle === true && write.rows?.[0]?.assignments.some((one) => one.value.kind === 'literal' && one.value.value === null) === true;
  const depends = (condition: Formula): boolean => { const known = conjuncts(condition); return parts.every((part) => known.includes(part)); };
  const writes = trace.operations.filter((one) => one !== write && one.id > row.read.id && /^(?:insert|update|delete|upsert|save|call)$/.test(one.verb) && !RECORDS.test(one.table.name)
    && depends(one.condition) && meets(one.condition) && precedes(row.read, one) && !(idle && isRepeatable(one, idle === 'used')) && !(sameTable(one.table, write.table) === true && addresses(one, row, trace)));
  // What is called on both sides of the check (an answer to whoever asked) does not depend on it.
  const depending = trace.outside.filter((one) => one.order >= row.read.id && depends(one.condition) && meets(one.condition));
  const calls = clears ? [] : depending.filter((one) => !trace.outside.some((other) => other.name === one.name && other.order >= row.read.id && !depends(other.condition)));
  const earlier = writes.filter((one) => one.id < write.id);
  const called = calls.find((one) => one.order < write.id)?.name;
  return {
    before: earlier[0]?.label ?? called,
    lasting: earlier.find((one) => !sharedTransaction(one, write))?.label ?? called,
    after: writes.find((one) => one.id > write.id)?.label ?? calls.find((one) => one.order >= write.id)?.name,
    adds: writes.some((one) => one.id > write.id && one.verb === 'insert' && one.conflict === undefined && sameTable(one.table, write.table) === false),
    isOnlyTold: !writes.length && !calls.some((one) => one.order < write.id),
  };
}

/** Whatever follows the write is a "no". */
export function isRefusing(write: Operation, trace: Trace): boolean {
  const known = conjuncts(write.condition);
  const follows = (one: { readonly order: number; readonly condition: Formula }): boolean => {
    const parts = conjuncts(one.condition);
    return one.order >= write.id && parts.length === known.length && known.every((part) => parts.includes(part));
  };
  return trace.answers.some((one) => one.failure && follows(one))
    || trace.exits.some((one) => follows(one) && (one.kind === 'throw' || (one.kind === 'return' && one.value !== undefined && FAILURE.test(trace.file.slice(one.node)))));
}

/** The other side of the check is told no: an exception, a failure as the answer. */
export function isRejected(parts: readonly Formula[], row: Pick<RowRead, 'read'>, trace: Trace, asks: (value: Value) => boolean = () => true): boolean {
  const opposes = opposing(parts, row, asks);
  return trace.answers.some((one) => one.failure && opposes(one))
    || trace.exits.some((one) => opposes(one) && (one.kind === 'throw' || (one.kind === 'return' && one.value !== undefined && FAILURE.test(trace.file.slice(one.node)))));
}

/** The other side of the check ends, with whatever answer: `return res.redirect('/login')`. */
export function isTurnedAway(parts: readonly Formula[], row: Pick<RowRead, 'read'>, trace: Trace, asks: (value: Value) => boolean): boolean {
  const opposes = opposing(parts, row, asks);
  return trace.exits.some((one) => one.kind !== 'end' && opposes(one));
}

function opposing(parts: readonly Formula[], { read }: Pick<RowRead, 'read'>, asks: (value: Value) => boolean): (one: { readonly order: number; readonly condition: Formula }) => boolean {
  const literals = parts.flatMap(formulaLiterals).filter(({ atom }) => formulaValues(atom).some(asks));
  return ({ order, condition }) => order >= read.id && formulaLiterals(condition).some((one) => literals.some((other) => other.atom === one.atom && other.holds !== one.holds));
}
