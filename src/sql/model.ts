/**
 * What a statement says, as plain data: the vocabulary of everything that meets SQL text (raw queries, fragments of query builders,
 * schema files). Nothing here is guessed: what was not understood is `opaque`, `text`, or makes a predicate incomplete.
 *
 * Names are as the database folds them where the dialect is known (Postgres: lower case unless quoted), as written elsewhere. Offsets
 * are UTF-16 code units in `Source.text`, of which a template hole takes one.
 */
export type { Dialect } from '../schema/model.ts';

export interface Span { readonly start: number; readonly end: number }

/** `app.users AS u`; `name` is '' when it is a hole or has one among its characters. */
export interface TableName extends Span {
  readonly schema: string | undefined;
  readonly name: string;
  readonly alias: string | undefined;
  /** The template hole that stands for the whole name. */
  readonly hole?: number;
}

/** `u.email`: `qualifier` is the table or alias before the dot. */
export interface ColumnName { readonly qualifier: string | undefined; readonly name: string }

/** A value in a statement. Casts are transparent: `$1::uuid` is the parameter; `cast` names the outermost type in lower case. */
export type Operand = Span & { readonly cast?: string } & (
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  /** `index`: 0-based position in the array of values (`$2` and the second `?` are 1), -1 for a named one; `spread`: a list is put in. */
  | { readonly kind: 'parameter'; readonly name: string | undefined; readonly index: number; readonly spread: boolean }
  | { readonly kind: 'hole'; readonly index: number }
  | { readonly kind: 'column'; readonly column: ColumnName }
  /** The row that an upsert could not insert: `EXCLUDED.x`, `VALUES(x)`. */
  | { readonly kind: 'inserted'; readonly column: string }
  | { readonly kind: 'default' }
  | { readonly kind: 'list'; readonly items: readonly Operand[] }
  /** `lower(x)`, `now()`; the name in lower case, without a schema. */
  | { readonly kind: 'call'; readonly name: string; readonly arguments: readonly Operand[] }
  /** `a + 1`, `- x`, `a || b`. */
  | { readonly kind: 'operation'; readonly operator: string; readonly operands: readonly Operand[] }
  | { readonly kind: 'query'; readonly select: Select | undefined }
  /** An expression that is not understood; `columns` are those that it names. */
  | { readonly kind: 'text'; readonly columns: readonly ColumnName[] }
);

export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in' | 'like' | 'is null' | 'is not null' | 'contains' | 'other';

export interface Comparison extends Span {
  readonly column: ColumnName;
  readonly operator: Operator;
  /** For `is null` and its negation: the literal null. */
  readonly operand: Operand;
  /** What the column goes through before it is compared: `lower`, `->>`. */
  readonly through?: string;
}

/** `[NOT] EXISTS (SELECT …)`, which no arm can say. */
export interface Exists { readonly negated: boolean; readonly select: Select | undefined }

/** Disjunctive arms; no arms: every row. Not `complete`: the rows may be fewer than the arms say, never more. */
export interface Predicate extends Span {
  readonly arms: readonly (readonly Comparison[])[];
  readonly complete: boolean;
  readonly exists: readonly Exists[];
}

/** `x = x + ?`: `self` is the arithmetic done on the column's own stored value. */
export interface SetColumn extends Span {
  readonly column: string;
  readonly operand: Operand;
  readonly self?: { readonly operator: '+' | '-' | '*' | '/' | '||'; readonly amount: Operand };
}

export interface Aggregate { readonly function: 'count' | 'max' | 'min' | 'sum' | 'avg' | 'exists'; readonly column: string | undefined; readonly alias: string | undefined; /** It is cast to this type, in lower case. */ readonly cast?: string }

export interface RowLock {
  readonly strength: 'update' | 'no key update' | 'share' | 'key share';
  readonly skipLocked: boolean;
  readonly noWait: boolean;
  readonly of: readonly string[];
}

export interface Join { readonly kind: 'inner' | 'left' | 'other'; readonly table: TableName | undefined; readonly on: Predicate | undefined }

export interface SelectItem extends Span { readonly operand: Operand; readonly alias: string | undefined }

/** `WITH name AS (…)`. */
export interface CommonTable { readonly name: string; readonly statement: Statement }

interface Base extends Span {
  readonly with: readonly CommonTable[];
  /** Holes of the text that stand where no value stands: a whole clause, a keyword. */
  readonly complete: boolean;
}

export interface Select extends Base {
  readonly kind: 'select';
  /** The first table; undefined: none, or a subquery or function. */
  readonly from: TableName | undefined;
  readonly joins: readonly Join[];
  readonly predicate: Predicate;
  /** `undefined` for `*`. */
  readonly items: readonly SelectItem[] | undefined;
  /** The only thing that is selected, over all rows. */
  readonly aggregate: Aggregate | undefined;
  readonly distinct: boolean;
  readonly grouped: boolean;
  /** UNION, INTERSECT, EXCEPT: only the first part is described. */
  readonly compound: boolean;
  readonly order: readonly { readonly column: ColumnName | undefined; readonly descending: boolean }[];
  readonly limit: Operand | undefined;
  readonly lock: RowLock | undefined;
  /** Functions called in the select list or as FROM's table, advisory locks among them. */
  readonly calls: readonly Extract<Operand, { kind: 'call' }>[];
}

export interface ConflictClause extends Span {
  /** `columns` of ON CONFLICT (…); undefined: any key. An expression among them leaves `expression`. */
  readonly target: readonly string[] | undefined;
  readonly expression: boolean;
  readonly constraint: string | undefined;
  /** Predicate of the partial index that is meant, as written. */
  readonly targetWhere: (Predicate & { readonly text: string }) | undefined;
  readonly action: 'ignore' | 'update' | 'replace';
  readonly set: readonly SetColumn[];
  /** Condition of the update. */
  readonly predicate: Predicate | undefined;
  /** All of it was understood. */
  readonly complete: boolean;
}

export interface Insert extends Base {
  readonly kind: 'insert';
  readonly table: TableName;
  /** Undefined: as the table declares them. */
  readonly columns: readonly string[] | undefined;
  /** VALUES; undefined for INSERT … SELECT and where a hole stands for all rows. */
  readonly rows: readonly (readonly Operand[])[] | undefined;
  /** The hole or parameter that stands for all rows (`VALUES ?`, `VALUES ${rows}`). */
  readonly rowsOperand: Operand | undefined;
  readonly select: Select | undefined;
  readonly conflict: ConflictClause | undefined;
  readonly returning: readonly SelectItem[] | 'all' | undefined;
}

export interface Update extends Base {
  readonly kind: 'update';
  readonly table: TableName;
  readonly set: readonly SetColumn[];
  /** The parameter that stands for all columns (`SET ?`). */
  readonly setOperand?: Operand;
  readonly from: readonly TableName[];
  readonly predicate: Predicate;
  readonly returning: readonly SelectItem[] | 'all' | undefined;
}

export interface Delete extends Base {
  readonly kind: 'delete';
  readonly table: TableName;
  readonly using: readonly TableName[];
  readonly predicate: Predicate;
  readonly returning: readonly SelectItem[] | 'all' | undefined;
}

export type Isolation = 'read uncommitted' | 'read committed' | 'repeatable read' | 'serializable';

/** `set` is SET TRANSACTION; `immediate` and `exclusive` are SQLite's BEGIN. */
export interface TransactionControl extends Span {
  readonly kind: 'transaction';
  readonly action: 'begin' | 'commit' | 'rollback' | 'savepoint' | 'release' | 'rollback to' | 'set';
  readonly isolation: Isolation | undefined;
  readonly mode: 'immediate' | 'exclusive' | 'deferred' | undefined;
  readonly name: string | undefined;
}

export interface LockTable extends Span { readonly kind: 'lock table'; readonly tables: readonly TableName[]; readonly mode: string }
export interface Call extends Span { readonly kind: 'call'; readonly name: string; readonly arguments: readonly Operand[] }
export interface Truncate extends Span { readonly kind: 'truncate'; readonly tables: readonly TableName[] }
/** A statement of which only its first word is known. */
export interface Opaque extends Span { readonly kind: 'opaque'; readonly word: string; readonly reason: string }

export type Statement = Select | Insert | Update | Delete | TransactionControl | LockTable | Call | Truncate | Opaque;
