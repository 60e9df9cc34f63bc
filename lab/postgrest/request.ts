import { condition, identifier, Sql, split, Unsupported } from './filters.ts';

/** A captured request, read. */
export interface Captured {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly (readonly [string, string])[];
  readonly headers: Headers;
  readonly body: unknown;
}

/** What the schema says that a request does not. */
export interface Catalogue {
  primaryKey(schema: string, table: string): Promise<readonly string[]>;
  /** Argument names and types of the function of that name; undefined: there is none, or several. */
  routine(schema: string, name: string): Promise<{ readonly arguments: Readonly<Record<string, string>>; readonly returns: 'void' | 'scalar' | 'rows' } | undefined>;
}

/** One statement, and how its answer is shaped. It yields one row: `body` as JSON, `rows` returned, `total` counted. */
export interface Query {
  readonly sql: string;
  readonly values: readonly unknown[];
  readonly table: string | undefined;
  readonly writes: boolean;
  /** The answer is one object, or error PGRST116. */
  readonly single: boolean;
  readonly representation: boolean;
  readonly head: boolean;
  readonly counted: boolean;
  readonly created: boolean;
  readonly returns: 'rows' | 'scalar' | 'void';
}

const RESERVED: ReadonlySet<string> = new Set(['select', 'order', 'limit', 'offset', 'columns', 'on_conflict']);
const PREFER: ReadonlySet<string> = new Set(['return=representation', 'return=minimal', 'resolution=merge-duplicates', 'resolution=ignore-duplicates', 'count=exact']);
/** What supabase-js sends with every request and PostgREST ignores or only authenticates by. */
const HEADERS: ReadonlySet<string> = new Set(['accept', 'accept-profile', 'content-profile', 'content-type', 'prefer', 'apikey', 'authorization', 'x-client-info', 'x-supabase-api-version', 'x-retry-count']);
const SINGLE = 'application/vnd.pgrst.object+json';

export async function queryOf(request: Captured, catalogue: Catalogue): Promise<Query> {
  const { method, headers } = request;
  for (const [name] of headers) if (!HEADERS.has(name)) throw new Unsupported(`the header \`${name}\``);
  const prefer = (headers.get('prefer') ?? '').split(',').map((one) => one.trim()).filter(Boolean);
  for (const one of prefer) if (!PREFER.has(one)) throw new Unsupported(`\`Prefer: ${one}\``);
  const accept = headers.get('accept') ?? '*/*';
  if (accept !== SINGLE && accept !== 'application/json' && accept !== '*/*') throw new Unsupported(`\`Accept: ${accept}\``);
  const schema = headers.get(method === 'GET' || method === 'HEAD' ? 'accept-profile' : 'content-profile') ?? 'public';
  const shape = { single: accept === SINGLE, head: method === 'HEAD', counted: prefer.includes('count=exact'), representation: prefer.includes('return=representation') };
  const routine = /^rpc\/([\w$]+)$/.exec(request.path)?.[1];
  if (routine) return routineQuery(request, schema, routine, shape, catalogue);
  if (!/^[\w$]+$/.test(request.path)) throw new Unsupported(`the path \`/${request.path}\``);
  const table = { schema, name: request.path, sql: `${identifier(schema)}.${identifier(request.path)}` };
  const common = { ...shape, table: table.name, returns: 'rows' as const };
  const sql = new Sql();
  switch (method) {
    case 'GET':
    case 'HEAD': {
      const where = whereOf(request, sql, ['select', 'order', 'limit', 'offset']);
      const source = `select ${columnsOf(request)} from ${table.sql}${where}${orderOf(request)}${pageOf(request, sql)}`;
      const total = shape.counted ? `(select count(*) from ${table.sql}${where})` : 'null';
      return { ...common, sql: answerOf(source, total), values: sql.values, writes: false, representation: true, created: false };
    }
    case 'POST': {
      const text = await insertOf(request, table, prefer, sql, catalogue);
      return { ...common, sql: writeOf(request, text, shape.representation), values: sql.values, writes: true, created: true };
    }
    case 'PATCH': {
      const columns = keysOf(request, [request.body]);
      const body = sql.parameter(JSON.stringify(request.body));
      const where = whereOf(request, sql, ['select', 'columns']);
      // PostgREST answers an update of nothing without asking the table.
      if (!columns.length) throw new Unsupported('an update without columns');
      const text = `update ${table.sql} set ${columns.map((one) => `${one} = pgrst_body.${one}`).join(', ')} from (select * from json_populate_record(null::${table.sql}, ${body}::json)) pgrst_body${qualified(where, table.sql)}`;
      return { ...common, sql: writeOf(request, text, shape.representation, table.sql), values: sql.values, writes: true, created: false };
    }
    case 'DELETE': {
      const where = whereOf(request, sql, ['select']);
      return { ...common, sql: writeOf(request, `delete from ${table.sql}${where}`, shape.representation), values: sql.values, writes: true, created: false };
    }
    default: throw new Unsupported(`the method ${method}`);
  }
}

type Shape = Pick<Query, 'single' | 'head' | 'counted' | 'representation'>;

async function routineQuery(request: Captured, schema: string, name: string, shape: Shape, catalogue: Catalogue): Promise<Query> {
  if (request.method !== 'POST') throw new Unsupported(`${request.method} of a function`);
  for (const [key] of request.parameters) throw new Unsupported(`the parameter \`${key}\` of a function`);
  const routine = await catalogue.routine(schema, name);
  if (!routine) throw new Unsupported(`the function ${schema}.${name}: there is none, or there are several`);
  const given = (request.body ?? {}) as Record<string, unknown>;
  for (const key of Object.keys(given)) if (!Object.hasOwn(routine.arguments, key)) throw new Unsupported(`the argument \`${key}\` of ${name}`);
  const names = Object.keys(given);
  const sql = new Sql();
  const call = `${identifier(schema)}.${identifier(name)}(${names.map((one) => `${identifier(one)} := pgrst_args.${identifier(one)}`).join(', ')})`;
  const from = names.length ? `json_to_record(${sql.parameter(JSON.stringify(given))}::json) as pgrst_args (${names.map((one) => `${identifier(one)} ${routine.arguments[one]}`).join(', ')})` : '(select 1) as pgrst_args';
  const text = routine.returns === 'rows'
    ? `with pgrst_source as (select pgrst_call.* from ${from}, lateral ${call} pgrst_call) select coalesce(json_agg(row_to_json(pgrst_source)), '[]') as body, count(*)::int as rows, count(*)::int as total from pgrst_source`
    : `select ${routine.returns === 'void' ? `null as body, ${call}::text as done` : `to_json(${call}) as body`}, 1 as rows, null as total from ${from}`;
  return { ...shape, sql: text, values: sql.values, table: undefined, writes: true, representation: true, created: false, returns: routine.returns };
}

async function insertOf(request: Captured, table: { schema: string; name: string; sql: string }, prefer: readonly string[], sql: Sql, catalogue: Catalogue): Promise<string> {
  whereOf(request, sql, ['select', 'columns', 'on_conflict']);
  const rows = Array.isArray(request.body) ? request.body : [request.body];
  const columns = keysOf(request, rows);
  const body = sql.parameter(JSON.stringify(rows));
  const list = columns.join(', ');
  const text = columns.length
    ? `insert into ${table.sql} (${list}) select ${list} from json_populate_recordset(null::${table.sql}, ${body}::json)`
    : `insert into ${table.sql} ${rows.length ? 'default values' : `select * from ${table.sql} where false`}`;
  if (!columns.length) sql.values.pop();
  if (!columns.length && rows.length > 1) throw new Unsupported('several rows without columns');
  const resolution = prefer.find((one) => one.startsWith('resolution='));
  const target = one(request, 'on_conflict')?.split(',').map((column) => identifier(column.trim()));
  // Without a resolution PostgREST ignores `on_conflict`; without the latter it takes the primary key.
  if (!resolution) return text;
  const key = target ?? (await catalogue.primaryKey(table.schema, table.name)).map(identifier);
  if (!key.length) return text;
  const action = resolution.endsWith('ignore-duplicates') || !columns.length ? 'do nothing' : `do update set ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}`;
  return `${text} on conflict (${key.join(', ')}) ${action}`;
}

/** Columns that a body writes: `columns` when given, else the keys of its first row. */
function keysOf(request: Captured, rows: readonly unknown[]): string[] {
  const named = one(request, 'columns');
  const written = rows.map((row) => {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) throw new Unsupported('a body that is no object or list of objects');
    return Object.keys(row);
  });
  const columns = named === undefined ? (written[0] ?? []) : split(named).map((column) => column.trim().replace(/^"(.*)"$/, '$1'));
  if (named === undefined && written.some((keys) => keys.length !== columns.length || keys.some((key) => !columns.includes(key)))) throw new Unsupported('rows with different keys and no `columns`');
  return columns.map(identifier);
}

function writeOf(request: Captured, text: string, representation: boolean, table?: string): string {
  const columns = columnsOf(request, representation && table ? `${table}.*` : '*');
  return `with pgrst_source as (${text} returning ${representation ? (table ? `${table}.*` : '*') : '1'}) ${answerOf(`select ${representation ? columns.replace(`${table}.*`, '*') : '1'} from pgrst_source`, '(select count(*) from pgrst_source)')}`;
}

function answerOf(source: string, total: string): string {
  return `select coalesce(json_agg(row_to_json(pgrst_row)), '[]') as body, count(*)::int as rows, ${total}::int as total from (${source}) pgrst_row`;
}

function whereOf(request: Captured, sql: Sql, allowed: readonly string[]): string {
  const conditions: string[] = [];
  for (const [key, value] of request.parameters) {
    if (allowed.includes(key)) continue;
    if (RESERVED.has(key)) throw new Unsupported(`the parameter \`${key}\` of ${request.method}`);
    if (request.method === 'POST') throw new Unsupported(`the filter \`${key}\` of an insert`);
    conditions.push(condition(key, value, sql));
  }
  return conditions.length ? ` where ${conditions.join(' and ')}` : '';
}

/** An update's filters name columns that its body has too. */
function qualified(where: string, table: string): string {
  return where.replace(/(^ where |[ (]|not )("[^"]+")(?= (?:=|<>|>|>=|<|<=|like|ilike|is|in) )/g, `$1${table}.$2`);
}

function columnsOf(request: Captured, everything = '*'): string {
  const written = one(request, 'select');
  if (written === undefined || written === '' || written === '*') return everything;
  return split(written).map((item) => {
    const column = item.trim();
    if (column === '*') return everything;
    const [, alias, name, cast] = /^(?:([\w$]+):)?([\w$]+)(?:::([\w ]+))?$/.exec(column) ?? [];
    if (!name) throw new Unsupported(`\`select=${column}\``);
    return `${identifier(name)}${cast ? `::${cast}` : ''}${alias || cast ? ` as ${identifier(alias ?? name)}` : ''}`;
  }).join(', ');
}

function orderOf(request: Captured): string {
  const written = one(request, 'order');
  if (!written) return '';
  return ` order by ${split(written).map((item) => {
    const [, name, direction, nulls] = /^([\w$]+)(?:\.(asc|desc))?(?:\.(nullsfirst|nullslast))?$/.exec(item.trim()) ?? [];
    if (!name) throw new Unsupported(`\`order=${item}\``);
    return `${identifier(name)} ${direction ?? 'asc'}${nulls ? ` nulls ${nulls.slice(5)}` : ''}`;
  }).join(', ')}`;
}

function pageOf(request: Captured, sql: Sql): string {
  const part = (key: 'limit' | 'offset') => {
    const value = one(request, key);
    if (value === undefined) return '';
    if (!/^\d+$/.test(value)) throw new Unsupported(`\`${key}=${value}\``);
    return ` ${key} ${sql.parameter(Number(value))}::bigint`;
  };
  return part('limit') + part('offset');
}

function one(request: Captured, key: string): string | undefined {
  const found = request.parameters.filter(([name]) => name === key);
  if (found.length > 1) throw new Unsupported(`\`${key}\` twice`);
  return found[0]?.[1];
}
