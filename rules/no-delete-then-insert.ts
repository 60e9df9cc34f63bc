/**
 * Replacing a set by deleting its rows and inserting the new ones, as separate statements.
 *
 * When the insert fails, the old set is gone and nothing takes its place: a user without roles, an order without lines. Whoever
 * reads between the two statements sees the empty set. Two calls at the same time end with both sets, or with an error.
 *
 * ```ts
 * // reported
 * await supabase.from('user_roles').delete().eq('user_id', userId);
 * await supabase.from('user_roles').insert(roles.map((role) => ({ user_id: userId, role })));
 *
 * // fine: one transaction
 * await prisma.$transaction([
 *   prisma.userRole.deleteMany({ where: { userId } }),
 *   prisma.userRole.createMany({ data: rows }),
 * ]);
 * ```
 *
 * Where there are no transactions (Supabase), insert first and prune second: upsert the wanted rows on their key, check the
 * error, then delete the others; or do it in a database function.
 *
 * Left alone: both statements in one transaction (`strict` reports that two of them still interleave), deletes by range only
 * (expiry sweeps), deletes restricted by a list (a prune; `strict`), exclusive branches, one element going and another coming.
 */
import { defineRule } from '../src/rule.ts';
import { doubt, ends, list } from '../src/wording.ts';

export default defineRule({
  name: 'no-delete-then-insert',
  description: 'disallow replacing a set of rows by a delete and an insert in separate statements',
  messages: {
    scoped: 'The `{{table}}` rows of this {{columns}} are deleted (`{{read}}`, {{line}}) before the new ones are inserted: if the insert fails they are lost, a reader in between sees none, and two concurrent calls mix their rows. Replace the set in one transaction, or insert first and delete the rest afterwards.{{doubt}}',
    everything: 'All `{{table}}` rows are deleted (`{{read}}`, {{line}}) before the new ones are inserted: if the insert fails they are lost, and a reader in between sees none. Replace the set in one transaction, or insert first and delete the rest afterwards.{{doubt}}',
    some: '`{{table}}` rows are deleted (`{{read}}`, {{line}}) before others are inserted: if the insert fails they are lost, and a reader in between sees none. Replace the set in one transaction, or insert first and delete the rest afterwards.{{doubt}}',
    transactional: 'Two concurrent transactions can both delete the `{{table}}` rows (`{{read}}`, {{line}}) and both insert theirs, so that both sets stay or one fails. Lock the parent row first.{{doubt}}',
  },
  options: { schema: { type: 'object', properties: {}, additionalProperties: false }, defaults: {} },
  *find(trace, { pairs }) {
    for (const { remove, insert, columns, open, node } of pairs.replaced()) {
      const messageId = open.some((one) => one.id === 'transactional-replace') ? 'transactional' : columns.length ? 'scoped' : remove.predicate?.arms.length ? 'some' : 'everything';
      yield {
        messageId, node,
        data: { ...ends(remove, insert, trace), columns: list(columns), doubt: messageId === 'transactional' ? '' : doubt(open) },
        race: { read: remove, write: insert, open, outcome: 'unknown', intent: { kind: 'replace-set', remove, insert } },
      };
    }
  },
});
