/**
 * Updates and deletes with their condition in the WHERE clause, and sums that the database works out. Measured on 3.3 with pg, mysql2
 * (MariaDB) and better-sqlite3: without `.returning()` all of them resolve to the number of rows that the condition found; mysql2 counts
 * rows that had the new values already, too.
 */
import type { Edit, Refusal, Requirement } from '../../model.ts';
import { keyName, unwrap } from '../../source/syntax.ts';
import { onDatabase } from '../common/forms.ts';
import { whereStep } from '../common/conditions.ts';
import { refuseForm as refusal } from '../common/refusal.ts';
import type { FormContext, GuardedWriteForm, GuardedWriteRequest } from '../forms.ts';
import { builderOf, chainOf, type Chain } from './chain.ts';

export function guardedWrite(request: GuardedWriteRequest, context: FormContext): GuardedWriteForm | Refusal {
  const { write, guards, sums, asksMiss, wants, into } = request;
  const { dialect } = context;
  if (dialect === undefined) return refusal('dialect-unknown', 'What an update resolves to depends on the database: name it in settings[\'db-race\'].dialect.');
  const chain = chainOf(write.node, context);
  const call = chain?.steps.get('update') ?? chain?.steps.get('del') ?? chain?.steps.get('delete') ?? chain?.steps.get('increment') ?? chain?.steps.get('decrement');
  const builder = builderOf(write);
  if (!chain || !call || !builder || builder.closed || ['limit', 'join', 'with'].some((name) => chain.steps.has(name))) return refusal('expression', 'The builder of the write does not stand at one place.');
  const edits = sumEdits(request, chain, context);
  if ('kind' in edits) return edits;
  const requires: Requirement[] = [onDatabase(dialect)];
  const names = (columns: readonly string[]): string => [...new Set(columns)].map((one) => `\`${one}\``).join(', ');
  const conditions = guards.map((one) => whereStep(one, context)).join('');
  // Conditions stand in front of what is done, as people write them, and the number of rows stays the last word.
  const member = unwrap(call.callee);
  if (member.type !== 'MemberExpression') return refusal('expression', 'The builder of the write does not stand at one place.');
  const at = member.object.range[1];
  const text = context.edited(write.node, [...edits, ...(conditions ? [{ start: at, end: at, text: conditions }] : [])]);
  const shared = { kind: 'guarded-write' as const, call: text, requires, changes: [] };
  if (!asksMiss) return { ...shared, id: guards.length ? 'knex-guarded' : 'knex-sum', title: guards.length ? `Put the condition on ${names(guards.map((one) => one.column))} into the WHERE clause` : `Let the database add to ${names(sums.map((one) => one.column))}` };
  const rows = builder.returning && dialect !== 'mysql';
  if (rows && (wants === 'result' && into === undefined)) return refusal('row-wanted', 'The rows that the write returns have no name to ask for.');
  const name = into ?? context.fresh(rows ? 'updated' : 'count');
  return {
    ...shared, id: rows ? 'knex-guarded-returning' : 'knex-guarded',
    title: guards.length ? `Put the condition on ${names(guards.map((one) => one.column))} into the WHERE clause` : 'Go on only when the row was deleted',
    miss: { pattern: name, test: rows ? `${name}.length === 0` : `${name} === 0` }, ...(wants === 'result' && { value: name }),
  };
}

/** Each computed value, as a sum over the stored column. */
function sumEdits({ sums, write }: GuardedWriteRequest, chain: Chain, context: FormContext): Edit[] | Refusal {
  const { quote } = context;
  const edits: Edit[] = [];
  for (const { value, operator, text, column } of sums) {
    if (!value || value.range[0] < write.node.range[0] || value.range[1] > write.node.range[1]) return refusal('argument', 'The sum does not stand in the call.');
    const property = value.parent?.type === 'Property' ? value.parent : undefined;
    const name = property ? keyName(property.key, property.computed) ?? column : column;
    const sum = `${chain.handle}.raw(${quote}?? ${operator} ?${quote}, [${quote}${name}${quote}, ${text}])`;
    const shorthand = property?.shorthand ? property : undefined;
    edits.push({ start: (shorthand ?? value).range[0], end: (shorthand ?? value).range[1], text: shorthand ? `${context.text(value)}: ${sum}` : sum });
  }
  return edits;
}
