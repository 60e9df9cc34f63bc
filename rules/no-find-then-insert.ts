/**
 * Looking a row up, and inserting it when nothing was found, as two statements.
 *
 * Two requests that arrive together both find nothing and both insert. Where a unique key covers the row, the slower one fails
 * with an error that nobody handles and the user gets a 500; where none does, the row is there twice, and every later
 * `findOne` returns one of the two by chance. Reading inside a transaction does not help: at the default isolation level of
 * every supported database both transactions read "absent".
 *
 * ```ts
 * // reported
 * const presence = await repo.findOneBy({ userId });
 * if (!presence) await repo.insert({ userId, status });
 *
 * // fine: one statement, the unique key decides
 * await repo.upsert({ userId, status }, ['userId']);
 *
 * // fine: the violation is handled
 * try {
 *   await repo.insert({ userId, status });
 * } catch (error) {
 *   if (!isUniqueViolation(error)) throw error;
 * }
 * ```
 *
 * Left alone: a look-up in another table (a parent that must exist), an insert with a conflict clause, a row whose key was made
 * in this run, a violation that is handled around the insert, pairs inside a serializable transaction that is retried or after a
 * lock that every caller takes first. A look-up whose finding is answered with an error belongs to `no-check-then-reject`.
 */
import type { Intent } from '../src/model.ts';
import { defineRule } from '../src/rule.ts';
import type { AbsencePair } from '../src/trace/pairs.ts';
import { doubt, ends, list, loserSees } from '../src/wording.ts';

export default defineRule({
  name: 'no-find-then-insert',
  description: 'disallow inserting a row after a look-up found none, in separate statements',
  messages: {
    absent: 'Two concurrent calls can both find no `{{table}}` row for this {{columns}} (`{{read}}`, {{line}}) and both insert; {{loser}}. Insert in one statement that names the key, or handle the duplicate.{{doubt}}',
    missing: 'Two concurrent calls can both find the same `{{table}}` rows missing (`{{read}}`, {{line}}) and both insert them; {{loser}}. Insert in one statement that ignores rows that are there already.{{doubt}}',
    unlinked: 'Two concurrent calls can both find `{{columns}}` empty (`{{read}}`, {{line}}) and both create a `{{table}}` row; one of the two is lost from sight. Link in one guarded statement, or make the child unique to its parent.{{doubt}}',
  },
  options: { schema: { type: 'object', properties: {}, additionalProperties: false }, defaults: {} },
  *find(trace, { pairs }) {
    for (const pair of pairs.absences()) {
      if (pair.present !== 'gives') continue;
      const { read, write, open, outcome, key, node } = pair;
      const messageId = pair.links ? 'unlinked' : pair.missing ? 'missing' : 'absent';
      yield {
        messageId, node,
        data: { ...ends(read, write, trace), columns: pair.links ? pair.columns[0]! : list(pair.columns) || 'value', loser: loserSees(pair), doubt: doubt(open) },
        race: { read, write, open, outcome, ...(key && { key }), intent: intentOf(pair) },
      };
    }
  },
});

function intentOf({ read, write, update, missing }: AbsencePair): Intent {
  if (missing) return { kind: 'insert-missing', read, insert: write };
  return update ? { kind: 'create-or-update', read, insert: write, update } : { kind: 'get-or-create', read, insert: write };
}
