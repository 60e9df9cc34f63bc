/**
 * Reading a state or a count, deciding on it in code, and changing it by id alone.
 *
 * Two calls that arrive together are both let through: an invitation is accepted twice, a voucher is redeemed twice, stock falls
 * below zero, the last two owners remove each other. What was true when it was read need not be true when it is written.
 *
 * ```ts
 * // reported
 * const order = await prisma.order.findUniqueOrThrow({ where: { id } });
 * if (order.status !== 'PENDING') throw new ConflictError('already paid');
 * await charge(order);
 * await prisma.order.update({ where: { id }, data: { status: 'PAID' } });
 *
 * // fine: the condition stands in the WHERE clause, and only who changed the row goes on
 * const { count } = await prisma.order.updateMany({ where: { id, status: 'PENDING' }, data: { status: 'PAID' } });
 * if (count === 0) throw new ConflictError('already paid');
 * await charge(order);
 * ```
 *
 * For rules about how many rows there are ("the last owner stays") lock the parent row before counting.
 *
 * Left alone: look-ups that only answer 404, checks of columns that the write does not change (owner, tenant, type), checks that
 * still hold after the write, a check that merely avoids writing the same value, rows won by a guarded write before, locked rows,
 * rows of this run's own. A value computed from the row belongs to `no-read-modify-write`.
 */
import { defineRule } from '../src/rule.ts';
import { doubt, ends, list } from '../src/wording.ts';

export default defineRule({
  name: 'no-check-then-update',
  description: 'disallow deciding on a state or count as it was read, and changing it by id alone',
  messages: {
    state: 'Two concurrent calls can both find {{columns}} of the same `{{table}}` row as required (`{{read}}`, {{line}}) and both go on, although each write ends what was required. Put the condition into the WHERE clause, and go on only if a row was changed.{{doubt}}',
    consumed: 'Two concurrent calls can both find the same `{{table}}` row still valid by {{columns}} (`{{read}}`, {{line}}) and both use it before it is deleted. Delete it first, and go on only if a row was deleted.{{doubt}}',
    taken: 'Two concurrent calls can both pick the same `{{table}}` row (`{{read}}`, {{line}}) and both hand it out. Hand it out only if this call deleted it.{{doubt}}',
    least: 'Two concurrent calls can both count enough `{{table}}` rows (`{{read}}`, {{line}}) and both take one away, so that fewer than required are left. Lock the parent row before counting.{{doubt}}',
    most: 'Two concurrent calls can both see that one more `{{table}}` row fits (`{{read}}`, {{line}}) and both add one, so that the limit is exceeded. Lock the parent row before counting.{{doubt}}',
  },
  options: { schema: { type: 'object', properties: {}, additionalProperties: false }, defaults: {} },
  *find(trace, { pairs }) {
    for (const { read, write, kind, columns, open, node } of pairs.checked()) {
      yield {
        messageId: kind, node,
        data: { ...ends(read, write, trace), columns: list(columns), doubt: doubt(open) },
        race: { read, write, open, outcome: 'both-pass', intent: { kind: 'check-then-update', read, write, columns } },
      };
    }
  },
});
