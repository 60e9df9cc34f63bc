/**
 * A call that is named atomic, and runs as a read followed by a write in this shape, version and dialect.
 *
 * Prisma's `upsert` is one statement on Postgres and SQLite where `update` is not empty, one unique key stands in `where` and `create`
 * alike, and no relation is linked or fetched; with `update: {}`, with `include`, and always on MySQL it is a SELECT followed by
 * an INSERT. Of ten parallel first calls nine then fail with a unique violation that nobody expects from an upsert.
 *
 * ```ts
 * // reported
 * await prisma.tag.upsert({ where: { name }, create: { name }, update: {} });
 *
 * // fine: one statement, the column is written to itself
 * await prisma.tag.upsert({ where: { name }, create: { name }, update: { name } });
 * ```
 *
 * Left alone: the shape that is one statement, a unique violation that is handled or retried around the call.
 */
import type { Operation, Region } from '../src/model.ts';
import { defineRule } from '../src/rule.ts';
import { contains } from '../src/source/syntax.ts';
import { doubtsAbout } from '../src/trace/evidence.ts';
import { noticeOf } from '../src/trace/handled.ts';
import { sameTable } from '../src/trace/matching.ts';
import { protectionOf } from '../src/trace/protection.ts';
import { doubt } from '../src/wording.ts';

/** Whether `write` stands in a handler of what fails in `region`. */
function isHandledBy(region: Region | undefined, write: Operation): boolean {
  for (let at = region; at; at = at.parent) if (at.handler && contains(at.handler.node, write.node)) return true;
  return false;
}

export default defineRule({
  name: 'no-nonatomic-upsert',
  description: 'disallow upserts that run as a read followed by a write',
  messages: {
    split: '`{{write}}` is no single statement here: {{why}}. Two concurrent first calls can both find no `{{table}}` row and both insert; one fails with a duplicate-key error, or the row is there twice. Use the shape that is one statement, or insert first and handle the violation.{{doubt}}',
  },
  options: { schema: { type: 'object', properties: {}, additionalProperties: false }, defaults: {} },
  *find(trace, { names }) {
    for (const write of trace.operations) {
      const { conflict } = write;
      if (!conflict || conflict.atomic === true || conflict.why === undefined || write.file !== trace.file.path || noticeOf(write, write, 'violation', trace).handled) continue;
      // Tried again after the violation that the first try met: the row is there by then.
      if (trace.operations.some((one) => one !== write && one.verb === 'upsert' && sameTable(one.table, write.table) === true && isHandledBy(one.region, write))) continue;
      const protection = protectionOf(write, write, [], trace, names);
      if (protection.closed) continue;
      const open = [...protection.open, ...doubtsAbout(undefined, write)];
      if (conflict.atomic === 'unknown') open.push({ id: 'shape-unclear', text: 'it is one' });
      yield {
        messageId: 'split', node: write.verbNode ?? write.node,
        data: { write: write.label, why: conflict.why, table: write.table.table?.name ?? write.table.name, doubt: doubt(open) },
        race: { read: undefined, write, open, outcome: 'violation', intent: { kind: 'upsert', write, problem: 'shape' } },
      };
    }
  },
});
