/** Unique violations of an insert, and whether what answers them concerns the row that was in the way. */
import type { OpenQuestion, Operation, Row } from '../model.ts';
import type { UniqueKey } from '../schema/model.ts';
import { contains, eachNode } from '../source/syntax.ts';
import { formulaLiterals } from '../value/formula.ts';
import { formulaValues, lineage, mentions, type Node, type Value } from '../value/terms.ts';
import { decidedBy } from './absence.ts';
import { doubtsAbout } from './evidence.ts';
import type { Trace } from './index.ts';
import { isFresh, sameTable, sameValue } from './matching.ts';
import { precedes } from './order.ts';
import { placeOf } from './place.ts';
import { answersViolation, handlingOf, type Handling } from './violations.ts';

/**
 * - `other-key`: the answer looks at a row by columns that the violated key does not have;
 * - `unclear-key`: several keys can be violated, and the handler does not ask which one was;
 * - `dead`: the handler tests for the violation in a way that is never true here;
 * - `aborted`: the answer runs inside the Postgres transaction that the violation has aborted.
 */
export interface AnsweredPair {
  readonly insert: Operation;
  readonly answer: Operation | undefined;
  readonly problem: 'other-key' | 'unclear-key' | 'dead' | 'aborted';
  /** The keys that the insert can violate. */
  readonly keys: readonly UniqueKey[];
  /** The columns by which the answer finds its row. */
  readonly columns: readonly string[];
  /** Why a dead handler is dead. */
  readonly why: string | undefined;
  readonly open: readonly OpenQuestion[];
  readonly node: Node;
}

export function answered(insert: Operation, trace: Trace): AnsweredPair[] {
  if (!insert.violation || (insert.verb !== 'insert' && insert.verb !== 'save') || insert.conflict?.target === undefined && insert.conflict) return [];
  // A row that was found is updated: its own key cannot stand in its way.
  if (insert.verb === 'save' && insert.saved && lineage(insert.saved)?.verb === 'find') return [];
  const doubts = doubtsAbout(undefined, insert);
  const handling = handlingOf(insert, trace);
  const keys = violable(insert);
  // All keys are known, and this row runs into none of them.
  if (insert.table.table?.complete && insert.table.table.keys.length && !keys.length) return [];
  if (handling.how === 'dead') {
    return [{ insert, answer: undefined, problem: 'dead', keys, columns: [], why: handling.test.why, open: [...doubts, ...maybeOfAnother(insert, handling, trace)], node: placeOf(undefined, insert, trace) }];
  }
  const answers = trace.operations.filter((one) => answersViolation(one, insert, trace));
  const aborted = abortedAnswer(insert, answers, trace);
  if (aborted) return [{ insert, answer: aborted, problem: 'aborted', keys, columns: [], why: undefined, open: doubts, node: placeOf(undefined, insert, trace) }];
  const found = answers.filter((one) => (one.verb === 'find' || one.verb === 'update' || one.verb === 'upsert') && sameTable(one.table, insert.table) === true && !followsAnother(one, answers));
  const wrong = judge(insert, found, keys, trace);
  // A `catch` that asks for no violation, and looks for none of the keys, cleans up after any failure.
  if (wrong?.problem === 'other-key' && handling.how === 'blind') return [];
  return wrong ? [{ ...wrong, insert, keys, why: undefined, open: [...wrong.open, ...doubts], node: placeOf(undefined, insert, trace) }] : [];
}

/** Another library's way of telling it, around something else that is awaited: who knows what that is made with. */
function maybeOfAnother(insert: Operation, { test, handler }: Extract<Handling, { how: 'dead' }>, trace: Trace): OpenQuestion[] {
  if (!test.stranger) return [];
  let found = false;
  for (let region = insert.region; region; region = region.parent) {
    if (region.handler !== handler) continue;
    eachNode(region.node, (node) => {
      if (node.type === 'AwaitExpression' && !trace.operations.some((one) => contains(node, one.node) || contains(one.node, node))) found = true;
    });
  }
  return found ? [{ id: 'another-call', text: 'nothing else in the block tells a violation so' }] : [];
}

type Verdict = Pick<AnsweredPair, 'answer' | 'problem' | 'columns' | 'open'>;

function judge(insert: Operation, answers: readonly Operation[], keys: readonly UniqueKey[], trace: Trace): Verdict | undefined {
  if (!answers.length) return undefined;
  const table = insert.table.table;
  const judged = answers.map((answer) => ({ answer, columns: keyColumns(answer, insert) }));
  const covers = (key: UniqueKey): boolean => judged.some((one) => key.columns.every((column) => one.columns.includes(column)));
  // An answer that was not understood may look at anything.
  if (judged.some((one) => !one.columns.length && one.answer.predicate?.complete !== true)) return undefined;
  const first = judged[0]!;
  if (!table || !keys.length) {
    // Without a schema the inserted columns must do: an answer by a column that the insert does not write is by another key.
    if (table?.complete || first.columns.length || !first.answer.predicate?.arms.length) return undefined;
    return { answer: first.answer, problem: 'other-key', columns: allColumns(first.answer), open: [{ id: 'keys-unknown', text: 'the violated key is another one' }] };
  }
  const missed = keys.filter((key) => !covers(key));
  if (missed.length === keys.length) return { answer: first.answer, problem: 'other-key', columns: allColumns(first.answer), open: [] };
  if (missed.length && judged.every(({ answer }) => rethrowsOnMiss(answer, insert, trace))) return undefined;
  // Of answers that exclude each other one runs, and must cover by itself what the error did not tell.
  const alone = judged.find(({ answer }) => {
    const alongside = judged.filter((one) => trace.formulas.and(one.answer.condition, answer.condition).kind !== 'false');
    return !keys.every((key) => alongside.some((one) => key.columns.every((column) => one.columns.includes(column))));
  });
  if ((missed.length || alone) && !tellsKey(insert, judged.map((one) => one.answer), trace)) return { answer: (alone ?? first).answer, problem: 'unclear-key', columns: (alone ?? first).columns, open: [] };
  return undefined;
}

/** The row that is meant is handed out if it is there, and the violation thrown on if it is not: then it was another key's. */
function rethrowsOnMiss(answer: Operation, insert: Operation, trace: Trace): boolean {
  if (answer.verb !== 'find') return false;
  for (let region = insert.region; region; region = region.parent) {
    const { handler } = region;
    if (!handler) continue;
    const after = handler.exits.filter((exit) => exit.node.range[0] >= answer.node.range[1] && trace.formulas.and(exit.condition, answer.condition).kind !== 'false');
    if (!after.some((exit) => exit.kind === 'throw' && exit.value === handler.caught)) continue;
    return after.every((exit) => exit.kind === 'throw' || decidedBy(exit.condition, answer, 'present'));
  }
  return false;
}

/** Equality columns that the answer compares with the very value that the insert wrote. */
function keyColumns(answer: Operation, insert: Operation): string[] {
  if (answer.conflict?.target) return [...answer.conflict.target];
  const arms = answer.predicate?.arms ?? [];
  return [...new Set(arms.flatMap((arm) => arm.flatMap((one) => {
    if (one.operator !== '=' || one.via.length) return [];
    const written = (insert.rows ?? []).map((row) => row.assignments.findLast((each) => each.column === one.column)?.value);
    if (written.some((value) => value && sameValue(value, one.value))) return [one.column];
    const inSpread = (insert.rows ?? []).some((row) => row.spreads.some((spread) => mentions(one.value, spread)));
    return inSpread ? [one.column] : [];
  })))];
}

function allColumns(answer: Operation): string[] {
  return [...new Set((answer.predicate?.arms ?? []).flatMap((arm) => arm.filter((one) => one.operator === '=').map((one) => one.column)))];
}

/** Unique keys that this insert can run into: all of their columns are written, none with null. */
export function violable(insert: Operation): UniqueKey[] {
  const keys = insert.table.table?.keys ?? [];
  const rows = insert.rows ?? [];
  return keys.filter((key) => key.columns.length && rows.some((row) => key.columns.every((column) => isWritten(row, column, insert))));
}

function isWritten(row: Row, column: string, insert: Operation): boolean {
  const written = row.assignments.findLast((one) => one.column === column);
  // `(found ?? User.create({ … })).save()`: the row that was found keeps the key that it has.
  if (written && insert.verb === 'save' && isRowsOwn(written.value, column, insert)) return false;
  // A key made up on the spot is nobody else's.
  if (written) return !isFresh(written.value) && !(written.value.kind === 'literal' && (written.value.value === null || written.value.value === undefined));
  const declared = insert.table.table?.columns.get(column);
  // A whole object is inserted: it may hold any column but those that the database makes.
  if (row.spreads.length) return declared?.default !== 'generated-id';
  return declared?.defaultLiteral !== undefined && declared.defaultLiteral !== null;
}

function isRowsOwn(value: Value, column: string, { saved, table }: Operation): boolean {
  if (value.kind !== 'member' || value.key !== column || saved?.kind !== 'choice') return false;
  const read = lineage(value.object);
  return read?.verb === 'find' && sameTable(read.table, table) === true && saved.arms.some((arm) => arm.value === value.object);
}

/** Some condition on the way to the answers asks the error for its key. */
function tellsKey(insert: Operation, answers: readonly Operation[], trace: Trace): boolean {
  const errors = errorsOf(insert, trace);
  const names = (insert.table.table?.keys ?? []).flatMap((key) => [key.name, ...key.columns]).filter((one) => one !== undefined);
  return answers.every((answer) => formulaLiterals(answer.condition).some((literal) => {
    if (!literal.holds) return false;
    const { atom } = literal;
    if (atom.kind === 'opaque') return atom.node !== undefined && atom.of.some((one) => errors.includes(one)) && names.some((name) => trace.file.slice(atom.node!).includes(name));
    return formulaValues(atom).some((value) => errors.some((error) => mentions(value, error)) && asksFor(value, atom.kind === 'compare' ? atom.right : undefined, insert, names));
  }));
}

function asksFor(value: Value, other: Value | undefined, insert: Operation, names: readonly string[]): boolean {
  const texts: string[] = [];
  const keys: string[] = [];
  const visit = (at: Value): void => {
    switch (at.kind) {
      case 'literal': texts.push(String(at.value)); break;
      case 'member': keys.push(at.key); visit(at.object); break;
      case 'expression': at.operands.forEach(visit); break;
      case 'unknown': at.parts.forEach(visit); break;
      case 'filtered': visit(at.of); for (const one of formulaValues(at.where)) visit(one); break;
      case 'element': visit(at.of); break;
      default:
    }
  };
  visit(value);
  if (other) visit(other);
  if (texts.some((text) => names.some((name) => text.includes(name)))) return true;
  return insert.violation!.tells.some((one) => one.path.every((key) => keys.includes(key)) && one.what !== 'text');
}

function errorsOf(insert: Operation, trace: Trace): Value[] {
  const found: Value[] = [];
  for (let region = insert.region; region; region = region.parent) if (region.handler) found.push(region.handler.caught);
  for (const part of insert.result) if (part.is === 'error') found.push(part.path.reduce<Value>((value, key) => trace.terms.member(value, key), insert.value));
  return found;
}

/** `update by the id of the row that was just read again`: the reading is judged. */
function followsAnother(operation: Operation, answers: readonly Operation[]): boolean {
  return (operation.predicate?.arms ?? []).some((arm) => arm.some((one) => { const from = lineage(one.value); return from !== undefined && from !== operation && answers.includes(from); }));
}

/** On Postgres a failed statement ends its transaction: all that follows inside it fails with 25P02, unless a savepoint was set. */
function abortedAnswer(insert: Operation, answers: readonly Operation[], trace: Trace): Operation | undefined {
  const { transaction } = insert;
  if (!transaction || (transaction.dialect ?? insert.dialect) !== 'postgres' || transaction.form === 'batch') return undefined;
  const inside = answers.find((one) => one.transaction === transaction);
  if (inside) return inside;
  for (let region = insert.region; region; region = region.parent) {
    const { handler } = region;
    if (!handler?.exits.some((exit) => exit.kind === 'falls-through' || exit.kind === 'continue')) continue;
    const end = handler.node.range[1];
    const later = trace.operations.find((one) => precedes(insert, one) && one.transaction === transaction && one.file === insert.file && one.node.range[0] > end);
    const { how } = handlingOf(insert, trace);
    // A `catch` that asks for no violation is about something else, unless this insert has a key to run into.
    if (later && (how === 'handled' || how === 'dead' || (how === 'blind' && violable(insert).length))) return later;
  }
  return undefined;
}
