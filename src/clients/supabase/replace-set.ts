/**
 * Replacing a set without transactions: the wanted rows are upserted on their key, then the others are deleted. Until the insert
 * has succeeded nothing is gone. Calls with different sets are not serialised; the database function that would is told beside.
 */
import type { Refusal } from '../../model.ts';
import type { Column, Table } from '../../schema/model.ts';
import { unwrap } from '../../source/syntax.ts';
import { isRefused, refuseForm } from '../common/refusal.ts';
import type { FormContext, InsertFirstForm, ReplaceSetRequest } from '../forms.ts';
import { chainOf, conflictTarget, onConflict, upsertEdits, type Chain } from './chain.ts';
import { replaceFunction } from './replace-function.ts';
import { rowSecurity } from './row-security.ts';

const FILTERS = new Set(['eq', 'match', 'filter']);
/** Beyond this a chain is broken into lines, as formatters do. */
const WIDTH = 110;

export function replaceSet(request: ReplaceSetRequest, context: FormContext): InsertFirstForm | Refusal {
  const form = insertFirst(request, context);
  // Where requests cannot do it, one database function can.
  return isRefused(form) && !form.migration && request.payload ? { ...form, migration: { name: `replace_${request.table.dbName}`, statements: { postgres: replaceFunction(request) }, duplicates: '' } } : form;
}

function insertFirst(request: ReplaceSetRequest, context: FormContext): InsertFirstForm | Refusal {
  const { remove, insert, table, payload } = request;
  if (isRefused(request.key)) return request.key;
  const { key, element, requires } = request.key;
  const [deleting, inserting] = [chainOf(remove), chainOf(insert)];
  if (!deleting || !inserting) return refuseForm('shape', 'The delete or the insert is built up in several steps, which the rewrite does not take apart.');
  const odd = deleting.rest.find((one) => !FILTERS.has(one.name) && one.name !== 'throwOnError' && one.name !== 'select');
  if (odd) return refuseForm('predicate-unclear', `\`.${odd.name}()\` of the delete cannot be carried over to the delete of the other rows.`);
  if (insert.detail?.['returning'] === true) return refuseForm('row-shape', 'The insert gives its rows back, and rows that are there already would be missing among them.');
  if (!payload) return refuseForm('key-opaque', 'The inserted rows hold an object of which the columns are not known.');
  const kept = keptColumns(table, [...key.columns, ...payload]);
  if (isRefused(kept)) return kept;
  const target = conflictTarget(key);
  if (isRefused(target)) return target;
  const security = rowSecurity(table, ['select', 'insert', ...(payload.length ? ['update' as const] : [])]);
  if (isRefused(security)) return security;
  const options = `${onConflict(target, context)}${payload.length ? '' : ', ignoreDuplicates: true'}`;
  if (!upsertEdits(inserting, options)) return refuseForm('options', 'The insert has options that mean something else in an upsert.');
  const column = table.columns.get(element);
  const quoting = quotingOf(column);
  if (!quoting) return refuseForm('column-type', `Values of \`${element}\` (${column?.type ?? 'type unknown'}) cannot be listed in a filter.`);
  return {
    kind: 'insert-first', id: payload.length ? 'supabase-replace-merge' : 'supabase-replace-ignore',
    title: 'Insert the wanted rows first, then delete the others',
    throws: insert.detail?.['throws'] === true,
    insert: (rows) => context.edited(insert.node, upsertEdits(inserting, options, rows)!),
    prune: (values) => pruned(deleting, element, values, quoting, context),
    requires: [...requires, security, { id: 'concurrent-replace', state: 'unknown', text: 'two calls with different sets for one owner at the same time may end with the rows of both, or with none, each deleting the other\'s' }],
    changes: [
      'The old rows stay until the new ones are in: a failed insert loses nothing, and nobody reads an empty set in between.',
      'Two calls at the same time with different sets are not serialised: they can end with the rows of both, or with no row at all, each deleting the other\'s.',
      'A delete of the old rows that fails is logged, and the next call repeats it.',
      payload.length ? 'Rows that are in both sets are updated in place.' : 'Rows that are in both sets stay untouched, and a value that is given twice is inserted once instead of failing.',
      ...(kept.length ? [`Rows that are in both sets keep their ${kept.map((one) => `\`${one}\``).join(', ')}.`] : []),
      ...(table.relations.some((one) => !one.columns.length) ? ['Rows of other tables that refer to a row in both sets stay, where the delete removed or rejected them.'] : []),
      'The values stand in the address of the request: with many hundreds of them it can become too long, and the old rows stay.',
      `A database function does it in one transaction, one call after the other:\n${replaceFunction(request)}`,
    ],
  };
}

/** Columns that neither key nor payload writes: a fresh row has their default, a row that stays keeps what it has. */
function keptColumns(table: Table, written: readonly string[]): readonly string[] | Refusal {
  const others = [...table.columns.values()].filter((one) => !written.includes(one.name));
  const reset = others.find((one) => !isOwn(one));
  if (reset) return refuseForm('column-reset', `Rows that are in both sets would keep their \`${reset.name}\`, which the delete and the insert set back to its default.`);
  return others.map((one) => one.name);
}

/** Identity and age of a row: filled by the database, different each time, and right when they are kept. */
const isOwn = (column: Column): boolean => column.default === 'generated-id' || (column.default === 'database' && column.defaultLiteral === undefined);

// -------------------------------------------------------------------------------------------------------------- prune

/** How one value is written into `in.(…)`: PostgREST takes a quoted one, in which a backslash makes the next character literal. */
type Quoting = (value: string) => string;

const PLAIN = /^(?:small|big)?(?:int|integer|serial)$|^int[248]$|^(?:serial|float)[248]$|^(?:real|double precision|boolean|bool)$/;
const TEXT = /^(?:text|varchar|character varying|character|char|bpchar|citext|name|uuid)$/;
/** Declared with fewer digits than the value has, these store another value than they are compared with: the row would be deleted. */
const ROUNDED = /^(?:numeric|decimal|money|interval|(?:timestamp|time)(?:tz)?(?: with(?:out)? time zone)?)$/;
const NOT_COMPARED = /^(?:json|jsonb|bytea|xml|point|tsvector)$|\[\]$|range$/;
const SLASHES = '.replace(/["\\\\]/g, \'\\\\$&\')';

function quotingOf(column: Column | undefined): Quoting | 'plain' | undefined {
  if (!column?.type || column.structured || NOT_COMPARED.test(column.type) || ROUNDED.test(column.type)) return undefined;
  if (PLAIN.test(column.type)) return 'plain';
  if (TEXT.test(column.type)) return (value) => `\`"\${${value}${SLASHES}}"\``;
  // A Date becomes what the insert sends; neither that nor a day as text has anything to escape.
  if (column.type === 'date') return (value) => `JSON.stringify(${value})`;
  // A type of the schema's own: an enumeration most likely, whose names may hold anything.
  return (value) => `\`"\${String(${value})${SLASHES}}"\``;
}

function pruned(chain: Chain, element: string, values: Parameters<InsertFirstForm['prune']>[0], quoting: Quoting | 'plain', context: FormContext): string {
  const { quote } = context;
  const filter = 'list' in values
    ? `.not(${quote}${element}${quote}, ${quote}in${quote}, \`(\${${listed(values, quoting)}.join(',')})\`)`
    : `.neq(${quote}${element}${quote}, ${values.value})`;
  const last = chain.rest.findLast((one) => FILTERS.has(one.name))!;
  const links = [chain.verb, ...chain.rest.slice(0, chain.rest.indexOf(last) + 1).filter((one) => one.name !== 'select' && one.name !== 'throwOnError')];
  const base = unwrap(chain.verb.call.callee);
  const from = base.type === 'MemberExpression' ? base.object : chain.verb.call;
  const own = links.map((one) => context.text({ ...one.call, range: [...one.tail] } as typeof one.call));
  const isBroken = /\n/.test(own.join(''));
  const start = context.text(from);
  const line = [start, ...own].join('');
  if (!isBroken && line.length + filter.length <= WIDTH) return `${line}${filter}`;
  const indent = `\n${context.indent(chain.verb.call)}${/\n/.test(start) || isBroken ? '' : context.unit}`;
  if (isBroken) return `${line}${/\n[ \t]*$/.exec(/^\s*/.exec(own.at(-1)!)![0])?.[0] ?? indent}${filter}`;
  // `client.from('t')`: the table begins the second line.
  const receiver = /^([\s\S]*?)(\.from\([^()]*\))$/.exec(start);
  return [...(receiver ? [receiver[1]!, receiver[2]!] : [start]), ...own, filter].join(indent);
}

function listed({ list, item, value }: { list: string; item: string; value: string }, quoting: Quoting | 'plain'): string {
  if (quoting !== 'plain') return `${list}.map((${item}) => ${quoting(value)})`;
  return item === value ? list : `${list}.map((${item}) => ${value})`;
}
