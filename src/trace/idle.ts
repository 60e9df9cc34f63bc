/** Writes that a second call may repeat: everything they set is the same for every caller. */
import type { Assignment, Comparison, Row } from '../model.ts';
import { formulaLiterals, type Formula } from '../value/formula.ts';
import type { Node, Value } from '../value/terms.ts';
import { equal, type Written } from './flip.ts';
import { core, isConstant, sameValue } from './matching.ts';

/**
 * Whether `check` (a condition, or a comparison of the look-up) only keeps the write from setting what is set already: "not yet
 * filled", "another value than the one that is written", a boolean that is turned to its other value.
 * @param keys values by which the row is addressed: whoever writes the same row has the same.
 */
export function idles(check: Formula | Comparison, written: Written, row: Row, keys: readonly Value[] = []): boolean {
  const avoided = row.assignments.filter((one) => one.how === 'set' && isAvoided(check, one, written));
  // "Is in that folder already": only callers who ask for the very same come to nothing.
  if (avoided.some((one) => !isSameForAll(one.value, keys)) && !('column' in check) && formulaLiterals(check).length === avoided.length) return true;
  const rest = row.assignments.filter((one) => one.how === 'set' && !avoided.includes(one));
  if (!rest.every((one) => isSameForAll(one.value, keys)) || row.spreads.length > 0) return false;
  if ('column' in check) {
    const assignment = written.assignment(check.column);
    if (assignment && isCleared(assignment)) return !isOneTime(check.column);
    return assignment?.how === 'set' && (check.operator === 'is null' || check.operator === 'is not null' || check.operator === '!=' || isTwoValued(check.value));
  }
  return formulaLiterals(check).every(({ atom, holds }) => {
    if (atom.kind === 'truthy' || atom.kind === 'nullish') { const asked = assignmentOf(atom.of, written); return asked?.how !== 'atomic' && !(asked && isCleared(asked) && isOneTime(asked.column)); }
    if (atom.kind !== 'compare' || atom.operator !== '===') return false;
    const assignment = assignmentOf(atom.left, written) ?? assignmentOf(atom.right, written);
    if (!assignment) return true;
    if (assignment.how !== 'set') return false;
    if (isCleared(assignment)) return !isOneTime(assignment.column);
    const other = assignmentOf(atom.left, written) ? atom.right : atom.left;
    return holds ? isTwoValued(other) : equal(assignment.value, other) === true;
  });
}

function isCleared({ how, value }: Assignment): boolean {
  const at = core(value);
  return how === 'set' && at.kind === 'literal' && at.value == null;
}

/**
 * A secret that is good for one use: emptying it is how it is used up. Those that stand for a session are emptied by logging out, and
 * that of an authenticator app (`totpSecret`) by switching it off.
 */
export function isOneTime(column: string): boolean {
  return !/^totp|^TOTP|_totp|[a-z]T(?:otp|OTP)/.test(column) && /token|otp|nonce|challenge|magic|verif|reset|passcode|code$|pin$/i.test(column) && !/refresh|access|session|device|push|fcm|apns|api|bearer|csrf|remember|country|zip|post|lang|currency|error|status|color|promo|discount/i.test(column);
}

/** `if (row.status === status) return`: what is written is the very value that was compared. */
function isAvoided(check: Formula | Comparison, assignment: Assignment, written: Written): boolean {
  if ('column' in check) return check.column === assignment.column && check.operator === '!=' && equal(assignment.value, check.value) === true;
  return formulaLiterals(check).some(({ atom, holds }) => !holds && atom.kind === 'compare' && atom.operator === '==='
    && [[atom.left, atom.right], [atom.right, atom.left]].some(([field, value]) => assignmentOf(field!, written) === assignment && equal(assignment.value, value!) === true));
}

function assignmentOf(value: Value, written: Written): Assignment | undefined {
  const field = value.kind === 'choice' ? undefined : written.field(value);
  return field?.row === written.row ? written.assignment(field.column) : undefined;
}

function isTwoValued(value: Value): boolean {
  const at = core(value);
  return at.kind === 'literal' && (typeof at.value === 'boolean' || at.value == null);
}

/** A constant, the present moment, or what is made of these and the row's own keys. */
export function isSameForAll(value: Value, keys: readonly Value[] = []): boolean {
  const at = core(value);
  if (isConstant(at) || keys.some((key) => sameValue(key, at))) return true;
  if (at.kind === 'expression') return at.operands.every((one) => isSameForAll(one, keys));
  return at.kind === 'unknown' && isMoment(at.node);
}

function isMoment(node: Node): boolean {
  if (node.type === 'AwaitExpression') return isMoment(node.argument);
  if (node.type === 'NewExpression') return node.callee.type === 'Identifier' && node.callee.name === 'Date' && node.arguments.every((one) => one.type !== 'SpreadElement' && isMoment(one));
  if (node.type !== 'CallExpression') return false;
  const { callee } = node;
  if (callee.type === 'Identifier') return /^(?:dayjs|moment|now|getNow|currentTime|getUnixTime)$/i.test(callee.name);
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return false;
  return /^(?:now|utc|unix)$/.test(callee.property.name) || isMoment(callee.object);
}
