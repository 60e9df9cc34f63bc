/** From a race to its rewrite, or to the reason why there is none. One entry for all hosts, so that they cannot disagree. */
import type { Edit, Operation, Race, Refusal, Rewrite } from '../model.ts';
import type { Surroundings, Trace } from '../trace/index.ts';
import { contextFor, type RewriteContext } from './context.ts';
import { createOrReject } from './intents/create-or-reject.ts';
import { ensureRow } from './intents/ensure-row.ts';
import { firstRowFlag } from './intents/first-row-flag.ts';
import { guarded } from './intents/guarded.ts';
import { insertCatchUpdate } from './intents/insert-catch-update.ts';
import { insertMissing } from './intents/insert-missing.ts';
import { noNumberOrQuota } from './intents/counted.ts';
import { replaceSet } from './intents/replace-set.ts';
import { upsertShape } from './intents/upsert-shape.ts';
import { unusedImports } from './imports.ts';
import { onOwnConnection } from './lent.ts';
import { brokenNames } from './names.ts';
import { refuse } from './refusals.ts';

/** @param rule its name, for a refusal that no intent gives: a race with an open question is reported, never rewritten. */
export function rewriteOf(race: Race, { trace, surroundings }: { readonly trace: Trace; readonly surroundings: Surroundings; readonly rule: string }): Rewrite | Refusal {
  const [question] = race.open;
  if (question) return refuse(question.id, `It is open whether ${question.text}.`);
  for (const operation of [race.write, race.read, ...Object.values(race.intent) as unknown[]]) {
    const elsewhere = isOperation(operation) ? surroundings.clients.find((one) => one.id === operation.client)?.forms?.sentElsewhere?.(operation) : undefined;
    if (elsewhere) return elsewhere;
  }
  const answer = answerTo(race, contextFor(race, trace, surroundings));
  if (answer.kind === 'refusal') return answer;
  const edits = [...unusedImports(trace.file, answer.edits), ...answer.edits].map((edit) => withLineEnds(edit, trace.file.text));
  return brokenNames(trace.file, edits) ?? { ...onOwnConnection(answer, race, trace.file), edits };
}

function isOperation(value: unknown): value is Operation { return typeof value === 'object' && value !== null && 'verb' in value && 'client' in value; }

/** Text that is put in place ends its lines as the file does. */
function withLineEnds(edit: Edit, text: string): Edit {
  return text.includes('\r\n') ? { ...edit, text: edit.text.replace(/\r?\n/g, '\r\n') } : edit;
}

function answerTo(race: Race, context: RewriteContext): Rewrite | Refusal {
  const { intent } = race;
  switch (intent.kind) {
    case 'get-or-create': return ensureRow({ ...intent, update: undefined }, context);
    case 'create-or-update': return ensureRow(intent, context);
    case 'insert-missing': return insertMissing(intent, context);
    case 'update-or-insert': return ensureRow({ read: intent.update, insert: intent.insert, update: intent.update }, context);
    case 'read-modify-write': case 'check-then-update': return guarded(intent, context);
    case 'upsert': return upsertShape(intent, context);
    case 'create-or-reject': return createOrReject(intent, context);
    case 'first-row-flag': return firstRowFlag(intent, context);
    case 'number': case 'quota': return noNumberOrQuota(intent, context);
    case 'replace-set': return replaceSet(intent, context);
    case 'insert-catch-update': return insertCatchUpdate(intent, context);
  }
}
