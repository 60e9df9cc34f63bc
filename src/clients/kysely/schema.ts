/** Keys from migrations: `db.schema.createTable('users').addColumn('id', 'uuid', (col) => col.primaryKey())`, `createIndex`, `sql`. */
import type { Dialect } from '../../schema/model.ts';
import { isFunction, unwrap } from '../../source/syntax.ts';
import type { Node, SourceFile } from '../../source/file.ts';
import { chainOf, chainsIn, defaultText, list, migrationSource, quoted, textsOf, unknownChange } from '../common/migrations.ts';
import type { Constants, Sent, Step } from '../common/migrations.ts';

function statements(file: SourceFile, text: Constants): readonly Sent[] {
  return chainsIn(file.ast).flatMap((node): readonly Sent[] => {
    const { root, steps } = chainOf(node);
    if (steps.at(-1)?.name !== 'execute') return [];
    // sql`create unique index …`.execute(db)
    if (root.type === 'TaggedTemplateExpression' && root.tag.type === 'Identifier' && root.tag.name === 'sql') {
      const sql = text(root.quasi);
      return sql === undefined ? [] : [{ at: root, sql, written: true }];
    }
    if (!/(?:^|[.\s])schema$/.test(file.slice(root))) return [];
    const prefix = steps.find((one) => one.name === 'withSchema');
    const schema = prefix && text(prefix.args[0]);
    const [first, ...rest] = steps.filter((one) => one.name !== 'withSchema');
    return first ? sent(first, rest, schema, text).map((sql) => ({ at: first.property, sql })) : [];
  }).sort((one, other) => one.at.range[0] - other.at.range[0]);
}

function sent(first: Step, rest: readonly Step[], schema: string | undefined, text: Constants): readonly string[] {
  const bare = text(first.args[0]);
  if (bare === undefined) return [];
  const name = schema === undefined ? bare : `${schema}.${bare}`;
  switch (first.name) {
    case 'createTable': {
      if (rest.some((one) => one.name === 'temporary')) return [];
      const parts = rest.map((one) => partOf(one, text));
      const known = parts.filter((one) => one !== undefined && one !== '');
      const guard = rest.some((one) => one.name === 'ifNotExists') ? 'if not exists ' : '';
      return [`create table ${guard}${quoted(name)} (${known.join(', ')})`, ...(parts.includes(undefined) ? [unknownChange(name)] : [])];
    }
    case 'dropTable': return [`drop table ${quoted(name)}`];
    case 'dropIndex': return [`drop index ${quoted(name)}`];
    case 'createIndex': return index(name, rest, text);
    case 'alterTable': return rest.flatMap((one) => altered(name, one, text));
    default: return [];
  }
}

const ENDING: ReadonlySet<string> = new Set(['execute', 'ifNotExists', 'onCommit', 'modifyFront', 'modifyEnd', 'addCheckConstraint', 'ifExists', 'cascade', 'compile', 'onDelete', 'onUpdate', 'dropIndex', 'addIndex', 'temporary']);

/** A column or key of CREATE TABLE; '' for what says nothing of them, undefined for what is not understood. */
function partOf(step: Step, text: Constants): string | undefined {
  const [first, second, third] = step.args;
  const name = text(first);
  const columns = textsOf(second, text);
  switch (step.name) {
    case 'addColumn': return column(name, second, third, text);
    case 'addUniqueConstraint': return name !== undefined && columns ? `constraint "${name}" unique${nullsEqual(third) ? ' nulls not distinct' : ''} (${list(columns)})` : undefined;
    case 'addPrimaryKeyConstraint': return name !== undefined && columns ? `constraint "${name}" primary key (${list(columns)})` : undefined;
    case 'addForeignKeyConstraint': {
      const [target, references] = [text(third), textsOf(step.args[3], text)];
      return name !== undefined && columns && target !== undefined && references ? `constraint "${name}" foreign key (${list(columns)}) references ${quoted(target)} (${list(references)})` : '';
    }
    default: return ENDING.has(step.name) ? '' : undefined;
  }
}

const nullsEqual = (callback: Node | undefined): boolean => callback !== undefined && isFunction(unwrap(callback)) && stepsOf(callback).some((one) => one.name === 'nullsNotDistinct');

/** The chain that a callback gives back. */
function stepsOf(callback: Node | undefined): readonly Step[] {
  const fn = callback && unwrap(callback);
  if (!fn || !isFunction(fn) || fn.body == null) return [];
  const returned = fn.body.type === 'BlockStatement' ? fn.body.body.find((one) => one.type === 'ReturnStatement') : undefined;
  const body = fn.body.type === 'BlockStatement' ? (returned?.type === 'ReturnStatement' ? returned.argument : undefined) : fn.body;
  return body ? chainOf(body).steps : [];
}

function column(name: string | undefined, type: Node | undefined, callback: Node | undefined, text: Constants): string | undefined {
  if (name === undefined) return undefined;
  const node = type && unwrap(type);
  const written = node?.type === 'TaggedTemplateExpression' ? text(node.quasi) : text(node);
  const steps = stepsOf(callback);
  const has = (step: string) => steps.find((one) => one.name === step);
  const fallback = has('defaultTo');
  const target = has('references') && text(has('references')!.args[0]);
  const references = target?.includes('.') ? ` references ${quoted(target.slice(0, target.lastIndexOf('.')))} ("${target.slice(target.lastIndexOf('.') + 1)}")` : '';
  const identity = has('autoIncrement') || has('generatedAlwaysAsIdentity') || has('generatedByDefaultAsIdentity');
  const kind = identity ? 'serial' : (written ?? 'unknown').replace(/[^\w\s(),[\]."]/g, ' ');
  return `"${name}" ${kind}${fallback ? ` default ${defaultText(fallback.args[0])}` : ''}${has('notNull') ? ' not null' : ''}${has('primaryKey') ? ' primary key' : ''}${has('unique') ? ` unique${has('nullsNotDistinct') ? ' nulls not distinct' : ''}` : ''}${references}`;
}

function index(name: string, steps: readonly Step[], text: Constants): readonly string[] {
  if (!steps.some((one) => one.name === 'unique')) return [];
  const table = text(steps.find((one) => one.name === 'on')?.args[0]);
  if (table === undefined) return [];
  const columns: string[] = [];
  let known = true;
  for (const step of steps) {
    if (step.name === 'expression') columns.push('(lower(expression))');
    if (step.name !== 'column' && step.name !== 'columns') continue;
    const names = textsOf(step.args[0], text);
    if (!names) { known = false; continue; }
    // `'created_at desc'`.
    columns.push(...names.map((one) => `"${one.split(' ')[0]}"`));
  }
  if (!known || !columns.length) return [unknownChange(table)];
  const partial = steps.some((one) => one.name === 'where') ? ' where partial_condition' : '';
  const equal = steps.some((one) => one.name === 'nullsNotDistinct') ? ' nulls not distinct' : '';
  return [`create unique index "${name}" on ${quoted(table)} (${columns.join(', ')})${equal}${partial}`];
}

function altered(table: string, step: Step, text: Constants): readonly string[] {
  const alter = (action: string | undefined): readonly string[] => [action === undefined ? unknownChange(table) : `alter table ${quoted(table)} ${action}`];
  const [first, second, third] = step.args;
  const name = text(first);
  switch (step.name) {
    case 'addColumn': { const made = column(name, second, third, text); return alter(made && `add column ${made}`); }
    case 'dropColumn': return alter(name && `drop column "${name}"`);
    case 'renameColumn': { const to = text(second); return alter(name !== undefined && to !== undefined ? `rename column "${name}" to "${to}"` : undefined); }
    case 'dropConstraint': return alter(name && `drop constraint "${name}"`);
    case 'renameTo': return alter(name && `rename to ${quoted(name)}`);
    case 'setSchema': return alter(name && `set schema "${name}"`);
    case 'alterColumn': case 'modifyColumn': {
      return stepsOf(step.name === 'alterColumn' ? second : third).flatMap((one) => {
        if (one.name === 'setNotNull' || one.name === 'notNull') return alter(`alter column "${name}" set not null`);
        if (one.name === 'dropNotNull') return alter(`alter column "${name}" drop not null`);
        if (one.name === 'setDefault' || one.name === 'defaultTo') return alter(`alter column "${name}" set default ${defaultText(one.args[0])}`);
        return one.name === 'dropDefault' ? alter(`alter column "${name}" drop default`) : [];
      });
    }
    case 'addUniqueConstraint': case 'addPrimaryKeyConstraint': case 'addForeignKeyConstraint': { const part = partOf(step, text); return part === '' ? [] : alter(part && `add ${part}`); }
    default: return ENDING.has(step.name) ? [] : alter(undefined);
  }
}

/** What `new PostgresDialect(…)` says. */
function dialectIn(text: string): Dialect | undefined {
  const found = new Set([...text.matchAll(/new (?<name>Postgres|Mysql|Sqlite|PostgresJS|Neon|LibSQL|D1|PlanetScale)\w*Dialect/g)].map((one) => (/^(?:Postgres|Neon)/.test(one.groups!['name']!) ? 'postgres' as const : /^(?:Mysql|Planet)/.test(one.groups!['name']!) ? 'mysql' as const : 'sqlite' as const)));
  return found.size === 1 ? [...found][0] : undefined;
}

export const schemaSource = migrationSource({ client: 'kysely', telling: /kysely/i, dialect: dialectIn, statements });
