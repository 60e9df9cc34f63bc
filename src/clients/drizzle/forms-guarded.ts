/**
 * Updates and deletes with their condition in the WHERE clause, and sums that the database works out. Measured on 0.45 with
 * node-postgres, mysql2 (MariaDB) and better-sqlite3: `.returning()` gives an empty list where no row was changed, whatever the driver;
 * MySQL has none, and mysql2 says in `affectedRows` how many rows were found.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Edit, Node, Refusal, Requirement } from '../../model.ts';
import { keyName, unwrap } from '../../source/syntax.ts';
import { onDatabase } from '../common/forms.ts';
import { spaceBefore } from '../common/nodes.ts';
import { refuseForm as refusal } from '../common/refusal.ts';
import type { FormContext, Guard, GuardedWriteForm, GuardedWriteRequest } from '../forms.ts';
import { builderOf, stepsOf } from './chain.ts';
import { ID } from './handles.ts';

const KNOWN = new Set(['update', 'delete', 'set', 'where', 'returning', 'execute']);
const FUNCTIONS: Readonly<Record<Guard['operator'], string>> = {
  '=': 'eq', '!=': 'ne', '<': 'lt', '<=': 'lte', '>': 'gt', '>=': 'gte', in: 'inArray', 'not in': 'notInArray', 'is null': 'isNull', 'is not null': 'isNotNull',
};

export function guardedWrite(request: GuardedWriteRequest, context: FormContext): GuardedWriteForm | Refusal {
  const { write, table, key, guards, sums, asksMiss, wants, into, intoFirst } = request;
  const { dialect } = context;
  if (table.client !== ID) return refusal('schema-unknown', `\`${table.name}\` is declared elsewhere, so the names of its columns in code are not known.`);
  if (dialect === undefined) return refusal('dialect-unknown', 'What a write answers depends on the database: name it in settings[\'db-race\'].dialect.');
  const steps = stepsOf(write.node);
  const builder = builderOf(write);
  const start = steps.get(write.verb === 'delete' ? 'delete' : 'update');
  const where = steps.get('where')?.arguments[0];
  if (!builder || !start?.arguments[0] || !where || where.type === 'SpreadElement' || [...steps.keys()].some((name) => !KNOWN.has(name))) return refusal('expression', 'The builder of the write does not stand at one place, or has a step that the rewrite does not know.');
  const told = guards.find((one) => /^(?:numeric|decimal)$/.test(table.columns.get(one.column)?.type ?? '') && one.texts.length > 0);
  if (told) return refusal('column-type', `\`${told.column}\` is a text in code, and what it is compared to is none.`);
  const tableText = context.text(start.arguments[0]);
  const columnText = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? `${tableText}.${name}` : `${tableText}[${context.quote}${name}${context.quote}]`);
  const own = conditionModule(where);
  const imports = importsFor(request, own, context);
  if ('kind' in imports) return imports;
  const edits: Edit[] = [];
  for (const sum of sums) {
    const edit = sumEdit(sum, write.node, columnText, imports.name('sql'), context);
    if ('kind' in edit) return edit;
    edits.push(edit);
  }
  if (guards.length) edits.push(...conditionEdits(where, guards.map((one) => conditionText(one, columnText, imports.name)), imports.name('and'), own.joins, context));
  const requires: Requirement[] = [onDatabase(dialect)];
  const names = [...new Set((guards.length ? guards : sums).map((one) => `\`${one.column}\``))].join(', ');
  const title = guards.length ? `Put the condition on ${names} into the WHERE clause` : sums.length ? `Let the database add to ${names}` : 'Go on only when the row was deleted';
  const shared = { kind: 'guarded-write' as const, title, edits: imports.edits, changes: [] };
  if (!asksMiss) return { ...shared, id: guards.length ? 'drizzle-guarded' : 'drizzle-sum', call: context.edited(write.node, edits), requires };
  if (dialect === 'mysql') {
    if (builder.driver !== undefined && builder.driver !== 'mysql2') return refusal('no-form', 'How this driver for MySQL tells that no row was changed was not measured.');
    if (wants === 'result' && intoFirst === undefined) return refusal('row-wanted', 'The driver\'s answer is used as a whole, and the rewrite asks its first part for the number of rows.');
    const name = intoFirst ?? context.fresh('result');
    return {
      ...shared, id: 'drizzle-guarded-mysql', call: context.edited(write.node, edits), miss: { pattern: `[${name}]`, test: `${name}.affectedRows === 0` }, ...(wants === 'result' && { value: name }),
      requires: [...requires, ...(builder.driver === undefined ? [{ id: 'driver', text: 'the driver is mysql2', state: 'unknown' } as const] : [])],
      changes: ['A row that is found and written as it was counts as written, which is what the driver asks of the server unless its flags say otherwise.'],
    };
  }
  if (builder.returning) {
    const list = wants === 'result' && intoFirst === undefined ? into ?? context.fresh('rows') : undefined;
    const name = list ?? intoFirst ?? context.fresh('written');
    const miss = list === undefined ? { pattern: `[${name}]`, test: `!${name}` } : { pattern: name, test: `${name}.length === 0` };
    return { ...shared, id: 'drizzle-guarded-returning', call: context.edited(write.node, edits), miss, ...(wants === 'result' && { value: name }), requires };
  }
  if (wants === 'result') return refusal('row-wanted', 'The driver\'s answer is used, and the rewrite would have the written row in its place.');
  // In the style of the chain: behind its last step, on a line of its own where the others have one.
  const last = steps.get('where')!;
  const [column] = key.columns;
  edits.push({ start: last.range[1], end: last.range[1], text: `${spaceBefore(last, context)}.returning({ ${/^[A-Za-z_$][\w$]*$/.test(column!) ? column : `${context.quote}${column}${context.quote}`}: ${columnText(column!)} })` });
  const name = context.fresh('written');
  return { ...shared, id: 'drizzle-guarded-returning', call: context.edited(write.node, edits), miss: { pattern: `[${name}]`, test: `!${name}` }, requires };
}

interface Imports { name(of: string): string; readonly edits: readonly Edit[] }

/** The library's functions that the text needs, from the module that the condition's own come from. */
function importsFor({ guards, sums }: GuardedWriteRequest, { module, joins }: Own, context: FormContext): Imports | Refusal {
  const needed = [...new Set([...(guards.length && !joins ? ['and'] : []), ...guards.map((one) => FUNCTIONS[one.operator]), ...(sums.length ? ['sql'] : [])])];
  const imports = context.importing(needed, module);
  if (!imports) return refusal('imports', `${needed.map((one) => `\`${one}\``).join(', ')} of Drizzle cannot be imported here under that name.`);
  const named = new Map(needed.map((one, index) => [one, imports.names[index]!]));
  return { name: (of) => named.get(of) ?? of, edits: imports.edits };
}

interface Own { readonly module: string; readonly joins: boolean }

/** Where the condition's function is imported from, which may hand the library on; and whether it is an `and(…)` already. */
function conditionModule(where: Node): Own {
  const call = unwrap(where);
  const callee = call.type === 'CallExpression' ? unwrap(call.callee) : undefined;
  let program: Node = where;
  while (program.parent) program = program.parent;
  for (const one of program.type === 'Program' && callee?.type === 'Identifier' ? program.body : []) {
    if (one.type !== 'ImportDeclaration') continue;
    const specifier = one.specifiers.find((each) => each.local.name === (callee as TSESTree.Identifier).name);
    if (specifier?.type !== 'ImportSpecifier') continue;
    const joins = specifier.imported.type === 'Identifier' && specifier.imported.name === 'and' && call.type === 'CallExpression' && call.arguments.length > 0;
    return { module: one.source.value, joins };
  }
  return { module: 'drizzle-orm', joins: false };
}

function conditionText({ operator, column, texts }: Guard, columnText: (name: string) => string, named: (of: string) => string): string {
  const call = named(FUNCTIONS[operator]);
  if (operator === 'is null' || operator === 'is not null') return `${call}(${columnText(column)})`;
  const value = operator === 'in' || operator === 'not in' ? `[${texts.join(', ')}]` : texts[0]!;
  return `${call}(${columnText(column)}, ${value})`;
}

/** Behind the parts of an `and(…)`, else around the only one. */
function conditionEdits(where: Node, conditions: readonly string[], and: string, joins: boolean, context: FormContext): Edit[] {
  const call = unwrap(where);
  if (joins && call.type === 'CallExpression') {
    const last = call.arguments.at(-1)!;
    const isBroken = context.text(call).slice(0, call.arguments[0]!.range[0] - call.range[0]).includes('\n');
    const space = isBroken ? `\n${context.indent(last)}` : ' ';
    return [{ start: last.range[1], end: last.range[1], text: conditions.map((one) => `,${space}${one}`).join('') }];
  }
  return [{ start: where.range[0], end: where.range[0], text: `${and}(` }, { start: where.range[1], end: where.range[1], text: `, ${conditions.join(', ')})` }];
}

/** `{ n: row.n + amount }` as `{ n: sql`${items.n} + ${amount}` }`. */
function sumEdit({ value, operator, text, column }: GuardedWriteRequest['sums'][number], within: Node, columnText: (name: string) => string, sql: string, context: FormContext): Edit | Refusal {
  if (!value || value.range[0] < within.range[0] || value.range[1] > within.range[1]) return refusal('argument', 'The sum does not stand in the call.');
  const operand = /^\d+$/.test(text) ? text : `\${${text}}`;
  const sum = `${sql}\`\${${columnText(column)}} ${operator} ${operand}\``;
  const property = value.parent?.type === 'Property' ? value.parent : undefined;
  if (!property?.shorthand) return { start: value.range[0], end: value.range[1], text: sum };
  return { start: property.range[0], end: property.range[1], text: `${keyName(property.key, property.computed) ?? context.text(value)}: ${sum}` };
}
