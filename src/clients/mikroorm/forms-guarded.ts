/**
 * `nativeUpdate` with its condition in the WHERE clause, and sums as `raw`. Measured on 6.6 with Postgres, MariaDB and SQLite: it
 * resolves to the number of rows that the condition found, and `raw` names columns as the database does. It does not look at
 * entities that the manager knows, so these stay as they were read, as they did before.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Edit, Refusal } from '../../model.ts';
import { keyName, unwrap } from '../../source/syntax.ts';
import { onDatabase } from '../common/forms.ts';
import { fieldCondition } from '../common/conditions.ts';
import { refuseForm as refusal } from '../common/refusal.ts';
import type { FormContext, GuardedWriteForm, GuardedWriteRequest } from '../forms.ts';
import { ID } from './entities.ts';

/** Each exports what the core does. */
const MODULES = ['@mikro-orm/core', '@mikro-orm/postgresql', '@mikro-orm/mysql', '@mikro-orm/mariadb', '@mikro-orm/better-sqlite', '@mikro-orm/sqlite', '@mikro-orm/libsql'];

export function guardedWrite(request: GuardedWriteRequest, context: FormContext): GuardedWriteForm | Refusal {
  const { write, table, guards, sums, asksMiss, wants, into } = request;
  const { dialect } = context;
  if (write.verb === 'delete') return refusal('no-form', 'A delete behind a check is not rewritten for MikroORM: put the condition into its filter, and go by the number that it gives.');
  if (table.client !== ID) return refusal('schema-unknown', `\`${table.name}\` is declared elsewhere, so the properties of its entity are not known.`);
  if (dialect === undefined) return refusal('dialect-unknown', 'The form was proven on three databases: name yours in settings[\'db-race\'].dialect.');
  const version = context.version('@mikro-orm/core');
  if (version === undefined || version < 6) return refusal('version', 'The form was proven on MikroORM 6; the version here is older, or not declared.');
  const { node: call } = write;
  const method = write.detail?.['method'];
  if (call.type !== 'CallExpression' || call.optional || method !== 'nativeUpdate') return refusal('expression', 'The write is no plain `nativeUpdate`.');
  const first = write.detail?.['on'] === 'manager' ? 1 : 0;
  const [where, data, ...more] = call.arguments.slice(first);
  if (!where || more.length || call.arguments.some((one) => one.type === 'SpreadElement')) return refusal('argument', 'The write has options of its own.');
  const asked = whereEdits(where, request, context);
  if ('kind' in asked) return asked;
  const summed = sums.length ? sumEdits(data, request, context) : { inside: [], imports: [] };
  if ('kind' in summed) return summed;
  const named = (columns: readonly string[]): string => [...new Set(columns)].map((one) => `\`${one}\``).join(', ');
  const shared = {
    kind: 'guarded-write' as const, changes: [], edits: summed.imports, call: context.edited(call, [...asked, ...summed.inside]),
    requires: [onDatabase(dialect)],
  };
  if (!asksMiss) return { ...shared, id: guards.length ? 'mikroorm-guarded' : 'mikroorm-sum', title: guards.length ? `Put the condition on ${named(guards.map((one) => one.column))} into the WHERE clause` : `Let the database add to ${named(sums.map((one) => one.column))}` };
  const count = into ?? context.fresh('count');
  return {
    ...shared, id: 'mikroorm-guarded', title: `Put the condition on ${named(guards.map((one) => one.column))} into the WHERE clause`,
    miss: { pattern: count, test: `${count} === 0` }, ...(wants === 'result' && { value: count }),
  };
}

/** `{ id, status: 'new' }`; a key that is given by itself gets its name. */
function whereEdits(where: TSESTree.Node, { guards, key }: GuardedWriteRequest, context: FormContext): Edit[] | Refusal {
  if (!guards.length) return [];
  const fields = new Map<string, string[]>();
  for (const one of guards) fields.set(one.column, [...fields.get(one.column) ?? [], fieldCondition(one)]);
  const texts: string[] = [];
  for (const [column, conditions] of fields) {
    if (conditions.length > 1 && !conditions.every((one) => one.startsWith('{ '))) return refusal('guard', `The checks ask \`${column}\` for more than one condition can say.`);
    texts.push(`${column}: ${conditions.length === 1 ? conditions[0] : `{ ${conditions.map((one) => one.slice(2, -2)).join(', ')} }`}`);
  }
  const node = unwrap(where);
  if (node.type === 'ObjectExpression') {
    if (!node.properties.length || node.properties.some((one) => one.type !== 'Property' || keyName(one.key, one.computed) === undefined || fields.has(keyName(one.key, one.computed)!))) return refusal('argument', 'The condition is no object literal whose fields are all known, or asks for that field already.');
    const last = node.properties.at(-1)!;
    return [{ start: last.range[1], end: last.range[1], text: `, ${texts.join(', ')}` }];
  }
  const [column, ...others] = key.columns;
  // Only a plain value is a key by itself: a variable may hold a whole condition.
  const isValue = node.type === 'MemberExpression' || node.type === 'Literal';
  if (!key.primary || others.length || !isValue) return refusal('argument', 'The condition is no object literal.');
  return [{ start: where.range[0], end: where.range[1], text: `{ ${column}: ${context.text(where)}, ${texts.join(', ')} }` }];
}

/** Each computed value, as a sum over the stored column. */
function sumEdits(data: TSESTree.Node | undefined, { sums, table }: GuardedWriteRequest, context: FormContext): { readonly inside: Edit[]; readonly imports: readonly Edit[] } | Refusal {
  const object = data && unwrap(data);
  if (object?.type !== 'ObjectExpression') return refusal('argument', 'What is written is no object literal.');
  const offers = MODULES.flatMap((module) => { const offer = context.version(module) === undefined ? undefined : context.importing(['raw'], module); return offer ? [offer] : []; });
  const raw = offers.find((one) => !one.edits.length) ?? offers[0];
  if (!raw) return refusal('imports', '`raw` of MikroORM cannot be imported here under that name.');
  const { quote } = context;
  const inside: Edit[] = [];
  for (const { value, operator, text, column } of sums) {
    const property = object.properties.find((one): one is TSESTree.Property => one.type === 'Property' && value !== undefined && (one.value === value || one.value === value.parent || one === value.parent));
    if (!property || !value) return refusal('argument', 'The sum does not stand in the call.');
    const sum = `${raw.names[0]}(${quote}?? ${operator} ?${quote}, [${quote}${table.columns.get(column)?.dbName ?? column}${quote}, ${text}])`;
    inside.push(property.shorthand ? { start: property.range[0], end: property.range[1], text: `${context.text(property.key)}: ${sum}` } : { start: property.value.range[0], end: property.value.range[1], text: sum });
  }
  return { inside, imports: raw.edits };
}
