/**
 * The condition in the statement's own WHERE, whose number of rows tells whether it still held, and sums that the database works out.
 * Measured on Postgres with pg and postgres.js, and on MariaDB with mysql2, which counts the rows that were found.
 */
import type { Edit, Refusal } from '../../model.ts';
import type { Delete, Update } from '../../sql/index.ts';
import { refuseForm as refusal } from '../common/refusal.ts';
import type { FormContext, Guard, GuardedWriteForm, GuardedWriteRequest } from '../forms.ts';
import { endOf, isRefused, nodeOf, spelledSet, Values, word, writtenBy } from './statement-text.ts';
import type { Written } from './statement-text.ts';

export function guardedWrite({ write, table, guards, sums, asksMiss, wants }: GuardedWriteRequest, context: FormContext): GuardedWriteForm | Refusal {
  const written: Written<Update | Delete> | Refusal = writtenBy(write, write.verb === 'delete' ? 'delete' : 'update', context);
  if (isRefused(written)) return written;
  const { statement, dialect, place } = written;
  if (wants === 'result' && asksMiss) return refusal('row-wanted', 'The result of the write is used, and the rewrite needs it for the number of rows.');
  if (dialect === 'sqlite') return refusal('no-form', 'No form was proven through a driver for SQLite.');
  const joined = statement.kind === 'update' ? statement.from.length : statement.using.length;
  if (!statement.complete || joined || statement.predicate.arms.length !== 1 || !statement.predicate.complete) return refusal('shape', 'The statement reads another table, or its condition has several arms.');
  const edits: Edit[] = [];
  for (const sum of sums) {
    const set = statement.kind === 'update' ? statement.set.find((_, index) => write.rows?.[0]?.assignments[index]?.column === sum.column) : undefined;
    const node = set && nodeOf(written, set.operand);
    if (!set || !node || set.operand.kind === 'text' || (sum.value && sum.value !== node && !(node.range[0] <= sum.value.range[0] && sum.value.range[1] <= node.range[1]))) return refusal('argument', 'The sum does not stand in the call.');
    // A value that other places of the statement use as well is not this sum's alone.
    const { operand } = set;
    if (operand.kind === 'parameter' && operand.index >= 0 && dialect === 'postgres' && [...place.text.matchAll(/\$(\d+)/g)].filter((one) => Number(one[1]) === operand.index + 1).length > 1) return refusal('argument', 'The computed value stands in several places of the statement.');
    const at = place.at(operand.start);
    edits.push({ start: at, end: at, text: `${spelledSet(written, set)} ${sum.operator} ` }, { start: node.range[0], end: node.range[1], text: sum.text });
  }
  const common = { kind: 'guarded-write' as const, requires: [{ id: 'dialect', text: `the database is ${dialect === 'mysql' ? 'MySQL' : 'Postgres'}`, state: 'proven' as const }] };
  if (!asksMiss && !guards.length) return { ...common, id: 'sql-sum', title: `Let the database add to ${sums.map((one) => `\`${one.column}\``).join(', ')}`, call: context.edited(write.node, edits), changes: [] };
  const values = new Values(written, context);
  const conditions = guards.map((one) => conditionOf(one, table.columns.get(one.column)?.dbName ?? one.column, written, values));
  const missing = conditions.findIndex((one) => one === undefined);
  if (missing >= 0) return refusal('guard', `The condition on \`${guards[missing]!.column}\` cannot be said in the statement.`);
  if (conditions.length) {
    const returning = /\s+returning\b(?!.*\breturning\b)/is.exec(place.text);
    const end = place.at(statement.returning && returning ? returning.index : endOf(written));
    const line = /\n([ \t]*)(?:and)\b/i.exec(place.text)?.[1];
    edits.push({ start: end, end, text: conditions.map((one) => `${line === undefined ? ' ' : `\n${line}`}${word(written, 'AND')} ${one!}`).join('') });
  }
  const title = guards.length ? `Put the condition on ${[...new Set(guards.map((one) => `\`${one.column}\``))].join(', ')} into the WHERE clause` : 'Go on only when the row was deleted';
  const call = context.edited(write.node, [...edits, ...values.edits()]);
  const changes = dialect === 'mysql' ? ['A row that is found and written as it was counts as written, which is what the driver asks of the server unless its flags say otherwise.'] : [];
  if (!asksMiss) return { ...common, id: 'sql-guarded', title, call, changes };
  return { ...common, id: 'sql-guarded-count', title, call, miss: countOf(written, context), changes };
}

/** What the awaited call is bound to, and the test for no row. */
function countOf({ driver, dialect }: Written, context: FormContext): { readonly pattern: string; readonly test: string } {
  if (dialect === 'mysql') {
    const name = context.fresh('result');
    return { pattern: `[${name}]`, test: `${context.typescript ? `(${name} as { affectedRows: number })` : name}.affectedRows === 0` };
  }
  const property = driver === 'pg' ? 'rowCount' : 'count';
  const name = context.fresh(property);
  return { pattern: name === property ? `{ ${property} }` : `{ ${property}: ${name} }`, test: `${name} === 0` };
}

function conditionOf({ operator, texts }: Guard, column: string, written: Written, values: Values): string | undefined {
  const name = /^[a-z_][a-z0-9_]*$/.test(column) ? column : written.dialect === 'mysql' ? `\`${column}\`` : `"${column}"`;
  // A template is no place for backquotes.
  if (name.includes('`') && written.place.node.type === 'TemplateLiteral') return undefined;
  const put = (text: string): string | undefined => (/^-?\d+(?:\.\d+)?$/.test(text) ? text : /^'[\w -]*'$/.test(text) && written.place.node.type === 'TemplateLiteral' ? text : values.put(text));
  switch (operator) {
    case 'is null': return `${name} ${word(written, 'IS NULL')}`;
    case 'is not null': return `${name} ${word(written, 'IS NOT NULL')}`;
    case 'in': case 'not in': {
      const listed = texts.map(put);
      return listed.every((one) => one !== undefined) ? `${name} ${word(written, operator.toUpperCase())} (${listed.join(', ')})` : undefined;
    }
    default: {
      const value = put(texts[0]!);
      return value === undefined ? undefined : `${name} ${operator === '!=' ? '<>' : operator} ${value}`;
    }
  }
}
