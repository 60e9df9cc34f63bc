/**
 * One run of the symbolic execution: the state that is current, what happened so far, and the few moves that all constructs
 * share (fork and join, execute an operation, call a function). The constructs themselves live in the files beside this one.
 */
import type { Client, ClientContext } from '../clients/client.ts';
import type { Frame, HandlerExit, Operation, OperationSpec, Region, Transaction } from '../model.ts';
import type { Catalogue, Dialect } from '../schema/model.ts';
import type { ImportedBinding, SourceFile } from '../source/file.ts';
import type { FunctionNode } from '../source/syntax.ts';
import { Formulas, type Formula } from '../value/formula.ts';
import { Terms, type FunctionValue, type HandleValue, type Node, type Value } from '../value/terms.ts';
import { facetOf } from './results.ts';
import { fork, join, State } from './state.ts';

/** What a trace needs from outside: the libraries, the schema, other files. */
export interface Surroundings {
  readonly clients: readonly Client[];
  readonly catalogue: Catalogue;
  readonly dialect: Dialect | undefined;
  version(packageName: string): number | undefined;
  /** The file that an import leads to; undefined when following is off, or it is no readable project file. */
  resolve(binding: ImportedBinding, from: SourceFile): SourceFile | undefined;
}

/** A way out of the walked function (or of a callback of an unresolved call). */
export interface Exit {
  readonly kind: 'return' | 'throw' | 'continue' | 'break' | 'end';
  readonly condition: Formula;
  readonly value: Value | undefined;
  readonly node: Node;
  readonly within: FunctionNode | undefined;
  /** Operations recorded before it. */
  readonly order: number;
}

/** An answer given to the outside without leaving: `res.status(409).json(…)`, `next(error)`. */
export interface Answer { readonly condition: Formula; readonly failure: boolean; readonly node: Node; readonly order: number }

/** A call that was not followed, made with a database handle: it may lock, check or write. */
export interface Helper { readonly condition: Formula; readonly node: Node; readonly order: number; readonly transaction: Transaction | undefined; readonly name: string }

/** A function that is being walked. */
export interface Activation {
  readonly node: FunctionNode | undefined;
  /** `root`: the walked one; `inline`: its result is used; `callback`: called by something unresolved. */
  readonly mode: 'root' | 'inline' | 'callback';
  readonly self: Value | undefined;
  readonly file: SourceFile;
  readonly returns: { readonly state: State; readonly value: Value }[];
  readonly base: State;
}

/** A loop, switch or labelled statement that `break` and `continue` leave. */
export interface Jump { readonly node: Node; readonly label: string | undefined; readonly isLoop: boolean; readonly breaks: State[]; readonly continues: State[] }

/** Nodes evaluated in one run before it stops following calls, and before it gives up: keeps the cost of one root bounded. */
const FOLLOW_BUDGET = 12_000;
const TOTAL_BUDGET = 60_000;
const MAX_DEPTH = 6;

export class Walk {
  readonly terms = new Terms();
  readonly formulas = new Formulas();
  readonly surroundings: Surroundings;
  readonly operations: Operation[] = [];
  readonly exits: Exit[] = [];
  readonly answers: Answer[] = [];
  readonly helpers: Helper[] = [];
  readonly visited: Set<Node> = new Set();
  readonly pending = new Map<number, readonly OperationSpec[]>();
  readonly regions: Region[] = [];
  /** The bottom of every state: module-level variables, evaluated when first asked for. */
  readonly statics: State;
  readonly evaluating = new Set<unknown>();
  readonly instances: Map<Node, Value> = new Map();
  /** What clients may ask; made by `context.ts`. */
  context!: ClientContext;
  state: State;
  file: SourceFile;
  region: Region | undefined;
  handlers: { readonly exits: HandlerExit[]; readonly activation: number; readonly base: Formula }[] = [];
  activations: Activation[] = [];
  frames: Frame[] = [];
  loops: Node[] = [];
  jumps: Jump[] = [];
  within: string[] = [];
  concurrent: number | undefined;
  /** Above zero nothing is recorded: module-level values, looked at on the side. */
  quiet = 0;
  steps = 0;
  #transactions = 0;
  #groups = 0;

  constructor(file: SourceFile, surroundings: Surroundings) {
    this.file = file;
    this.surroundings = surroundings;
    this.statics = new State(undefined, this.formulas.true);
    this.state = new State(this.statics, this.formulas.true);
  }

  get activation(): Activation | undefined { return this.activations.at(-1); }
  get exhausted(): boolean { return this.steps > TOTAL_BUDGET; }
  get mayFollow(): boolean { return this.steps < FOLLOW_BUDGET && this.frames.length < MAX_DEPTH; }

  nextTransaction(): number { return ++this.#transactions; }
  nextGroup(): number { return ++this.#groups; }

  client(id: string): Client | undefined { return this.surroundings.clients.find((one) => one.id === id); }

  /** Runs each branch on a fork of the current state, then joins. Returns the branches' results. */
  branches<T>(node: Node, arms: readonly { readonly when: Formula; run(): T }[]): { results: T[]; states: State[] } {
    const base = this.state;
    const states: State[] = [];
    const results: T[] = [];
    for (const arm of arms) {
      this.state = fork(base, arm.when, this.formulas);
      states.push(this.state);
      results.push(arm.run());
      states[states.length - 1] = this.state;
    }
    this.state = base;
    join(base, states, this.terms, this.formulas, node);
    return { results, states };
  }

  /** Runs `run` on a fork of which nothing may have happened: bodies of loops, callbacks that may never be called. */
  maybe<T>(node: Node, when: Formula, run: () => T): T {
    const { results } = this.branches<T | undefined>(node, [{ when, run }, { when: this.formulas.not(when), run: () => undefined }]);
    return results[0] as T;
  }

  assume(condition: Formula): void {
    this.state.condition = this.formulas.and(this.state.condition, condition);
    if (this.state.condition.kind === 'false') this.state.dead = true;
  }

  /** Places an operation in time and returns what it resolves to. */
  execute(spec: OperationSpec): Value {
    if (this.quiet || this.state.dead) return this.terms.unknown(spec.node);
    const id = this.operations.length + 1;
    const operation = {
      ...spec, id, file: this.file.path, condition: this.state.condition, loops: [...this.loops], region: this.region, frames: [...this.frames],
      concurrent: this.concurrent, within: [...this.within],
    } as unknown as { -readonly [K in keyof Operation]: Operation[K] };
    operation.value = this.terms.result(operation);
    this.operations.push(operation);
    for (const part of operation.result) {
      if (part.is !== 'row' || part.miss !== 'throws') continue;
      const row = part.path.reduce<Value>((value, key) => this.terms.member(value, key), operation.value);
      this.assume(this.formulas.exists(row));
    }
    return operation.value;
  }

  executeAll(specs: readonly OperationSpec[]): Value {
    let value: Value = this.terms.undefined;
    for (const spec of specs) value = this.execute(spec);
    return value;
  }

  /** A handle whose operations run when somebody awaits it. */
  defer(client: string, specs: readonly OperationSpec[]): HandleValue {
    const handle = this.terms.handle(client, 'pending', {});
    this.pending.set(handle.id, specs);
    return handle;
  }

  /** The newest version of a builder that changes in place. */
  newest(value: Value): Value {
    if (value.kind !== 'handle') return value;
    const root = (value.data['root'] as number | undefined) ?? value.id;
    return this.state.version(root) ?? value;
  }

  /** What `await` makes of a value: lazy operations run now, everything else is itself. */
  settle(given: Value, node: Node): Value {
    const value = this.newest(given);
    if (value.kind === 'handle') {
      const specs = this.pending.get(value.id);
      return specs ? this.executeAll(specs) : value;
    }
    if (value.kind === 'choice' && value.arms.some((arm) => arm.value.kind === 'handle' && this.pending.has(arm.value.id))) {
      const { results } = this.branches(node, value.arms.map((arm) => ({ when: arm.when, run: () => this.settle(arm.value, node) })));
      return this.terms.choice(value.arms.map((arm, index) => ({ when: arm.when, value: results[index]! })), node);
    }
    return value;
  }

  leave(kind: Exit['kind'], node: Node, value: Value | undefined): void {
    if (this.state.dead) return;
    const activation = this.activation;
    const handler = this.handlers.at(-1);
    if (handler && !this.quiet) {
      const leavesHandler = kind === 'throw' || handler.activation === this.activations.length;
      if (leavesHandler && kind !== 'end' && kind !== 'break') {
        handler.exits.push({ kind: kind === 'return' ? 'return' : kind === 'throw' ? 'throw' : 'continue', condition: this.state.condition, value, node });
      }
    }
    // The value of an inlined call goes on in its caller; only throws leave that as well.
    if (!this.quiet && (kind === 'throw' || !this.activations.some((one) => one.mode === 'inline'))) {
      this.exits.push({ kind, condition: this.state.condition, value, node, within: activation?.node, order: this.operations.length });
    }
    if (kind === 'return' || kind === 'end') activation?.returns.push({ state: this.state, value: value ?? this.terms.undefined });
    if (kind !== 'end') this.state.dead = true;
  }

  /** A region whose operations' errors reach a handler. */
  openRegion(node: Node): Region {
    const region: Region = { id: this.regions.length + 1, parent: this.region, node, handler: undefined };
    this.regions.push(region);
    this.region = region;
    return region;
  }

  /** The transaction under which a call on `value` runs, from handles among `values`. */
  transactionOf(values: readonly Value[]): Transaction | undefined {
    for (const value of values) {
      if (value.kind === 'handle' && value.data['transaction']) return value.data['transaction'] as Transaction;
    }
    return undefined;
  }

  isRow(value: Value): boolean { const facet = facetOf(value); return facet?.is === 'row' || facet?.is === 'exists'; }

  isFollowed(fn: FunctionValue): boolean { return this.activations.some((one) => one.node === fn.node); }
}
