/**
 * `update`, `increment`, `decrement` and `delete` with the condition in their criteria, whose `affected` tells whether the row was
 * still as required. A `save` of the row that was read becomes an `update` of the fields that were changed: `save` compares with a
 * look-up of its own and writes by id alone. Measured on Postgres, MariaDB and SQLite with versions 0.3 and 1.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Assignment, Edit, Refusal, Requirement } from '../../model.ts';
import { unwrap } from '../../source/syntax.ts';
import type { FormContext, Guard, GuardedWriteForm, GuardedWriteRequest, Sum } from '../forms.ts';
import { refuseForm } from '../common/refusal.ts';
import { callText, invoke, type CallText } from './call-text.ts';
import { spelled } from '../common/forms.ts';

const FUNCTIONS: Readonly<Partial<Record<Guard['operator'], readonly string[]>>> = {
  '!=': ['Not'], '<': ['LessThan'], '<=': ['LessThanOrEqual'], '>': ['MoreThan'], '>=': ['MoreThanOrEqual'],
  in: ['In'], 'not in': ['Not', 'In'], 'is null': ['IsNull'], 'is not null': ['Not', 'IsNull'],
};

export function guardedWrite(request: GuardedWriteRequest, context: FormContext): GuardedWriteForm | Refusal {
  const { write, table, sums, guards, asksMiss, wants } = request;
  const call = callText(write, table, context);
  if ('kind' in call) return call;
  if (call.on === 'builder') return refuseForm('expression', 'A chain of a query builder is not rewritten: add the condition with `andWhere`, and look at `affected`.');
  const entity = request.entity?.name;
  const isEntity = call.method.name === 'save' || call.method.name === 'remove';
  if (isEntity && (table.sideEffects.length || !table.complete)) return refuseForm('side-effects', `\`${table.name}\` has ${table.sideEffects[0] ?? 'parts that were not read'}, which an update by column would skip.`);
  if (isEntity && wants === 'result') {
    const stamped = [...table.columns.values()].find((one) => one.updatedAt || one.version);
    if (!asksMiss || sums.length) return refuseForm('row-wanted', 'The saved row is used, and an update does not give what the database stores.');
    if (!entity || stamped) return refuseForm('row-wanted', stamped ? `\`${stamped.name}\` of the saved row comes from the database, and an update does not give it.` : 'The saved row is used, and has no name.');
  }
  const uses = new Set(guards.flatMap((one) => FUNCTIONS[one.operator] ?? []));
  const imports = context.importing([...uses], 'typeorm');
  if (!imports) return refuseForm('imports', `${[...uses].map((one) => `\`${one}\``).join(', ')} of TypeORM cannot be imported here under that name.`);
  const named = new Map([...uses].map((name, index) => [name, imports.names[index]!]));
  const where = criteria(call, request, named, context);
  if (typeof where !== 'string') return where;
  const run = statement(call, where, request, context);
  if (typeof run !== 'string') return run;
  const result = isEntity ? undefined : request.into ?? context.fresh('result');
  const affected = context.fresh('affected');
  const columns = [...new Set([...guards.map((one) => one.column), ...sums.map((one) => one.column)])].map((one) => `\`${one}\``).join(', ');
  return {
    kind: 'guarded-write', id: guards.length || asksMiss ? 'typeorm-guarded' : 'typeorm-increment',
    title: guards.length ? `Put the condition on ${columns} into the WHERE clause` : write.verb === 'delete' ? 'Go on only when the row was deleted' : `Let the database add to ${columns}`,
    call: run, edits: imports.edits,
    ...(asksMiss && { miss: wants === 'result' && result ? { pattern: result, test: `${result}.affected === 0` } : { pattern: affected === 'affected' ? '{ affected }' : `{ affected: ${affected} }`, test: `${affected} === 0` } }),
    ...(wants === 'result' && { value: result ?? entity! }),
    requires: requirements(request, isEntity, context),
    changes: isEntity ? ['Only the columns that were changed are written, by one statement and without the look-up that `save` makes.'] : [],
  };
}

const COLUMN = /^[\w$]+$/;

/** `{ id: room.id, status: 'free', beds: MoreThan(0) }`. */
function criteria(call: CallText, { write, guards, keyText, key }: GuardedWriteRequest, named: ReadonlyMap<string, string>, context: FormContext): string | Refusal {
  const parts: string[] = [];
  for (const column of new Set(guards.map((one) => one.column))) {
    const [guard, ...more] = guards.filter((one) => one.column === column);
    if (more.length) return refuseForm('guard', `The conditions on \`${column}\` are too many for one object.`);
    parts.push(`${column}: ${conditionText(guard!, named)}`);
  }
  const given = call.values && unwrap(call.values);
  const isEntity = call.method.name === 'save' || call.method.name === 'remove';
  if (!isEntity && given?.type === 'ObjectExpression') {
    const names = new Set(given.properties.map((one) => (one.type === 'Property' && one.key.type === 'Identifier' && !one.computed ? one.key.name : undefined)));
    if (names.has(undefined)) return refuseForm('argument', `The criteria of \`${write.label}\` hold a spread or a computed key.`);
    const twice = guards.find((one) => names.has(one.column));
    if (twice) return refuseForm('argument', `\`${twice.column}\` is asked for in the criteria already.`);
    const last = given.properties.at(-1)!;
    return parts.length ? context.edited(given, [{ start: last.range[1], end: last.range[1], text: parts.map((one) => `, ${one}`).join('') }]) : context.text(given);
  }
  if (!isEntity && (!given || key.columns.length > 1 || given.type === 'ArrayExpression')) return refuseForm('argument', `The criteria of \`${write.label}\` are no object literal.`);
  const own = key.columns.map((column) => { const text = keyText.get(column); return text === column ? column : `${column}: ${text}`; });
  if (key.columns.some((one) => !COLUMN.test(one) || keyText.get(one) === undefined)) return refuseForm('argument', 'The key of the row cannot be written out here.');
  return `{ ${[...own, ...parts].join(', ')} }`;
}

function conditionText({ operator, texts }: Guard, named: ReadonlyMap<string, string>): string {
  if (operator === '=') return texts[0]!;
  const [outer, inner] = FUNCTIONS[operator]!.map((one) => named.get(one)!);
  const list = operator === 'in' || operator === 'not in' ? `[${texts.join(', ')}]` : texts[0] ?? '';
  return inner === undefined ? `${outer}(${operator === 'is null' ? '' : list})` : `${outer}(${inner}(${operator === 'is not null' ? '' : list}))`;
}

/** The user's own call with other criteria, or the update that a save of changed fields comes to. */
function statement(call: CallText, where: string, request: GuardedWriteRequest, context: FormContext): string | Refusal {
  const { write, sums, table } = request;
  const { name } = call.method;
  if (name === 'remove' || name === 'delete') return invoke(call, 'delete', where);
  const row = write.rows?.[0];
  if (!row) return refuseForm('update-unclear', 'What is written was not understood.');
  const [sum] = sums;
  const own = row.assignments.filter((one) => one.how !== 'carried' && !sums.some((each) => each.column === one.column));
  if (name === 'increment' || name === 'decrement') return withCriteria(call, where, context);
  if (name !== 'save' && name !== 'update') return refuseForm('expression', `\`${name}\` is not rewritten.`);
  // One statement that the library checks: the amount is a number or it throws.
  if (sum && sums.length === 1 && !own.length && sum.operator !== '*') return invoke(call, sum.operator === '+' ? 'increment' : 'decrement', where, `${context.quote}${sum.column}${context.quote}`, sum.text);
  const functions: string[] = [];
  const edits: Edit[] = [];
  for (const one of sums) {
    const text = fragment(one, request, context);
    if (typeof text !== 'string') return text;
    functions.push(`${one.column}: ${text}`);
    if (one.value) edits.push({ start: one.value.range[0], end: one.value.range[1], text });
  }
  if (name === 'update') {
    const values = call.node.arguments.at(-1)!;
    if (edits.some((one) => one.start < values.range[0] || one.end > values.range[1])) return refuseForm('argument', 'The sum does not stand in the call.');
    return withCriteria(call, where, context, edits);
  }
  const written = !own.length ? '{ }' : request.entity?.kept ? fieldsOf(request.entity.name, own, request) : spelled(own, { table, within: write.node }, context);
  if (written === undefined) return refuseForm('update-unclear', 'What the save writes cannot be written out as columns.');
  return invoke(call, 'update', where, functions.length ? `${written.slice(0, -2)}${own.length ? ', ' : ' '}${functions.join(', ')} }`.replace('{  ', '{ ') : written);
}

/** `{ status: room.status }`: the fields as they stand in memory by now. */
function fieldsOf(name: string, own: readonly Assignment[], { table }: GuardedWriteRequest): string | undefined {
  if (own.some(({ column }) => !COLUMN.test(column) || table.columns.get(column)?.type === undefined)) return undefined;
  return `{ ${own.map(({ column }) => `${column}: ${name}.${column}`).join(', ')} }`;
}

/** Raw SQL: a number of the source, and a name quoted as the database quotes it. */
function fragment({ column, operator, text }: Sum, { table }: GuardedWriteRequest, { dialect }: FormContext): string | Refusal {
  if (!/^\d+(?:\.\d+)?$/.test(text)) return refuseForm('no-form', `Beside other columns only a number that stands in the code can be added to \`${column}\`: use \`increment\` for it alone, or \`setParameter\` of an update builder.`);
  const name = table.columns.get(column)?.dbName ?? column;
  if (!dialect) return refuseForm('dialect-unknown', 'How a column is quoted depends on the database: name it in settings[\'db-race\'].dialect.');
  if (table.namesUnknown && name === column && /[A-Z]/.test(name)) return refuseForm('names-unknown', `The database name of \`${column}\` comes from a naming strategy that was not read.`);
  return dialect === 'mysql' ? `() => '\`${name}\` ${operator} ${text}'` : `() => '"${name}" ${operator} ${text}'`;
}

function withCriteria(call: CallText, where: string, context: FormContext, edits: readonly Edit[] = []): string {
  const given = call.values as TSESTree.Node;
  return context.edited(call.node, [{ start: given.range[0], end: given.range[1], text: where }, ...edits]);
}

function requirements({ write, table }: GuardedWriteRequest, isEntity: boolean, { version, dialect }: FormContext): Requirement[] {
  const major = version('typeorm');
  return [
    dialect ? { id: 'dialect', text: `the database is ${dialect === 'postgres' ? 'Postgres' : dialect === 'mysql' ? 'MySQL' : 'SQLite'}`, state: 'proven' } : { id: 'dialect', text: 'the database is Postgres, MySQL or SQLite', state: 'unknown' },
    { id: 'version', text: 'TypeORM is of version 0.3 or 1', state: major === 0 || major === 1 ? 'proven' : 'unknown' },
    ...(isEntity ? [{ id: 'no-side-effects', text: `\`${table.name}\` has no listener, cascade or subscriber`, state: 'proven' } as const] : []),
    ...(write.evidence === 'shape' || write.evidence === 'name' ? [{ id: 'receiver', text: 'the receiver is TypeORM\'s', state: 'unknown' } as const] : []),
  ];
}

