/** Tables as a schema: `pgTable`, `mysqlTable`, `sqliteTable`, their creators and schemas, with `relations(…)`, in any file of the project. */
import type { Dialect, Relation, SchemaPart, Table, UniqueKey, Unread } from '../../schema/model.ts';
import type { Node, SourceFile } from '../../source/file.ts';
import { isFunction, unwrap } from '../../source/syntax.ts';
import { readSource } from '../common/source.ts';
import type { SchemaSource } from '../client.ts';
import { columnsOf, extraKeys, propertyOf, returned, stepsOf, textOf } from './schema-columns.ts';
import type { Columns, Shared } from './schema-columns.ts';

const MAKERS: Readonly<Record<string, Dialect>> = { pgTable: 'postgres', mysqlTable: 'mysql', sqliteTable: 'sqlite' };
const CREATORS: Readonly<Record<string, Dialect>> = { pgTableCreator: 'postgres', mysqlTableCreator: 'mysql', sqliteTableCreator: 'sqlite' };
const SCHEMAS: Readonly<Record<string, Dialect>> = { pgSchema: 'postgres', mysqlSchema: 'mysql' };

/** Files that may declare a table; what is in them decides. */
function matches(path: string): boolean {
  return /\.[cm]?[jt]s$/.test(path) && !/\.(?:d|test|spec)\.[cm]?[jt]s$/.test(path) && /schema|drizzle|tables?\b|models?\b|entit(?:y|ies)|(?:^|[\\/])(?:db|database|data)[\\/.]|\.(?:sql|db)\.[jt]s$/i.test(path);
}

/** How a name makes tables: the dialect, the schema, and what the name of a table becomes. */
interface Maker { readonly dialect: Dialect; readonly schema: string | undefined; rename(name: string): string | undefined }

interface Declared { readonly table: Table; readonly dialect: Dialect }

function read(files: readonly { readonly path: string; readonly text: string }[]): SchemaPart[] {
  const unread: Unread[] = [];
  const sources: SourceFile[] = [];
  for (const { path, text } of files) {
    if (!/drizzle-orm|[tT]ableCreator|createTable|pgTable|mysqlTable|sqliteTable/.test(text)) continue;
    const source = readSource(path, text, unread);
    if (source) sources.push(source);
  }
  const names = new Map<string, { readonly node: Node; readonly file: SourceFile }[]>();
  for (const file of sources) {
    for (const [name, node] of topLevel(file)) names.set(name, [...names.get(name) ?? [], { node, file }]);
  }
  const shared: Shared = {
    find(name, file) {
      const known = names.get(name);
      const own = known?.find((one) => one.file === file);
      // A name of another file must be imported from there: the only one of its name is.
      return own ?? (known?.length === 1 && imports(file, name) ? known[0] : undefined);
    },
  };
  const casings = new Set(files.flatMap(({ text }) => [...text.matchAll(/\bcasing\s*:\s*['"](snake|camel)(?:_case|Case)['"]/g)].map((one) => one[1] as 'snake' | 'camel')));
  const casing = casings.size === 1 ? [...casings][0] : undefined;
  const declared: Declared[] = sources.flatMap((file) => topLevel(file).flatMap(([name, node]) => tableOf(name, node, file, shared, casing) ?? []));
  const related = new Map<string, Relation[]>();
  for (const file of sources) for (const [, node] of topLevel(file)) addRelations(node, related);
  const tables = declared.map(({ table }) => withRelations(table, related.get(table.name) ?? []));
  const byDialect = new Map<Dialect, Table[]>();
  declared.forEach(({ dialect }, index) => byDialect.set(dialect, [...byDialect.get(dialect) ?? [], tables[index]!]));
  const parts = [...byDialect].map(([dialect, own]): SchemaPart => ({ client: 'drizzle', dialect, tables: own, unread: [] }));
  if (unread.length) parts.push({ client: 'drizzle', dialect: undefined, tables: [], unread });
  return parts;
}

const topLevels = new WeakMap<SourceFile, readonly (readonly [string, Node])[]>();

/** Variables and functions of the top level, with what they are. */
function topLevel(file: SourceFile): readonly (readonly [string, Node])[] {
  const known = topLevels.get(file);
  if (known) return known;
  const found = file.ast.body.flatMap((statement): (readonly [string, Node])[] => {
    const node = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (node?.type === 'VariableDeclaration') return node.declarations.flatMap((one) => (one.id.type === 'Identifier' && one.init ? [[one.id.name, unwrap(one.init)] as const] : []));
    if (node?.type === 'FunctionDeclaration' && node.id) return [[node.id.name, node] as const];
    // `exports.users = pgTable(…)`, `module.exports.users = …`.
    const assigned = node?.type === 'ExpressionStatement' && node.expression.type === 'AssignmentExpression' ? node.expression : undefined;
    return assigned?.left.type === 'MemberExpression' && assigned.left.property.type === 'Identifier' ? [[assigned.left.property.name, unwrap(assigned.right)] as const] : [];
  });
  topLevels.set(file, found);
  return found;
}

function imports(file: SourceFile, name: string): boolean {
  return new RegExp(`\\b${name.replaceAll('$', '\\$')}\\b`).test(file.ast.body.filter((one) => one.type === 'ImportDeclaration' || one.type === 'VariableDeclaration').map((one) => (one.type === 'ImportDeclaration' ? file.slice(one) : one.declarations.some((each) => each.init?.type === 'CallExpression') ? file.slice(one) : '')).join('\n'));
}

function makerOf(name: string, owner: string | undefined, file: SourceFile, shared: Shared): Maker | undefined {
  if (owner !== undefined) {
    // `app.table('users', …)` of a `pgSchema('app')`; `pg.pgTable` of a namespace import.
    if (name !== 'table') return name in MAKERS ? { dialect: MAKERS[name]!, schema: undefined, rename: (one) => one } : undefined;
    const schema = shared.find(owner, file);
    const [step] = stepsOf(schema?.node) ?? [];
    return step && step.name in SCHEMAS ? { dialect: SCHEMAS[step.name]!, schema: textOf(step.args[0]) ?? '?', rename: (one) => one } : undefined;
  }
  if (name in MAKERS) return { dialect: MAKERS[name]!, schema: undefined, rename: (one) => one };
  const own = shared.find(name, file);
  if (own?.node.type === 'Identifier') return makerOf(own.node.name, undefined, own.file, shared);
  const [step] = stepsOf(own?.node) ?? [];
  if (!own || !step || !(step.name in CREATORS)) return undefined;
  return { dialect: CREATORS[step.name]!, schema: undefined, rename: (one) => renamed(step.args[0], one, own.file, shared) };
}

/** What `(name) => `app_${name}`` makes of a name; undefined when that is not known. */
function renamed(callback: Node | undefined, name: string, file: SourceFile, shared: Shared): string | undefined {
  const fn = callback && unwrap(callback);
  const body = fn && returned(fn);
  const parameter = fn && isFunction(fn) ? fn.params[0] : undefined;
  if (parameter?.type !== 'Identifier' || !body) return undefined;
  const value = (node: Node): string | undefined => {
    const one = unwrap(node);
    if (one.type === 'Identifier') {
      if (one.name === parameter.name) return name;
      const named = shared.find(one.name, file);
      return named && textOf(named.node);
    }
    if (one.type === 'TemplateLiteral') {
      const parts = one.expressions.map(value);
      return parts.every((each) => each !== undefined) ? one.quasis.map((quasi, index) => (quasi.value.cooked ?? '') + (parts[index] ?? '')).join('') : undefined;
    }
    if (one.type === 'BinaryExpression' && one.operator === '+') { const [left, right] = [value(one.left as Node), value(one.right)]; return left !== undefined && right !== undefined ? left + right : undefined; }
    return textOf(one);
  };
  return value(body);
}

function tableOf(name: string, node: Node, file: SourceFile, shared: Shared, casing: 'snake' | 'camel' | undefined): Declared | undefined {
  const steps = stepsOf(node);
  const [made] = steps ?? [];
  const maker = made && makerOf(made.name, made.owner, file, shared);
  if (!made || !maker || made.args.length < 2) return undefined;
  const given = textOf(made.args[0]);
  const dbName = given === undefined ? undefined : maker.rename(given);
  const place = { file: file.path, line: file.line(made.node.range[0]) };
  const found = columnsOf(made.args[1], file, shared, casing);
  const keys: UniqueKey[] = found.keys.map((key) => ({ ...key, ...(key.name === undefined && dbName !== undefined && { name: uniqueName(dbName, key, found) }) }));
  const complete = extraKeys(made.args[2], file, keys) && found.complete;
  const declared = keys.some((key) => key.primary);
  return {
    dialect: maker.dialect,
    table: {
      name, dbName: dbName ?? given ?? name, schema: maker.schema, client: 'drizzle', columns: new Map(found.columns.map((one) => [one.name, one])),
      keys: [...(!declared && found.primary.length ? [{ name: undefined, columns: found.primary, primary: true, place }] : []), ...keys],
      relations: found.relations, sideEffects: [], complete, place, ...(dbName === undefined && { namesUnknown: true }),
    },
  };
}

/** The name that the library gives the key of a column that is declared `.unique()` without one. */
function uniqueName(table: string, { columns }: UniqueKey, found: Columns): string {
  return `${table}_${columns.map((name) => found.columns.find((one) => one.name === name)?.dbName ?? name).join('_')}_unique`;
}

/** `relations(users, ({ one, many }) => ({ posts: many(posts), team: one(teams, { fields: [users.teamId], references: [teams.id] }) }))`. */
function addRelations(node: Node, related: Map<string, Relation[]>): void {
  const call = unwrap(node);
  if (call.type !== 'CallExpression' || call.callee.type !== 'Identifier' || call.callee.name !== 'relations') return;
  const [owner, callback] = call.arguments;
  const body = callback && returned(callback);
  if (owner?.type !== 'Identifier' || body?.type !== 'ObjectExpression') return;
  const list = related.get(owner.name) ?? [];
  for (const property of body.properties) {
    const [step] = property.type === 'Property' ? stepsOf(property.value) ?? [] : [];
    const target = step?.args[0];
    if (property.type !== 'Property' || property.key.type !== 'Identifier' || !step || target?.type !== 'Identifier') continue;
    const columns = (key: string): string[] => {
      const value = propertyOf(step.args[1], key);
      return value?.type === 'ArrayExpression' ? value.elements.flatMap((one) => (one?.type === 'MemberExpression' && one.property.type === 'Identifier' ? [one.property.name] : [])) : [];
    };
    list.push({ name: property.key.name, target: target.name, columns: columns('fields'), references: columns('references'), many: step.name === 'many' });
  }
  related.set(owner.name, list);
}

/** Declared relations name the foreign keys that they use; the others keep a name that code cannot have. */
function withRelations(table: Table, relations: readonly Relation[]): Table {
  const named = new Set(relations.map((one) => `${one.target}:${one.columns.join()}`));
  return { ...table, relations: [...relations, ...table.relations.filter((one) => !named.has(`${one.target}:${one.columns.join()}`))] };
}

export const tableSource: SchemaSource = { matches, read };
