import type { Address } from '../engines/engine.ts';
import type { LibrarySetup, SchemaSetup } from '../model.ts';
import { Connection, NO_LINKAGE, type Footprint, type Linkage } from '../schedule/footprint.ts';
import { ConnectionLost, type Gate } from '../schedule/stage.ts';

/** One call's own client of a library. */
export interface Instance {
  /** What the calls get: DataSource, PrismaClient, SupabaseClient. */
  readonly handle: unknown;
  close(): Promise<void>;
}

export interface Library {
  /** Makes the tables where the library declares them (`migrations`, `entities`); others bring SQL. */
  createTables?(address: Address, schema: SchemaSetup): Promise<void>;
  /** SQL before and after the scenario's own. */
  readonly prelude?: string;
  /** Opens a client whose statements pass through the gate. */
  open(address: Address, gate: GatedConnections): Promise<Instance>;
  close?(): Promise<void>;
  readonly note?: string;
}

export type MakeLibrary = (setup: LibrarySetup, project: string) => Promise<Library>;

/** The gate of a call, for libraries: it knows each connection's transaction. */
export class GatedConnections {
  readonly gate: Gate;
  #linkage: Linkage = NO_LINKAGE;
  #readCommitted = false;
  #known = new WeakMap<object, Connection>();

  constructor(gate: Gate) {
    this.gate = gate;
  }

  get call(): number {
    return this.gate.call;
  }

  learn(linkage: Linkage, readCommitted: boolean): void {
    this.#linkage = linkage;
    this.#readCommitted = readCommitted;
    this.#known = new WeakMap();
  }

  /** Passes one statement. `connection` is whatever stands for the connection or transaction that it runs on. */
  statement<T>(connection: object, sql: string, execute: () => Promise<T>, lost: () => Promise<T> = () => Promise.reject(new ConnectionLost())): Promise<T> {
    let known = this.#known.get(connection);
    if (!known) this.#known.set(connection, known = new Connection(this.#linkage, this.#readCommitted));
    return this.gate.pass(sql, known.next(sql), execute, lost);
  }

  /** Passes a unit that is a transaction of its own, whatever it consists of. */
  unit<T>(label: string, footprint: (linkage: Linkage) => Footprint, execute: () => Promise<T>, lost: () => Promise<T>): Promise<T> {
    return this.gate.pass(label, footprint(this.#linkage), execute, lost);
  }
}
