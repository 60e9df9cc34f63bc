/** Conditions, in disjunctive form. What is not understood leaves the predicate incomplete: the rows may be fewer, never more. */
import type { Cursor } from './cursor.ts';
import { MAX_DEPTH, columnIn, readOperand } from './expression.ts';
import type { Comparison, Exists, Operand, Operator, Predicate } from './model.ts';
import { readQuery } from './select.ts';

/** More arms than this say nothing to anybody, and distribution would grow them without end. */
const MAX_ARMS = 32;
/** Nor do arms of so many comparisons. */
const MAX_COMPARISONS = 200;
const OPERATORS: Readonly<Record<string, Operator>> = { '=': '=', '==': '=', '<=>': '=', '!=': '!=', '<>': '!=', '<': '<', '<=': '<=', '>': '>', '>=': '>=', '@>': 'contains' };
/** Operators and words that compare in a way which no shared word says. */
const OTHERS = new Set(['~', '~*', '!~', '!~*', '~~', '~~*', '!~~', '!~~*', '<@', '&&', '@@', '?', '?|', '?&', '@?', 'REGEXP', 'RLIKE', 'GLOB', 'MATCH', 'SIMILAR']);
const FLIPPED: Readonly<Partial<Record<Operator, Operator>>> = { '<': '>', '>': '<', '<=': '>=', '>=': '<=', '=': '=', '!=': '!=' };
const NEGATED: Readonly<Partial<Record<Operator, Operator>>> = { '=': '!=', '!=': '=', '<': '>=', '>=': '<', '>': '<=', '<=': '>', in: 'not in', 'not in': 'in', 'is null': 'is not null', 'is not null': 'is null' };

interface Part { readonly arms: readonly (readonly Comparison[])[]; readonly complete: boolean; readonly exists: readonly Exists[] }
const ALL: Part = { arms: [], complete: true, exists: [] };
const UNREAD: Part = { arms: [], complete: false, exists: [] };

/** All of `cursor` as a condition. */
export function readCondition(cursor: Cursor): Predicate {
  const { start } = cursor;
  const part = cursor.done ? UNREAD : disjunction(cursor, false);
  const rest = !cursor.done;
  cursor.at = cursor.end;
  // Something that is neither AND nor OR follows: what was read may be anything.
  return { ...(rest ? { ...UNREAD, exists: part.exists } : part), ...cursor.since(start) };
}

/** The predicate of a statement without a condition, at `at`. */
export function everyRow(at: number): Predicate { return { ...ALL, start: at, end: at }; }

function both(one: Part, other: Part): Part {
  const exists = other.exists.length ? [...one.exists, ...other.exists].slice(0, MAX_ARMS) : one.exists;
  const complete = one.complete && other.complete;
  if (!one.arms.length || !other.arms.length) return { arms: one.arms.length ? one.arms : other.arms, complete, exists };
  if (one.arms.length * other.arms.length > MAX_ARMS || one.arms[0]!.length > MAX_COMPARISONS) return { arms: one.arms, complete: false, exists };
  return { arms: one.arms.flatMap((a) => other.arms.map((b) => [...a, ...b])), complete, exists };
}

function either(one: Part, other: Part): Part {
  // An EXISTS in one arm only does not narrow the rows of the others.
  const exists: readonly Exists[] = [];
  const complete = one.complete && other.complete && !one.exists.length && !other.exists.length;
  if (!one.arms.length || !other.arms.length || one.arms.length + other.arms.length > MAX_ARMS) return { arms: [], complete: complete && !(one.arms.length && other.arms.length), exists };
  return { arms: [...one.arms, ...other.arms], complete, exists };
}

function disjunction(cursor: Cursor, negated: boolean): Part {
  const join = negated ? both : either;
  let all = conjunction(cursor, negated);
  while (cursor.take('OR')) all = join(all, conjunction(cursor, negated));
  return all;
}

function conjunction(cursor: Cursor, negated: boolean): Part {
  const join = negated ? either : both;
  let all = single(cursor, negated);
  while (cursor.take('AND')) all = join(all, single(cursor, negated));
  return all;
}

function ends(cursor: Cursor): boolean { return cursor.done || cursor.is('AND') || cursor.is('OR'); }

function single(cursor: Cursor, outer: boolean): Part {
  let negated = outer;
  while (cursor.is('NOT') || cursor.is('!')) { cursor.advance(); negated = !negated; }
  const start = cursor.at;
  if (cursor.is('EXISTS', '(')) {
    cursor.advance();
    const select = readQuery(cursor.inner()!);
    if (ends(cursor)) return { ...UNREAD, exists: [{ negated, select }] };
  } else if (cursor.is('(') && cursor.depth < MAX_DEPTH) {
    const close = cursor.tokens[cursor.closing() + 1];
    const behind = cursor.closing() + 1 >= cursor.end ? '' : close?.key ?? '';
    if (behind === '' ? cursor.closing() + 1 >= cursor.end : behind === 'AND' || behind === 'OR') {
      const inner = cursor.inner()!;
      const part = disjunction(inner, negated);
      if (inner.done) return part;
    }
  }
  if (cursor.at === start) {
    const part = comparison(cursor, negated);
    if (part && ends(cursor)) return part;
  }
  cursor.at = start;
  skip(cursor);
  return UNREAD;
}

/** Past whatever stands before the next connective of this level; the AND of a BETWEEN and all of a CASE are none. */
function skip(cursor: Cursor): void {
  let cases = 0;
  let between = 0;
  cursor.skipTo((token) => {
    if (token.key === 'CASE') cases++;
    else if (token.key === 'END' && cases) cases--;
    else if (token.key === 'BETWEEN') between++;
    else if (token.key === 'AND' && between) between--;
    else return !cases && (token.key === 'AND' || token.key === 'OR');
    return false;
  });
}

function one(comparison: Comparison): Part { return { arms: [[comparison]], complete: true, exists: [] }; }

function comparison(cursor: Cursor, negated: boolean): Part | undefined {
  const { start } = cursor;
  const left = readOperand(cursor);
  if (!left) return undefined;
  const make = (operator: Operator, operand: Operand, side = left): Part | undefined => {
    const wanted = negated ? NEGATED[operator] ?? 'other' : operator;
    const span = cursor.since(start);
    const tuple = tuples(side, wanted, operand, span);
    if (tuple) return tuple;
    const found = columnIn(side);
    if (found) return one({ ...found, operator: wanted, operand, ...span });
    const other = columnIn(operand);
    const flipped = FLIPPED[wanted];
    if (other && flipped) return one({ ...other, operator: flipped, operand: side, ...span });
    // `1 = 1`, in front of conditions that code adds.
    return side.kind === 'literal' && operand.kind === 'literal' && wanted === '=' && side.value === operand.value ? ALL : undefined;
  };
  if (ends(cursor)) return bare(left, negated, make);
  if (cursor.take('IS', 'NOT', 'DISTINCT', 'FROM')) { const right = readOperand(cursor); return right && make('=', right); }
  if (cursor.take('IS', 'DISTINCT', 'FROM')) { const right = readOperand(cursor); return right && make(right.kind === 'literal' && right.value === null ? 'is not null' : '!=', right); }
  if (cursor.take('IS', 'NOT', 'NULL') || cursor.take('NOTNULL')) return make('is not null', nothing(cursor, start));
  if (cursor.take('IS', 'NULL') || cursor.take('ISNULL')) return make('is null', nothing(cursor, start));
  if (cursor.is('IS')) {
    cursor.advance();
    const right = readOperand(cursor);
    // SQLite's `x IS ?`; IS TRUE and IS FALSE. Their negations hold for NULL too and no shared word says so.
    return right && !negated ? make('=', right) : undefined;
  }
  const not = cursor.take('NOT');
  const plain = (operator: Operator, inverse: Operator): Operator => (not ? inverse : operator);
  if (cursor.take('BETWEEN')) {
    cursor.take('SYMMETRIC');
    const low = readOperand(cursor);
    const high = low && cursor.take('AND') ? readOperand(cursor) : undefined;
    const column = columnIn(left);
    if (!low || !high || !column || not || negated) return undefined;
    const span = cursor.since(start);
    return { arms: [[{ ...column, operator: '>=', operand: low, ...span }, { ...column, operator: '<=', operand: high, ...span }]], complete: true, exists: [] };
  }
  if (cursor.take('IN')) { const list = listOperand(cursor); return list && make(plain('in', 'not in'), list); }
  if (cursor.take('LIKE') || cursor.take('ILIKE')) {
    const right = readOperand(cursor);
    if (cursor.take('ESCAPE')) readOperand(cursor);
    return right && make(plain('like', 'other'), right);
  }
  if (cursor.isAny(OTHERS)) {
    if (cursor.advance().key === 'SIMILAR') cursor.take('TO');
    const right = readOperand(cursor);
    return right && make('other', right);
  }
  const operator = not ? undefined : OPERATORS[cursor.token.key];
  if (!operator) return undefined;
  cursor.advance();
  const quantified = ['ANY', 'SOME', 'ALL'].includes(cursor.token.key) && cursor.peek().key === '(' ? cursor.advance().key : undefined;
  const right = quantified ? listOperand(cursor) : readOperand(cursor);
  if (!right) return undefined;
  if (quantified) return quantified === 'ALL' ? (operator === '!=' ? make('not in', right) : undefined) : operator === '=' ? make('in', right) : undefined;
  return right.kind === 'literal' && right.value === null ? undefined : make(operator, right);
}

function nothing(cursor: Cursor, start: number): Operand { return { kind: 'literal', value: null, ...cursor.since(start) }; }

/** `WHERE active`: a column that is true, or a literal. A hole may be any condition. */
function bare(left: Operand, negated: boolean, make: (operator: Operator, operand: Operand) => Part | undefined): Part | undefined {
  if (left.kind === 'literal') return (left.value === true || left.value === 1) !== negated && typeof left.value !== 'string' && left.value !== null ? ALL : undefined;
  if (left.kind !== 'column') return undefined;
  return negated ? one({ column: left.column, operator: '=', operand: { kind: 'literal', value: false, start: left.start, end: left.end }, start: left.start, end: left.end })
    : make('=', { kind: 'literal', value: true, start: left.start, end: left.end });
}

/** `(…)` behind IN and ANY: a subquery, one value that is a list, or several. */
function listOperand(cursor: Cursor): Operand | undefined {
  const { start } = cursor;
  if (!cursor.is('(')) {
    // `IN ?` and `IN ${list}`: drivers put the brackets in.
    return cursor.token.kind === 'parameter' || cursor.token.kind === 'hole' ? readOperand(cursor) : undefined;
  }
  const operand = readOperand(cursor);
  if (!operand) return undefined;
  // `IN ($1)`: one value, not a list of values. `IN (:...ids)`, `IN (?)` and `IN (${ids})` may hold any number.
  if (operand.kind === 'literal' || operand.kind === 'column' || operand.kind === 'call') return { kind: 'list', items: [operand], ...cursor.since(start) };
  return operand;
}

/** `(a, b) = (1, 2)` column by column, `(a, b) IN ((1, 2), …)` tuple by tuple. */
function tuples(left: Operand, operator: Operator, right: Operand, span: { start: number; end: number }): Part | undefined {
  if (left.kind !== 'list' || right.kind !== 'list') return undefined;
  const pair = (row: Operand): readonly Comparison[] | undefined => {
    if (row.kind !== 'list' || row.items.length !== left.items.length) return undefined;
    const compared = left.items.map((item, index): Comparison | undefined => { const found = columnIn(item); return found && { ...found, operator: '=', operand: row.items[index]!, ...span }; });
    return compared.every((each) => each !== undefined) ? compared : undefined;
  };
  if (operator === '=') { const arm = pair(right); return arm ? { arms: [arm], complete: true, exists: [] } : UNREAD; }
  if (operator !== 'in' || right.items.length > MAX_ARMS) return UNREAD;
  const rows = right.items.some((item) => item.kind === 'list') ? right.items : [right];
  const arms = rows.map(pair);
  return arms.every((arm) => arm !== undefined) ? { arms, complete: true, exists: [] } : UNREAD;
}
