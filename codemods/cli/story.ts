/**
 * One finding as two calls run it, statement by statement, what the user sees of it, and which key decides: as data, for `explain`, for
 * `migrate --interactive` and for the report with pictures.
 */
import type { Finding } from '../../src/engine.ts';
import type { Intent, Operation, Race } from '../../src/model.ts';
import { shown } from './files.ts';

/** One statement of one call, and what comes of it. */
export interface Step {
  readonly call: 1 | 2;
  /** As people see it: relative to the working directory. */
  readonly file: string;
  readonly path: string;
  readonly line: number;
  /** The statement, as the code names it. */
  readonly label: string;
  readonly result: string;
  /** Here the harm is done. */
  readonly harm: boolean;
}

export interface Story {
  readonly heading: string;
  /** The interleaving that does the harm; empty where it cannot be told in statements. */
  readonly steps: readonly Step[];
  readonly seen: string;
  readonly keys: readonly string[];
}

export function storyOf({ race, messageId }: Finding, cwd: string): Story {
  const steps = stepsOf(race, messageId).map(({ at, ...step }) => ({ ...step, file: shown(at.file, cwd), path: at.file, line: at.line, label: at.label }));
  const calls = new Set(steps.map((one) => one.call));
  const heading = calls.size < 2 ? 'One call alone' : race.intent.kind === 'upsert' && race.intent.problem !== 'shape' ? 'Two calls, one after the other' : 'Two calls at the same time';
  return { heading, steps, seen: seen(race, messageId), keys: keyLines(race, cwd) };
}

/** What a unique key cannot prevent. */
const BY_NO_KEY: ReadonlySet<string> = new Set(['read-modify-write', 'check-then-update', 'replace-set', 'quota']);

interface Happening { readonly call: 1 | 2; readonly at: Pick<Operation, 'file' | 'line' | 'label'>; readonly result: string; readonly harm: boolean }

const happens = (call: 1 | 2, at: Happening['at'], result: string, harm = false): Happening => ({ call, at, result, harm });

function stepsOf(race: Race, messageId: string): Happening[] {
  const { intent, write, read } = race;
  if (intent.kind === 'upsert') return upserting(intent, messageId);
  if (intent.kind === 'insert-catch-update') {
    const { insert, answer } = intent;
    if (!answer || messageId === 'dead') return [happens(1, insert, 'inserts its row'), happens(2, insert, 'fails: a unique key is taken, and the handler never sees it', true)];
    const end = messageId === 'aborted' ? 'fails too: the violation has aborted the transaction' : 'looks for the row by what need not be the violated key';
    return [happens(1, insert, 'inserts its row'), happens(2, insert, 'fails: a unique key is taken'), happens(2, answer, end, true)];
  }
  if (!read) return [];
  const [before, first, second] = halves(race);
  return [happens(1, read, before), happens(2, read, before), happens(1, write, first), happens(2, write, second, true)];
}

type Upsert = Extract<Intent, { kind: 'upsert' }>;

function upserting({ write, problem, columns = [], elsewhere = [] }: Upsert, messageId: string): Happening[] {
  const named = columns.map((one) => `\`${one}\``).join(', ');
  switch (problem) {
    case 'shape': return [
      happens(1, write, 'its first statement finds no row'), happens(2, write, 'its first statement finds no row'),
      happens(1, write, 'its second statement inserts'), happens(2, write, 'its second statement inserts too: the key is taken', true),
    ];
    case 'key': {
      const other = elsewhere[0];
      if (!other) return [];
      const by = other.columns.map((one) => `\`${one}\``).join(', ');
      return [
        happens(1, write, `finds no row by ${named}, and inserts one`),
        happens(2, { file: other.file, line: other.line, label: `upsert by ${other.columns.join(', ')}` }, `finds none by ${by} for the same thing: inserts a second row, or fails on ${named}`, true),
      ];
    }
    case 'target': return aimless(write, named, messageId);
  }
}

/** A conflict target that no key stands behind; `problem` as the rule of it names the cases. */
function aimless(write: Operation, named: string, problem: string): Happening[] {
  switch (problem) {
    case 'nullable': return [happens(1, write, `inserts a row with NULL in ${named}`), happens(2, write, 'inserts it again: NULL equals nothing, so no conflict is seen', true)];
    case 'omitted': return [happens(1, write, `inserts its row under a new ${named}`), happens(2, write, `inserts it again: no row has its new ${named}, or another unique key is taken`, true)];
    default: return write.dialect === 'mysql'
      ? [happens(1, write, 'inserts its row'), happens(2, write, 'inserts it again: MySQL has no conflict target and looks at unique keys only', true)]
      : [happens(1, write, `fails before any row is looked at: no ${problem === 'no-key' ? '' : 'plain '}unique key is on ${named}${write.dialect ? '' : ' (on MySQL it inserts each time)'}`, true)];
  }
}

/** What the read gives to both, and what the write does for each. */
function halves({ intent, outcome, write }: Race): readonly [string, string, string] {
  const updates = write.verb === 'update';
  const once = updates ? 'writes the value' : 'inserts its row';
  const inserted = outcome === 'violation' ? 'fails: the key is taken by call 1' : updates ? 'writes the same value to another row' : outcome === 'duplicate' ? 'inserts a second row' : 'inserts as well';
  switch (intent.kind) {
    case 'insert-missing': return ['finds the same rows missing', 'inserts them', inserted];
    case 'update-or-insert': return ['changes no row', 'inserts its row', inserted];
    case 'replace-set': return ['deletes what is there', 'inserts its rows', 'inserts its rows beside those of call 1'];
    case 'read-modify-write': return [`reads \`${intent.column}\``, 'writes what it computed', 'writes over it what it computed from the old value'];
    case 'check-then-update': return ['finds what it asks for', write.verb === 'delete' ? 'deletes the row and goes on' : 'changes the row and goes on', 'goes on as well, although call 1 has ended what it had found'];
    case 'first-row-flag': return ['finds no other row', 'inserts the row with the flag', outcome === 'violation' ? inserted : 'inserts another row with the flag'];
    case 'number': return [`computes the same \`${intent.column}\``, 'inserts it', outcome === 'violation' ? inserted : 'inserts the same number again'];
    case 'quota': return ['counts the same rows, below the limit', 'inserts its row', 'inserts its row: the limit is passed'];
    default: return ['finds no row', once, inserted];
  }
}

function seen({ outcome, key, intent, write }: Race, messageId: string): string {
  const inserts = !BY_NO_KEY.has(intent.kind);
  if (intent.kind === 'upsert' && intent.problem === 'target') {
    if (messageId === 'nullable' || messageId === 'omitted' || write.dialect === 'mysql') return 'One row more with each call, or a duplicate-key error on another key: nothing is ever updated. No second call at the same time is needed.';
    return 'An error each time the statement runs, with one call alone.';
  }
  if (intent.kind === 'upsert' && intent.problem === 'key') return 'The same thing ends as two rows, or as a unique violation, depending on which place of the project wrote first.';
  switch (outcome) {
    case 'violation': return `One of the two callers gets a duplicate-key error${key?.length ? ` on ${key.join(', ')}` : ''} that nobody handles: a 500, although nothing was wrong with the request.`;
    case 'duplicate': return 'Both rows stay, since no unique key stands in the way; later look-ups return one of them by chance.';
    case 'lost-update': return 'Both callers are told that it worked, and the change of one of them is gone.';
    case 'both-pass': return 'Both callers succeed, although only one should have.';
    default: return inserts ? 'A duplicate row, or a duplicate-key error that nobody handles where a unique key exists: the schema that was read does not tell.' : intent.kind === 'replace-set' ? 'The rows of both calls, or, when the second statement fails, none at all.' : 'The result depends on which call was faster.';
  }
}

function keyLines({ key, write, intent }: Race, cwd: string): string[] {
  const { table, name } = write.table;
  if (!table) return [`The table of \`${name}\` is in no schema that was read. 'db-race keys' lists what was.`];
  const declared = table.keys.map((one) => `${one.columns.join(', ')}${one.where === undefined ? '' : ' (partial)'}${one.expression ? ' (with an expression)' : ''}, ${one.assumed === undefined ? `${shown(one.place.file, cwd)}:${one.place.line}` : 'as the settings say'}`);
  return [
    intent.kind === 'upsert' && intent.problem === 'key' ? rivals(intent, cwd) : key?.length ? `The unique key on ${key.join(', ')} decides.` : BY_NO_KEY.has(intent.kind) ? 'No key keeps these statements of two calls apart.' : 'No unique key is known to decide.',
    declared.length ? `\`${table.name}\` has: ${declared.join('; ')}.` : `\`${table.name}\` has no key.`,
    ...(table.complete ? [] : ['Not all of its schema was understood; it may have more keys.']),
  ];
}


function rivals({ columns = [], elsewhere = [] }: Upsert, cwd: string): string {
  return `Several keys compete: ${columns.join(', ')} here; ${elsewhere.map((one) => `${one.columns.join(', ')} at ${shown(one.file, cwd)}:${one.line}`).join('; ')}.`;
}
