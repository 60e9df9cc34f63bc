/** Keys from migrations: `knex.schema.createTable('users', (table) => { … })`, `alterTable`, `raw`. */
import type { Dialect } from '../../schema/model.ts';
import { eachNode, isFunction, unwrap } from '../../source/syntax.ts';
import type { Node, SourceFile } from '../../source/file.ts';
import { chainOf, chainsIn, defaultText, list, migrationSource, optionOf, quoted, textsOf, unknownChange } from '../common/migrations.ts';
import type { Constants, Sent, Step } from '../common/migrations.ts';

const TABLES: ReadonlySet<string> = new Set(['createTable', 'createTableIfNotExists', 'alterTable', 'table', 'dropTable', 'dropTableIfExists', 'renameTable', 'raw', 'createTableLike']);

/** SQL types of the column methods. */
const TYPES: Readonly<Record<string, string>> = {
  string: 'varchar', text: 'text', integer: 'integer', int: 'integer', tinyint: 'smallint', smallint: 'smallint', mediumint: 'integer', bigint: 'bigint', bigInteger: 'bigint', float: 'real', double: 'double precision', decimal: 'numeric', boolean: 'boolean', bool: 'boolean',
  date: 'date', datetime: 'timestamp', dateTime: 'timestamp', time: 'time', timestamp: 'timestamp', binary: 'bytea', json: 'json', jsonb: 'jsonb', uuid: 'uuid', enum: 'text', enu: 'text', geometry: 'geometry', geography: 'geography', point: 'point', increments: 'serial', bigincrements: 'bigserial', bigIncrements: 'bigserial',
};
/** Calls on the table that say nothing of columns and keys. */
const SILENT: ReadonlySet<string> = new Set(['index', 'dropIndex', 'comment', 'engine', 'charset', 'collate', 'foreign', 'dropForeign', 'inherits', 'check', 'checkPositive', 'checkIn', 'dropChecks', 'queryContext']);

const CLIENTS: Readonly<Record<string, Dialect>> = { pg: 'postgres', postgres: 'postgres', postgresql: 'postgres', cockroachdb: 'postgres', mysql: 'mysql', mysql2: 'mysql', sqlite3: 'sqlite', 'better-sqlite3': 'sqlite' };

/** What `client: 'pg'` of a configuration says, where all of a file's say the same. */
function dialectIn(text: string): Dialect | undefined {
  const found = new Set([...text.matchAll(/\bclient\s*:\s*['"](?<name>[\w-]+)['"]/g)].flatMap((one) => CLIENTS[one.groups!['name']!] ?? []));
  return found.size === 1 ? [...found][0] : undefined;
}

function statements(file: SourceFile, text: Constants): readonly Sent[] {
  const found: { readonly step: Step; readonly sql: readonly string[] }[] = [];
  for (const node of chainsIn(file.ast)) {
    const { root, steps } = chainOf(node);
    const isSchema = /(?:^|[.\s])schema$/.test(file.slice(root));
    const prefix = steps.find((one) => one.name === 'withSchema');
    const schema = prefix && text(prefix.args[0]);
    for (const step of steps) {
      if (!TABLES.has(step.name)) continue;
      if (!isSchema && !(step.name === 'raw' && steps.length <= 2 && /(?:knex|db|trx|conn\w*)$/i.test(file.slice(root)))) continue;
      found.push({ step, sql: sent(step, schema, file, text) });
    }
  }
  return found.sort((one, other) => one.step.property.range[0] - other.step.property.range[0]).flatMap(({ step, sql }) => sql.map((one) => ({ at: step.property, sql: one, written: step.name === 'raw' })));
}

function sent(step: Step, schema: string | undefined, file: SourceFile, text: Constants): readonly string[] {
  const [first, second, third] = step.args;
  if (step.name === 'raw') { const sql = text(first); return sql === undefined ? [] : [sql]; }
  const bare = text(first);
  if (bare === undefined) return [];
  const name = schema === undefined ? bare : `${schema}.${bare}`;
  switch (step.name) {
    case 'dropTable': case 'dropTableIfExists': return [`drop table ${quoted(name)}`];
    case 'renameTable': { const to = text(second); return to === undefined ? [unknownChange(name)] : [`alter table ${quoted(name)} rename to ${quoted(to)}`]; }
    case 'createTableLike': { const like = text(second); return like === undefined ? [] : [`create table ${quoted(name)} (like ${quoted(like)} including all)`]; }
    default: {
      // Without a callback it is another library's schema builder.
      if (step.args.length < 2) return [];
      const callback = [third, second].map((one) => one && unwrap(one)).find((one) => one !== undefined && isFunction(one));
      const creates = step.name.startsWith('createTable');
      if (!callback || !isFunction(callback)) return creates ? [`create table if not exists ${quoted(name)} (unread unread unread)`, unknownChange(name)] : [unknownChange(name)];
      const parameter = callback.params[0];
      const own = parameter?.type === 'Identifier' ? parameter.name : undefined;
      const inner = tableCalls(callback, own);
      const read = inner.chains.flatMap((chain) => columnSql(name, chain.steps, creates, text));
      const unread = inner.handedOn || read.includes(undefined) ? [unknownChange(name)] : [];
      const parts = read.flatMap((one) => one ?? []);
      if (!creates) return [...parts.map((one) => one.sql), ...unread];
      const columns = parts.filter((one) => one.column).map((one) => one.sql);
      void file;
      return [`create table ${step.name === 'createTableIfNotExists' ? 'if not exists ' : ''}${quoted(name)} (${columns.join(', ')})`, ...parts.filter((one) => !one.column).map((one) => one.sql), ...unread];
    }
  }
}

/** The chains on the table that a callback is given; `handedOn`: a function that is not read gets it too. */
function tableCalls(callback: Node, own: string | undefined): { readonly chains: readonly { readonly steps: readonly Step[] }[]; readonly handedOn: boolean } {
  const chains: { readonly steps: readonly Step[] }[] = [];
  let handedOn = false;
  eachNode(callback, (node) => {
    if (node.type !== 'CallExpression') return undefined;
    if (own !== undefined && node.arguments.some((one) => one.type === 'Identifier' && one.name === own)) handedOn = true;
    const parent = node.parent as Node | undefined;
    if (parent?.type === 'MemberExpression' && parent.object === node) return undefined;
    const { root, steps } = chainOf(node);
    if (steps.length && ((root.type === 'Identifier' && root.name === own) || root.type === 'ThisExpression')) chains.push({ steps });
    return undefined;
  });
  return { chains: chains.sort((one, other) => one.steps[0]!.property.range[0] - other.steps[0]!.property.range[0]), handedOn };
}

interface Part { readonly sql: string; readonly column?: true }

/** What one chain on a table says; undefined: not understood. */
function columnSql(table: string, steps: readonly Step[], creates: boolean, text: Constants): readonly (Part | undefined)[] {
  const [first, ...rest] = steps;
  const { name, args } = first!;
  const alter = (action: string): Part => ({ sql: `alter table ${quoted(table)} ${action}` });
  const bare = table.split('.').at(-1)!;
  const names = textsOf(args[0], text);
  switch (name) {
    case 'unique': return names ? [uniqueOf(table, bare, names, args[1], text)] : [undefined];
    case 'primary': return names ? [alter(`add constraint "${keyName(args[1], text, 'constraintName') ?? `${bare}_pkey`}" primary key (${list(names)})`)] : [undefined];
    case 'dropUnique': { const key = text(args[1]) ?? (names && `${bare}_${names.join('_')}_unique`.toLowerCase()); return key === undefined ? [undefined] : [alter(`drop constraint "${key}"`), { sql: `drop index "${key}"` }]; }
    case 'dropPrimary': return [alter(`drop constraint "${text(args[0]) ?? `${bare}_pkey`}"`)];
    case 'dropColumn': case 'dropColumns': { const all: (string | undefined)[] = args.flatMap((one): readonly (string | undefined)[] => textsOf(one, text) ?? [undefined]); return all.map((one) => (one === undefined ? undefined : alter(`drop column "${one}"`))); }
    case 'dropTimestamps': return [alter('drop column "created_at"'), alter('drop column "updated_at"')];
    case 'renameColumn': { const [from, to] = [text(args[0]), text(args[1])]; return from !== undefined && to !== undefined ? [alter(`rename column "${from}" to "${to}"`)] : [undefined]; }
    case 'setNullable': return names ? [alter(`alter column "${names[0]}" drop not null`)] : [undefined];
    case 'dropNullable': return names ? [alter(`alter column "${names[0]}" set not null`)] : [undefined];
    case 'timestamps': {
      // `timestamps(useTimestamps, defaultToNow)`, `timestamps({ defaultToNow: true })`.
      const byDefault = args[1] ?? optionOf(args[0], 'defaultToNow');
      const value = byDefault?.type === 'Literal' && byDefault.value === true ? ' not null default (now())' : '';
      const camel = args[2]?.type === 'Literal' && args[2].value === true;
      return (camel ? ['createdAt', 'updatedAt'] : ['created_at', 'updated_at']).map((one): Part => (creates ? { sql: `"${one}" timestamp${value}`, column: true } : alter(`add column "${one}" timestamp${value}`)));
    }
    default:
  }
  if (SILENT.has(name)) return [];
  const type = name === 'specificType' ? text(args[1]) ?? 'unread' : TYPES[name];
  const column = text(args[0]) ?? (/increments/i.test(name) && !args.length ? 'id' : undefined);
  if (!type || column === undefined) return [undefined];
  return columnParts(column, type, rest, { table, bare, creates, increments: /increments/i.test(name), alter, options: args[1] }, text);
}

interface At { readonly table: string; readonly bare: string; readonly creates: boolean; readonly increments: boolean; readonly options: Node | undefined; alter(action: string): Part }

function columnParts(column: string, type: string, steps: readonly Step[], at: At, text: Constants): readonly Part[] {
  const has = (...names: readonly string[]) => steps.find((one) => names.includes(one.name));
  const falsy = (step: Step | undefined) => step?.args[0]?.type === 'Literal' && step.args[0].value === false;
  const fallback = has('defaultTo', 'default');
  const notNull = has('notNullable', 'notNull') ?? (falsy(has('nullable')) ? has('nullable') : undefined);
  if (has('alter')) {
    return [
      at.alter(`alter column "${column}" type ${type}`),
      ...(notNull ? [at.alter(`alter column "${column}" set not null`)] : has('nullable') || !has('notNullable') ? [at.alter(`alter column "${column}" drop not null`)] : []),
      ...(fallback ? [at.alter(`alter column "${column}" set default ${defaultText(fallback.args[0])}`)] : []),
    ];
  }
  const inTable = has('inTable');
  const references = has('references');
  const target = references && text(references.args[0]);
  const foreign = inTable && target !== undefined ? [text(inTable.args[0]), target] : target?.includes('.') ? target.split('.') : undefined;
  const own = has('primary') || (at.increments && !falsyOption(at.options, 'primaryKey')) ? ' primary key' : '';
  const definition = `"${column}" ${type}${fallback ? ` default ${defaultText(fallback.args[0])}` : ''}${notNull ? ' not null' : ''}${own}${foreign?.[0] !== undefined ? ` references ${quoted(foreign[0])} ("${foreign[1]}")` : ''}`;
  const unique = has('unique');
  const key = unique ? [uniqueOf(at.table, at.bare, [column], unique.args[0], text)] : [];
  return [at.creates ? { sql: definition, column: true } : at.alter(`add column ${definition}`), ...key];
}

function falsyOption(options: Node | undefined, key: string): boolean {
  const value = optionOf(options, key);
  return value?.type === 'Literal' && value.value === false;
}

function keyName(options: Node | undefined, text: Constants, key: string): string | undefined {
  return text(options) ?? text(optionOf(options, key));
}

/** `unique(['a', 'b'], { indexName, predicate })`; the name is the library's own where none is given. */
function uniqueOf(table: string, bare: string, columns: readonly string[], options: Node | undefined, text: Constants): Part {
  const name = keyName(options, text, 'indexName') ?? `${bare}_${columns.join('_')}_unique`.toLowerCase();
  const predicate = optionOf(options, 'predicate');
  if (predicate) return { sql: `create unique index "${name}" on ${quoted(table)} (${list(columns)}) where partial_condition` };
  const deferrable = /deferred|immediate/.test(text(optionOf(options, 'deferrable')) ?? '') ? ' deferrable' : '';
  return { sql: `alter table ${quoted(table)} add constraint "${name}" unique (${list(columns)})${deferrable}` };
}

export const schemaSource = migrationSource({ client: 'knex', telling: /\bschema\b[\s\S]*\b(?:createTable|alterTable|table|dropTable|renameTable|raw)\b|\bclient\s*:|\.raw\(/, dialect: dialectIn, statements });
