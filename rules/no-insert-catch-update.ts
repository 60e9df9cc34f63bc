/**
 * Answering a unique violation by updating or reading a row that is not the one in the way.
 *
 * An insert that fails on one key and is answered with an update by another one updates the wrong row, or none: the caller is
 * told that all went well, and a row is mixed from two requests. A handler that looks at a property which this client does not
 * set, or for the code or class of another library or database, never runs; one that goes on inside the Postgres transaction that
 * the violation has aborted fails at its next statement.
 *
 * ```ts
 * // reported: `users` has unique keys on `email` and on `handle`; which one was violated is not asked
 * try {
 *   await repo.insert({ email, handle });
 * } catch (error) {
 *   if (error.code !== '23505') throw error;
 *   await repo.update({ email }, { handle });
 * }
 *
 * // fine: one statement on one key
 * await repo.upsert({ email, handle }, ['email']);
 * ```
 *
 * Left alone: answers by the violated key (a sound get-or-create), handlers that ask which constraint it was, and those that
 * only translate the error.
 */
import { defineRule } from '../src/rule.ts';
import { lineOf } from '../src/trace/place.ts';
import type { AnsweredPair } from '../src/trace/pairs.ts';
import { doubt, list } from '../src/wording.ts';

const MESSAGES = {
  'other-key': 'A unique violation of `{{insert}}` is answered ({{line}}) by {{columns}}, which is not the key that was violated ({{keys}}): another row, or none, is taken for the one in the way. Use one upsert on an explicit key.{{doubt}}',
  'unclear-key': 'A unique violation of `{{insert}}` is answered ({{line}}) by {{columns}}, but it can come from {{keys}}: when it is another one, the wrong row, or none, is taken for the one in the way. Use one upsert on an explicit key, or ask the error which key it was.{{doubt}}',
  dead: 'The handler around `{{insert}}` never sees a unique violation here: {{why}}. A duplicate reaches the user as an unhandled error.{{doubt}}',
  aborted: 'A unique violation of `{{insert}}` aborts the Postgres transaction, so what follows inside it ({{line}}) fails with 25P02. Handle the violation outside the transaction, or use one upsert.{{doubt}}',
};

export default defineRule({
  name: 'no-insert-catch-update',
  description: 'disallow answering a unique violation by another key than the violated one',
  messages: MESSAGES,
  options: { schema: { type: 'object', properties: {}, additionalProperties: false }, defaults: {} },
  *find(trace, { pairs }) {
    for (const pair of pairs.answered()) {
      const { insert, answer, problem, keys, columns, why, open, node } = pair;
      yield {
        messageId: problem, node,
        data: {
          insert: insert.label, line: lineOf(answer ?? insert, trace), columns: list(columns), keys: keysText(keys), why: why ?? 'its test does not match what this client throws', doubt: doubt(open),
        },
        race: { read: insert, write: answer ?? insert, open, outcome: 'unknown', intent: { kind: 'insert-catch-update', insert, answer, region: insert.region } },
      };
    }
  },
});

function keysText(keys: AnsweredPair['keys']): string {
  return keys.length ? keys.map((key) => (key.columns.length > 1 ? `(${list(key.columns)})` : list(key.columns))).join(' or ') : 'another one';
}
