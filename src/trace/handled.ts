/** Whether somebody notices the unique violation in which a race would end. */
import type { OpenQuestion, Operation, Race, Region } from '../model.ts';
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
 * another key's sake; since keys also hide in migrations, a handler that asks for violations leaves that open.
 */
export function noticeOf(read: Operation, write: Operation, outcome: Race['outcome'], trace: Trace): Notice {
  const { how } = handlingOf(write, trace, (region) => isMeantForWrite(region, read, write, trace));
  if (how !== 'handled' && how !== 'blind') return { handled: false, open: [] };
  if (outcome !== 'duplicate') return { handled: true };
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
