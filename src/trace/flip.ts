/**
 * The flip test: put the written values into a condition that was checked before the write. If it no longer holds, the write ends
 * what was checked, and only one of two calls should have passed; if it still holds, any number may pass.
 */
import type { Assignment, Comparison } from '../model.ts';
import type { Tri } from '../schema/model.ts';
import type { Atom, Formula } from '../value/formula.ts';
import { mentions, type Value } from '../value/terms.ts';
import { core, isConstant, sameValue } from './matching.ts';
import type { Field } from './rows.ts';

/** The row after the write. */
export interface Written {
  /** `value` as a column (or part of one) of this row. */
  field(value: Value): Field | undefined;
  /** How a column is written; undefined: it stays. */
  assignment(column: string): Assignment | undefined;
  readonly row: Value;
}

/** What the atoms of a condition say of the write: whether any speaks of a written column, and by which columns. */
export interface Test { readonly result: Tri; readonly columns: readonly string[] }

/** @param others truth of everything that this row does not decide. */
export function afterWrite(formula: Formula, written: Written, others: Tri): Test {
  const columns = new Set<string>();
  const result = evaluate(limited(formula, written), (atom) => atomAfter(atom, written, others, columns));
  return { result, columns: [...columns] };
}

/**
 * `if (row.limit !== null && row.uses >= row.limit) throw`: where the row has no limit there is nothing to break, so the rule is looked
 * at for rows that have one. The column that says so is one that the write leaves as it is.
 */
function limited(formula: Formula, written: Written): Formula {
  if (formula.kind !== 'or') return formula;
  const rest = formula.parts.filter((one) => !saysWhether(one, written));
  return rest.length === 1 && formula.parts.length > 1 ? rest[0]! : formula;
}

function saysWhether(formula: Formula, written: Written): boolean {
  const atom = formula.kind === 'not' ? formula.of : formula;
  if (atom.kind === 'and') return atom.parts.every((one) => saysWhether(one, written));
  const isKept = (value: Value): boolean => { const at = plain(value); return at.kind !== 'choice' && sideOf(at, written).is === 'kept' && written.field(at)?.whole === true; };
  // Absent, zero or negative: none.
  if (atom.kind === 'nullish' || atom.kind === 'truthy') return isKept(atom.of);
  if (atom.kind !== 'compare') return false;
  return [[atom.left, atom.right], [atom.right, atom.left]].some(([column, bound]) => isKept(column!) && bound!.kind === 'literal' && (bound.value === null || bound.value === undefined || typeof bound.value === 'number'));
}

function evaluate(formula: Formula, atom: (one: Atom) => Tri): Tri {
  switch (formula.kind) {
    case 'true': return true;
    case 'false': return false;
    case 'not': return not(atom(formula.of));
    case 'and': return all(formula.parts.map((one) => evaluate(one, atom)));
    case 'or': return not(all(formula.parts.map((one) => not(evaluate(one, atom)))));
    default: return atom(formula);
  }
}

const not = (value: Tri): Tri => (value === 'unknown' ? 'unknown' : !value);
const all = (values: readonly Tri[]): Tri => (values.includes(false) ? false : values.includes('unknown') ? 'unknown' : true);

type Side =
  | { readonly is: 'other'; readonly value: Value }
  | { readonly is: 'kept' }
  | { readonly is: 'set'; readonly value: Value; readonly column: string }
  /** Changed by the database, up or down. */
  | { readonly is: 'moved'; readonly up: Tri; readonly column: string }
  | { readonly is: 'unclear'; readonly column: string };

function atomAfter(atom: Atom, written: Written, others: Tri, columns: Set<string>): Tri {
  const look = (value: Value): Side => {
    const side = sideOf(value, written);
    if (side.is === 'set' || side.is === 'moved' || side.is === 'unclear') columns.add(side.column);
    return side;
  };
  switch (atom.kind) {
    case 'truthy': case 'nullish': {
      const side = look(atom.of);
      if (side.is === 'other') return others;
      // A number that was added to is a number.
      if (side.is === 'moved' && atom.kind === 'nullish') return false;
      if (side.is !== 'set') return 'unknown';
      return atom.kind === 'truthy' ? truthOf(side.value) : not(isSomething(side.value));
    }
    case 'compare': {
      const [left, right] = [look(atom.left), look(atom.right)];
      if (left.is === 'other' && right.is === 'other') return others;
      if (left.is === 'moved' || right.is === 'moved') {
        const [up, isLeft] = left.is === 'moved' ? [left.up, true] : [right.is === 'moved' ? right.up : 'unknown', false];
        if (atom.operator === '===') return false;
        if (up === 'unknown') return 'unknown';
        return atom.operator.startsWith('<') === (isLeft !== up);
      }
      if (left.is === 'unclear' || right.is === 'unclear' || left.is === 'kept' || right.is === 'kept') return 'unknown';
      return compared(atom.operator, left.value, right.value);
    }
    case 'exists': {
      if (atom.of === written.row) return true;
      // `['draft', 'review'].includes(row.status)` is spelled out by the trace; what is left here is membership in the unknown.
      const inner = insideOf(atom.of, written);
      if (!inner) return others;
      if (inner.column) columns.add(inner.column);
      return 'unknown';
    }
    default: return others;
  }
}

function sideOf(value: Value, written: Written): Side {
  const at = plain(value);
  const field = at.kind === 'choice' ? undefined : written.field(at);
  if (field && field.row === written.row) {
    const assignment = written.assignment(field.column);
    if (!assignment) return { is: 'kept' };
    if (!field.whole || assignment.conditional) return { is: 'unclear', column: field.column };
    if (assignment.how === 'set') return { is: 'set', value: assignment.value, column: field.column };
    return assignment.how === 'atomic' ? { is: 'moved', up: directionOf(assignment.value), column: field.column } : { is: 'unclear', column: field.column };
  }
  const inner = insideOf(at, written);
  if (!inner) return { is: 'other', value: at };
  if (!inner.column) return { is: 'kept' };
  const assignment = written.assignment(inner.column)!;
  // `used + amount > limit`: the sum moves with the column.
  if (assignment.how === 'atomic' && (at.kind === 'expression' || at.kind === 'unknown' || at.kind === 'member')) {
    const up = movement(at, inner.column, assignment, written);
    if (up !== undefined) return { is: 'moved', up, column: inner.column };
  }
  return { is: 'unclear', column: inner.column };
}

/** Whether a sum or difference rises with a column that the database adds to; undefined: it is something else than a sum. */
function movement(value: Value, column: string, assignment: Assignment, written: Written, depth = 0): Tri | undefined {
  const at = plain(made(plain(value)));
  const field = at.kind === 'choice' ? undefined : written.field(at);
  if (field?.row === written.row) return field.column === column && field.whole ? directionOf(assignment.value) : undefined;
  const terms = depth > 5 ? undefined : termsOf(at);
  if (!terms) return undefined;
  const moving = terms.filter(({ of }) => insideOf(of, written)?.column === column);
  if (moving.length !== 1) return undefined;
  const up = movement(moving[0]!.of, column, assignment, written, depth + 1);
  return up === undefined || !moving[0]!.minus ? up : not(up);
}

const PLUS = /^(?:add|plus)$/;
const MINUS = /^(?:sub|subtract|minus)$/;

/** How number types give a number back, and how one is made of a number. */
const HELD = /^(?:value|toNumber|valueOf|intValue)$/;
const NUMBER = /^(?:currency|Big|BigNumber|Decimal|Money|toDecimal|toBig|toMoney|toCents)$/;

/** What a number type was made of: `new Decimal(x)`, `currency(x)`. */
function made(at: Value): Value {
  if (at.kind !== 'unknown' || (at.node.type !== 'CallExpression' && at.node.type !== 'NewExpression')) return at;
  const { callee, arguments: args } = at.node;
  const name = callee.type === 'Identifier' ? callee.name : callee.type === 'MemberExpression' && callee.property.type === 'Identifier' ? callee.property.name : '';
  return NUMBER.test(name) && args.length === 1 ? at.parts.at(-1) ?? at : at;
}

/** What is added and subtracted: `a - b`, `a.minus(b)` of a number type, `calculate.sub(a, b)` of a helper that is named so. */
function termsOf(given: Value): readonly { readonly of: Value; readonly minus: boolean }[] | undefined {
  // `currency(a).subtract(b).value`: a number type, and what it holds.
  const at = given.kind === 'member' && HELD.test(given.key) ? given.object : given;
  const signed = (parts: readonly Value[], minus: boolean) => parts.map((of, index) => ({ of, minus: minus && (index > 0 || parts.length === 1) }));
  if (at.kind === 'expression') return at.operator === '+' || at.operator === '-' ? signed(at.operands, at.operator === '-') : undefined;
  if (at.kind !== 'unknown' || at.node.type !== 'CallExpression' || at.node.callee.type !== 'MemberExpression' || at.node.callee.property.type !== 'Identifier') return undefined;
  const { name } = at.node.callee.property;
  if (HELD.test(name) && at.node.arguments.length === 0 && at.parts[0]) return termsOf(at.parts[0]);
  const count = at.node.arguments.length;
  if ((!PLUS.test(name) && !MINUS.test(name)) || count < 1 || count > 2 || at.parts.length < count + 1) return undefined;
  return signed(count === 1 ? at.parts.slice(0, 2) : at.parts.slice(1, 3), MINUS.test(name));
}

/** `row.count ?? 0`: the column, for all that is checked here. */
function plain(value: Value): Value {
  const at = core(value);
  if (at.kind !== 'choice') return at;
  const rest = at.arms.filter((arm) => arm.value.kind !== 'literal');
  return rest.length === 1 ? plain(rest[0]!.value) : at;
}

/** A column of the row somewhere in a value: `column` when it is a written one. */
function insideOf(value: Value, written: Written): { readonly column: string | undefined } | undefined {
  if (!mentions(value, written.row)) return undefined;
  let kept = false;
  const visit = (at: Value, depth: number): string | undefined => {
    if (depth > 6) return undefined;
    const field = at.kind === 'choice' ? undefined : written.field(at);
    if (field?.row === written.row) {
      if (written.assignment(field.column)) return field.column;
      kept = true;
      return undefined;
    }
    const parts = at.kind === 'expression' ? at.operands : at.kind === 'unknown' ? at.parts : at.kind === 'choice' ? at.arms.map((arm) => arm.value)
      : at.kind === 'filtered' ? [at.of, ...formulaParts(at.where)] : at.kind === 'member' ? [at.object] : at.kind === 'element' ? [at.of] : [];
    return parts.map((one) => visit(one, depth + 1)).find((one) => one !== undefined);
  };
  const column = visit(value, 0);
  return column !== undefined ? { column } : kept ? { column: undefined } : undefined;
}

function formulaParts(formula: Formula): Value[] {
  switch (formula.kind) {
    case 'not': return formulaParts(formula.of);
    case 'and': case 'or': return formula.parts.flatMap(formulaParts);
    case 'compare': return [formula.left, formula.right];
    case 'exists': case 'truthy': case 'nullish': return [formula.of];
    default: return [];
  }
}

/** Whether an atomic addition raises the column. */
function directionOf(value: Value): Tri {
  const at = core(value);
  if (at.kind === 'literal' && typeof at.value === 'number') return at.value > 0;
  if (at.kind === 'expression' && at.operator === '-' && at.operands.length === 1) return not(directionOf(at.operands[0]!));
  if (at.kind === 'expression' && at.operator === 'sql') return 'unknown';
  // An amount without a sign is added.
  return true;
}

function truthOf(value: Value): Tri {
  const at = core(value);
  if (at.kind === 'literal') return Boolean(at.value);
  return isSomething(at);
}

/** Not null. A value from outside is taken for one: nobody fills an empty column with nothing. */
function isSomething(value: Value): Tri {
  const at = core(value);
  if (at.kind === 'literal') return at.value !== null && at.value !== undefined;
  if (at.kind === 'choice') {
    const arms = at.arms.map((arm) => isSomething(arm.value));
    return arms.every((one) => one === arms[0]) ? arms[0]! : 'unknown';
  }
  return true;
}

function compared(operator: string, left: Value, right: Value): Tri {
  if (operator === '===') return equal(left, right);
  const [a, b] = [core(left), core(right)];
  if (a.kind !== 'literal' || b.kind !== 'literal' || typeof a.value !== 'number' || typeof b.value !== 'number') return 'unknown';
  return operator === '<' ? a.value < b.value : operator === '<=' ? a.value <= b.value : operator === '>' ? a.value > b.value : a.value >= b.value;
}

export function equal(left: Value, right: Value): Tri {
  if (left.kind === 'choice') { const arms = left.arms.map((arm) => equal(arm.value, right)); return arms.every((one) => one === arms[0]) ? arms[0]! : 'unknown'; }
  if (right.kind === 'choice') return equal(right, left);
  if (sameValue(left, right)) return true;
  const [a, b] = [nameOf(left), nameOf(right)];
  if (a !== undefined && b !== undefined) return a === b ? true : false;
  const [x, y] = [core(left), core(right)];
  // A value from outside against a column that was emptied: nobody asks for nothing.
  if (x.kind === 'literal' && x.value == null) return not(isSomething(y));
  if (y.kind === 'literal' && y.value == null) return not(isSomething(x));
  return 'unknown';
}

/** Constants as texts: `'PAID'`, `Status.PAID`, `true`; enum members by their names, which mostly are their values. */
function nameOf(value: Value): string | undefined {
  const at = core(value);
  if (at.kind === 'literal') return at.value == null ? 'null' : String(at.value).toLowerCase().replace(/[_-]/g, '');
  return isConstant(at) && at.kind === 'member' ? at.key.toLowerCase().replace(/[_-]/g, '') : undefined;
}

/** The same for a comparison of a read's own predicate: the row was found because it holds. */
export function comparisonAfter(one: Comparison, assignment: Assignment): Tri {
  if (assignment.conditional || one.conditional) return 'unknown';
  if (assignment.how === 'atomic') {
    const up = directionOf(assignment.value);
    if (one.operator === '=') return false;
    return up === 'unknown' ? 'unknown' : one.operator.startsWith('>') ? up : one.operator.startsWith('<') ? !up : 'unknown';
  }
  if (assignment.how !== 'set') return 'unknown';
  const { value } = assignment;
  switch (one.operator) {
    case '=': return one.value.kind === 'literal' && one.value.value === null ? not(isSomething(value)) : equal(value, one.value);
    case '!=': return one.value.kind === 'literal' && one.value.value === null ? isSomething(value) : not(equal(value, one.value));
    case 'is null': return not(isSomething(value));
    case 'is not null': return isSomething(value);
    default: return 'unknown';
  }
}
