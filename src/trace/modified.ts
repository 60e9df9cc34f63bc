/** Values computed from a row that was read, written back into that row: what another call wrote in between is lost. */
import type { Assignment, OpenQuestion, Operation } from '../model.ts';
import type { Catalogue } from '../schema/model.ts';
import { doubtsAbout } from './evidence.ts';
import type { Trace } from './index.ts';
import { isConstant, sameTable } from './matching.ts';
import { precedes } from './order.ts';
import { placeOf } from './place.ts';
import type { HelperNames } from './protection.ts';
import { facetOf } from './results.ts';
import { addresses, comparesOld, fieldOf, holdOf, isClaimed, isGoneColumn, isMissNoticed, MISS_UNNOTICED, type Field } from './rows.ts';
import { formulaLiterals } from '../value/formula.ts';
import { formulaValues, mentions, type Node, type Terms, type Value } from '../value/terms.ts';

/** `sum`: arithmetic; `text`: other expressions; `merge`: an object or array rebuilt from what was there; `toggle`: turned over; `relation`: related rows saved from memory. */
export type ModifiedKind = 'sum' | 'text' | 'merge' | 'toggle' | 'relation';

export interface ModifiedPair {
  readonly read: Operation;
  readonly write: Operation;
  readonly kind: ModifiedKind;
  /** The written column, and those that its value was computed from. */
  readonly column: string;
  readonly from: readonly string[];
  /** The assignment, where the column was not changed in place. */
  readonly assignment: Assignment | undefined;
  readonly open: readonly OpenQuestion[];
  readonly node: Node;
}

/** At most one pair for each write: the surest. */
export function modified(trace: Trace, catalogue: Catalogue, names: HelperNames): ModifiedPair[] {
  return trace.operations.flatMap((write) => {
    const found = writtenValues(write, trace).flatMap((one) => pairsOf(one, write, trace, catalogue, names));
    return found.sort((a, b) => a.open.length - b.open.length || b.read.id - a.read.id).slice(0, 1);
  });
}

interface Written { readonly column: string; readonly value: Value; readonly assignment: Assignment | undefined }

/** What a write sets absolutely, with the objects that it is made of laid open. */
function writtenValues(write: Operation, trace: Trace): Written[] {
  if (write.verb !== 'update' && write.verb !== 'save' && write.verb !== 'upsert') return [];
  const composition = trace.compositions.get(write);
  const rows = write.verb === 'upsert' ? (write.conflict?.update ? [write.conflict.update] : []) : write.rows ?? [];
  const set = rows.flatMap((row) => row.assignments.flatMap((one): Written[] => {
    const made = composition?.made.get(one.value);
    // A column that a save carries along is written anew when code changed it in place.
    if (one.how !== 'set' && !(one.how === 'carried' && made)) return [];
    return [{ column: one.column, value: made ?? one.value, assignment: one.how === 'set' ? one : undefined }];
  }));
  const known = new Set(set.map((one) => one.column));
  return [...set, ...(composition?.changes ?? []).filter((one) => !known.has(one.column)).map((one) => ({ ...one, assignment: undefined }))];
}

function pairsOf(written: Written, write: Operation, trace: Trace, catalogue: Catalogue, names: HelperNames): ModifiedPair[] {
  const fields = fieldsIn(written.value, write, catalogue, trace.terms).filter((one) => precedes(one.read, write));
  const groups = new Map<Value, Field[]>();
  for (const one of fields) groups.set(one.row, [...(groups.get(one.row) ?? []), one]);
  return [...groups.values()].flatMap((group): ModifiedPair[] => {
    const [first] = group;
    const where = addresses(write, first!, trace);
    if (!where) return [];
    const own = group.filter((one) => one.column === written.column);
    const used = own.length ? own : group.filter((one) => isMutable(one));
    if (!used.length) return [];
    const moving = new Set(used.filter((one) => movesAlong(one, write, trace)).map((one) => one.column));
    const link = linkOf(written.value, { write, catalogue, columns: new Set(used.map((one) => one.column)), moving, row: first!.row });
    if (!link || link === 'carried') return [];
    const open: OpenQuestion[] = [];
    if (!own.length) {
      // A text made from other columns describes them; a sum of them is what the next call overwrites.
      if (link !== 'sum' && !(link === 'toggle' && weighs(written.value, first!.row))) return [];
      // What this very write adds to, another call adds to as well.
      if (!moving.size) open.push({ id: 'other-column', text: `another call changes \`${used[0]!.column}\` meanwhile` });
    }
    if (link === 'called') open.push({ id: 'computed-elsewhere', text: `what is written into \`${written.column}\` depends on what stood there` });
    // A name that is set free as its row is deleted: whoever comes second deletes what is deleted.
    if (link === 'text' && deletesSoftly(write)) return [];
    if (where === 'open') open.push({ id: 'row-unclear', text: 'the row that is written is the one that was read' });
    const { read } = first!;
    const protection = holdOf(read, write, trace, names);
    if (protection.closed || isClaimed(write, trace)) return [];
    if (comparesOld(write, first!, written.column, trace)) { if (isMissNoticed(write, trace)) return []; open.push(MISS_UNNOTICED); }
    open.push(...protection.open, ...doubtsAbout(read, write));
    const isRelation = first!.table.table?.relations.some((one) => one.name === written.column && !one.columns.length) === true;
    // The related rows were changed, not which of them there are.
    if (isRelation && onlyBelow(written.value)) return [];
    return [{
      read, write, column: written.column, from: [...new Set(used.map((one) => one.column))], assignment: written.assignment,
      kind: isRelation ? 'relation' : link === 'called' || (link === 'toggle' && !own.length) ? 'text' : link, open, node: placeOf(read, write, trace),
    }];
  });
}

/** The same write appends to the column that was read, or has the database add to it. */
function movesAlong({ column, row }: Field, write: Operation, trace: Trace): boolean {
  if ((write.rows ?? []).some((one) => one.assignments.some((each) => each.column === column && (each.how === 'atomic' || each.how === 'append')))) return true;
  return savedFrom(write.saved, row) && trace.compositions.get(write)?.appended.has(column) === true;
}

function savedFrom(saved: Value | undefined, row: Value): boolean {
  return saved === row || (saved?.kind === 'choice' && saved.arms.some((arm) => savedFrom(arm.value, row)));
}

/** `credit >= total ? 'paid' : 'partially'`: an amount of the row decides which constant is written. */
function weighs(value: Value, row: Value, depth = 0): boolean {
  if (value.kind !== 'choice' || depth > 4) return false;
  return value.arms.some((arm) => weighs(arm.value, row, depth + 1)
    || formulaLiterals(arm.when).some(({ atom }) => atom.kind === 'compare' && atom.operator !== '===' && [atom.left, atom.right].some((one) => mentions(one, row)) && !/(?:_at|At|Date|_date|Time|_time|expir\w*)$/.test(memberIn(atom.left) + memberIn(atom.right))));
}

const memberIn = (value: Value): string => (value.kind === 'member' ? value.key : '');

function deletesSoftly(write: Operation): boolean {
  return (write.rows ?? []).some((row) => row.assignments.some((one) => isGoneColumn(one.column, write.table.table) && one.how === 'set' && !(one.value.kind === 'literal' && !one.value.value)));
}

function onlyBelow(value: Value): boolean {
  if (value.kind === 'choice') return value.arms.every((arm) => onlyBelow(arm.value));
  return value.kind !== 'expression' || value.operator === 'changed below';
}

/** Keys and the moment of creation do not change: what is computed from them is the same for every call. */
function isMutable({ column, table }: Field): boolean {
  const declared = table.table;
  if (/^(?:_?id|uuid|created_?at|type|kind|slug)$|_id$/i.test(column) || /(?:Id|ID)$/.test(column)) return false;
  return !declared?.keys.some((key) => key.primary && key.columns.includes(column)) && !declared?.relations.some((one) => one.columns.includes(column));
}

/** The columns of rows of the written table that stand somewhere in a value. */
function fieldsIn(value: Value, write: Operation, catalogue: Catalogue, terms: Terms, depth = 0): Field[] {
  // Terms share their parts: what no read went into is not looked through once for each way to it.
  if (depth > 8 || !terms.sources(value).size) return [];
  const field = value.kind === 'choice' ? undefined : fieldOf(value, write.table, catalogue);
  if (field) return [field];
  const inner = (parts: readonly Value[]): Field[] => parts.flatMap((one) => fieldsIn(one, write, catalogue, terms, depth + 1));
  switch (value.kind) {
    case 'expression': return inner(value.operands);
    case 'unknown': return inner(value.parts);
    case 'member': return inner([value.object]);
    case 'element': case 'filtered': return inner([value.of]);
    case 'choice': return [...inner(value.arms.map((arm) => arm.value)), ...inner(value.arms.flatMap((arm) => formulaValues(arm.when)))];
    default: return [];
  }
}

/**
 * What became of the old value: `carried` unchanged (a part of it, a default beside it, a tidied copy), `sum`, `text`, `merge`, `toggle`
 * computed, `called` handed to something that was not followed.
 */
type Link = 'carried' | 'called' | 'sum' | 'text' | 'merge' | 'toggle';
interface Old {
  readonly write: Operation;
  readonly catalogue: Catalogue;
  readonly columns: ReadonlySet<string>;
  /** Those that the same write adds to. */
  readonly moving: ReadonlySet<string>;
  readonly row: Value;
}

const ORDER: readonly Link[] = ['carried', 'called', 'toggle', 'text', 'merge', 'sum'];
const strongest = (links: readonly (Link | undefined)[]): Link | undefined => links.reduce((a, b) => (b && (!a || ORDER.indexOf(b) > ORDER.indexOf(a)) ? b : a), undefined);

const COMPARES = /^(?:===|!==|==|!=|<|<=|>|>=|typeof|in|exists|none|indexOf|instanceof:.*)$/;
/** The same value, written differently. */
const PASSES = /^call:(?:trim|trimStart|trimEnd|toLowerCase|toUpperCase|toLocaleLowerCase|toLocaleUpperCase|normalize|toString|valueOf|toFixed|Number|String|parseInt|parseFloat|BigInt|Boolean|JSON\.\w+|getTime|toISOString|toJSON|toObject|lean|Math\.(?:round|floor|ceil|trunc)|split|join|Object\.\w+)$/;
/** Methods of number and date types that libraries bring: `balance.plus(amount)`. */
const ARITHMETIC = /^(?:plus|minus|add|sub|subtract|times|mul|multiply|multipliedBy|div|divide|dividedBy|concat|increment|decrement)$/;

function linkOf(value: Value, old: Old, depth = 0): Link | undefined {
  if (depth > 10 || !mentions(value, old.row)) return undefined;
  const inner = (one: Value): Link | undefined => linkOf(one, old, depth + 1);
  if (value.kind === 'choice') {
    const links = value.arms.map((arm) => inner(arm.value));
    // `status === 'on' ? 'off' : 'on'`: constants, picked by what stood there.
    const asks = value.arms.some((arm) => formulaValues(arm.when).some((one) => { const link = isOld(one, old) ? 'carried' : inner(one); return link === 'carried' || link === 'sum'; }));
    if (asks && value.arms.length > 1 && value.arms.every((arm) => isConstant(arm.value) && !(arm.value.kind === 'literal' && arm.value.value == null))) return 'toggle';
    return strongest(links);
  }
  if (isNumberOfMoving(value, old)) return 'sum';
  if (isOld(value, old)) return value.kind === 'filtered' ? 'merge' : 'carried';
  switch (value.kind) {
    case 'filtered': return inner(value.of) && 'merge';
    case 'element': return inner(value.of);
    case 'member': {
      const link = inner(value.object);
      // What a test or a sum gives has no members of its own: an empty arm of a conditional spread.
      if (link === 'toggle' || link === 'sum') return undefined;
      return value.object.kind === 'filtered' && link ? 'carried' : link;
    }
    case 'expression': return expressionLink(value.operator, value.operands, inner);
    case 'unknown': {
      const links = value.parts.map(inner);
      const found = strongest(links);
      if (!found) return undefined;
      const { node } = value;
      if (node.type === 'NewExpression') return /^(?:Date|Set|Map|Decimal|BigNumber|Big)$/.test(nameOf(node.callee)) || /Decimal$/.test(nameOf(node.callee)) ? found : 'called';
      const call = node.type === 'AwaitExpression' ? node.argument : node;
      if (call.type === 'CallExpression' && call.callee.type === 'MemberExpression' && (ARITHMETIC.test(nameOf(call.callee.property)) || isTotal(call.callee.property, value.parts))) return 'sum';
      // Tidied through a receiver that is one of several values.
      if (call.type === 'CallExpression' && call.callee.type === 'MemberExpression' && PASSES.test(`call:${nameOf(call.callee.property)}`)) return found;
      return 'called';
    }
    default: return undefined;
  }
}

/** `items.reduce((sum, one) => sum + one.price, 0)`, `_.sumBy(items, 'price')`. */
function isTotal(property: Node, parts: readonly Value[]): boolean {
  const name = nameOf(property);
  return /^(?:sumBy|meanBy|sum|mean)$/.test(name) || (name === 'reduce' && parts.some((one) => one.kind === 'expression' && /^[-+*/]$/.test(one.operator)));
}

function nameOf(node: Node): string {
  return node.type === 'Identifier' ? node.name : node.type === 'MemberExpression' ? nameOf(node.property) : '';
}

function expressionLink(operator: string, operands: readonly Value[], inner: (one: Value) => Link | undefined): Link | undefined {
  const links = operands.map(inner);
  const found = strongest(links);
  if (!found) return undefined;
  if (operator === '!') return found === 'carried' ? 'toggle' : found;
  if (COMPARES.test(operator)) return found === 'carried' ? 'toggle' : found;
  if (PASSES.test(operator)) return found;
  if (operator === 'object' || operator === 'array' || operator === 'map' || operator.startsWith('changed')) {
    // Every part is the old one: nothing was merged.
    const whole = !operator.startsWith('changed') && operator !== 'map' && links.every((one) => one === 'carried');
    return whole ? 'carried' : found === 'called' ? 'called' : 'merge';
  }
  if (found === 'called') return 'called';
  return /^(?:[-+*/%&|^]|\*\*|<<|>>|call:Math\.\w+)$/.test(operator) ? 'sum' : 'text';
}

function isOld(value: Value, { write, catalogue, columns, row }: Old): boolean {
  if (value.kind === 'choice' || !mentions(value, row)) return false;
  const field = fieldOf(value, write.table, catalogue);
  if (!field || field.row !== row || !columns.has(field.column)) return false;
  // How many there are, or whether one is among them, is another value than what was stored.
  return facetOf(value)?.is !== 'length';
}

/** `post.comments.push(comment); post.count = post.comments.length`: how many there were when they were read, and one more. */
function isNumberOfMoving(value: Value, { write, catalogue, moving, row }: Old): boolean {
  if (value.kind !== 'member' || (value.key !== 'length' && value.key !== 'size')) return false;
  const field = fieldOf(value.object, write.table, catalogue);
  return field !== undefined && field.row === row && field.whole && moving.has(field.column);
}

/** A write that this file's pairs speak of: of the column itself, or of the very read. */
export function isModified(write: Operation, pairs: readonly ModifiedPair[]): boolean {
  return pairs.some((one) => one.write === write && one.from.includes(one.column) && sameTable(one.read.table, one.write.table) !== 'unknown');
}
