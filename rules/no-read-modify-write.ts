/**
 * Reading a row, computing a new value from it, and writing that value back.
 *
 * Two calls that read at the same time compute from the same old value, and the later write takes the place of the earlier one: a
 * view is not counted, an amount is not booked, one of two added tags is gone. Nobody gets an error. A transaction alone does not
 * help: at the default isolation level both read before either has written.
 *
 * ```ts
 * // reported
 * const post = await prisma.post.findUniqueOrThrow({ where: { id } });
 * await prisma.post.update({ where: { id }, data: { views: post.views + 1 } });
 *
 * // reported: the whole JSON value is written back
 * await prisma.user.update({ where: { id }, data: { settings: { ...user.settings, theme } } });
 *
 * // fine: the database does the sum
 * await prisma.post.update({ where: { id }, data: { views: { increment: 1 } } });
 *
 * // fine: the old value stands in the WHERE clause, and a miss is noticed
 * const { count } = await prisma.user.updateMany({ where: { id, version: user.version }, data: { settings, version: { increment: 1 } } });
 * if (count === 0) throw new ConflictError('changed meanwhile');
 * ```
 *
 * Rows changed in place and saved (`article.likes++; await repo.save(article)`, `tags.push(tag)`) are the same; a relation that is
 * loaded, extended and saved with its parent unlinks what others added.
 *
 * Left alone: `row.name = input.name || row.name`, columns that a save merely carries along, rows that are locked as they are read,
 * rows of this run's own, a row that was won by a guarded write before.
 */
import { defineRule } from '../src/rule.ts';
import { doubt, ends, list } from '../src/wording.ts';

const WHAT = 'Two concurrent calls can both read the same {{from}} of a `{{table}}` row (`{{read}}`, {{line}})';

export default defineRule({
  name: 'no-read-modify-write',
  description: 'disallow writing back a value that was computed from the row as it was read',
  messages: {
    sum: `${WHAT} and both write {{column}} computed from it; one of the two changes is lost. Let the database do the sum (an increment), or compare the old value in the WHERE clause.{{doubt}}`,
    text: `${WHAT} and both write {{column}} computed from it; one of the two changes is lost. Compute it in the database, or compare the old value in the WHERE clause and repeat on a miss.{{doubt}}`,
    merge: `${WHAT}, and both write the whole of {{column}} back with their own change; the other one's is lost. Merge in the database, or compare the old value or a version in the WHERE clause and repeat on a miss.{{doubt}}`,
    toggle: `${WHAT} and both turn {{column}} to the same value; one of the two changes is lost. Write the wanted value, or turn it over in the database.{{doubt}}`,
    relation: 'Two concurrent calls can both load the same {{column}} of a `{{table}}` row (`{{read}}`, {{line}}) and both save it with their own change; what the other one added is unlinked. Insert or delete the related row itself.{{doubt}}',
  },
  options: { schema: { type: 'object', properties: {}, additionalProperties: false }, defaults: {} },
  *find(trace, { pairs }) {
    for (const { read, write, kind, column, from, open, node } of pairs.modified()) {
      yield {
        messageId: kind, node,
        data: { ...ends(read, write, trace), column: `\`${column}\``, from: list(from), doubt: doubt(open) },
        race: { read, write, open, outcome: 'lost-update', intent: { kind: 'read-modify-write', read, write, column } },
      };
    }
  },
});
