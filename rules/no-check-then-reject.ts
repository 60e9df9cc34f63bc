/**
 * Looking up whether something is taken, rejecting when it is, and inserting when it is not, as two statements.
 *
 * Two requests that arrive together are both told that the name is free, and both insert. Where a unique key covers it, the slower
 * one gets a 500 instead of the friendly answer; where none does, the name is taken twice.
 *
 * ```ts
 * // reported
 * if (await prisma.user.findUnique({ where: { email } })) throw new ConflictError('already registered');
 * await prisma.user.create({ data: { email } });
 *
 * // fine: the check stays for the message, the unique key decides, and its violation gives the same answer
 * if (await prisma.user.findUnique({ where: { email } })) throw new ConflictError('already registered');
 * try {
 *   await prisma.user.create({ data: { email } });
 * } catch (error) {
 *   if (error.code === 'P2002') throw new ConflictError('already registered');
 *   throw error;
 * }
 * ```
 *
 * An update of the column that was looked up is reported likewise, and so is a loop that looks for a free slug.
 *
 * Left alone: a violation that is handled around the write, a look-up in another table, pairs that are serialised. A look-up whose
 * finding is handed out, updated or skipped belongs to `no-find-then-insert`.
 */
import { defineRule } from '../src/rule.ts';
import { lineage } from '../src/value/terms.ts';
import { doubt, ends, list, loserSees } from '../src/wording.ts';

export default defineRule({
  name: 'no-check-then-reject',
  description: 'disallow rejecting what a look-up found taken, and writing otherwise, in separate statements',
  messages: {
    insert: 'Two concurrent calls can both find no `{{table}}` row for this {{columns}} (`{{read}}`, {{line}}) and both insert; {{loser}}. Let a unique key decide, and answer its violation as the check does.{{doubt}}',
    update: 'Two concurrent calls can both find this {{columns}} of `{{table}}` free (`{{read}}`, {{line}}) and both write it; {{loser}}. Let a unique key decide, and answer its violation as the check does.{{doubt}}',
  },
  options: { schema: { type: 'object', properties: {}, additionalProperties: false }, defaults: {} },
  *find(trace, { pairs }) {
    for (const pair of [...pairs.absences(), ...pairs.claims()]) {
      if (pair.present !== 'rejects') continue;
      const { read, write, open, outcome, key, node } = pair;
      yield {
        // A row that was read and is saved again is no new one.
        messageId: write.verb === 'update' || (write.saved && lineage(write.saved)) ? 'update' : 'insert', node,
        data: { ...ends(read, write, trace), columns: list(pair.columns) || 'value', loser: loserSees(pair), doubt: doubt(open) },
        race: { read, write, open, outcome, ...(key && { key }), intent: { kind: 'create-or-reject', read, insert: write } },
      };
    }
  },
});
