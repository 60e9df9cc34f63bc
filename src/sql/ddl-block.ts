/**
 * `DO $$ … $$`: migrations add constraints there that Postgres cannot add IF NOT EXISTS. DDL that stands in the body as it is, and
 * `EXECUTE '…'` of a plain string, is read; a body that makes up its DDL is listed.
 */
import type { Cursor } from './cursor.ts';
import { readDefinition } from './ddl.ts';
import type { Definition } from './ddl-model.ts';
import { sqlSource } from './source.ts';
import { statementsOf } from './split.ts';
import type { RawStatement } from './split.ts';
import type { Dialect } from '../schema/model.ts';

const DDL = new Set(['CREATE', 'ALTER', 'DROP']);

export function readBlock(cursor: Cursor, dialect: Dialect | undefined): Omit<Extract<Definition, { kind: 'block' }>, 'start' | 'end'> | { readonly kind: 'ignored' } | undefined {
  const body = cursor.tokens.find((token) => token.kind === 'string');
  if (!body) return undefined;
  if (!/\b(?:create|alter|drop)\b/i.test(body.value)) return { kind: 'ignored' };
  const source = sqlSource(body.value);
  const definitions: Definition[] = [];
  const unread: string[] = [];
  for (const raw of statementsOf(source, dialect)) {
    // `BEGIN`, `IF NOT EXISTS (…) THEN`, `EXCEPTION WHEN … THEN` stand before the statement, without a semicolon between.
    const at = raw.tokens.findIndex((token, index) => (DDL.has(token.key) && startsStatement(raw, index)) || token.key === 'EXECUTE');
    if (at < 0) continue;
    const first = raw.tokens[at]!;
    if (first.key === 'EXECUTE') {
      const text = raw.tokens[at + 1];
      const whole = text?.kind === 'string' && (raw.tokens.length === at + 2);
      const inner = whole ? sqlSource(text.value) : undefined;
      const made = inner && [...statementsOf(inner, dialect)].map((one) => readDefinition(inner, one, dialect));
      if (made) definitions.push(...made.filter((one) => one.kind !== 'ignored'));
      else if (/\b(?:table|unique|index)\b/i.test(source.text.slice(first.start, raw.end))) unread.push(source.text.slice(first.start, raw.end));
      continue;
    }
    const part: RawStatement = { ...raw, tokens: raw.tokens.slice(at), start: first.start, broken: false };
    const read = readDefinition(source, part, dialect);
    if (read.kind === 'unread') unread.push(read.text);
    else if (read.kind !== 'ignored') definitions.push(read);
  }
  return { kind: 'block', definitions, unread };
}

/** A word that begins a statement, not one of `IF EXISTS (… DROP …)` or of a name. */
function startsStatement(raw: RawStatement, at: number): boolean {
  const before = raw.tokens[at - 1]?.key;
  return before === undefined || ['BEGIN', 'THEN', 'ELSE', 'LOOP', '>>'].includes(before);
}
