/**
 * Which tables a statement reads and writes. Two statements are independent when neither writes what the other touches; what is not
 * understood touches everything.
 */
export interface Footprint {
  /** Touches everything: depends on every statement that touches anything. */
  readonly all: boolean;
  readonly reads: ReadonlySet<string>;
  readonly writes: ReadonlySet<string>;
}

/** Foreign keys and triggers, which make a statement touch more tables than it names. Names in lower case. */
export interface Linkage {
  readonly references: readonly { readonly child: string; readonly parent: string }[];
  readonly triggers: ReadonlySet<string>;
  /** Tables that touch only themselves when they are read. Any other name is a view, a function or unknown, and touches everything. */
  readonly tables: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();
export const NOTHING: Footprint = { all: false, reads: NONE, writes: NONE };
export const EVERYTHING: Footprint = { all: true, reads: NONE, writes: NONE };
export const NO_LINKAGE: Linkage = { references: [], triggers: NONE, tables: NONE };

/** Functions that look at their arguments only, or at rows that the statement names. Any other may lock, write, or read elsewhere. */
const PURE = new Set(['count', 'sum', 'min', 'max', 'avg', 'coalesce', 'lower', 'upper', 'length', 'concat', 'cast', 'now', 'trim', 'abs', 'greatest', 'least', 'ifnull', 'nullif', 'exists', 'in', 'any', 'values', 'and', 'or', 'not', 'as', 'on', 'when', 'then', 'else', 'select', 'from', 'where', 'default', 'json_agg', 'row_to_json', 'to_json', 'json_build_object', 'array_agg', 'row_number', 'over', 'set', 'returning', 'conflict', 'key', 'is', 'into', 'gen_random_uuid', 'uuid_generate_v4', 'current_timestamp', 'unnest']);
const TABLE = String.raw`((?:[\w$]+|"[^"]+"|` + '`[^`]+`' + String.raw`)(?:\s*\.\s*(?:[\w$]+|"[^"]+"|` + '`[^`]+`' + String.raw`))*)`;
/** `FROM a, b`, `UPDATE a, b`. */
const LISTED = new RegExp(String.raw`\b(?:from|update)\s+${TABLE}(?:\s+(?:as\s+)?["\x60\w]+)?\s*,`, 'i');

export function independent(a: Footprint, b: Footprint): boolean {
  const nothing = (one: Footprint) => !one.all && !one.reads.size && !one.writes.size;
  if (nothing(a) || nothing(b)) return true;
  if (a.all || b.all) return false;
  return disjoint(a.writes, b.reads) && disjoint(a.writes, b.writes) && disjoint(b.writes, a.reads);
}

function disjoint(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  for (const one of a) if (b.has(one)) return false;
  return true;
}

export function union(a: Footprint, b: Footprint): Footprint {
  return { all: a.all || b.all, reads: new Set([...a.reads, ...b.reads]), writes: new Set([...a.writes, ...b.writes]) };
}

/** The footprint of one statement outside any transaction. */
export function footprintOf(sql: string, linkage: Linkage): Footprint {
  const text = sql.replace(/\/\*[\s\S]*?\*\/|--[^\n]*/g, ' ').replace(/'(?:[^']|'')*'/g, "''").trim().replace(/;\s*$/, '');
  if (text.includes(';') || text.includes('$$')) return EVERYTHING;
  const verb = /^\(?\s*(\w+)/.exec(text)?.[1]?.toLowerCase();
  if (verb !== 'select' && verb !== 'insert' && verb !== 'update' && verb !== 'delete' && verb !== 'replace') return EVERYTHING;
  const locks = /\bfor\s+(?:no\s+key\s+)?update\b|\bfor\s+(?:key\s+)?share\b|\block\s+in\s+share\s+mode\b/i.test(text);
  // What follows UPDATE in these is a column or an option, no table.
  const plain = text.replace(/\bon\s+duplicate\s+key\s+update\b|\bdo\s+update\b|\bfor\s+(?:no\s+key\s+)?update\b/gi, ' ');
  if (callsUnknown(plain)) return EVERYTHING;
  const named = (pattern: string) => [...plain.matchAll(new RegExp(String.raw`\b(?:${pattern})\s+(?:only\s+)?${TABLE}`, 'gi'))].map((found) => tableName(found[1]!));
  const touched = new Set(named('from|join|into|update|using|table'));
  if (!touched.size || LISTED.test(plain)) return EVERYTHING;
  for (const one of touched) if (!linkage.tables.has(one)) return EVERYTHING;
  if (verb === 'select' && !locks) return { all: false, reads: touched, writes: NONE };
  return linked(touched, linkage);
}

function linked(written: ReadonlySet<string>, { references, triggers }: Linkage): Footprint {
  for (const table of written) if (triggers.has(table)) return EVERYTHING;
  const writes = new Set(written);
  // A deleted parent takes its children along, and theirs.
  for (const table of writes) for (const one of references) if (one.parent === table) writes.add(one.child);
  const reads = new Set(references.filter((one) => writes.has(one.child)).map((one) => one.parent));
  return { all: false, reads, writes };
}

function callsUnknown(text: string): boolean {
  // A name before a parenthesis that follows INTO, FROM or a table's alias is a column list, not a call.
  const calls = text.replace(new RegExp(String.raw`\b(?:into|from|join|update|references)\s+${TABLE}\s*(?:as\s+\w+\s*)?\(`, 'gi'), ', (');
  return [...calls.matchAll(/([\w.]+)\s*\(/g)].some((found) => !PURE.has(found[1]!.toLowerCase().replace(/^pg_catalog\./, '')) && !/^\$?\d+$/.test(found[1]!));
}

function tableName(written: string): string {
  return written.split('.').at(-1)!.trim().replace(/^["`]|["`]$/g, '').toLowerCase();
}

/** What a statement does to its connection's transaction. */
export type Boundary = 'begin' | 'end' | 'local' | undefined;

export function boundaryOf(sql: string): Boundary {
  const text = sql.trim();
  if (/^(?:begin|start\s+transaction)\b/i.test(text)) return 'begin';
  if (/^(?:commit|end|rollback)\b(?!\s+(?:work\s+)?to\b)/i.test(text)) return 'end';
  if (/^(?:savepoint|release)\b/i.test(text) || /^set\s+(?:session\s+)?transaction\s+isolation\b/i.test(text)) return 'local';
  return undefined;
}

/** BEGIN itself touches nothing, unless it takes a lock or a snapshot at once. */
export function beginFootprint(sql: string): Footprint {
  return /\b(?:immediate|exclusive|snapshot)\b/i.test(sql) ? EVERYTHING : NOTHING;
}

/**
 * One connection, for the footprints of what it runs. Inside a transaction that is not known to be READ COMMITTED a read may fix the
 * snapshot of everything; a commit shows and unlocks all that its transaction touched.
 */
export class Connection {
  readonly #linkage: Linkage;
  readonly #readCommitted: boolean;
  #open = false;
  #snapshot = false;
  #touched: Footprint = NOTHING;

  constructor(linkage: Linkage, readCommitted: boolean) {
    this.#linkage = linkage;
    this.#readCommitted = readCommitted;
  }

  /** The footprint of the next statement; call it once, when the statement arrives. */
  next(sql: string): Footprint {
    const boundary = boundaryOf(sql);
    if (/\bisolation\s+level\b/i.test(sql)) this.#snapshot = !/\bread\s+committed\b/i.test(sql);
    else if (boundary === 'begin' && !this.#open) this.#snapshot ||= !this.#readCommitted;
    if (boundary === 'begin') {
      this.#open = true;
      return beginFootprint(sql);
    }
    if (boundary === 'end') {
      const touched = this.#touched;
      this.#open = this.#snapshot = false;
      this.#touched = NOTHING;
      return touched;
    }
    if (boundary === 'local') return NOTHING;
    const own = /^rollback\s+(?:work\s+)?to\b/i.test(sql.trim()) ? this.#touched : footprintOf(sql, this.#linkage);
    if (!this.#open) return own;
    const here = this.#snapshot ? EVERYTHING : own;
    this.#touched = union(this.#touched, here);
    return here;
  }
}
