/**
 * The words of the catalogue: what a project declares about its tables. Everything may be unknown; nothing is guessed.
 */
export type Dialect = 'postgres' | 'mysql' | 'sqlite';
export type Tri = boolean | 'unknown';

/** A position in a file, 1-based line. */
export interface Place { readonly file: string; readonly line: number }

export interface Column {
  /** The name that code uses (Prisma field, TypeORM property); the database's where the library has no other. */
  readonly name: string;
  readonly dbName: string;
  /** The type as its declaration writes it (`String`, `varchar(20)`, `jsonb`), lower-cased, without arguments. */
  readonly type: string | undefined;
  readonly nullable: Tri;
  /** Who fills the column when an insert leaves it out; `none`: nobody, so it must be given unless nullable. */
  readonly default: 'none' | 'database' | 'client' | 'generated-id' | 'unknown';
  /** The default when it is a plain literal, for "a literal predicate matches a default that the insert omits". */
  readonly defaultLiteral?: string | number | boolean | null;
  /** Rewritten on every update by the client or the database. */
  readonly updatedAt?: boolean;
  readonly version?: boolean;
  readonly deletedAt?: boolean;
  /** Holds several values (array, json), or another value in code than in the database (getters). */
  readonly structured?: boolean;
  /** Left out by a look-up that does not name it. */
  readonly hidden?: boolean;
}

/** A unique key: no two rows agree on all `columns` (code names), within the rows that `where` selects. */
export interface UniqueKey {
  readonly name: string | undefined;
  /** The name by which code addresses the key as a whole, where its library has such names (`where: { userId_orgId: { … } }`). */
  readonly alias?: string;
  readonly columns: readonly string[];
  readonly primary: boolean;
  /** Predicate of a partial index, as written. */
  readonly where?: string;
  /** Has an expression among its parts; `columns` then lists only the plain ones. */
  readonly expression?: boolean;
  readonly deferrable?: boolean;
  /** NULLs count as equal (`NULLS NOT DISTINCT`); otherwise a NULL part lets any number of rows in. */
  readonly nullsNotDistinct?: boolean;
  /** No declaration says so but the project's settings, in these words; `place` is then empty. */
  readonly assumed?: string;
  readonly place: Place;
}

export interface Relation {
  /** The property in code (`author`, `posts`). */
  readonly name: string;
  /** Code name of the other table. */
  readonly target: string;
  /** Foreign key columns here and the columns that they point to; empty when the key lies on the other side. */
  readonly columns: readonly string[];
  readonly references: readonly string[];
  readonly many: boolean;
  /** The relation's property on the other table, when declared. */
  readonly inverse?: string;
  /** Fetched by every look-up, asked for or not. */
  readonly eager?: boolean;
  /** No foreign key of the database stands behind it: the library alone looks whether the other row is there. */
  readonly unenforced?: boolean;
}

/** Statements allowed by row-level security; `undefined` where the schema says nothing of it. */
export interface RowSecurity { readonly enabled: boolean; readonly commands: readonly ('select' | 'insert' | 'update' | 'delete' | 'all')[] }

export interface Table {
  /** The name that code uses (model, entity class); the database's where the library has no other. */
  readonly name: string;
  readonly dbName: string;
  readonly schema: string | undefined;
  /** Id of the client whose declaration this is; `sql` for migrations alone. */
  readonly client: string;
  readonly columns: ReadonlyMap<string, Column>;
  readonly keys: readonly UniqueKey[];
  readonly relations: readonly Relation[];
  /** Something that runs beside a write and that a rewritten statement may skip: hooks, listeners, cascades, triggers. */
  readonly sideEffects: readonly string[];
  readonly rowSecurity?: RowSecurity;
  /** The library looks after relations in place of the database, and picks the rows of most writes by a look-up of their own before. */
  readonly libraryRelations?: boolean;
  /** Database names follow a rule that was not read (a naming strategy), where the declaration does not give them. */
  readonly namesUnknown?: boolean;
  /** Rows are documents of a database without SQL. */
  readonly documents?: boolean;
  /** All columns and keys were understood. False: more keys may exist than are listed. */
  readonly complete: boolean;
  /** All statements that make it were read: also keys which no declaration of a library could state, such as partial ones, are listed. */
  readonly stated?: boolean;
  readonly place: Place;
}

/** A part of a schema that could not be read, for `db-race keys` and for refusals. */
export interface Unread { readonly place: Place; readonly what: string; readonly reason: string }

/** What one file or folder declares, before parts are merged. */
export interface SchemaPart {
  readonly client: string;
  readonly dialect: Dialect | undefined;
  readonly tables: readonly Table[];
  readonly unread: readonly Unread[];
}

/** All that is known of one project's (package's) schema. */
export interface Catalogue {
  /** The dialect when all declarations agree on one. */
  readonly dialect: Dialect | undefined;
  readonly tables: readonly Table[];
  /** By code name for a client, falling back to the database's name; names compare exactly, then case-insensitively. */
  find(client: string, name: string): Table | undefined;
  /** Whether `find` may know a table that this client's own declarations make; left out: it is one of `tables`. */
  declares?(client: string): boolean;
  readonly unread: readonly Unread[];
  /** The files that were read, for cache keys and messages. */
  readonly files: readonly string[];
}
