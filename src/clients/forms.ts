/**
 * Atomic forms: what a library can write in one statement, or in statements of which the database decides the winner. Types only.
 *
 * `rewrite` proves what an intent needs (key, predicate, what callers read afterwards) and asks the client for the text; the
 * client answers with a form that was run on a database (`Form.id` names the proof), or with the reason why it has none. Text
 * is assembled from slices of the user's own source.
 */
import type { Edit, Node, Operation, Refusal, Requirement } from '../model.ts';
import type { Dialect, Table, UniqueKey } from '../schema/model.ts';

/** What a client may ask while it writes. */
export interface FormContext {
  readonly dialect: Dialect | undefined;
  /** Installed major (or minor) version of a package as the project declares it, undefined when unknown. */
  version(packageName: string, part?: 'minor'): number | undefined;
  /** The user's text of a node. */
  text(node: Node): string;
  /** The text of `node` with edits inside it (offsets of the file) applied. */
  edited(node: Node, edits: readonly Edit[]): string;
  /** The quote that the file uses for strings. */
  readonly quote: "'" | '"';
  /** Type syntax may be used. */
  readonly typescript: boolean;
  /** The local name of an imported value (no `import type`), or undefined when the file does not import it. */
  imported(name: string): string | undefined;
  /** Names of a module, as the file imports them already or with the edits that import them; undefined where it cannot (a name is taken, no modules). */
  importing(names: readonly string[], module: string): { readonly names: readonly string[]; readonly edits: readonly Edit[] } | undefined;
  /** `name`, or `name2`, … : a name that nothing in the function around the write has. */
  fresh(name: string): string;
  /** Whether code behind an identifier, or a next round of a loop, uses its variable again. */
  usedAfter(node: Node): boolean;
  /** The line's indentation at the start of a node. */
  indent(node: Node): string;
  /** One level of indentation as the file has it. */
  readonly unit: string;
}

interface Facts {
  /** Id of the form, by which its proof is found in the lab: `prisma-upsert-native`. */
  readonly id: string;
  readonly requires: readonly Requirement[];
  /** What differs afterwards, in plain sentences. */
  readonly changes: readonly string[];
}

/** A row that is there afterwards, whoever was first. */
export interface UpsertRequest {
  readonly insert: Operation;
  /** The look-up that the form replaces; undefined where there was none (insert, then catch). */
  readonly read: Operation | undefined;
  readonly table: Table;
  /** A proven, full, plain, non-null unique key of `table`. */
  readonly key: UniqueKey;
  /** For each column of the key: the user's text of its value, the same in look-up and insert (perhaps none with `namesKeyOnly`). */
  readonly keyText: ReadonlyMap<string, string>;
  /** What is written where the row is there; undefined: the row stays as it is. */
  readonly update: Operation | undefined;
  /** Whether code reads the row afterwards. */
  readonly wants: 'row' | 'nothing';
  /** Other keys that the insert can violate; 'unknown' where not all keys of the table were read. */
  readonly others: readonly UniqueKey[] | 'unknown';
  /** The variable that the insert's own statement declares for the row, which a statement of `before` may declare instead. */
  readonly into?: string | undefined;
  /** The variable that held what was found, where it goes with the look-up: its name is free. */
  readonly freed?: string | undefined;
}

export interface UpsertForm extends Facts {
  readonly kind: 'form';
  /** Starts with a verb, no full stop: "Replace with `upsert` on `email`". */
  readonly title: string;
  /** Statements to run first, without indentation, in the file's own style but for the final semicolon. */
  readonly before: readonly string[];
  /** An expression that runs the statement when it is awaited. */
  readonly call: string;
  /** Where `call` does not resolve to what the insert resolved to: an expression that gives the row afterwards. */
  readonly row: string | undefined;
  /** It goes on after a violation, which a transaction that somebody else opened would not survive. */
  readonly onConnection?: true;
}

/** How code tells that an insert or an update violated exactly this key. */
export interface ViolationRequest {
  readonly write: Operation;
  /** It changes a row that is there; a save that may as well insert one does no harm then. */
  readonly updates?: boolean;
  readonly table: Table;
  readonly key: UniqueKey;
  /** Other keys that this write can violate; 'unknown' where not all keys of the table were read. None: the violation is this key's. */
  readonly others: readonly UniqueKey[] | 'unknown';
  /** The expression that holds the error: the caught variable, or the returned one. */
  readonly error: string;
}

export interface ViolationForm extends Facts {
  readonly kind: 'form';
  /** A boolean expression, an operand of `&&` and `!` as it stands. */
  readonly test: string;
  /**
   * Inside a Postgres transaction, which a violation aborts: `call`, wrapped into the client's nested transaction (a savepoint).
   * Undefined: this client and version has none.
   */
  savepoint?(call: string): string | undefined;
}

/** Rows that are there afterwards; those that were there already stay as they are. */
export interface InsertMissingRequest {
  readonly insert: Operation;
  readonly table: Table;
  readonly key: UniqueKey;
}

/** The rows of a scope become exactly the wanted ones. */
export interface ReplaceSetRequest {
  /** Deletes exactly the rows of the scope. */
  readonly remove: Operation;
  readonly insert: Operation;
  readonly table: Table;
  /** The scope columns with the user's text of their values, the same in the delete and in every inserted row. */
  readonly scope: ReadonlyMap<string, string>;
  /** A plain, non-null key of the scope columns and exactly one more, which tells the rows of a set apart; or why there is none. */
  readonly key: { readonly key: UniqueKey; readonly element: string; readonly requires: readonly Requirement[] } | Refusal;
  /** Columns that are written beside the key; undefined: not known one by one. */
  readonly payload: readonly string[] | undefined;
  /** The row that owns the set: a foreign key of one scope column points to it. */
  readonly parent: { readonly table: Table; readonly column: string; readonly text: string } | undefined;
}

/** The wanted rows first, then the others go: where the client has no transactions. */
export interface InsertFirstForm extends Facts {
  readonly kind: 'insert-first';
  readonly title: string;
  /** The insert on its key, with `rows` in place of what it was given (undefined: as it was). */
  insert(rows: string | undefined): string;
  /** The delete of the other rows: `values` of the column that tells the wanted ones apart, as `list.map((item) => value)`, or one value. */
  prune(values: { readonly list: string; readonly item: string; readonly value: string } | { readonly value: string }): string;
  /** Whether a failed insert throws; else its error is the result's `error`. */
  readonly throws: boolean;
}

/** Everything in one transaction, behind a lock that every other call takes too. */
export interface TransactionForm extends Facts {
  readonly kind: 'transaction';
  readonly title: string;
  /** Up to the callback's opening brace: `prisma.$transaction(async (tx) => {`. */
  readonly open: string;
  /** The statement that takes the lock, without its semicolon. */
  readonly lock: string;
  /** From the closing brace: `}, { isolationLevel: 'ReadCommitted' })`. */
  readonly close: string;
  /** Edits that put the delete and the insert on the transaction's handle. */
  readonly edits: readonly Edit[];
}

/** An upsert that is a read followed by a write in its shape. */
export interface SingleUpsertRequest {
  readonly write: Operation;
  readonly table: Table;
  /** The key that it goes by. */
  readonly key: UniqueKey;
}

/** A comparison of a stored column that a statement asks for, so that no other call can have changed it meanwhile. */
export interface Guard {
  readonly column: string;
  readonly operator: '=' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in' | 'is null' | 'is not null';
  /** The user's text of what it is compared to; of each value for `in` and `not in`; none for the tests of NULL. */
  readonly texts: readonly string[];
}

/** The database works a column out from what it holds: `SET n = n + 1`. */
export interface Sum {
  readonly column: string;
  readonly operator: '+' | '-' | '*';
  /** The user's text of the other operand, a number; it needs no parentheses as an argument or a property. */
  readonly text: string;
  /** The expression that computes it now, inside what the write is given; undefined where a field of an entity was changed before its save. */
  readonly value: Node | undefined;
}

/**
 * A write of one row whose condition and sums were worked out in code from the row as it was read. The look-up and its checks stay:
 * the statement asks once more, and changes the row only where they still hold.
 */
export interface GuardedWriteRequest {
  /** An `update`, `delete` or `save` of one row. */
  readonly write: Operation;
  readonly read: Operation;
  readonly table: Table;
  /** A plain, non-null unique key by which the write finds its row, with the user's text of each column's value. */
  readonly key: UniqueKey;
  readonly keyText: ReadonlyMap<string, string>;
  /** They hold together; none for a sum that nothing limits, and for a row that is deleted by whoever is first. */
  readonly guards: readonly Guard[];
  readonly sums: readonly Sum[];
  /** Code has to learn whether a row was changed. */
  readonly asksMiss: boolean;
  /** Code uses what the call resolves to. */
  readonly wants: 'result' | 'nothing';
  /** The name that the result has in the code, where it has one. */
  readonly into: string | undefined;
  /** The name of the result's first element, where code takes that alone: `const [row] = await …`; there is no `into` then. */
  readonly intoFirst: string | undefined;
  /** The parts of the result that have names, where it is taken apart: `const { data, error: failure } = await …`; there is no `into` then. */
  readonly intoParts: readonly ResultName[] | undefined;
  /** What code reads of the looked-up row behind the write: columns, undefined for the row as a whole. */
  readonly readLater: readonly (string | undefined)[];
  /** A save: the variable of the entity, and whether its fields stay changed in memory, where code goes on to read them. */
  readonly entity: { readonly name: string; readonly kept: boolean } | undefined;
}

export interface ResultName { readonly key: string; readonly name: string; readonly text: string }

export interface GuardedWriteForm extends Facts {
  readonly kind: 'guarded-write';
  /** Starts with a verb, no full stop. */
  readonly title: string;
  /** An expression that runs the statement when it is awaited; resolves to what the write resolved to where there is no `miss`. */
  readonly call: string;
  /** With `asksMiss`: what the awaited result is bound to, and a test, true where no row was changed, as it stands in `if (…)`. */
  readonly miss?: { readonly pattern: string; readonly test: string };
  /** With `wants: 'result'` and `miss`: the expression, behind the test, for what the write resolved to; of `intoParts`, their texts joined. */
  readonly value?: string;
  /** Edits outside the call (an import that is needed). */
  readonly edits?: readonly Edit[];
}

/** The call stays, but for a few edits. */
export interface EditsForm extends Facts {
  readonly kind: 'edits';
  readonly title: string;
  readonly edits: readonly Edit[];
}

/** A write taken apart, so that a call of a function can stand for it. */
export interface WriteParts {
  /** What the call is made on, and what the function is given to make its own: `supabase`, `this.prisma`, `users`. */
  readonly handle: Node;
  /** What is written: the row of an insert or upsert, the values of an update. */
  readonly values: Node;
  /** Of an upsert: what is written where the row is there; `row`: all that an insert would write. */
  readonly set?: Node | 'row' | 'nothing';
  /** What the call resolves to: the row; a list of it; a response with row and error; or nothing that tells the row. */
  readonly gives: 'row' | 'rows' | 'response' | 'nothing';
}

/** A name that a text needs. `importer`: the file that imports it so, from which a relative `from` starts. */
export interface NeededImport { readonly name: string; readonly from: string; readonly importer?: string; readonly type: boolean; readonly local?: string }

/** A function that finds a row by the first of several keys, updates it by its id, else inserts it, and on a violation starts again. */
export interface AlternativeKeysRequest {
  readonly table: Table;
  /** The primary key's only column. */
  readonly id: string;
  /** Each plain or partial, with the name by which callers ask for it. */
  readonly keys: readonly { readonly name: string; readonly key: UniqueKey }[];
  /** All writes that the function will stand for. */
  readonly writes: readonly Operation[];
  /** Columns that callers read of the row; undefined: all; empty: none. */
  readonly columns: readonly string[] | undefined;
  /** The handle's type: as some caller annotates it, else that of the constant that is imported (`typeof db`). */
  readonly handleType: { readonly text: string; readonly imports: readonly NeededImport[]; readonly annotated: boolean } | undefined;
  /** How a caller, or the file that its handle comes from, imports a name. */
  imported(name: string): NeededImport | undefined;
}

/**
 * The texts of that function's statements, over the variables `row` (what is inserted), `known` (the row that was found), `values` (what
 * an update writes) and the handle. `returned`: each resolves to a response of data and error. `thrown`: `find` and `update` give
 * the row or nothing, `insert` gives the row.
 */
export interface AlternativeKeysForm extends Facts {
  readonly kind: 'alternative-keys';
  readonly errors: 'returned' | 'thrown';
  readonly handle: { readonly name: string; readonly type: string };
  /** Type of what is inserted, and of what an update writes. */
  readonly row: string;
  readonly values: string;
  readonly imports: readonly NeededImport[];
  /** By the key's name; awaited as a whole. */
  readonly find: ReadonlyMap<string, string>;
  readonly update: string;
  readonly insert: string;
  /** Where `update` and `insert` do not give the row themselves: the row afterwards, over `known` or `inserted`; '' where nobody reads it. */
  readonly again?: { readonly known: string; readonly updated: string; readonly inserted: string };
  /** Whether `error` is a unique violation. */
  readonly violation: string;
  /** A column of `row`, with what a partial index asks of it, for each key that has such a predicate. */
  readonly partial: ReadonlyMap<string, readonly PartialTest[]>;
}

/** A comparison of a partial index's predicate that code can make too; `literal` as JavaScript writes it. */
export interface PartialTest { readonly column: string; readonly operator: '=' | '!=' | 'is null' | 'is not null'; readonly value: string | number | boolean | null }

export interface Forms {
  /** Get-or-create leaves a row that is there untouched, so that no trigger on UPDATE runs. */
  readonly leavesRows?: true;
  /** Conflicts that an insert ignores are those of the key that it names; violations of other keys still fail. */
  readonly ignoresOneKey?: true;
  /** Its conflict clauses name the key's columns and repeat none of their values, whose text may then be missing. */
  readonly namesKeyOnly?: true;
  /** Why nothing can be put in the place of this statement: another call sends it, with others. */
  sentElsewhere?(operation: Operation): Refusal | undefined;
  /** This look-up leaves out a comparison with undefined, and then finds any row. */
  dropsUndefined?(read: Operation): boolean;
  upsert?(request: UpsertRequest, context: FormContext): UpsertForm | Refusal;
  violation?(request: ViolationRequest, context: FormContext): ViolationForm | Refusal;
  /** `violation` was run for updates as well, whose violation tells what it tells of an insert. */
  readonly claims?: true;
  /**
   * On these databases it was run that the callback of a transaction may throw something else than the violation that it met: everything is
   * rolled back, and the caller gets what was thrown, as it is.
   */
  readonly throwsThrough?: readonly Dialect[];
  /** The look-up of a row that is surely there: the same call, in the variant that throws when nothing is found. */
  surely?(read: Operation, context: FormContext): string | undefined;
  /** An update of the found row, written so that it finds its row by the key and reads nothing of what was found. */
  updateByKey?(update: Operation, request: Pick<UpsertRequest, 'key' | 'table' | 'keyText' | 'wants'>, context: FormContext): string | undefined;
  insertMissing?(request: InsertMissingRequest, context: FormContext): UpsertForm | Refusal;
  /** The write with its condition in the WHERE clause, and its sums worked out by the database. */
  guardedWrite?(request: GuardedWriteRequest, context: FormContext): GuardedWriteForm | Refusal;
  /** The shape of this upsert that is one statement and does the same. */
  singleUpsert?(request: SingleUpsertRequest, context: FormContext): EditsForm | Refusal | undefined;
  /** An insert, update or upsert taken apart; or why its text cannot be. */
  parts?(write: Operation, context: FormContext): WriteParts | Refusal;
  alternativeKeys?(request: AlternativeKeysRequest, context: FormContext): AlternativeKeysForm | Refusal;
  replaceSet?(request: ReplaceSetRequest, context: FormContext): InsertFirstForm | TransactionForm | Refusal;
}
