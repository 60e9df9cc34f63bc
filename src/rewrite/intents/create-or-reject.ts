/**
 * Create or reject, claim or reject: the look-up stays for its friendly answer, the unique key decides, and a violation of exactly that
 * key gives the same answer.
 */
import type { Intent, Operation, Refusal, Rewrite } from '../../model.ts';
import { claimedKey } from '../claims/key.ts';
import { claimCheck } from '../claims/check.ts';
import type { RewriteContext } from '../context.ts';
import { decisionOf } from '../decision.ts';
import { siteOf } from '../inside-transaction.ts';
import { lookupKeys, onlyRow, otherKeys, together } from '../keys.ts';
import { isRefusal, refuse } from '../refusals.ts';
import { answerAgain } from './answer-again.ts';

export function createOrReject({ read, insert: write }: Extract<Intent, { kind: 'create-or-reject' }>, context: RewriteContext): Rewrite | Refusal {
  return write.verb === 'insert' ? create(read, write, context) : claim(read, write, context);
}

function create(read: Operation, insert: Operation, context: RewriteContext): Rewrite | Refusal {
  const proven = lookupKeys(read, insert, context);
  if (isRefusal(proven)) return proven;
  const row = onlyRow(insert);
  if (isRefusal(row)) return row;
  const decision = decisionOf(read, { ...insert, node: siteOf(read, insert) }, context.trace);
  if (isRefusal(decision)) return decision;
  if (decision.present.some((one) => one.cut)) return refuse('answer-shape', 'Only an answer that is thrown or returned can be given again where the write fails.');
  const keys = proven.map((one) => one.key);
  const { table } = proven[0];
  return answerAgain({ read, write: insert, steps: decision.present.map((one) => one.node), table, keys, others: otherKeys(table, keys, row), requires: together(proven.map((one) => one.requires)), changes: [] }, context);
}

function claim(read: Operation, update: Operation, context: RewriteContext): Rewrite | Refusal {
  if (!context.client?.forms?.claims) return refuse('no-form', 'An update that claims a value is not rewritten for this library: catch the violation of its key around it, and answer as the check does.');
  const claimed = claimedKey(read, update, context);
  if (isRefusal(claimed)) return claimed;
  const check = claimCheck(read, { ...update, node: siteOf(read, update) }, claimed, context);
  if (isRefusal(check)) return check;
  // The row itself may be found by one value, and then nobody has asked for the other.
  if (claimed.keys.length > 1 && check.excludesRow) return refuse('several-rows', 'The look-up gives one of the rows that have either value, which may be the updated one: leave that out in the look-up itself.');
  const changes = claimed.excludesRow || check.excludesRow ? [] : ['Two calls that write the same value into the same row can both succeed.'];
  return answerAgain({ read, write: update, steps: check.steps, changes, ...claimed }, context);
}
