/**
 * The words everyone shares. Clients make `OperationSpec`s, the trace places them in time as `Operation`s, rules turn pairs of
 * them into `Race`s with an `Intent`, and `rewrite` turns a race into a `Rewrite` or a `Refusal`.
 */
import type { Dialect, Table, Tri } from './schema/model.ts';
import type { Formula } from './value/formula.ts';
import type { Node, ResultValue, Value } from './value/terms.ts';

export type { Dialect, Table, Tri, Node, Value, Formula };

// ---------------------------------------------------------------------------------------------- what a call does

/**
 * - `find`: rows are read; `count`: a number, or whether any exist; `aggregate`: max, min, sum …;
 * - `insert`; `update`; `delete`; `upsert`: decided by the client's own conflict clause or call;
 * - `save`: insert or update, decided by the value (TypeORM, Mongoose), of which the trace may know more (`Operation.verb`);
 * - `lock`: takes a lock and returns nothing of interest; `call`: a database function that was not read.
 */
export type Verb = 'find' | 'count' | 'aggregate' | 'insert' | 'update' | 'delete' | 'upsert' | 'save' | 'lock' | 'call';

export interface TableRef {
  /** As the code names it, for messages. */
  readonly name: string;
  /** The catalogue's table, when it knows one. */
  readonly table: Table | undefined;
}

export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in' | 'like' | 'is null' | 'is not null' | 'contains' | 'other';

/** `column operator value`; a column of a related table carries the relation's path ("author.email" is via ['author']). */
export interface Comparison {
  readonly column: string;
  readonly operator: Operator;
  readonly value: Value;
  readonly via: readonly string[];
  /** Where it was written, for rewrites that copy the user's own text: the value's expression. */
  readonly node: Node | undefined;
  /** Only present on some paths (a conditional spread). */
  readonly conditional?: boolean;
  /** Of `in`: what each of the values is, where the list was made in code (`inputs.map((input) => input.email)`). */
  readonly each?: Value;
}

/** A WHERE clause in disjunctive form: a row qualifies when all comparisons of one arm hold. No arms: every row. */
export interface Predicate {
  readonly arms: readonly (readonly Comparison[])[];
  /** Whether all of it was understood; if not, the row may be narrower than the arms say. */
  readonly complete: boolean;
  readonly node: Node | undefined;
}

/**
 * How a column is written: `set` to a value computed in code; `atomic` from its own stored value by the database (`increment`,
 * `x = x + 1`); `append` likewise for arrays and json; `carried` along by a save of the whole row; `default` explicitly.
 */
export type How = 'set' | 'atomic' | 'append' | 'carried' | 'default';

export interface Assignment {
  readonly column: string;
  readonly value: Value;
  readonly how: How;
  readonly node: Node | undefined;
  readonly conditional?: boolean;
  /** Of what is appended: it is there twice when it was there before (not so with a set's own way to add). */
  readonly repeats?: true;
}

/** One written row. `spreads` are whole objects of which the columns are not known one by one. */
export interface Row {
  readonly assignments: readonly Assignment[];
  readonly spreads: readonly Value[];
  readonly node: Node | undefined;
}

/** What a writing statement does when a unique key is already taken. */
export interface Conflict {
  /** Columns of the conflict target; undefined: any unique key. */
  readonly target: readonly string[] | undefined;
  readonly action: 'ignore' | 'update';
  /** The columns that the update part writes; undefined: all inserted ones. */
  readonly update: Row | undefined;
  /** Runs as one statement in this shape, version and dialect; 'unknown' where the measured tables do not say. */
  readonly atomic: Tri;
  /** Why it is not atomic, in plain words, for `no-nonatomic-upsert`. */
  readonly why?: string;
  /** The predicate of a partial index that the target names, too (`on conflict (name) where team is null`), as far as it was read. */
  readonly partial?: Predicate;
}

/** How a conditional write tells that no row matched. */
export type Miss = 'throws' | 'count' | 'null' | 'silent';

// --------------------------------------------------------------------------------------- how code gets at results

/**
 * One thing that a result holds, at `path` below the awaited value ([] is the value itself):
 * `row`: a row or nothing; `rows`: an array; `count`: a number of rows; `exists`: a boolean; `affected`: the number of rows
 * written; `written`: the row(s) written; `error`: an error object or nothing; `scalar`: an aggregate of `column`.
 */
export interface ResultPart {
  readonly path: readonly string[];
  readonly is: 'row' | 'rows' | 'count' | 'exists' | 'affected' | 'written' | 'error' | 'scalar';
  readonly column?: string;
  /** For `row`: what a miss looks like; `throws` means that the code after the call runs only when there is a row. */
  readonly miss?: 'null' | 'undefined' | 'throws' | 'error';
  /** For counts: a string or bigint never equals the number 0 under ===. */
  readonly numeric?: 'number' | 'bigint' | 'string';
  /** For `error`: literal codes that mean "no row" (PGRST116). */
  readonly absentCodes?: readonly string[];
}

/** One way in which code can tell a unique violation of this client, version and dialect from other errors. */
export interface ViolationTest {
  /** Path below the error: ['code'], ['cause', 'code'], ['message'] …. */
  readonly path: readonly string[];
  /** Literals that the property equals, or (for `contains`) that it includes. */
  readonly values: readonly (string | number)[];
  readonly contains?: boolean;
  /** Can be true here (false: the handler is dead code; the reason goes into the message). */
  readonly fires: Tri;
  readonly why?: string;
  /** Another library tells its violations so. */
  readonly stranger?: true;
}

export interface Violation {
  /** `returned` at the result's `error` part, or thrown. */
  readonly arrives: 'thrown' | 'returned';
  readonly tests: readonly ViolationTest[];
  /** Classes of which the error is an instance, as code names them. */
  readonly classes: readonly string[];
  /** Classes of other libraries' errors, which it never is; `unique`: they stand for violations alone. */
  readonly strangers?: readonly { readonly name: string; readonly from: string; readonly unique: boolean; readonly why: string }[];
  /** Paths at which the error names the violated key, and what stands there. */
  readonly tells: readonly { readonly path: readonly string[]; readonly what: 'columns' | 'constraint' | 'text'; readonly fires: Tri; readonly why?: string }[];
}

// ------------------------------------------------------------------------------------------------------ operations

export type Isolation = 'read uncommitted' | 'read committed' | 'repeatable read' | 'serializable' | 'default' | 'unknown';

/** A transaction as one value: two operations are in the same one when they hold the same object. */
export interface Transaction {
  readonly id: number;
  readonly isolation: Isolation;
  readonly dialect: Dialect | undefined;
  readonly parent: Transaction | undefined;
  /** `batch`: the client sends all statements as one (array form). */
  readonly form: 'callback' | 'manual' | 'batch' | 'declared';
  readonly node: Node;
}

/** How sure it is that this call is what it seems: resolved type, import or declaration, distinctive shape, or hardly more than names. */
export type Evidence = 'type' | 'declaration' | 'shape' | 'name';

/** What a client says of one call. */
export interface OperationSpec {
  readonly client: string;
  readonly verb: Verb;
  /** As a user would name the call in a sentence: `prisma.user.create`. */
  readonly label: string;
  readonly table: TableRef;
  readonly predicate?: Predicate;
  readonly rows?: readonly Row[];
  /** The written rows when they are not known one by one (a mapped collection: one row per element). */
  readonly rowsOf?: Value;
  /** The collection of whose elements each is a statement of its own, sent in one call. */
  readonly each?: Value;
  /** What a `save` was given, where it may be a loaded row or a new one. */
  readonly saved?: Value;
  /** A save that sends each field that was changed by itself, and not the whole column in which it lies. */
  readonly partial?: boolean;
  readonly conflict?: Conflict;
  /** One row at most, or any number. */
  readonly many: boolean;
  readonly miss?: Miss;
  /** A lock that the statement takes on the rows it reads. */
  readonly lock?: 'update' | 'share' | 'advisory';
  /** A row that was read before, into which a `find` reads what is there now (`em.refresh(row)`). */
  readonly reloads?: Value;
  /** Columns that a `find` fetches, undefined: all; relations fetched along ride in `includes`. */
  readonly columns?: readonly string[];
  /** Code finds more in a row than columns of the table under their own names: others' columns, aliases, what the database computed. */
  readonly mixed?: true;
  readonly includes?: readonly string[];
  /** Conditions on the rows of an included relation (or on those that are counted), by the relation's name. */
  readonly included?: Readonly<Record<string, Predicate>>;
  readonly aggregate?: { readonly function: string; readonly column: string | undefined };
  readonly order?: readonly { readonly column: string; readonly descending: boolean }[];
  readonly result: readonly ResultPart[];
  readonly violation?: Violation;
  readonly dialect: Dialect | undefined;
  /** The transaction handle that the call was made on, undefined: the plain connection. */
  readonly transaction: Transaction | undefined;
  /** The handle was declared as one that may be a transaction's, which somebody else opened and ends. */
  readonly lent?: true | Transaction;
  /** Cannot be interleaved inside one process: nothing is awaited (synchronous driver). */
  readonly synchronous?: boolean;
  /** A further statement of a call that does several (a nested write): the call resolves to what its own statement returns. */
  readonly nested?: boolean;
  /** Condition or version in the predicate that makes the write fail when the row changed meanwhile. */
  readonly optimistic?: boolean;
  readonly evidence: Evidence;
  /** The whole call as written, builder chain included, `await` excluded. */
  readonly node: Node;
  /**
   * The call that says what is done, where `node` is a chain of several (`….insert(row)` of a builder), or does not hold it at all (a
   * builder kept in a variable and awaited elsewhere).
   */
  readonly verbNode?: Node;
  /** Facts that only this client's rewrites use. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** A `try` block, or a promise with a rejection handler, that an operation runs in. */
export interface Region {
  readonly id: number;
  readonly parent: Region | undefined;
  readonly node: Node;
  /** Set when the handler has been walked. */
  handler: Handler | undefined;
}

/** How a path through a handler ends. `value` is what is thrown or returned. */
export interface HandlerExit {
  readonly kind: 'throw' | 'return' | 'continue' | 'falls-through';
  readonly condition: Formula;
  readonly value: Value | undefined;
  readonly node: Node;
}
export interface Handler {
  readonly caught: Value;
  readonly exits: readonly HandlerExit[];
  readonly node: Node;
  /** Runs without an error, too (`(error, result) => …`): only a test of the error tells that a violation is answered. */
  readonly always?: boolean;
}

/** One call of the stack that led to an operation, outermost first; empty in the walked function itself. */
export interface Frame { readonly call: Node; readonly callee: Node; readonly file: string }

/** An operation as it happens: a spec, placed in the order and under the conditions of one run. */
export interface Operation extends OperationSpec {
  readonly id: number;
  readonly file: string;
  /** 1-based, in `file`. */
  readonly line: number;
  /** All conditions under which it runs, early exits included. */
  readonly condition: Formula;
  /** Under which further condition each row of `rowsOf` is written: the filters that the collection went through. */
  readonly rowsWhen: Formula;
  /** The loops that surround it, outermost first; two iterations of one are two runs. */
  readonly loops: readonly Node[];
  readonly region: Region | undefined;
  readonly frames: readonly Frame[];
  /** The deferred callbacks (route handlers, event listeners, wrapped actions) that it runs in, outermost first. */
  readonly tasks: readonly Node[];
  /** Promise.all siblings run at the same time. */
  readonly concurrent: number | undefined;
  /** Names of unresolved functions whose callback this runs in (`withLock`, `limit`), outermost first. */
  readonly within: readonly string[];
  readonly value: ResultValue;
}

// ----------------------------------------------------------------------------------------------- races and intents

/** What the code wants, in terms that every client can be asked to write atomically. */
export type Intent =
  | { readonly kind: 'get-or-create'; readonly read: Operation; readonly insert: Operation }
  | { readonly kind: 'create-or-update'; readonly read: Operation; readonly insert: Operation; readonly update: Operation }
  | { readonly kind: 'create-or-reject'; readonly read: Operation; readonly insert: Operation }
  | { readonly kind: 'update-or-insert'; readonly update: Operation; readonly insert: Operation }
  /** The written columns were computed from what `read` had found in the same row. */
  | { readonly kind: 'read-modify-write'; readonly read: Operation; readonly write: Operation; readonly column: string }
  /** `read` decided that the write may run; `columns` are those that were asked, empty where rows were counted. */
  | { readonly kind: 'check-then-update'; readonly read: Operation; readonly write: Operation; readonly columns: readonly string[] }
  /** An upsert that is wrong as it stands: its target is no key, its shape no single statement, its key not that of other places. */
  | {
    readonly kind: 'upsert'; readonly write: Operation; readonly problem: 'target' | 'shape' | 'key';
    /** For `key`: the places that find the row by other columns; absolute paths, 1-based lines. */
    readonly elsewhere?: readonly { readonly file: string; readonly line: number; readonly columns: readonly string[] }[];
    /** The columns by which `write` finds its row, where the problem is about them. */
    readonly columns?: readonly string[];
  }
  | { readonly kind: 'insert-missing'; readonly read: Operation; readonly insert: Operation }
  | { readonly kind: 'replace-set'; readonly remove: Operation; readonly insert: Operation }
  | { readonly kind: 'first-row-flag'; readonly count: Operation; readonly insert: Operation; readonly flags: readonly Assignment[] }
  | { readonly kind: 'number'; readonly read: Operation; readonly insert: Operation; readonly column: string }
  | { readonly kind: 'quota'; readonly count: Operation; readonly insert: Operation }
  | { readonly kind: 'insert-catch-update'; readonly insert: Operation; readonly answer: Operation | undefined; readonly region: Region | undefined };

/** A question that could not be settled; a race with one is reported by `strict` only. `text` completes "…, if ". */
export interface OpenQuestion { readonly id: string; readonly text: string }

export interface Race {
  readonly write: Operation;
  readonly read: Operation | undefined;
  readonly intent: Intent;
  readonly open: readonly OpenQuestion[];
  /** What the loser of the race sees, as far as the schema tells: a duplicate row, a violation (500), its change gone
   * (`lost-update`), a success that only one caller should have had (`both-pass`), or unknown. */
  readonly outcome: 'duplicate' | 'violation' | 'lost-update' | 'both-pass' | 'unknown';
  /** The unique key that stands behind it. */
  readonly key?: readonly string[];
}

// ----------------------------------------------------------------------------------------------------------- rewrites

/** Replace [start, end) of the file's text. Offsets in UTF-16 code units. */
export interface Edit { readonly start: number; readonly end: number; readonly text: string }

/** A condition of a rewrite. `id` is what `--accept` takes; `unknown` ones need it. */
export interface Requirement {
  readonly id: string;
  readonly text: string;
  readonly state: 'proven' | 'unknown';
}

export interface Rewrite {
  readonly kind: 'rewrite';
  /** Starts with a verb: "Replace with `upsert` on `email`". */
  readonly title: string;
  readonly edits: readonly Edit[];
  readonly requires: readonly Requirement[];
  /** What differs afterwards, in plain sentences. */
  readonly changes: readonly string[];
  /** Id of the form, by which its proof is found. */
  readonly form: string;
  /** It goes on after a violation, or opens a transaction: neither works inside a transaction that somebody else opened. */
  readonly onConnection?: true;
}

export interface Refusal {
  readonly kind: 'refusal';
  /** Stable, for statistics and fixtures: `partial-key`, `work-between`, …. */
  readonly id: string;
  /** Starts with a capital: "`existing` is read again on line 20." */
  readonly reason: string;
  /** SQL that would make a rewrite possible, by dialect, with the query that finds duplicates already there. */
  readonly migration?: Migration;
}

export interface Migration {
  readonly name: string;
  readonly statements: Readonly<Partial<Record<Dialect, string>>>;
  /** Finds rows that are in the statements' way; empty where none can be. */
  readonly duplicates: string;
}
