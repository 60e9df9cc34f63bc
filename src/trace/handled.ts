/** Whether somebody notices the unique violation in which a race would end. */
import type { Handler, OpenQuestion, Operation, Race, Region } from '../model.ts';
import { formulaLiterals } from '../value/formula.ts';
import { insideRegion } from './absence.ts';
import type { Trace } from './index.ts';
import { handlingOf, isReadAgain } from './violations.ts';

export type Notice =
  /** The loser's violation is answered. */
  | { readonly handled: true }
  | { readonly handled: false; readonly open: readonly OpenQuestion[] };

/**
 * `outcome`: what the schema says of two writes of this race. Where it knows of no key, nothing is thrown and a handler is there for
 * another key's sake; since keys also hide in migrations that were not read, a handler that asks for violations leaves that open.
 */
export function noticeOf(read: Operation, write: Operation, outcome: Race['outcome'], trace: Trace): Notice {
  const handling = handlingOf(write, trace, (region) => isMeantForWrite(region, read, write, trace));
  if (handling.how !== 'handled' && handling.how !== 'blind') return { handled: false, open: [] };
  if (outcome !== 'duplicate') return { handled: true };
  if (isForOthers(handling.handler, read, write)) return { handled: false, open: [] };
  return { handled: false, open: [{ id: 'key-unseen', text: 'the handled violation is not the one of a key that the schema does not show' }] };
}

/**
 * A handler without a test answers the violation only when it stands around the write alone. Around the look-up as well it is there for
 * whatever fails (`catch (error) { next(error) }`), and so is one that answers with a failure.
 */
function isMeantForWrite(region: Region, read: Operation, write: Operation, trace: Trace): boolean {
  if (region.handler && isReadAgain(region.handler, write, trace)) return true;
  if (insideRegion(read, region.id)) return false;
  return !trace.answers.some((one) => one.failure && formulaLiterals(one.condition).some(({ atom, holds }) => holds && atom.kind === 'thrown' && atom.region === region.id));
}

/**
 * Every key of the table is known, and none of them keeps these rows apart; the handler has something else to answer: what fails beside
 * the write, or another key.
 */
function isForOthers(handler: Handler | undefined, read: Operation, { region: around, table: { table } }: Operation): boolean {
  if (!table?.complete || !table.stated) return false;
  if (table.keys.some((key) => !key.primary)) return true;
  for (let region = around; region; region = region.parent) if (region.handler === handler) return insideRegion(read, region.id);
  return false;
}
