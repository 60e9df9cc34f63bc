/**
 * Updates with their condition among the filters. A request is one statement; without `.select()` it tells nobody whether it
 * changed a row, so that one is added, of the key alone. An error leaves `data` null, and is met as it was.
 */
import type { Refusal, Requirement } from '../../model.ts';
import type { Table } from '../../schema/model.ts';
import { isRefused, refuseForm } from '../common/refusal.ts';
import type { FormContext, Guard, GuardedWriteForm, GuardedWriteRequest } from '../forms.ts';
import { chainOf } from './chain.ts';
import { FILTER_METHODS } from './filters.ts';

const KNOWN: ReadonlySet<string> = new Set([...FILTER_METHODS, 'select', 'single']);

export function guardedWrite(request: GuardedWriteRequest, context: FormContext): GuardedWriteForm | Refusal {
  const { write, guards, sums, asksMiss, wants, into, intoParts, table, key } = request;
  if (sums.length) return refuseForm('computed-value', `A request cannot let the database add to \`${sums[0]!.column}\`: write a database function that does, and call it with \`.rpc()\`.`);
  if (write.verb !== 'update') return refuseForm('no-form', 'A guarded delete was not run with this library: ask for the rows that it gives back with `.select()`, and go on only when there is one.');
  if (!asksMiss) return refuseForm('no-form', 'A guarded update after which nobody asks whether it changed a row was not run with this library: put the condition among its filters.');
  const chain = chainOf(write);
  if (!chain || chain.rest.some((one) => !KNOWN.has(one.name)) || chain.verb.call.arguments.length > 1) return refuseForm('shape', 'The request is built up in several steps, or has options that a guarded one was not run with.');
  const conditions = filtersOf(guards, context);
  if (isRefused(conditions)) return conditions;
  const security = writtenRows(table);
  const last = chain.rest.findLast((one) => FILTER_METHODS.has(one.name)) ?? chain.verb;
  const select = chain.rest.find((one) => one.name === 'select');
  const isSingle = chain.rest.some((one) => one.name === 'single');
  // Each filter on a line of its own where the others have one.
  const line = /^\s*\n\s*/.exec(context.text(write.node).slice(last.tail[0] - write.node.range[0]))?.[0] ?? '';
  const put = (steps: readonly string[]): string => context.edited(write.node, [{ start: last.tail[1], end: last.tail[1], text: steps.map((one) => `${line}${one}`).join('') }]);
  const names = [...new Set(guards.map((one) => `\`${one.column}\``))].join(', ');
  const hidden = security.state === 'proven' && !security.text.startsWith('Policies') ? [] : ['Where a policy hides the row from the write, the call is answered as the check answers; so far nothing was changed, and nobody was told.'];
  const shared = {
    kind: 'guarded-write' as const, id: 'supabase-guarded', requires: [security],
    title: `Put the condition on ${names} into the filters`,
  };
  const call = put([...conditions, ...(select ? [] : [`.select(${context.quote}${key.columns[0]}${context.quote})`])]);
  const part = isSingle ? 'error' : 'data';
  const tests = (value: string): string => (isSingle ? `${value}?.code === ${context.quote}PGRST116${context.quote}` : `${value}?.length === 0`);
  if (wants === 'nothing') {
    const name = context.fresh(isSingle ? 'error' : 'changed');
    return { ...shared, call, changes: hidden, miss: { pattern: name === part ? `{ ${part} }` : `{ ${part}: ${name} }`, test: tests(name) } };
  }
  if (into !== undefined) return { ...shared, call, changes: hidden, miss: { pattern: into, test: tests(`${into}.${part}`) }, value: into };
  if (intoParts === undefined) return refuseForm('row-wanted', 'The answer is handed on as it is; give it a name first.');
  const own = intoParts.find((one) => one.key === part);
  const name = own?.name ?? context.fresh(isSingle ? 'error' : 'changed');
  const parts = [...intoParts.map((one) => one.text), ...(own ? [] : [name === part ? part : `${part}: ${name}`])];
  return { ...shared, call, changes: hidden, miss: { pattern: `{ ${parts.join(', ')} }`, test: tests(name) }, value: intoParts.map((one) => one.text).join() };
}

const COMPARE: Readonly<Partial<Record<Guard['operator'], string>>> = { '=': 'eq', '!=': 'neq', '<': 'lt', '<=': 'lte', '>': 'gt', '>=': 'gte' };

/** A filter is a piece of the address: a value that is null, or a date, would mean something else there. */
function filtersOf(guards: readonly Guard[], { quote }: FormContext): string[] | Refusal {
  const filters: string[] = [];
  for (const { column, operator, texts } of guards) {
    const odd = texts.find((one) => !/^(?:'[^']*'|"[^"]*"|-?\d[\d_.]*|true|false|[A-Z]\w*(?:\.\w+)+)$/.test(one));
    if (odd !== undefined) return refuseForm('guard', `\`${odd}\` was not tried as a value of a filter.`);
    const name = `${quote}${column}${quote}`;
    const plain = COMPARE[operator];
    if (plain) filters.push(`.${plain}(${name}, ${texts[0]})`);
    else if (operator === 'is null') filters.push(`.is(${name}, null)`);
    else if (operator === 'is not null') filters.push(`.not(${name}, ${quote}is${quote}, null)`);
    else if (operator === 'in') filters.push(`.in(${name}, [${texts.join(', ')}])`);
    else filters.push(...texts.map((one) => `.neq(${name}, ${one})`));
  }
  return filters;
}

/** A filter and a returned column need what the filter by the key needs already: to see the row, before and behind the write. */
function writtenRows({ rowSecurity: declared, name, complete }: Table): Requirement {
  const id = 'row-security';
  if (!declared?.enabled) return complete ? { id, text: `Row-level security is not enabled on \`${name}\``, state: 'proven' } : { id, text: `Row-level security of \`${name}\` hides no row from the write that the look-up sees`, state: 'unknown' };
  const writes = declared.commands.some((one) => one === 'all' || one === 'update');
  return writes ? { id, text: `Policies of \`${name}\` let those who see a row write it`, state: 'unknown' } : { id, text: `\`${name}\` has no policy for writing, so whoever writes bypasses row-level security`, state: 'proven' };
}
