/**
 * Updating a row, and inserting it when nothing was updated, as two statements.
 *
 * Two requests that arrive together both update nothing and both insert. With a unique key the slower one fails with an error that
 * nobody handles; without one the row is there twice.
 *
 * ```ts
 * // reported
 * const { count } = await prisma.counter.updateMany({ where: { name }, data: { value } });
 * if (count === 0) await prisma.counter.create({ data: { name, value } });
 *
 * // fine: one statement, the unique key decides
 * await prisma.counter.upsert({ where: { name }, create: { name, value }, update: { value } });
 * ```
 *
 * Left alone: an insert with a conflict clause, a violation that is handled around the insert, pairs that are serialised, an update
 * whose miss is answered with an error.
 */
import { defineRule } from '../src/rule.ts';
import { doubt, ends, list, loserSees } from '../src/wording.ts';

export default defineRule({
  name: 'no-update-then-insert',
  description: 'disallow inserting a row after an update changed none, in separate statements',
  messages: {
    missed: 'Two concurrent calls can both find no `{{table}}` row to update for this {{columns}} (`{{read}}`, {{line}}) and both insert; {{loser}}. Insert or update in one statement that names the key.{{doubt}}',
  },
  options: { schema: { type: 'object', properties: {}, additionalProperties: false }, defaults: {} },
  *find(trace, { pairs }) {
    for (const { update, insert, columns, open, outcome, key, node } of pairs.updatedFirst()) {
      yield {
        messageId: 'missed', node,
        data: { ...ends(update, insert, trace), columns: list(columns) || 'value', loser: loserSees({ outcome, ...(key && { key }) }), doubt: doubt(open) },
        race: { read: update, write: insert, open, outcome, ...(key && { key }), intent: { kind: 'update-or-insert', update, insert } },
      };
    }
  },
});
