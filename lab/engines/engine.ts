import type { Dialect, EngineName, Row } from '../model.ts';
import type { Linkage } from '../schedule/footprint.ts';
import type { Blocked, InnerGates } from '../schedule/stage.ts';

/** How a library's instance reaches the database. `application` names the call to the server, which tells its locks by it. */
export type Address =
  | { readonly dialect: 'postgres' | 'mysql'; readonly host: string; readonly port: number; readonly user: string; readonly password: string; readonly database: string }
  | { readonly dialect: 'sqlite'; readonly file: string };

/** A private database, made for one scenario and dropped after it. */
export interface Database {
  readonly address: Address;
  /** Runs a script on the control connection. */
  exec(sql: string): Promise<void>;
  /** Looks at the tables that `exec` or the library has made; call it once, before the first `reset`. */
  inspect(): Promise<Inspected>;
  /** Empties all tables, restarts their counters and runs `start`. */
  reset(start: string): Promise<void>;
  rows(): Promise<Record<string, Row[]>>;
  readonly blocked: Blocked;
  /** Places gates inside database functions, where the engine can; call it after the tables are made. */
  gatesInside?(): Promise<InnerGates | undefined>;
  close(): Promise<void>;
}

export interface Inspected {
  readonly tables: readonly string[];
  /** Columns with a value that the database makes up: counters, random ids, clocks. */
  readonly generated: ReadonlySet<string>;
  readonly linkage: Linkage;
  /** Plain transactions are READ COMMITTED here. */
  readonly readCommitted: boolean;
}

export interface Engine {
  readonly name: EngineName;
  readonly dialect: Dialect;
  /** Why the engine cannot be used here, or undefined. Starts nothing that outlives the answer. */
  missing(): Promise<string | undefined>;
  /** `PostgreSQL 15.18`. */
  version(): Promise<string>;
  create(): Promise<Database>;
  /** Ends what `create` has started. */
  stop(): Promise<void>;
}

/** The name under which a call's connections are known to the server. */
export function applicationName(call: number): string {
  return `db-race call ${call}`;
}

export function privateName(): string {
  return `db_race_${process.pid}_${Math.random().toString(36).slice(2, 10)}`;
}

/** Default expressions that make a value up. */
export const MADE_UP = /nextval|uuid|now\(|current_timestamp|clock_timestamp|localtime|random|auto_increment/i;

export function firstLine(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length) return firstLine(error.errors[0]);
  return (error instanceof Error ? error.message || error.name : String(error)).split('\n')[0]!;
}
