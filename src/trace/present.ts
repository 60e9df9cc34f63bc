/** What a function does where a look-up found the row: hands it out and goes on, or answers "no". */
import type { Operation } from '../model.ts';
import { conjuncts, formulaLiterals, needs, type Formula, type FormulaLiteral } from '../value/formula.ts';
import { decidedBy, decidedByRelated } from './absence.ts';
import type { Exit, Trace } from './index.ts';
import { precedes } from './order.ts';
import { sameTable } from './matching.ts';
import { facetOf, type Facet } from './results.ts';

/**
 * - `gives`: the row is returned, updated or toggled, nothing happens, or the answer is that of the insert's side;
 * - `rejects`: any other answer: throw, 409, `{ error }`, false, another free name.
 */
export type PresentSide = 'gives' | 'rejects';

const WRITES: ReadonlySet<string> = new Set(['update', 'delete', 'upsert', 'save']);
/** An answer that says no: by its status, by a word, by the side of a result type (`E.left(…)`, `err(…)`) that holds failures. */
export const FAILURE = /\b(?:status|statusCode|code|sendStatus)\s*[(:]\s*["']?4\d\d\b|,\s*4\d\d\s*,?\s*\)|\berror|\bfail|\b(?:ok|success|created|isSuccess|valid|available)\s*:\s*false|already|exists?\b|taken|duplicate|in use|conflict|not available|\b(?:left|err|reject)\(|\b(?:BAD_REQUEST|FORBIDDEN|UNAUTHORIZED|NOT_FOUND|UNPROCESSABLE|GONE|PRECONDITION)/i;

/** What was asked for is so: skipped, not refused. */
const SUCCESS = /\b(?:ok|success|isSuccess)\s*:\s*true\b|\bstatus\s*:\s*["'](?:ok|success)["']/;

/** @param related the rows of another table that the read fetched along, where these are asked for and not its own. */
export function presentSide(read: Operation, write: Operation, trace: Trace, related?: Facet): PresentSide {
  // `while (await isTaken(slug)) slug = next()`: found means: try another one.
  if (read.loops.some((loop) => !write.loops.includes(loop) && /^(?:While|DoWhile|For)Statement$/.test(loop.type))) return 'rejects';
  const inserted = conjuncts(write.condition);
  // `if (isReserved(name) || await isTaken(name)) throw`: one reason of several, and reason enough. What else the write asks where it
  // was looked up (`if (slug) { if (plan === 'free') throw …; … }`) decides nothing about this one.
  const known = conjuncts(trace.formulas.and(write.condition, read.condition));
  const isReason = (condition: Formula): boolean => { const own = conjuncts(condition).filter((part) => !known.includes(part)); return own.length === 1 && own[0]!.kind === 'or' && decidedBy(trace.formulas.not(own[0]!), read, 'absent'); };
  const isPresent = (condition: Formula): boolean => (related ? decidedByRelated(condition, related) : decidedBy(condition, read, 'present') || isReason(condition));
  if (trace.answers.some((one) => one.failure && isPresent(one.condition))) return 'rejects';
  // What follows the insert is its own side, also where the row that was read is another one (the parent of the inserted).
  const follows = (exit: Exit): boolean => { const parts = conjuncts(exit.condition); return exit.order >= write.id && inserted.every((part) => parts.includes(part)); };
  const exits = trace.exits.filter((one) => one.kind !== 'end' && (isPresent(one.condition) || isNotMissing(one.condition, read)) && !follows(one) && !isAboutAnother(one, read, trace) && !isAboutPart(one, read, trace));
  return exits.some((exit) => isRejection(exit, read, write, trace)) ? 'rejects' : 'gives';
}

/** Thrown because something that was looked for later was not there: `update(found.id)` that fails on an id that is gone. */
function isAboutAnother(exit: Exit, read: Operation, trace: Trace): boolean {
  return exit.kind === 'throw' && trace.operations.some((one) => one.verb === 'find' && precedes(read, one) && one.id <= exit.order && decidedBy(one.condition, read, 'present') && decidedBy(exit.condition, one, 'absent'));
}

/** `if (list.items.includes(item)) throw`, else the item is added to the list that was found: it is an element that is there already. */
function isAboutPart({ condition }: Exit, read: Operation, trace: Trace): boolean {
  const part = formulaLiterals(condition).find(({ atom, holds }) => { const facet = holds && atom.kind === 'exists' ? facetOf(atom.of) : undefined; return facet?.operation === read && facet.filters.length > 0 && facet.keys.some((key) => key !== '*'); });
  return part !== undefined && trace.operations.some((one) => (one.verb === 'update' || one.verb === 'save') && precedes(read, one) && sameTable(one.table, read.table) === true
    && decidedBy(one.condition, read, 'present') && formulaLiterals(one.condition).some(({ atom, holds }) => atom === part.atom && !holds));
}

/** `if (error?.code !== 'PGRST116') return …`: whatever is not "no row"; with `error &&` in front it is a failure of the look-up. */
function isNotMissing(condition: Formula, read: Operation): boolean {
  const codes = read.result.find((part) => part.absentCodes)?.absentCodes;
  if (!codes) return false;
  const asks = (literal: FormulaLiteral): boolean => {
    const { atom, holds } = literal;
    return !holds && atom.kind === 'compare' && atom.operator === '===' && atom.right.kind === 'literal' && codes.includes(String(atom.right.value)) && facetOf(atom.left)?.operation === read;
  };
  return needs(condition, asks).how === 'all' && !decidedBy(condition, read, 'absent');
}

function isRejection(exit: Exit, read: Operation, write: Operation, trace: Trace): boolean {
  // After an update or a delete of the row that was found: what the caller asked for was done, or tried.
  if (trace.operations.some((one) => precedes(read, one) && one.id <= exit.order && one !== write && WRITES.has(one.verb) && one.table.name === read.table.name
    && decidedBy(one.condition, read, 'present') && trace.formulas.and(one.condition, exit.condition).kind !== 'false')) return false;
  if (exit.kind === 'throw') return true;
  if (exit.kind !== 'return') return false;
  const { value } = exit;
  if (value === undefined || (value.kind === 'literal' && value.value === undefined)) return false;
  const text = trace.file.slice(exit.node);
  // The row itself, or the same one read again after it was changed.
  const gives = exit.sources.has(read) || [...exit.sources].some((one) => one.verb === 'find' && precedes(read, one) && sameTable(one.table, read.table) === true && decidedBy(one.condition, read, 'present'));
  if (gives && !/\b(?:status|statusCode|code)\s*[(:]\s*["']?4\d\d\b|\berror\s*:/i.test(text)) return false;
  if (SUCCESS.test(text)) return false;
  // The same answer on both sides tells nobody apart.
  const other = trace.exits.filter((one) => one.kind === 'return' && one.order >= write.id && one.node !== exit.node);
  if (other.some((one) => trace.file.slice(one.node) === text)) return false;
  if (value.kind === 'literal') return true;
  return FAILURE.test(text) || !gives;
}
