/** Unique violations: whether code around an insert notices them, judged by evaluating the handler as if one had arrived. */
import type { Handler, HandlerExit, Operation, Region, Violation, ViolationTest } from '../model.ts';
import type { Tri } from '../schema/model.ts';
import { formulaLiterals, type Atom, type Formula } from '../value/formula.ts';
import { formulaValues, lineage, mentions, path, type Node, type Value } from '../value/terms.ts';
import { decidedBy, insideRegion } from './absence.ts';
import type { Trace } from './index.ts';

/** Names of predicates whose body is elsewhere: `isUniqueConstraintError(error)`, `isDuplicateKey(e)`. */
const NAMED_TEST = /unique|duplicate|conflict|already|violation|P2002|23505|1062|E11000|constraint/i;
/** An answer that is the violation's own, whatever the error was: `catch { throw new ConflictException() }`. */
const NAMED_ANSWER = /already|duplicate|conflict|\btaken|in[ _]use|\b409\b/i;
const FAILURE = /\b(?:status|code|statusCode|sendStatus)\s*[(:]\s*5\d\d\b|\berror\b|fail(?:ed|ure)|\b(?:ok|success)\s*:\s*false/i;

/** A class of unique violations alone. */
const isUnique = (name: string): boolean => /unique/i.test(name);

/**
 * - `handled`: a test that can be true tells the violation, and what follows is not the same error again;
 * - `blind`: the error is swallowed, or answered by reading again, without a test;
 * - `dead`: a handler tests for it in a way that never matches here; - `none`.
 */
export type Handling =
  | { readonly how: 'handled' | 'blind'; readonly test: ViolationTest | undefined; readonly handler: Handler | undefined }
  | { readonly how: 'dead'; readonly test: ViolationTest; readonly handler: Handler }
  | { readonly how: 'none' };

/** `counts`: whether a handler that asks nothing is taken for an answer to the violation. */
export function handlingOf(write: Operation, trace: Trace, counts: (region: Region) => boolean = () => true): Handling {
  let dead: Handling | undefined;
  if (write.violation?.arrives === 'returned') {
    const returned = returnedHandling(write, trace);
    if (returned) return returned;
    if (!isThrownByHand(write, trace)) return neverThrown(write, trace) ?? { how: 'none' };
  }
  for (let region = write.region; region; region = region.parent) {
    if (!region.handler) continue;
    const found = judge(region.handler, write, trace);
    if (found.how === 'handled' || (found.how === 'blind' && counts(region))) return found;
    if (found.how === 'dead' && !isForAnother(region, write, trace)) dead ??= found;
  }
  return dead ?? { how: 'none' };
}

/** What the handler asks for is how a write by another library, in the same block, tells it. */
function isForAnother({ id, handler }: Region, write: Operation, trace: Trace): boolean {
  return trace.operations.some((one) => one.client !== write.client && one.violation && insideRegion(one, id) && handler!.exits.some((exit) => picks(exit, handler!.caught, one)));
}

/** `if (error) throw error;`: a returned error on its way to a handler. */
function isThrownByHand(write: Operation, trace: Trace): boolean {
  return trace.exits.some((one) => one.kind === 'throw' && one.order >= write.id && (one.sources.has(write) || formulaLiterals(one.condition).some(({ atom }) => formulaValues(atom).some((value) => lineage(value) === write))));
}

/** A `catch` that asks for the violation around a call that returns its errors. */
function neverThrown(write: Operation, trace: Trace): Handling | undefined {
  for (let region = write.region; region; region = region.parent) {
    if (!region.handler) continue;
    const { caught } = region.handler;
    let asked: ViolationTest | undefined;
    for (const condition of trace.tests) holds(condition, caught, write, (test, result) => { if (result === true) asked ??= test; });
    if (asked) return { how: 'dead', handler: region.handler, test: { ...asked, fires: false, why: 'errors are returned as `error` here, not thrown' } };
  }
  return undefined;
}

function judge(handler: Handler, write: Operation, trace: Trace): Handling {
  let dead: ViolationTest | undefined;
  let told: ViolationTest | undefined;
  const sees = (test: ViolationTest | undefined): void => {
    if (!test) return;
    if (test.fires === false) dead ??= test; else told ??= test;
  };
  const reached = handler.exits.flatMap((exit) => armsOf(exit, trace)).filter((exit) => holds(exit.condition, handler.caught, write, sees) !== false);
  // `const again = await find(); if (again) return again; throw error;`: after a violation the row is there, and nothing is thrown.
  const isMiss = (exit: HandlerExit): boolean => isSameError(exit, handler.caught) && readAgain(handler, write, trace).some((one) => one.verb === 'find' && decidedBy(exit.condition, one, 'absent'));
  // The most specific exit is the one that a test picks; without any, all that are reached count.
  const picked = reached.filter((exit) => picks(exit, handler.caught, write) && !isMiss(exit));
  if (picked.length) {
    if (picked.every((exit) => !isSameError(exit, handler.caught))) return { how: 'handled', test: told, handler };
    return dead ? { how: 'dead', test: dead, handler } : { how: 'none' };
  }
  if (dead) return { how: 'dead', test: dead, handler };
  // Asked and answered without leaving: `if (isDuplicate(error)) reply.status(409).send(…)`, also inside a helper.
  let asked: { test: ViolationTest | undefined } | undefined;
  for (const condition of trace.tests) holds(condition, handler.caught, write, (test, result) => { if (result === true && test?.fires !== false) asked ??= { test }; });
  if (asked && reached.every((exit) => exit.kind !== 'throw')) return { how: 'handled', test: asked.test, handler };
  if (handler.always) return { how: 'none' };
  const readsAgain = isReadAgain(handler, write, trace);
  const remaining = reached.filter((exit) => !isMiss(exit));
  const swallowed = remaining.length > 0 && remaining.every((exit) => exit.kind === 'falls-through' || exit.kind === 'continue' || (exit.kind === 'return' && !FAILURE.test(textOf(exit.node, trace))));
  if (remaining.length > 0 && remaining.every((exit) => !isSameError(exit, handler.caught) && NAMED_ANSWER.test(textOf(exit.node, trace)))) return { how: 'handled', test: undefined, handler };
  if (swallowed && (readsAgain || remaining.every((exit) => exit.kind !== 'return'))) return { how: 'blind', test: undefined, handler };
  return { how: 'none' };
}

/** `throw isDuplicate(error) ? new Conflict() : error`: as many ways out as there are arms. */
function armsOf(exit: HandlerExit, trace: Trace): HandlerExit[] {
  if (exit.value?.kind !== 'choice') return [exit];
  return exit.value.arms.flatMap((arm) => armsOf({ ...exit, condition: trace.formulas.and(exit.condition, arm.when), value: arm.value }, trace));
}

/** The handler looks at the table that was written to. */
export function isReadAgain(handler: Handler, write: Operation, trace: Trace): boolean { return readAgain(handler, write, trace).length > 0; }

function readAgain(handler: Handler, write: Operation, trace: Trace): Operation[] {
  const [start, end] = handler.node.range;
  return trace.operations.filter((one) => one.node.range[0] >= start && one.node.range[1] <= end && one.id > write.id && one.table.name === write.table.name);
}

function textOf(node: Node, trace: Trace): string {
  return trace.file.slice(node);
}

/** The condition holds only because the error is a violation: some test in it is definitely true. */
function picks(exit: HandlerExit, caught: Value, write: Operation): boolean {
  let picked = false;
  holds(exit.condition, caught, write, (test, result) => { if (result === true && test?.fires !== false) picked = true; });
  return picked;
}

function isSameError(exit: HandlerExit, caught: Value): boolean {
  return exit.kind === 'throw' && (exit.value === caught || exit.value === undefined);
}

/** Truth of a condition when `caught` is the unique violation of `write`; reports every test on the error that it meets. */
export function holds(formula: Formula, caught: Value, write: Operation, sees: (test: ViolationTest | undefined, result: Tri) => void): Tri {
  switch (formula.kind) {
    case 'true': return true;
    case 'false': return false;
    case 'not': {
      const inner = holds(formula.of, caught, write, () => undefined);
      if (inner !== 'unknown') atomTest(formula.of, caught, write, (test) => sees(test, inner === false ? 'unknown' : false));
      return inner === 'unknown' ? inner : !inner;
    }
    case 'and': {
      let asked = false;
      const parts = formula.parts.map((part) => holds(part, caught, write, (test, result) => { asked ||= result === true; sees(test, result); }));
      // `error instanceof PgError && error.code === '23505'`: the right code, of an error that is another class here.
      const stranger = asked && parts.includes(false) ? formula.parts.map((part) => strangerOf(part, caught, write)).find((one) => one !== undefined) : undefined;
      if (stranger) sees({ path: [], values: [], fires: false, why: stranger.why, stranger: true }, false);
      return parts.includes(false) ? false : parts.includes('unknown') ? 'unknown' : true;
    }
    case 'or': {
      const parts = formula.parts.map((part) => holds(part, caught, write, sees));
      return parts.includes(true) ? true : parts.includes('unknown') ? 'unknown' : false;
    }
    default: return atomTest(formula, caught, write, sees);
  }
}

function atomTest(atom: Atom, caught: Value, write: Operation, sees: (test: ViolationTest | undefined, result: Tri) => void): Tri {
  const { violation } = write;
  if (atom.kind === 'thrown') return true;
  const told = (test: ViolationTest | undefined, result: Tri): Tri => { sees(test, result); return result; };
  if (atom.kind === 'opaque') {
    if (!atom.of.includes(caught)) return 'unknown';
    const name = atom.name ?? '';
    const stranger = strangerOf(atom, caught, write);
    if (stranger) return stranger.unique ? told({ path: [], values: [], fires: false, why: stranger.why, stranger: true }, false) : false;
    if (violation?.classes.some((one) => one === name || name.endsWith(`.${one}`))) return isUnique(name) ? told(undefined, true) : 'unknown';
    return NAMED_TEST.test(name) ? told(undefined, true) : /^(?:Error|Object)$/.test(name) ? 'unknown' : false;
  }
  const value = formulaValues(atom)[0];
  if (!value || !mentions(value, caught)) return 'unknown';
  // Asks for the key where this version does not tell it: no value of that place ever matches.
  const silent = violation?.tells.find((one) => one.fires === false && one.why !== undefined && reads(value, caught, one.path));
  if (silent && atom.kind !== 'nullish') return told({ path: silent.path, values: [], fires: false, why: silent.why! }, false);
  if (atom.kind === 'compare' && atom.operator === '===') {
    const below = pathBelow(atom.left, caught);
    if (!below) return 'unknown';
    // Compared with a named constant (`PrismaError.UniqueConstraintViolation`, `PG_UNIQUE_VIOLATION`): its name must do.
    if (atom.right.kind !== 'literal') {
      const name = path(atom.right).keys.at(-1) ?? (atom.right.kind === 'input' ? atom.right.name : '');
      return NAMED_TEST.test(name) ? told(violation?.tests.find((one) => sameKeys(one.path, below)), true) : 'unknown';
    }
    const literal = atom.right.value;
    // `error.name === 'UniqueConstraintError'`: a class by its name.
    if ((below.at(-1) === 'name' && below.length <= 2) && typeof literal === 'string' && violation?.classes.includes(literal)) return NAMED_TEST.test(literal) ? told(undefined, true) : 'unknown';
    const test = violation?.tests.find((one) => sameKeys(one.path, below) && one.values.some((each) => String(each) === String(literal)));
    if (test) return told(test, test.fires === false ? false : true);
    return violation?.tests.some((one) => sameKeys(one.path, below)) ? false : 'unknown';
  }
  if (atom.kind === 'truthy') {
    const at = atom.of;
    if (at.kind === 'expression' && /^call:(?:includes|startsWith|match|test)$/.test(at.operator)) {
      const below = pathBelow(at.operands[0]!, caught);
      const text = at.operands[1];
      if (below && text?.kind === 'literal') {
        const wanted = String(text.value);
        const tests = violation?.tests.filter((one) => one.contains && sameKeys(one.path, below) && one.values.some((each) => String(each).toLowerCase().includes(wanted.toLowerCase()) || wanted.toLowerCase().includes(String(each).toLowerCase())));
        // What several databases say in nearly the same words is what this one says, if it is one of them.
        const test = tests?.find((one) => one.fires !== false) ?? tests?.[0];
        if (test) return told(test, test.fires === false ? false : true);
        return NAMED_TEST.test(wanted) ? told(undefined, true) : 'unknown';
      }
    }
    if (at.kind === 'unknown') return NAMED_TEST.test(nameOfCall(at.node)) ? told(undefined, true) : 'unknown';
    if (at.kind === 'expression' && at.operator.startsWith('instanceof:')) {
      const name = at.operator.slice('instanceof:'.length);
      return violation?.classes.includes(name) ? (isUnique(name) ? told(undefined, true) : 'unknown') : NAMED_TEST.test(name) ? told(undefined, true) : /Error$/.test(name) && !/^(?:Error)$/.test(name) ? false : 'unknown';
    }
  }
  return 'unknown';
}

/** The class that the error is tested for and never is: another library's. */
function strangerOf(formula: Formula, caught: Value, { violation }: Operation): NonNullable<Violation['strangers']>[number] | undefined {
  if (formula.kind !== 'opaque' || formula.from === undefined || formula.of[0] !== caught) return undefined;
  const { from, name = '' } = formula;
  return violation?.strangers?.find((one) => (one.name === name || name.endsWith(`.${one.name}`)) && (from === one.from || from.startsWith(`${one.from}/`)));
}

function nameOfCall(node: Node): string {
  if (node.type !== 'CallExpression') return '';
  const { callee } = node;
  const name = callee.type === 'Identifier' ? callee.name : callee.type === 'MemberExpression' && callee.property.type === 'Identifier' ? callee.property.name : '';
  const literals = node.arguments.map((one) => (one.type === 'Literal' ? String(one.value) : ''));
  return [name, ...literals].join(' ');
}

function pathBelow(value: Value, caught: Value): readonly string[] | undefined {
  const keys: string[] = [];
  for (let at = value; at !== caught;) {
    if (at.kind === 'member') { keys.unshift(at.key); at = at.object; }
    else if (at.kind === 'expression' && /^call:(?:toString|String|toLowerCase|toUpperCase)$/.test(at.operator)) at = at.operands[0]!;
    else return undefined;
  }
  return keys;
}

/** `path` of the error stands somewhere in `value`. */
function reads(value: Value, caught: Value, keys: readonly string[]): boolean {
  const below = value.kind === 'member' ? pathBelow(value, caught) : undefined;
  if (below && keys.every((key, index) => below[index] === key)) return true;
  switch (value.kind) {
    case 'member': return reads(value.object, caught, keys);
    case 'element': return reads(value.of, caught, keys);
    case 'filtered': return reads(value.of, caught, keys);
    case 'expression': return value.operands.some((one) => reads(one, caught, keys));
    case 'unknown': return value.parts.some((one) => reads(one, caught, keys));
    default: return false;
  }
}

function sameKeys(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((key, index) => key === b[index]);
}

/** Errors that arrive as a value: some condition of the trace tests the error of this very write. */
function returnedHandling(write: Operation, trace: Trace): Handling | undefined {
  const part = write.result.find((one) => one.is === 'error');
  if (!part) return undefined;
  const error = part.path.reduce<Value>((value, key) => trace.terms.member(value, key), write.value);
  let told: ViolationTest | undefined;
  let found = false;
  for (const condition of trace.tests) {
    holds(condition, error, write, (test, result) => {
      if (result === true || result === 'unknown') { found = true; told ??= test; }
    });
    if (found) return { how: 'handled', test: told, handler: undefined };
  }
  return undefined;
}

/** Whether `operation` runs in answer to a unique violation of `write`. */
export function answersViolation(operation: Operation, write: Operation, trace: Trace): boolean {
  if (operation.id <= write.id) return false;
  for (let region = write.region; region; region = region.parent) {
    const { handler } = region;
    if (!handler) continue;
    if (includesRegion(operation.condition, region.id)) {
      if (holds(operation.condition, handler.caught, write, () => undefined) !== false) return true;
    } else if (handler.exits.length && handler.exits.every((exit) => exit.kind !== 'throw')) {
      // It ends here, whatever it was: handlers further out never hear of it.
      break;
    }
  }
  const part = write.violation?.arrives === 'returned' ? write.result.find((one) => one.is === 'error') : undefined;
  if (!part) return false;
  const error = part.path.reduce<Value>((value, key) => trace.terms.member(value, key), write.value);
  let told = false;
  const truth = holds(operation.condition, error, write, (_, result) => { if (result === true) told = true; });
  return told && truth !== false;
}

/** What also runs where nothing was thrown is what comes next, not an answer. */
function includesRegion(formula: Formula, region: number): boolean {
  if (formula.kind === 'thrown') return formula.region === region;
  if (formula.kind === 'or') return formula.parts.every((part) => includesRegion(part, region));
  return formula.kind === 'and' && formula.parts.some((part) => includesRegion(part, region));
}

