/**
 * The condition in the WHERE clause of the statement, whose count of rows tells whether it still held, and sums that the database works
 * out. Measured on Postgres, MariaDB and SQLite: one statement decides, and `numUpdatedRows` is a bigint.
 */
import type { Edit, Refusal } from '../../model.ts';
import { onDatabase } from '../common/forms.ts';
import type { FormContext, Guard, GuardedWriteForm, GuardedWriteRequest } from '../forms.ts';
import { columnNamed } from '../common/builder/state.ts';
import { keyName } from '../../source/syntax.ts';
import { builtObject, objectOf, refusal, spaceBefore, spelling, stepsOf, tableText } from './chain.ts';

const ENDS = ['execute', 'executeTakeFirst', 'executeTakeFirstOrThrow'] as const;

export function guardedWrite({ write, table, guards, sums, asksMiss, wants, into }: GuardedWriteRequest, context: FormContext): GuardedWriteForm | Refusal {
  const { dialect, quote } = context;
  if (!dialect) return refusal('dialect-unknown', 'What a statement answers depends on the database: name it in settings[\'db-race\'].dialect.');
  const steps = stepsOf(write.node);
  const start = steps.get('updateTable') ?? steps.get('deleteFrom');
  const end = ENDS.flatMap((one) => steps.get(one) ?? [])[0];
  if (!start || !end || tableText(start) === undefined || [...steps.keys()].some((one) => /^(?:\$|from$|using$|.*Join$|with|limit$|modify|compile$)/.test(one))) return refusal('expression', 'The builder of the write does not stand at one place, or has a clause that the rewrite does not know.');
  const spell = spelling(table, write);
  const edits: Edit[] = [];
  if (sums.length) {
    const summed = sumEdits({ steps, sums, table }, spell, context);
    if ('kind' in summed) return summed;
    edits.push(...summed);
  }
  const common = { kind: 'guarded-write' as const, requires: [onDatabase(dialect)], changes: [] };
  if (!asksMiss && !guards.length) return { ...common, id: 'kysely-sum', title: `Let the database add to ${sums.map((one) => `\`${one.column}\``).join(', ')}`, call: context.edited(write.node, edits) };
  // Behind the last condition, in the same style.
  const where = steps.get('where');
  if (guards.length && !where) return refusal('expression', 'The write has no `where` to which the condition could be added.');
  const space = where ? spaceBefore(where, context) : '';
  const conditions = guards.map((one) => `${space}.where(${conditionOf(one, spell(one.column), quote)})`).join('');
  if (where && conditions) edits.push({ start: where.range[1], end: where.range[1], text: conditions });
  const title = guards.length ? `Put the condition on ${[...new Set(guards.map((one) => `\`${one.column}\``))].join(', ')} into the WHERE clause` : 'Go on only when the row was deleted';
  const returns = steps.has('returning') || steps.has('returningAll');
  if (!asksMiss) return { ...common, id: 'kysely-guarded', title, call: context.edited(write.node, edits) };
  const name = end.callee.type === 'MemberExpression' ? end.callee.property : end;
  const method = context.text(name);
  if (wants === 'result' && (!returns || method === 'execute')) return refusal('row-wanted', 'The result of the write is used, and is none that tells whether a row was changed.');
  if (returns && dialect === 'mysql') return refusal('row-wanted', 'On MySQL a write returns no rows.');
  // One answer instead of a list with one; where a row comes back, none must not throw.
  if (method === 'execute' || (returns && method !== 'executeTakeFirst')) edits.push({ start: name.range[0], end: name.range[1], text: 'executeTakeFirst' });
  const call = context.edited(write.node, edits);
  if (returns) {
    const row = into ?? context.fresh('row');
    return { ...common, id: 'kysely-guarded-returning', title, call, miss: { pattern: row, test: `!${row}` }, ...(wants === 'result' && { value: row }) };
  }
  // A literal `0n` is an error where the compiler's target is older than it.
  const counted = write.verb === 'delete' ? 'numDeletedRows' : 'numUpdatedRows';
  const count = context.fresh(counted);
  return { ...common, id: 'kysely-guarded-count', title, call, miss: { pattern: count === counted ? `{ ${counted} }` : `{ ${counted}: ${count} }`, test: `${count} < 1` } };
}

function conditionOf({ operator, texts }: Guard, column: string, quote: string): string {
  const name = `${quote}${column}${quote}`;
  const is = (text: string, value: string): string => `${name}, ${quote}${text}${quote}, ${value}`;
  switch (operator) {
    case 'is null': return is('is', 'null');
    case 'is not null': return is('is not', 'null');
    case 'in': case 'not in': return is(operator, `[${texts.join(', ')}]`);
    default: return is(operator, texts[0]!);
  }
}

/** `{ n: row.n + 1 }` as `(eb) => ({ n: eb('n', '+', 1) })`. */
function sumEdits({ steps, sums, table }: Pick<GuardedWriteRequest, 'sums' | 'table'> & { readonly steps: ReturnType<typeof stepsOf> }, spell: (column: string) => string, context: FormContext): Edit[] | Refusal {
  const built = builtObject(steps.get('set'));
  const object = built?.object ?? objectOf(steps.get('set'));
  if (!object) return refusal('argument', 'What `set` of the write is given is no object literal.');
  const eb = built?.eb ?? (context.fresh('eb'));
  const edits: Edit[] = [];
  for (const { column, operator, text } of sums) {
    const property = object.properties.findLast((one) => one.type === 'Property' && columnNamed(table, keyName(one.key, one.computed) ?? '') === column);
    if (property?.type !== 'Property') return refusal('argument', 'The sum does not stand in the call.');
    const { quote } = context;
    const sum = `${eb}(${quote}${spell(column)}${quote}, ${quote}${operator}${quote}, ${text})`;
    edits.push(property.shorthand ? { start: property.range[0], end: property.range[1], text: `${context.text(property.key)}: ${sum}` } : { start: property.value.range[0], end: property.value.range[1], text: sum });
  }
  if (!built) edits.push({ start: object.range[0], end: object.range[0], text: `(${eb}) => (` }, { start: object.range[1], end: object.range[1], text: ')' });
  return edits;
}
