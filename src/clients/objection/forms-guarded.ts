/**
 * Updates and deletes with their condition in the WHERE clause, and sums that the database works out. Measured on 3.1.5 with pg, mysql2
 * (MariaDB) and better-sqlite3: `patch`, `update`, `delete` and `increment` resolve to the number of rows that the condition found, of
 * `$query()` as well; the fetching variants give the row as it is, whether or not they changed it.
 */
import type { Edit, Refusal } from '../../model.ts';
import { keyName, unwrap } from '../../source/syntax.ts';
import { onDatabase } from '../common/forms.ts';
import { whereStep } from '../common/conditions.ts';
import { refuseForm as refusal } from '../common/refusal.ts';
import type { FormContext, GuardedWriteForm, GuardedWriteRequest } from '../forms.ts';
import { chainOf, plainModel, validates } from './chain.ts';

const WRITING: ReadonlySet<string> = new Set(['patch', 'update', 'delete', 'deleteById', 'increment', 'decrement']);
export function guardedWrite(request: GuardedWriteRequest, context: FormContext): GuardedWriteForm | Refusal {
  const { write, guards, sums, asksMiss, wants, into } = request;
  const { dialect } = context;
  if (dialect === undefined) return refusal('dialect-unknown', 'What an update resolves to depends on the database: name it in settings[\'db-race\'].dialect.');
  const version = context.version('objection');
  if (version !== undefined && version < 3) return refusal('version', 'Guarded writes were measured with Objection 3.');
  const chain = chainOf(write, WRITING);
  const writing = [...chain?.steps ?? []].filter(([name]) => WRITING.has(name));
  const [name, step] = writing.length === 1 ? writing[0]! : [undefined, undefined];
  if (!chain || name === undefined || chain.state.closed || chain.method === 'relatedQuery' || chain.method === '$relatedQuery') return refusal('expression', 'The query of the write does not stand at one place, or resolves to a row.');
  const isDelete = /^delete/.test(name);
  const hooks = plainModel(chain, [...(isDelete ? ['afterDelete' as const] : ['afterUpdate' as const]), ...(sums.length ? ['update' as const, 'values' as const] : [])], sums.length ? 'a sum that the database works out' : 'a write that changes no row');
  if (hooks) return hooks;
  if (sums.length && validates(chain.own.model)) return refusal('validation', 'The model validates the values that it is given, and a sum that the database works out is not looked at.');
  const edits = sumEdits(request, context);
  if ('kind' in edits) return edits;
  const names = (columns: readonly string[]): string => [...new Set(columns)].map((one) => `\`${one}\``).join(', ');
  const conditions = guards.map((one) => whereStep(one, context)).join('');
  const member = unwrap(step!.callee);
  if (member.type !== 'MemberExpression') return refusal('expression', 'The query of the write does not stand at one place.');
  const at = member.object.range[1];
  const shared = {
    kind: 'guarded-write' as const, edits: edits.imports, changes: [],
    call: context.edited(write.node, [...edits.inside, ...(conditions ? [{ start: at, end: at, text: conditions }] : [])]),
    requires: [onDatabase(dialect), { id: 'version', text: 'Objection is of version 3', state: version === 3 ? 'proven' as const : 'unknown' as const }],
  };
  if (!asksMiss) return { ...shared, id: guards.length ? 'objection-guarded' : 'objection-sum', title: guards.length ? `Put the condition on ${names(guards.map((one) => one.column))} into the WHERE clause` : `Let the database add to ${names(sums.map((one) => one.column))}` };
  const count = into ?? context.fresh('count');
  return {
    ...shared, id: 'objection-guarded', title: guards.length ? `Put the condition on ${names(guards.map((one) => one.column))} into the WHERE clause` : 'Go on only when the row was deleted',
    miss: { pattern: count, test: `${count} === 0` }, ...(wants === 'result' && { value: count }),
  };
}

/** Each computed value, as a sum over the stored column. */
function sumEdits({ sums, write }: GuardedWriteRequest, context: FormContext): { readonly inside: Edit[]; readonly imports: readonly Edit[] } | Refusal {
  if (!sums.length) return { inside: [], imports: [] };
  const { quote } = context;
  const raw = context.importing(['raw'], 'objection');
  if (!raw) return refusal('imports', '`raw` of Objection cannot be imported here under that name.');
  const inside: Edit[] = [];
  for (const { value, operator, text, column } of sums) {
    if (!value || value.range[0] < write.node.range[0] || value.range[1] > write.node.range[1]) return refusal('argument', 'The sum does not stand in the call.');
    const property = value.parent?.type === 'Property' ? value.parent : undefined;
    const name = property ? keyName(property.key, property.computed) ?? column : column;
    const sum = `${raw.names[0]}(${quote}?? ${operator} ?${quote}, [${quote}${name}${quote}, ${text}])`;
    const shorthand = property?.shorthand ? property : undefined;
    inside.push({ start: (shorthand ?? value).range[0], end: (shorthand ?? value).range[1], text: shorthand ? `${context.text(value)}: ${sum}` : sum });
  }
  return { inside, imports: raw.edits };
}
