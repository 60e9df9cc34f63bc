/** Sentences that the messages of all rules share. */
import type { OpenQuestion, Operation, Race } from './model.ts';
import type { Trace } from './trace/index.ts';
import { lineOf } from './trace/place.ts';

/** `a`, `b` and `c`. */
export function list(names: readonly string[], last = 'and'): string {
  const quoted = [...new Set(names)].map((one) => `\`${one}\``);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} ${last} ${quoted.at(-1)}`;
}

/** What the second of two concurrent inserts leads to. */
export function loserSees(race: Pick<Race, 'outcome' | 'key'>): string {
  switch (race.outcome) {
    case 'violation': return `one of them fails with an unhandled duplicate-key error on ${list(race.key ?? [])}`;
    case 'duplicate': return 'both rows stay, since no unique key stands in the way';
    default: return 'the result is a duplicate row, or an unhandled duplicate-key error where a unique key exists';
  }
}

/** " This holds if …" for reports that leave a question open; empty for proven ones. */
export function doubt(open: readonly OpenQuestion[]): string {
  return open.length ? ` Reported because it is open whether ${open.map((one) => one.text).join(', and whether ')}.` : '';
}

/** The words that most messages need: both ends, the read's line, the table. */
export function ends(read: Operation, write: Operation, trace: Trace): Record<string, string> {
  return { read: read.label, write: write.label, line: lineOf(read, trace), table: write.table.table?.name ?? write.table.name };
}
