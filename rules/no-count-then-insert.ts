/**
 * A count, a maximum or a "latest row" that decides whether a row may be inserted, its flag, or its number.
 *
 * `count() === 0` makes the first card the default card; two cards that are added at the same time are both the first. `max + 1`
 * numbers two invoices alike; `count < limit` lets both of two requests through when one place is left. No plain unique key
 * stands behind these, so the wrong rows stay.
 *
 * ```ts
 * // reported
 * const cards = await prisma.card.count({ where: { userId } });
 * await prisma.card.create({ data: { userId, token, isDefault: cards === 0 } });
 *
 * // fine: a partial unique index on the flag decides, the loser inserts without it
 * // CREATE UNIQUE INDEX card_default ON card (user_id) WHERE is_default
 * try {
 *   await prisma.card.create({ data: { userId, token, isDefault: true } });
 * } catch (error) {
 *   if (error.code !== 'P2002') throw error;
 *   await prisma.card.create({ data: { userId, token, isDefault: false } });
 * }
 * ```
 *
 * For numbers let the database count (sequence, identity), or make (scope, number) unique and retry. For quotas lock the parent
 * row first, or keep a counter column that is updated with its bound in the WHERE clause.
 *
 * Left alone: counts that are only returned or logged, counts of another table, inserts whose violation is handled.
 */
import type { Intent } from '../src/model.ts';
import { defineRule } from '../src/rule.ts';
import type { CountPair } from '../src/trace/pairs.ts';
import { doubt, ends, list } from '../src/wording.ts';

const MESSAGES = {
  first: 'Two concurrent calls can both see that there is no `{{table}}` row yet (`{{read}}`, {{line}}) and both insert the first one. Let a unique key decide, or lock the parent row before counting.{{doubt}}',
  flag: 'Two concurrent calls can both see that there is no `{{table}}` row yet (`{{read}}`, {{line}}) and both write {{columns}} as for the first one. Let a partial unique index on {{columns}} decide and handle its violation.{{doubt}}',
  number: 'Two concurrent calls can both read the same number (`{{read}}`, {{line}}) and write the same {{columns}} into `{{table}}`. Use a sequence, or make it unique and retry.{{doubt}}',
  quota: 'Two concurrent calls can both see that a `{{table}}` row still fits (`{{read}}`, {{line}}) and both insert, so the limit is exceeded. Lock the parent row before counting, or update a counter with the bound in its WHERE clause.{{doubt}}',
};

export default defineRule({
  name: 'no-count-then-insert',
  description: 'disallow a count, maximum or latest row deciding about an insert, its flag or its number',
  messages: MESSAGES,
  options: { schema: { type: 'object', properties: {}, additionalProperties: false }, defaults: {} },
  *find(trace, { pairs }) {
    for (const pair of pairs.counted()) {
      const { read, write, open, outcome, key, kind, flags, node } = pair;
      yield {
        messageId: kind, node,
        data: { ...ends(read, write, trace), columns: list(flags.map((one) => one.column)), doubt: doubt(open) },
        race: { read, write, open, outcome, ...(key && { key }), intent: intentOf(pair) },
      };
    }
  },
});

function intentOf({ read, write, kind, flags }: CountPair): Intent {
  if (kind === 'number') return { kind: 'number', read, insert: write, column: flags[0]!.column };
  if (kind === 'quota' || !flags.length) return { kind: 'quota', count: read, insert: write };
  return { kind: 'first-row-flag', count: read, insert: write, flags };
}
