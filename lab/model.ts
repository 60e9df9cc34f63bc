/** What a scenario says and what a proof tells. Types only. */

export type Dialect = 'postgres' | 'mysql' | 'sqlite';
export type EngineName = 'sqlite' | 'embedded-postgres' | 'postgres' | 'mariadb';
export type Row = Readonly<Record<string, unknown>>;

/** What one call came to. Errors are named by the code that the library gives them, else by class and message. */
export type Result = { readonly value: unknown } | { readonly error: string };

/** How a run ended: a result a call, in the order of `Trial.calls`, and the rows of every table. */
export interface Outcome {
  readonly results: readonly Result[];
  readonly tables: Readonly<Record<string, readonly Row[]>>;
}

/** `module` is one version of the case, `handle` the call's own client: a TypeORM DataSource, a PrismaClient, a SupabaseClient. */
export type Call<M, H> = (module: M, handle: H) => Promise<unknown>;

/** Which library runs the case, and how an instance of it is made. */
export type LibrarySetup =
  | { readonly name: 'typeorm'; readonly entities: readonly unknown[]; readonly migrations?: readonly unknown[] }
  /** `schema`: path of the Prisma schema below the project; its client is generated into a cache. */
  | { readonly name: 'prisma'; readonly schema: string }
  /** `schema`: the module with the tables. */
  | { readonly name: 'drizzle'; readonly schema: object }
  /** `models`: defines them on the call's own connection; what it gives is what the calls get. */
  | { readonly name: 'sequelize'; readonly models: (sequelize: never) => unknown }
  /** Also for libraries above it, whose queries are given the connection. */
  | { readonly name: 'knex' }
  /** `entities`: classes or schemas; each call gets an entity manager of its own. */
  | { readonly name: 'mikroorm'; readonly entities: readonly unknown[] }
  | { readonly name: 'kysely' }
  /** Statements as the driver takes them. */
  | { readonly name: 'sql'; readonly driver: 'pg' | 'postgres' | 'mysql2' }
  /** Requests run as the owner of the tables, or, with `user`, as a signed-in user under row-level security. */
  | { readonly name: 'supabase'; readonly user?: string };

/**
 * Where the tables come from: SQL; files or folders of SQL below the project, in the order of their names; TypeORM's migrations; or its
 * entities (synchronize).
 */
export type SchemaSetup = { readonly sql: string } | { readonly files: readonly string[] } | 'migrations' | 'entities';

export type Schedules = 'all' | 'lockstep' | 'faults' | 'sequence';

export interface Trial<M = unknown, H = unknown> {
  readonly name: string;
  /** SQL that fills the tables before each run. */
  readonly start?: string;
  /** Calls that run at the same time, each with its own client. */
  readonly calls: readonly Call<M, H>[];
  /**
   * Which schedules run. `all`: every interleaving of the statements, those that differ only by swapped independent statements once.
   * `lockstep`: one, in which every call takes a step in turn; for many calls. `faults`: the first call alone, once for each of its
   * statements, which fails as a lost connection before it reaches the database; only `invariant` judges that. `sequence`: one call
   * after the other, as listed; the outcome must be the same before and after.
   */
  readonly schedules?: Schedules;
  /** Most runs of `all`; exceeding it is a problem of the proof, never a silent cut. Default 5000. */
  readonly limit?: number;
  /** What the original does: `breaks` (default) under at least one schedule, or `holds`. */
  readonly before?: 'breaks' | 'holds';
  /** Outcomes that are no serial order and are left after the rewrite, by name; each must be seen. */
  readonly residual?: Readonly<Record<string, (outcome: Outcome) => boolean>>;
  /** On top of the serial orders: what is wrong with an outcome, or undefined. Binds the rewritten version under every schedule. */
  readonly invariant?: (outcome: Outcome) => string | undefined;
  /** What `lockstep` must come to, before and after: what is wrong with it, or undefined. */
  readonly expect?: Readonly<Partial<Record<'before' | 'after', (outcome: Outcome) => string | undefined>>>;
  /** Why calls that follow one another may give another outcome after the rewrite; without it they must give the same. */
  readonly changes?: string;
}

export interface Scenario<M = unknown, H = unknown> {
  readonly title: string;
  readonly engines: readonly EngineName[];
  readonly library: LibrarySetup;
  readonly schema: SchemaSetup;
  /** Where an engine needs another one than the others: migrations written for one database. */
  readonly schemas?: Readonly<Partial<Record<EngineName, SchemaSetup>>>;
  /** Both versions of the case. Without `after`: a case that is not rewritten, of which only is shown what it does. */
  readonly before: M;
  readonly after?: M;
  readonly trials: readonly Trial<M, H>[];
  /** Names of columns whose values are made up at run time (ids, clocks), beside those with such a default in the schema. */
  readonly generated?: readonly string[];
}

export type Verdict = 'serial' | 'residual' | 'broken';

/** Outcomes that are the same, and one schedule that leads to them. */
export interface Seen {
  readonly verdict: Verdict;
  /** The residual's name; what is broken. */
  readonly note: string | undefined;
  /** Schedules that ended so. */
  readonly count: number;
  readonly outcome: string;
  /** `1: INSERT INTO …`, one line a statement; the number is the call's. */
  readonly schedule: readonly string[];
}

export interface VersionProof {
  /** Schedules that ran. */
  readonly run: number;
  /** Schedules that these stand for: with those that only swap independent statements. */
  readonly of: number;
  readonly broken: number;
  readonly seen: readonly Seen[];
  /** Milliseconds, all schedules. */
  readonly time: number;
}

export interface TrialProof {
  readonly name: string;
  readonly schedules: Schedules;
  readonly before: VersionProof;
  /** Undefined when the case is not rewritten. */
  readonly after: VersionProof | undefined;
  /** Names of residual outcomes that were seen. */
  readonly residual: readonly string[];
  /** What contradicts the scenario; empty: proven. */
  readonly problems: readonly string[];
}

export interface Proof {
  readonly title: string;
  readonly engine: EngineName;
  /** `PostgreSQL 15.18`, as the server says. */
  readonly server: string;
  readonly library: LibrarySetup['name'];
  /** What the proof does not show, for instance that PostgREST was not run. */
  readonly note: string | undefined;
  readonly trials: readonly TrialProof[];
}
