/** Whether a read and a write speak of the same table and row: three-valued, unknown never counts as same. */
import type { Assignment, Comparison, Operation, Predicate, Row, TableRef } from '../model.ts';
import type { Tri } from '../schema/model.ts';
import { asLiteral, conjuncts, type Formula } from '../value/formula.ts';
import type { FilteredValue, Node, Value } from '../value/terms.ts';
import { facetOf, type Facet } from './results.ts';

export function sameTable(one: TableRef, other: TableRef): Tri {
  if (one.table && other.table) return one.table === other.table || (one.table.dbName === other.table.dbName && one.table.schema === other.table.schema);
  if (!one.name || !other.name) return 'unknown';
  if (normalName(one.name) === normalName(other.name)) return true;
  return one.table && normalName(one.table.dbName) === normalName(other.name) || (other.table && normalName(other.table.dbName) === normalName(one.name)) ? true : false;
}

function normalName(name: string): string {
  return name.replace(/[_"`[\]]/g, '').toLowerCase();
}

/** Calls that people use to tidy a key; the tidied value is the same key for detection, never for rewriting. */
const TIDYING = /^call:(?:trim|trimStart|trimEnd|toLowerCase|toUpperCase|toLocaleLowerCase|normalize|toString|valueOf|Number|String|parseInt|parseFloat|BigInt|toISOString|toObject)$/;

/** Without tidying calls, defaults and the filters that narrow the collection an element was taken from. */
export function core(value: Value): Value {
  for (let at = value; ;) {
    if (at.kind === 'expression' && TIDYING.test(at.operator) && at.operands[0]) at = at.operands[0];
    else if (at.kind === 'expression' && at.operator === 'template' && templateCore(at.operands)) at = templateCore(at.operands)!;
    else return at;
  }
}

/** `${x}` alone, or within `%…%` of a LIKE. */
function templateCore(parts: readonly Value[]): Value | undefined {
  const values = parts.filter((part) => part.kind !== 'literal');
  const texts = parts.filter((part) => part.kind === 'literal');
  return values.length === 1 && texts.every((part) => /^%?$/.test(String(part.kind === 'literal' ? part.value : ''))) ? values[0] : undefined;
}

export function sameValue(a: Value, b: Value, depth = 0): boolean {
  const [one, other] = [core(a), core(b)];
  if (one === other) return true;
  if (depth > 4) return false;
  if (one.kind === 'choice') return one.arms.some((arm) => arm.value.kind !== 'literal' && sameValue(arm.value, other, depth + 1));
  if (other.kind === 'choice') return sameValue(other, one, depth + 1);
  if (one.kind === 'member' && other.kind === 'member') return one.key === other.key && sameValue(one.object, other.object, depth + 1);
  if (one.kind === 'element' && other.kind === 'element') return sameValue(unfiltered(one.of), unfiltered(other.of), depth + 1);
  if (one.kind === 'expression' && other.kind === 'expression') {
    return one.operator === other.operator && one.operands.length === other.operands.length && one.operands.every((part, index) => sameValue(part, other.operands[index]!, depth + 1));
  }
  const [first, second] = [askedFor(one), askedFor(other)];
  return (first !== undefined && sameValue(first, other, depth + 1)) || (second !== undefined && sameValue(one, second, depth + 1));
}

/** `room.id` of a room that was looked up by `roomId` is `roomId`. */
function askedFor(value: Value): Value | undefined {
  const facet = value.kind === 'member' ? facetOf(value.object) : undefined;
  if (value.kind !== 'member' || facet?.is !== 'row' || facet.operation.verb !== 'find' || facet.keys.some((key) => key !== '*')) return undefined;
  const arms = facet.operation.predicate?.arms ?? [];
  return arms.length === 1 ? arms[0]!.find((one) => one.operator === '=' && one.column === value.key && !one.via.length && !one.conditional)?.value : undefined;
}

function unfiltered(value: Value): Value {
  return value.kind === 'filtered' ? unfiltered(value.of) : value;
}

/** Nothing is known of what the value holds. */
export function isOpaque(value: Value): boolean {
  const at = core(value);
  return at.kind === 'unknown' || (at.kind === 'choice' && at.arms.some((arm) => isOpaque(arm.value)));
}

/** Calls that make a value nobody else has. */
const FRESH = /^v[1-7]$|(?:uuid|nanoid|cuid|ulid|objectid|snowflake|createid|random|generate(?:d)?_?(?:unique)?_?(?:id|token|key|code|secret|password|hash|otp))/i;

/** `generateFriendlyId('run')`: made up, as long as nothing goes in that it could be computed from, as it does after `createHash('sha256')`. */
const MADE_FROM_NOTHING = /^(?!createHash$)(?:generate|make|new|create)\w*(?:Id|ID|Uid|Token|Key|Code|Secret|Password|Hash|Otp|Ref|Nonce)$/;

/** Made up on the spot: equal to nothing that was there before. */
export function isFresh(value: Value, depth = 0): boolean {
  const at = core(value);
  if (at.kind === 'unknown') return isFreshCall(at.node);
  if (depth > 4) return false;
  // `usr_${nanoid()}`, `Date.now() + Math.random()`, `uuid().slice(0, 8)`.
  if (at.kind === 'expression') return /^(?:template|[+*-]|call:)/.test(at.operator) && at.operands.some((one) => isFresh(one, depth + 1));
  return at.kind === 'choice' && at.arms.every((arm) => isFresh(arm.value, depth + 1));
}

function calleeName(callee: Node): string {
  return callee.type === 'Identifier' ? callee.name : callee.type === 'MemberExpression' && callee.property.type === 'Identifier' ? callee.property.name : '';
}

export function isFreshCall(node: Node): boolean {
  const call = node.type === 'AwaitExpression' ? node.argument : node;
  if (call.type !== 'CallExpression') return call.type === 'NewExpression' && call.arguments.length === 0 && /^ObjectI[dD]$/.test(calleeName(call.callee));
  const { callee } = call;
  const name = calleeName(callee);
  return FRESH.test(name) || (MADE_FROM_NOTHING.test(name) && call.arguments.every((one) => one.type === 'Literal')) || (callee.type === 'MemberExpression' && callee.object.type === 'CallExpression' && isFreshCall(callee.object));
}

export function isConstant(value: Value): boolean {
  const at = core(value);
  if (at.kind === 'literal') return true;
  // Enum members and constants: `Status.Active`, `UserRole.OWNER`, `DEFAULT_NAME`.
  if (at.kind === 'member' && /^[A-Z]/.test(at.key) && at.object.kind === 'input' && /^[A-Z]/.test(at.object.name)) return true;
  if (at.kind === 'input') return /^[A-Z][A-Z0-9_]+$/.test(at.name);
  return at.kind === 'choice' && at.arms.every((arm) => isConstant(arm.value));
}

/** The equalities that code applied to rows after reading them: `rows.find((row) => row.key === key)`. */
export function filterComparisons(filters: readonly FilteredValue[]): Comparison[] {
  return filters.flatMap((filter) => conjuncts(filter.where).flatMap((part) => elementEqualities(part)));
}

function elementEqualities(part: Formula): Comparison[] {
  const literal = asLiteral(part);
  if (!literal?.holds) {
    // `rows.find((r) => r.a === a || r.b === b)`: one arm suffices.
    return part.kind === 'or' ? part.parts.flatMap(elementEqualities) : [];
  }
  const { atom } = literal;
  if (atom.kind !== 'compare' || atom.operator !== '===') return [];
  for (const [field, value] of [[atom.left, atom.right], [atom.right, atom.left]] as const) {
    const inner = core(field);
    if (inner.kind === 'member' && inner.object.kind === 'element') return [{ column: inner.key, operator: '=', value, via: [], node: undefined }];
    // The collection holds single columns: the name is the one that it was mapped from, which `inner` no longer tells.
  }
  return [];
}

/** The arms of a read's predicate, narrowed by the filters that code applied to its rows. */
export function armsOf(read: Operation, facet: Facet | undefined): readonly (readonly Comparison[])[] {
  const predicate: Predicate = read.predicate ?? { arms: [], complete: false, node: undefined };
  const extra = facet ? filterComparisons(facet.filters) : [];
  const arms = predicate.arms.length ? predicate.arms : [[]];
  return arms.map((arm) => [...arm, ...extra]);
}

export interface ColumnMatch { readonly comparison: Comparison; readonly assignment: Assignment | undefined }

export interface RowMatch {
  /** `same`: at least one identifying column equals; `open`: it may, behind an opaque value; `different`. */
  readonly verdict: 'same' | 'open' | 'different';
  readonly matched: readonly ColumnMatch[];
  /** Equalities of the predicate whose column the row does not write. */
  readonly missing: readonly Comparison[];
}

const DIFFERENT: RowMatch = { verdict: 'different', matched: [], missing: [] };
const STATE_COLUMN = /^(?:is[A-Z_]|has[A-Z_]|deleted|status$|state$|active$|enabled$|archived|type$|kind$|role$)/i;

export function isStateColumn(column: string): boolean { return STATE_COLUMN.test(column); }

/**
 * Whether the row that a read looked for is the row that is inserted: at least one column that the predicate compares with a
 * value (not with a constant) is written with the same value, and none is written with another one.
 */
export function matchRow(arms: readonly (readonly Comparison[])[], rows: readonly Row[], table: TableRef): RowMatch {
  let best: RowMatch = DIFFERENT;
  for (const arm of arms) {
    for (const row of rows) {
      const match = matchArm(arm, row, table);
      if (match.verdict === 'same' && (best.verdict !== 'same' || match.matched.length > best.matched.length)) best = match;
      else if (match.verdict === 'open' && best.verdict === 'different') best = match;
    }
  }
  return best;
}

function matchArm(arm: readonly Comparison[], row: Row, table: TableRef): RowMatch {
  const matched: ColumnMatch[] = [];
  const named: ColumnMatch[] = [];
  const missing: Comparison[] = [];
  let open = false;
  for (const comparison of arm) {
    if (!['=', 'in', 'like', 'contains'].includes(comparison.operator)) continue;
    if (isConstant(comparison.value)) {
      if (constantContradicts(comparison, row)) return DIFFERENT;
      if (namesRow(comparison, row, table)) named.push({ comparison, assignment: row.assignments.findLast((one) => one.column === comparison.column) });
      continue;
    }
    const assignment = assignmentOf(row, comparison, table);
    if (assignment === 'spread') { matched.push({ comparison, assignment: undefined }); continue; }
    if (assignment) {
      if (valuesMeet(comparison, assignment.value)) matched.push({ comparison, assignment });
      // A new id is not the one that was looked for.
      else if (isFresh(assignment.value) && !comparison.via.length) return DIFFERENT;
      else if (isOpaque(assignment.value) || isOpaque(comparison.value)) open = true;
      else if (comparison.via.length === 0 && !STATE_COLUMN.test(comparison.column)) return DIFFERENT;
    } else if (row.spreads.length && !isOtherId(comparison, table)) open = true;
    else missing.push(comparison);
  }
  // A look-up by id that the new row does not carry was for another row: "look-up by id, insert under a new id".
  if (missing.some((one) => one.via.length === 0 && isRowId(one.column, table))) return { ...DIFFERENT, missing };
  if (matched.some((one) => one.comparison.via.length === 0 || one.assignment)) return { verdict: 'same', matched, missing };
  // A row of its own (`key = 'site.title'`) where nothing but constants was asked for.
  if (named.length && !matched.length && !open && !missing.length) return { verdict: 'same', matched: named, missing };
  return open ? { verdict: 'open', matched, missing } : { ...DIFFERENT, missing };
}

const NAME_COLUMN = /^(?:key|name|slug|code|e_?mail|user_?name|(?:setting|option|config|param|meta)_?(?:key|name))$/i;

/** A constant that tells one row from all others, and is written as well: a setting by its key, a role by its name. */
function namesRow(comparison: Comparison, row: Row, table: TableRef): boolean {
  if (comparison.operator !== '=' || comparison.via.length || core(comparison.value).kind !== 'literal') return false;
  const written = row.assignments.findLast((one) => one.column === comparison.column && one.how === 'set' && !one.conditional);
  if (!written || core(written.value) !== core(comparison.value)) return false;
  const keys = (table.table?.keys ?? []).filter((key) => !key.where && !key.expression);
  return keys.some((key) => key.columns.length === 1 && key.columns[0] === comparison.column) || NAME_COLUMN.test(comparison.column);
}

/** `where: { id: templateId }` against `{ ...data }`: a spread that held the id would hold it by its own name. */
function isOtherId({ column, via, value }: Comparison, table: TableRef): boolean {
  return via.length === 0 && isRowId(column, table) && !isOpaque(value);
}

function isRowId(column: string, table: TableRef): boolean {
  const primary = table.table?.keys.find((key) => key.primary);
  return primary ? primary.columns.length === 1 && primary.columns[0] === column : /^_?id$/.test(column);
}

/** The constant that the row writes is not the one that was looked for. */
function constantContradicts(comparison: Comparison, row: Row): boolean {
  if (comparison.operator !== '=' || comparison.via.length) return false;
  const written = row.assignments.findLast((one) => one.column === comparison.column && one.how === 'set');
  if (!written || written.conditional || STATE_COLUMN.test(comparison.column)) return false;
  const [a, b] = [core(written.value), core(comparison.value)];
  return a.kind === 'literal' && b.kind === 'literal' && a.value !== b.value;
}

function valuesMeet(comparison: Comparison, written: Value): boolean {
  if (sameValue(comparison.value, written)) return true;
  if (comparison.operator === '=' && sameValue(foundBy(comparison.value), foundBy(written))) return true;
  // `in (ids)` against a row made for each of the ids.
  if (comparison.operator === 'in') {
    const at = core(written);
    if (comparison.each) return sameValue(comparison.each, written);
    if (at.kind === 'element' && sameValue(unfiltered(at.of), unfiltered(core(comparison.value)))) return true;
    const origin = elementOrigin(at);
    return origin !== undefined && elementOrigin(comparison.value) === origin;
  }
  return false;
}

/** `team.id` of the team that was looked up by that id: the value that it was looked up by. */
function foundBy(value: Value): Value {
  const at = core(value);
  const facet = at.kind === 'member' ? facetOf(at) : undefined;
  const arms = facet?.is === 'field' && facet.keys.length === 1 && facet.operation.verb === 'find' ? facet.operation.predicate?.arms : undefined;
  const asked = arms?.length === 1 ? arms[0]!.find((one) => one.column === facet!.keys[0] && one.operator === '=' && !one.via.length) : undefined;
  return asked?.value ?? value;
}

function elementOrigin(value: Value): Value | undefined {
  for (let at = core(value); ;) {
    if (at.kind === 'element') return unfiltered(at.of);
    if (at.kind === 'member') at = at.object;
    else return undefined;
  }
}

/** What the row writes into the compared column: itself, a relation that carries it, or a spread that holds it. */
function assignmentOf(row: Row, comparison: Comparison, table: TableRef): Assignment | 'spread' | undefined {
  const { column, via } = comparison;
  if (via.length === 0) {
    const direct = row.assignments.findLast((one) => one.column === column)
      // `where({ user_id })` and `insert({ userId })` of a library that translates names, for a table whose columns nobody declares.
      ?? (table.table?.columns.size ? undefined : row.assignments.findLast((one) => normalName(one.column) === normalName(column)));
    if (direct) return direct;
    const relation = table.table?.relations.find((one) => one.columns.includes(column));
    const linked = relation && row.assignments.findLast((one) => one.column === relation.name);
    if (linked) return linked;
    // `{ ...input }` holds `input.email`, and so does an object of which the predicate reads that member.
    const value = core(comparison.value);
    if (value.kind === 'member' && row.spreads.some((spread) => sameValue(spread, value.object) && value.key === column)) return 'spread';
    return undefined;
  }
  // `user: { id }` against `user: userEntity` or `userId`.
  return row.assignments.findLast((one) => one.column === via[0] || one.column === `${via[0]}Id` || one.column === `${via[0]}_id`);
}

/** The scope of a read (its comparisons) does not exclude the written rows: no column is written with another value. */
export function scopeFits(arms: readonly (readonly Comparison[])[], rows: readonly Row[], table: TableRef): boolean {
  return arms.some((arm) => rows.some((row) => arm.every((comparison) => {
    if (comparison.operator !== '=' && comparison.operator !== 'in') return true;
    if (comparison.via.length) return true;
    if (isConstant(comparison.value)) return !constantContradicts(comparison, row);
    if (isRowId(comparison.column, table)) return false;
    const assignment = assignmentOf(row, comparison, table);
    if (!assignment || assignment === 'spread') return true;
    return valuesMeet(comparison, assignment.value) || isOpaque(assignment.value) || isOpaque(comparison.value);
  })));
}
