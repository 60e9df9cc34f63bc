/** What DDL says, as plain data. Names as in `model.ts`. */
import type { Span, TableName } from './model.ts';

export interface ColumnDefinition extends Span {
  readonly name: string;
  /** Lower case, without arguments; undefined where SQLite has none. */
  readonly type: string | undefined;
  readonly array: boolean;
  /** Undefined: nothing is said. */
  readonly nullable: boolean | undefined;
  /** `literal`: a plain one; `expression`: computed by the database; `identity`: serial, IDENTITY, AUTO_INCREMENT; `generated`: AS (…). */
  readonly default: { readonly kind: 'literal'; readonly value: string | number | boolean | null } | { readonly kind: 'expression' | 'identity' | 'generated' } | undefined;
  /** `ON UPDATE CURRENT_TIMESTAMP`. */
  readonly onUpdate: boolean;
  readonly constraints: readonly Constraint[];
}

export interface KeyConstraint {
  readonly kind: 'key';
  readonly name: string | undefined;
  readonly columns: readonly string[];
  readonly primary: boolean;
  readonly deferrable: boolean;
  readonly nullsNotDistinct: boolean;
  /** Has an expression or a prefix length among its parts; `columns` lists the plain ones. */
  readonly expression: boolean;
  /** ADD CONSTRAINT … UNIQUE USING INDEX: the index that becomes the constraint. */
  readonly index?: string;
}
export interface ForeignKeyConstraint {
  readonly kind: 'foreign key';
  readonly name: string | undefined;
  readonly columns: readonly string[];
  readonly target: TableName;
  readonly references: readonly string[];
  readonly cascades: boolean;
}
/** CHECK, EXCLUDE, a plain index. */
export interface OtherConstraint { readonly kind: 'other'; readonly name: string | undefined; readonly excludes: boolean }
export type Constraint = KeyConstraint | ForeignKeyConstraint | OtherConstraint;

export type TableAction =
  | { readonly kind: 'add column'; readonly column: ColumnDefinition }
  | { readonly kind: 'drop column'; readonly name: string }
  | { readonly kind: 'rename column'; readonly from: string; readonly to: string }
  /** MODIFY and CHANGE. */
  | { readonly kind: 'replace column'; readonly name: string; readonly column: ColumnDefinition }
  | { readonly kind: 'nullable'; readonly name: string; readonly nullable: boolean }
  | { readonly kind: 'default'; readonly name: string; readonly default: ColumnDefinition['default'] }
  | { readonly kind: 'type'; readonly name: string; readonly type: string | undefined; readonly array: boolean }
  | { readonly kind: 'add constraint'; readonly constraint: Constraint }
  | { readonly kind: 'drop constraint'; readonly name: string }
  | { readonly kind: 'drop primary key' }
  | { readonly kind: 'drop index'; readonly name: string }
  | { readonly kind: 'rename'; readonly to: string }
  | { readonly kind: 'rename constraint'; readonly from: string; readonly to: string }
  | { readonly kind: 'schema'; readonly schema: string }
  | { readonly kind: 'row security'; readonly enabled: boolean }
  /** Concerns no column and no key: OWNER TO, SET (…), COMMENT. */
  | { readonly kind: 'ignored' }
  | { readonly kind: 'unread'; readonly text: string };

export type PolicyCommand = 'select' | 'insert' | 'update' | 'delete' | 'all';

export type Definition = Span & (
  | { readonly kind: 'create table'; readonly table: TableName; readonly ifNotExists: boolean; readonly temporary: boolean; readonly columns: readonly ColumnDefinition[]; readonly constraints: readonly Constraint[];
    /** Tables whose columns and (as far as INCLUDING says so) keys it takes over. */
    readonly like: readonly { readonly table: TableName; readonly keys: boolean }[];
    readonly partitionOf: TableName | undefined;
    /** What of it was not understood. */
    readonly unread: readonly string[] }
  | { readonly kind: 'alter table'; readonly table: TableName; readonly actions: readonly TableAction[] }
  | { readonly kind: 'drop table'; readonly tables: readonly TableName[] }
  | { readonly kind: 'create index'; readonly table: TableName; readonly name: string | undefined; readonly unique: boolean; readonly ifNotExists: boolean; readonly columns: readonly string[]; readonly expression: boolean; readonly where: string | undefined; readonly nullsNotDistinct: boolean }
  | { readonly kind: 'drop index'; readonly indexes: readonly TableName[]; readonly table: TableName | undefined }
  | { readonly kind: 'rename index'; readonly from: string; readonly to: string }
  | { readonly kind: 'create trigger'; readonly name: string; readonly table: TableName; readonly text: string }
  | { readonly kind: 'drop trigger'; readonly name: string; readonly table: TableName | undefined }
  | { readonly kind: 'create policy'; readonly name: string; readonly table: TableName; readonly command: PolicyCommand }
  | { readonly kind: 'drop policy'; readonly name: string; readonly table: TableName }
  /** DDL of a DO block, as it stands there; `conditional`: it may run only on some databases (IF NOT EXISTS … THEN). */
  | { readonly kind: 'block'; readonly definitions: readonly Definition[]; readonly unread: readonly string[] }
  /** Says nothing of tables and keys. */
  | { readonly kind: 'ignored' }
  | { readonly kind: 'unread'; readonly text: string; readonly reason: string; readonly table: TableName | undefined }
);
