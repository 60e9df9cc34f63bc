/** Whether a read and a write that belong together can be interleaved by another call, and what closes the gap if not. */
import type { OpenQuestion, Operation, Transaction } from '../model.ts';
import { asLiteral, conjuncts, type Formula } from '../value/formula.ts';
import { lineage, mentions, path, type Node, type Value } from '../value/terms.ts';
import { findingOf } from './absence.ts';
import { comparisonAfter } from './flip.ts';
import type { Trace } from './index.ts';
import { core, isConstant, isFreshCall, isOpaque, sameValue } from './matching.ts';
import { precedes } from './order.ts';
import { facetOf } from './results.ts';

/** What a project calls its own helpers, from settings. */
export interface HelperNames { readonly locks: readonly string[]; readonly transactions: readonly string[] }

export type Protection =
  /** Another call cannot come between; `why` is for explanations. */
  | { readonly closed: true; readonly why: string }
  | { readonly closed: false; readonly open: readonly OpenQuestion[] };

const LOCK_NAME = /lock|mutex|semaphore|exclusive|critical|serialize|synchroni[sz]ed|singleFlight/i;
const RETRY_NAME = /retry|attempt|backoff/i;
/** Calls that surely give other calls of the process their turn: the network, the disk, timers, the thread pool. */
const WAITS = /\b(?:fetch|axios|got|hash|compare|genSalt|scrypt|pbkdf2|sleep|delay|setTimeout|readFile|writeFile|json|formData|text|arrayBuffer|request|(?:send|upload|download)\w*)\b\s*[(<.]/;

const CLOSED = (why: string): Protection => ({ closed: true, why });

/** `keys`: the values by which the read looks the row up; a row that only this run can know of cannot be raced for. */
export function protectionOf(read: Operation, write: Operation, keys: readonly Value[], trace: Trace, names: HelperNames): Protection {
  const open: OpenQuestion[] = [];
  if (read.synchronous && write.synchronous && !trace.operations.some((one) => one.id > read.id && one.id < write.id && !one.synchronous)) {
    const pauses = trace.pauses.filter((one) => one.order >= read.id && one.order < write.id && trace.formulas.and(one.condition, write.condition).kind !== 'false');
    if (!pauses.length) return CLOSED('nothing is awaited between them');
    if (!pauses.some((one) => WAITS.test(one.name))) open.push({ id: 'await-between', text: `\`await ${pauses[0]!.name.split('\n')[0]}\` waits for something outside the process` });
  }
  const lock = write.within.find((name) => read.within.includes(name) && isLockName(name, names));
  if (lock) return CLOSED(`both run inside \`${lock}\``);
  const serialised = write.within.find((name) => read.within.includes(name) && isNamed(name, names.transactions));
  if (serialised) return CLOSED(`both run inside \`${serialised}\`, which the settings call serialisable`);
  if (keys.some((key) => isOwn(key, read))) return CLOSED('the row is this run\'s own');
  const statement = trace.helpers.find((one) => one.order < read.id && isLockName(one.name, names) && isAlways(one.condition, read));
  if (statement) return CLOSED(`\`${statement.name}\` is awaited first`);

  if (conjuncts(write.condition).some((part) => isWon(wonBy(part), read, keys))) return CLOSED('a conditional update that counts lets one caller through');

  const shared = sharedTransaction(read, write);
  const advisory = trace.operations.some((one) => one.id < read.id && one.lock === 'advisory' && one.transaction === undefined && isAlwaysBefore(one, read));
  if (advisory) return CLOSED('an advisory lock is taken first');
  if (!shared) return { closed: false, open };

  const { isolation } = shared;
  if (isolation === 'serializable') {
    if (isRetried(shared, read, trace)) return CLOSED('the transaction is serializable and retried');
    open.push({ id: 'serializable-without-retry', text: 'a serialization failure reaches the user, since nothing retries the serializable transaction' });
  } else if (isolation === 'unknown') open.push({ id: 'isolation-unknown', text: 'the transaction\'s isolation level is not serializable' });
  if (isOneAlwaysBefore(trace.operations.filter((one) => one.id < read.id && inTransaction(one, shared) && serialises(one, read, write)), read, trace)) {
    return CLOSED('a row that every caller needs is locked first');
  }
  const helper = trace.helpers.find((one) => one.order < read.id && one.transaction !== undefined && chain(read.transaction).includes(one.transaction) && isAlways(one.condition, read));
  if (helper) open.push({ id: 'maybe-locked', text: `\`${helper.name}\` takes no lock` });
  if (shared.dialect === 'sqlite') open.push({ id: 'sqlite-transaction', text: 'the database lets two of these transactions read before one writes' });
  return { closed: false, open };
}

function chain(transaction: Transaction | undefined): Transaction[] {
  const found: Transaction[] = [];
  for (let at = transaction; at; at = at.parent) found.push(at);
  return found;
}

/** The innermost transaction that both run in; one that the function was given counts as well. */
export function sharedTransaction(one: Operation, other: Operation): Transaction | undefined {
  const outer = chain(transactionOf(other));
  return chain(transactionOf(one)).find((each) => outer.includes(each));
}

function transactionOf({ transaction, lent }: Operation): Transaction | undefined { return transaction ?? (typeof lent === 'object' ? lent : undefined); }

export function inTransaction(operation: Operation, transaction: Transaction): boolean {
  return chain(transactionOf(operation)).includes(transaction);
}

function isLock(operation: Operation): boolean { return operation.verb === 'lock' || operation.lock !== undefined; }

/**
 * A statement that holds everybody else up until the transaction ends. A locking read of the very row that may be absent locks
 * nothing; a write to another table's row, or to another row of this one, does.
 */
function serialises(operation: Operation, read: Operation, write: Operation): boolean {
  if (operation.lock === 'advisory') return true;
  if (isLock(operation)) return operation.lock !== 'share' && operation.node !== read.node;
  if (operation.verb !== 'update' && operation.verb !== 'upsert') return false;
  if (!sharesValue(operation, read, write)) return false;
  return operation.table.name !== write.table.name && operation.loops.length <= read.loops.length;
}

/**
 * The row that is written belongs to what is looked up or inserted: a lock on the post does not hold up those who add the same tag
 * to another one. A row whose key is not known may be any.
 */
function sharesValue(operation: Operation, read: Operation, write: Operation): boolean {
  const { predicate } = operation;
  if (!predicate?.complete || predicate.arms.length !== 1) return true;
  const keys = predicate.arms[0]!.filter((one) => one.operator === '=').map((one) => one.value);
  if (keys.some((one) => isConstant(one) || isOpaque(one))) return true;
  const used = [...(read.predicate?.arms.flat() ?? []).map((one) => one.value), ...(write.predicate?.arms.flat() ?? []).map((one) => one.value), ...(write.rows ?? []).flatMap((row) => [...row.assignments.map((one) => one.value), ...row.spreads])];
  return used.some((one) => isOpaque(one) || keys.some((key) => sameValue(key, one) || mentions(one, core(key)) || lineage(one) === operation))
    || [read.predicate, write.predicate].some((one) => one !== undefined && !one.complete);
}

/** `claim.count > 0`, `claim.count === 1`: the update that a condition says has met its row. */
function wonBy(part: Formula): Operation | undefined {
  const literal = asLiteral(part);
  if (!literal) return undefined;
  const { atom, holds } = literal;
  if (atom.kind === 'compare' && atom.operator === '===' && holds && atom.right.kind === 'literal' && Number(atom.right.value) > 0) {
    const facet = facetOf(atom.left);
    return facet?.is === 'affected' ? facet.operation : undefined;
  }
  const finding = findingOf(literal);
  return finding?.presence === 'present' ? finding.read : undefined;
}

/**
 * `update … set wallet = ? where id = ? and wallet is null`, and whoever changed no row has left: a claim of the row by which the
 * read looks up. The update must end its own condition, or the next caller is let through as well.
 */
function isWon(claim: Operation | undefined, read: Operation, keys: readonly Value[]): boolean {
  if (claim?.verb !== 'update' || !precedes(claim, read) || claim.predicate?.arms.length !== 1) return false;
  const asked = claim.predicate.arms[0]!;
  const assigned = claim.rows?.length === 1 ? claim.rows[0]!.assignments : [];
  const ends = asked.some((one) => assigned.some((each) => each.column === one.column && comparisonAfter(one, each) === false));
  return ends && asked.some((one) => one.operator === '=' && !isConstant(one.value) && keys.some((key) => sameValue(one.value, key)));
}

/** Whenever `later` runs, `earlier` ran before it. */
function isAlwaysBefore(earlier: Operation, later: Operation): boolean { return isAlways(earlier.condition, later); }

/** One of them ran before `later`, whichever way the code took: a lock in MySQL's words, else the one in Postgres's. */
function isOneAlwaysBefore(earlier: readonly Operation[], later: Operation, { formulas }: Trace): boolean {
  return earlier.some((one) => isAlwaysBefore(one, later))
    || (earlier.length > 1 && formulas.or(...earlier.map((one) => formulas.beyond(one.condition, later.condition))).kind === 'true');
}

function isAlways(condition: Operation['condition'], later: Operation): boolean {
  const known = conjuncts(later.condition);
  return conjuncts(condition).every((part) => known.includes(part));
}

/** `withLock` names `this.locks.withLock` too; a dotted name is meant as it stands. */
function isNamed(name: string, listed: readonly string[]): boolean {
  const last = name.split('.').at(-1) ?? name;
  return listed.some((one) => one === name || one === last);
}

function isLockName(name: string, names: HelperNames): boolean {
  const last = name.split('.').at(-1) ?? name;
  if (isNamed(name, names.locks)) return true;
  return LOCK_NAME.test(name) && !/block|unlock|locked\b|clock|locker/i.test(last);
}

/** A loop around the transaction, a wrapper named so, or a handler that asks for serialization failures. */
function isRetried(transaction: Transaction, read: Operation, trace: Trace): boolean {
  if (read.within.some((name) => RETRY_NAME.test(name))) return true;
  if (read.loops.some((loop) => encloses(loop, transaction.node) && /^(?:For|While|DoWhile)/.test(loop.type))) return true;
  for (let region = read.region; region; region = region.parent) {
    if (region.handler && /P2034|40001|40P01|serializ|ER_LOCK_DEADLOCK|1213/i.test(trace.file.slice(region.handler.node))) return true;
  }
  return false;
}

function encloses(outer: Node, inner: Node): boolean {
  return outer.range[0] <= inner.range[0] && inner.range[1] <= outer.range[1];
}

/** The value belongs to a row inserted earlier in this run, or was made up on the spot. */
function isOwn(value: Value, read: Operation): boolean {
  const at = core(value);
  const origin = lineage(at);
  if (origin && origin.id < read.id && (origin.verb === 'insert' || (origin.verb === 'save' && origin.saved?.kind === 'object'))) return true;
  if (at.kind === 'unknown') return isFreshCall(at.node);
  // `rows[0]?.id`, a helper's `rows[0] ?? null`: nothing is found by what is not there.
  const arms = at.kind === 'choice' ? at.arms.filter((arm) => path(arm.value).root.kind !== 'literal') : [];
  if (arms.length) return arms.every((arm) => isOwn(arm.value, read));
  if (at.kind === 'expression' && at.operator.startsWith('call:')) return at.operands.length > 0 && at.operands.some((one) => isOwn(one, read));
  if (at.kind === 'expression' && at.operator === 'template') return at.operands.some((one) => one.kind !== 'literal' && isOwn(one, read));
  return false;
}
