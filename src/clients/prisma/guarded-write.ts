/**
 * `updateMany` and `deleteMany` with the condition in `where`, whose count tells whether the row was still as required; sums as
 * `increment`, `decrement` and `multiply`. Measured on Postgres, SQLite and MariaDB: one statement decides. A condition in the `where`
 * of `update` does not do it on MySQL, where it is a SELECT followed by an UPDATE by id; nor does `updateMany` where Prisma keeps the
 * relations (`relationMode = "prisma"`), while `deleteMany` asks again in its DELETE (measured on 7.10 with Postgres).
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Edit, Refusal, Requirement } from '../../model.ts';
import { unwrap } from '../../source/syntax.ts';
import type { FormContext, Guard, GuardedWriteForm, GuardedWriteRequest, Sum } from '../forms.ts';
import { refuseForm } from '../common/refusal.ts';
import { callText, renamed, type CallText } from './call-text.ts';
import { version } from './versions.ts';

const SUMS: Readonly<Record<Sum['operator'], string>> = { '+': 'increment', '-': 'decrement', '*': 'multiply' };
const MANY: Readonly<Record<string, string>> = { update: 'updateMany', delete: 'deleteMany', updateMany: 'updateMany', deleteMany: 'deleteMany' };

export function guardedWrite(request: GuardedWriteRequest, context: FormContext): GuardedWriteForm | Refusal {
  const { write, sums, guards, asksMiss, wants } = request;
  const text = callText(write);
  if (!text || !MANY[text.method.name]) return refuseForm('argument', `The argument of \`${write.label}\` is no object literal.`);
  const added: Edit[] = [];
  for (const { value, operator, text: operand } of sums) {
    if (!value) return refuseForm('argument', 'The sum does not stand in the call.');
    const shorthand = value.parent?.type === 'Property' && value.parent.shorthand ? value.parent : undefined;
    const sum = `{ ${SUMS[operator]}: ${operand} }`;
    added.push({ start: (shorthand ?? value).range[0], end: (shorthand ?? value).range[1], text: shorthand ? `${context.text(value)}: ${sum}` : sum });
  }
  const inside = added.filter((one) => one.start >= text.call.range[0] && one.end <= text.call.range[1]);
  const outside = added.filter((one) => !inside.includes(one));
  const requires: Requirement[] = [...version(context)];
  if (!asksMiss && !guards.length) {
    const names = sums.map((one) => `\`${one.column}\``).join(', ');
    return { kind: 'guarded-write', id: 'prisma-increment', title: `Let the database add to ${names}`, call: context.edited(text.call, inside), edits: outside, requires, changes: [] };
  }
  if (request.table.libraryRelations && MANY[text.method.name] === 'updateMany') return refuseForm('not-atomic', 'With `relationMode = "prisma"` Prisma runs `updateMany` as a SELECT of the rows and then an UPDATE by their ids.');
  const where = whereEdits(text, request, context);
  if ('id' in where) return where;
  const linked = relationWritten(text, request, context);
  if (linked !== undefined) return refuseForm('relations', `\`${linked}\` is written along, which \`updateMany\` does not do.`);
  const shape = shapeOf(text, request, context);
  if ('id' in shape) return shape;
  const names = [...new Set(guards.map((one) => one.column))].map((one) => `\`${one}\``).join(', ');
  return {
    kind: 'guarded-write', id: wants === 'result' ? 'prisma-guarded-returning' : 'prisma-guarded-many',
    title: guards.length ? `Put the condition on ${names} into the WHERE clause` : 'Go on only when the row was deleted',
    call: context.edited(text.call, [...inside, ...where, renamed(text, shape.method)]), edits: outside,
    ...(asksMiss && { miss: shape.miss }), ...(shape.value !== undefined && { value: shape.value }),
    requires: [...requires, ...shape.requires],
    changes: [`Query extensions for \`${text.method.name}\` do not run for \`${shape.method}\`.`],
  };
}

interface Shape { readonly method: string; readonly miss: { readonly pattern: string; readonly test: string }; readonly value?: string; readonly requires: readonly Requirement[] }

/** The count alone, or the row where code uses it. */
function shapeOf(text: CallText, { wants, write, into }: GuardedWriteRequest, context: FormContext): Shape | Refusal {
  const { name } = text.method;
  const method = MANY[name]!;
  if (wants === 'nothing') {
    const projected = ['select', 'include', 'omit'].find((one) => text.properties.has(one));
    if (projected !== undefined) return refuseForm('projection', `\`${method}\` takes no \`${projected}\`.`);
    const count = context.fresh('count');
    return { method, miss: { pattern: count === 'count' ? '{ count }' : `{ count: ${count} }`, test: `${count} === 0` }, requires: [] };
  }
  if (name === method) {
    const result = into ?? context.fresh('result');
    return { method, miss: { pattern: result, test: `${result}.count === 0` }, value: result, requires: [] };
  }
  if (write.verb === 'delete') return refuseForm('row-wanted', 'The deleted row is used, which `deleteMany` does not give.');
  if (context.dialect !== 'postgres' && context.dialect !== 'sqlite') return refuseForm('row-wanted', '`updateManyAndReturn`, which gives the row, is there on Postgres and SQLite only.');
  if (text.properties.has('include') || [text.properties.get('select')].some((one) => one && (write.includes?.length ?? 0) > 0)) return refuseForm('projection', 'Related rows are fetched along, which `updateManyAndReturn` does not do.');
  const [major, minor] = [context.version('@prisma/client') ?? context.version('prisma'), context.version('@prisma/client', 'minor') ?? context.version('prisma', 'minor')];
  if (major !== undefined && (major < 6 || (major === 6 && minor !== undefined && minor < 2))) return refuseForm('row-wanted', '`updateManyAndReturn`, which gives the row, came with Prisma 6.2.');
  const row = into ?? context.fresh('updated');
  return { method: 'updateManyAndReturn', miss: { pattern: `[${row}]`, test: `!${row}` }, value: row, requires: [] };
}

const OPERATORS: Readonly<Partial<Record<Guard['operator'], string>>> = { '<': 'lt', '<=': 'lte', '>': 'gt', '>=': 'gte' };

function whereEdits(text: CallText, { key, guards }: GuardedWriteRequest, context: FormContext): Edit[] | Refusal {
  const where = text.properties.get('where');
  const object = where && unwrap(where.value);
  if (!where || object?.type !== 'ObjectExpression') return refuseForm('argument', 'The `where` of the write is no object literal.');
  const edits: Edit[] = [];
  for (const one of object.properties) {
    if (one.type !== 'Property' || one.computed || one.key.type !== 'Identifier') return refuseForm('argument', 'The `where` of the write holds a spread or a computed key.');
    // A compound key has a name of its own in `where` of one row only.
    const alias = key.alias ?? key.columns.join('_');
    if (key.columns.length > 1 && one.key.name === alias) {
      const parts = unwrap(one.value);
      if (parts.type !== 'ObjectExpression' || !parts.properties.length) return refuseForm('argument', `\`${alias}\` is no object literal.`);
      edits.push({ start: one.range[0], end: one.range[1], text: context.text(parts).slice(1, -1).trim().replace(/,$/, '') });
    }
  }
  const last = object.properties.at(-1)!;
  const isBroken = context.text(object).slice(0, object.properties[0]!.range[0] - object.range[0]).includes('\n');
  const space = isBroken ? `\n${context.indent(object.properties[0]!)}` : ' ';
  const parts: string[] = [];
  const present = new Set(object.properties.flatMap((one) => (one.type === 'Property' && one.key.type === 'Identifier' ? [one.key.name] : [])));
  for (const column of new Set(guards.map((one) => one.column))) {
    if (present.has(column)) return refuseForm('argument', `\`${column}\` is asked for in the \`where\` of the write already.`);
    const condition = conditionOn(guards.filter((one) => one.column === column));
    if (condition === undefined) return refuseForm('guard', `The conditions on \`${column}\` are too many for one object.`);
    parts.push(condition === column ? column : `${column}: ${condition}`);
  }
  if (!parts.length) return edits;
  const added = parts.map((one) => `,${space}${one}`).join('');
  const own = edits.find((one) => one.start === last.range[0]);
  if (own) edits[edits.indexOf(own)] = { ...own, text: own.text + added };
  else edits.push({ start: last.range[1], end: last.range[1], text: added });
  return edits;
}

/** `null`, `'PENDING'`, `{ not: null }`, `{ gte: 1, lt: limit }`. */
function conditionOn(guards: readonly Guard[]): string | undefined {
  const parts = new Map<string, string>();
  for (const { operator, texts } of guards) {
    const [name, text] = operator === '=' ? ['equals', texts[0]!] : operator === 'is null' ? ['equals', 'null'] : operator === 'in' ? ['in', `[${texts.join(', ')}]`] : operator === 'not in' ? ['notIn', `[${texts.join(', ')}]`]
      : operator === '!=' ? ['not', texts[0]!] : operator === 'is not null' ? ['not', 'null'] : [OPERATORS[operator]!, texts[0]!];
    if (parts.has(name)) return undefined;
    parts.set(name, text);
  }
  const only = parts.size === 1 ? parts.get('equals') : undefined;
  return only ?? `{ ${[...parts].map(([name, text]) => (name === text ? name : `${name}: ${text}`)).join(', ')} }`;
}

/** A relation or an unknown object in `data`: `updateMany` takes scalars only. */
function relationWritten(text: CallText, { table, write }: GuardedWriteRequest, context: FormContext): string | undefined {
  if (write.verb === 'delete') return undefined;
  const data = text.properties.get('data')?.value;
  const object = data && (unwrap(data) as TSESTree.Node);
  if (object?.type !== 'ObjectExpression') return 'data';
  for (const one of object.properties) {
    if (one.type !== 'Property' || one.computed) return context.text(one);
    const name = context.text(one.key).replace(/^['"]|['"]$/g, '');
    if (!table.columns.has(name)) return name;
  }
  return undefined;
}

