/** Where a file writes "insert, or update what is there", and by which key it finds what is there. */
import type { Comparison, Operation } from '../model.ts';
import { lineage, type Node } from '../value/terms.ts';
import type { Trace } from './index.ts';
import { sameTable } from './matching.ts';
import type { Pairs } from './pairs.ts';
import { targetProblem } from './targets.ts';
import { answersViolation } from './violations.ts';

export interface ConflictSite {
  readonly write: Operation;
  /** The columns by which the row that is there is found; never empty, in no order. */
  readonly key: readonly string[];
  /** What the report stands on. */
  readonly node: Node;
}

/** One site for each write of this trace's own file whose key is known. */
export function conflictSites(trace: Trace, pairs: Pairs): ConflictSite[] {
  const found = new Map<Node, ConflictSite>();
  const add = (write: Operation, key: readonly string[] | undefined, node: Node = write.verbNode ?? write.node): void => {
    if (key?.length && write.file === trace.file.path && write.table.name && !found.has(node)) found.set(node, { write, key: [...new Set(key)], node });
  };
  for (const write of trace.operations) {
    // A target that is no key is another rule's matter, and "any key" names none.
    if (write.conflict && (write.verb === 'upsert' || write.verb === 'insert') && !targetProblem(write)) add(write, write.conflict.target);
    if (write.verb === 'insert' || write.verb === 'save') {
      const answer = trace.operations.find((one) => one.verb === 'update' && sameTable(one.table, write.table) === true && answersViolation(one, write, trace));
      // By the id of a row that was just looked up again: the key is what it was looked up by.
      const again = answer && trace.operations.find((one) => one.verb === 'find' && answersViolation(one, write, trace) && (answer.predicate?.arms ?? []).some((arm) => arm.some((each) => lineage(each.value) === one)));
      if (answer) add(write, equalities(again ?? answer));
    }
  }
  for (const { insert, columns, key } of pairs.updatedFirst()) add(insert, key ?? columns);
  for (const { write, update, columns, key, open } of pairs.absences()) if (update && !open.length) add(write, key ?? columns);
  return [...found.values()];
}

function equalities({ predicate }: Operation): readonly string[] | undefined {
  const arm = predicate?.complete && predicate.arms.length === 1 ? predicate.arms[0]! : undefined;
  return arm?.filter((one) => one.operator === '=' && !one.via.length).map((one) => one.column);
}

/** A name for the key that is the same for all who mean the same columns: the database's names, sorted. */
function keyName({ write, key }: ConflictSite): string {
  return key.map((one) => columnName(write, one)).sort().join();
}

function columnName({ table: { table } }: Operation, column: string): string { return (table?.columns.get(column)?.dbName ?? column).toLowerCase(); }

/** The columns that the site's rows can hold, named as in `keyName`; undefined where that is not known. */
function heldColumns({ write, key }: ConflictSite): ReadonlySet<string> | undefined {
  const { rows, table: { table } } = write;
  if (!rows?.length || rows.some((row) => row.spreads.length)) return undefined;
  const defaulted = [...table?.columns.values() ?? []].filter((one) => one.default !== 'none' || one.defaultLiteral != null).map((one) => one.name);
  return new Set([...key, ...defaulted, ...rows.flatMap((row) => row.assignments.map((one) => one.column))].map((one) => columnName(write, one)));
}

/** What is known of a column in every row: it is empty, it is not, or it has this value. */
type Fact = 'null' | 'set' | `=${string}`;

/** Columns by their names in the database, in lower case. */
export interface SiteRows {
  /** A name that is equal for the same columns. */
  readonly key: string;
  /** The columns that the site's rows can hold; undefined where that is not known. */
  readonly holds: ReadonlySet<string> | undefined;
  /** Of the rows that its key can find. */
  readonly finds: ReadonlyMap<string, Fact>;
  /** Of the rows that it inserts. */
  readonly inserts: ReadonlyMap<string, Fact>;
}

export function siteRows(site: ConflictSite): SiteRows {
  const { write, key } = site;
  const named = (facts: Iterable<readonly [string, Fact]>): [string, Fact][] => [...facts].map(([column, fact]) => [columnName(write, column), fact]);
  // A NULL in a key meets no other, but for keys that say so.
  const distinct = write.table.table?.keys.some((one) => one.nullsNotDistinct) !== true;
  const partial = write.conflict?.partial;
  // A row that the named predicate leaves out could go in, but not by this clause.
  const finds = new Map(named([...(distinct ? key.map((column) => [column, 'set'] as const) : []), ...(partial?.arms.length === 1 ? partial.arms[0]!.flatMap(factOf) : [])]));
  const [first, ...rest] = write.rows ?? [];
  const written = first && !rest.length && !first.spreads.length ? first.assignments.flatMap(({ column, value, how, conditional }) => (how === 'set' && !conditional && value.kind === 'literal' ? [[column, literalFact(value.value)] as const] : [])) : [];
  return { key: keyName(site), holds: heldColumns(site), finds, inserts: new Map([...finds, ...named(written)]) };
}

function factOf({ column, operator, value, via, conditional }: Comparison): (readonly [string, Fact])[] {
  if (via.length || conditional) return [];
  if (operator === 'is null') return [[column, 'null']];
  if (operator === 'is not null') return [[column, 'set']];
  return operator === '=' && value.kind === 'literal' ? [[column, literalFact(value.value)]] : [];
}

const literalFact = (value: unknown): Fact => (value === null || value === undefined ? 'null' : `=${String(value)}`);

function excludes(one: Fact | undefined, other: Fact): boolean {
  if (one === undefined || one === other) return false;
  return one === 'null' || other === 'null' || (one !== 'set' && other !== 'set');
}

/**
 * Whether a row that one site inserts can be one that the other looks for: a subscription to a document, by user and document, is never
 * one to a collection, by user and collection, since each leaves the other's key empty; nor is a row of one partial index ever one of
 * an index whose predicate rules it out.
 */
export function mayMeet(one: SiteRows, other: SiteRows): boolean {
  const meets = (row: SiteRows, { key, finds }: SiteRows): boolean => (!row.holds || key.split(',').every((column) => row.holds!.has(column))) && ![...finds].some(([column, fact]) => excludes(row.inserts.get(column), fact));
  return meets(one, other) || meets(other, one);
}

/** A name for the table that is the same in all files. */
export function tableName({ write: { table } }: ConflictSite): string {
  return (table.table ? `${table.table.schema ?? ''}.${table.table.dbName}` : `.${table.name}`).toLowerCase().replace(/^public(?=\.)/, '');
}
