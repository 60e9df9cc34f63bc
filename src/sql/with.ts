/** `WITH name AS (…), …`. */
import type { Cursor } from './cursor.ts';
import { MAX_DEPTH } from './expression.ts';
import type { CommonTable } from './model.ts';
import { readOne } from './statement.ts';

/** The common tables; undefined when the clause is not understood. `cursor` then stands at the statement behind it. */
export function readWith(cursor: Cursor): CommonTable[] | undefined {
  cursor.take('WITH');
  cursor.take('RECURSIVE');
  const found: CommonTable[] = [];
  do {
    const name = cursor.name();
    if (name === undefined) return undefined;
    if (cursor.is('(')) cursor.skip();
    if (!cursor.take('AS')) return undefined;
    cursor.take('NOT');
    cursor.take('MATERIALIZED');
    const inner = cursor.inner();
    if (!inner || inner.depth > MAX_DEPTH) return undefined;
    found.push({ name, statement: readOne(inner) });
    // SEARCH and CYCLE clauses.
    if (!cursor.is(',')) cursor.skipTo((token) => token.key === ',' || ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'VALUES', '('].includes(token.key));
  } while (cursor.take(','));
  return found;
}
