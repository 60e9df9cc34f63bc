/**
 * One run of the symbolic execution: the state that is current, what happened so far, and the few moves that all constructs
 * share (fork and join, execute an operation, call a function). The constructs themselves live in the files beside this one.
 */
import type { Client, ClientContext } from '../clients/client.ts';
import type { Comparison, Frame, HandlerExit, Operation, OperationSpec, Predicate, Region, Transaction } from '../model.ts';
import type { Catalogue, Dialect } from '../schema/model.ts';
import type { ImportedBinding, SourceFile } from '../source/file.ts';
import type { Candidates } from '../source/ports.ts';
import type { FunctionNode } from '../source/syntax.ts';
import { conjuncts, Formulas, type Formula } from '../value/formula.ts';
import { Terms, type ChoiceValue, type FunctionValue, type HandleValue, type Node, type Value } from '../value/terms.ts';
import { compositionOf, type Composition } from './composition.ts';
import type { TypeAt } from './members.ts';
import { baseOf, deepSources, elementOf } from './objects.ts';
import { withOneRow } from './one-row.ts';
import { facetOf } from './results.ts';
import { fork, join, snapshot, State } from './state.ts';

/** What a trace needs from outside: the libraries, the schema, other files. */
export interface Surroundings {
  readonly clients: readonly Client[];
  readonly catalogue: Catalogue;
  readonly dialect: Dialect | undefined;
  /** Expressions of the project that hold a handle (`ctx.db`), with the id of its library. */
  readonly handles?: ReadonlyMap<string, string>;
  version(packageName: string, part?: 'minor'): number | undefined;
  /** Those of some packages that the nearest package.json lists which lists any of them. */
  nearest?(packages: readonly string[]): readonly string[];
  /** The file that an import leads to; undefined when following is off, or it is no readable project file. */
  resolve(binding: ImportedBinding, from: SourceFile): SourceFile | undefined;
  /** What may stand behind an interface, package by package; absent when following is off. */
  behind?(name: string, token: string | undefined, files: readonly string[]): Iterable<Candidates>;
  /** A file that stands behind one. */
  file?(path: string): SourceFile | undefined;
}

/** A way out of the walked function (or of a callback of an unresolved call). */
export interface Exit {
  readonly kind: 'return' | 'throw' | 'continue' | 'break' | 'end';
  readonly condition: Formula;
  readonly value: Value | undefined;
  /** The operations whose results are part of the value, fields of objects included. */
  readonly sources: ReadonlySet<Operation>;
  readonly node: Node;
  readonly within: FunctionNode | undefined;
  /** Operations recorded before it. */
  readonly order: number;
}

/** An answer given to the outside without leaving: `res.status(409).json(…)`, `next(error)`. */
export interface Answer { readonly condition: Formula; readonly failure: boolean; readonly node: Node; readonly order: number }

/** A call that was not followed, made with a database handle: it may lock, check or write. */
export interface Helper { readonly condition: Formula; readonly node: Node; readonly order: number; readonly transaction: Transaction | undefined; readonly name: string }

/** An awaited call that was not followed, outside the database as far as anybody knows: a mail, a charge, a job. */
export interface Outside { readonly condition: Formula; readonly node: Node; readonly order: number; readonly name: string }

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
export interface Jump {
  readonly node: Node;
  /** The states that a `continue` and a `break` are joined into. */
  readonly base: State;
  readonly outer: State;
  readonly label: string | undefined;
  readonly isLoop: boolean;
  readonly breaks: State[];
  readonly continues: State[];
}

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
  readonly outside: Outside[] = [];
  /** Every wait for something that was not followed. */
  readonly pauses: Outside[] = [];
  readonly compositions = new Map<Operation, Composition>();
  /** Values from elsewhere of which code changed a part in place. */
  readonly touched = new Set<Value>();
  readonly visited: Set<Node> = new Set();
  /** Calls that were understood and do nothing but give a value: they may run once more, or no longer. */
  readonly inert: Set<Node> = new Set();
  /** What code asked: the conditions of its branches, wherever they stand. */
  readonly tests: Set<Formula> = new Set();
  readonly pending = new Map<number, readonly OperationSpec[]>();
  readonly regions: Region[] = [];
  /** The bottom of every state: module-level variables, evaluated when first asked for. */
  readonly statics: State;
  readonly evaluating = new Set<unknown>();
  readonly instances: Map<Node, Value> = new Map();
  /** Types as written of values that nothing else is known of, by the value's id; and what they say of members, by the member's. */
  readonly declared: Map<number, TypeAt> = new Map();
  readonly memberValues: Map<number, Value | null> = new Map();
  /** What stands behind interfaces; null: nothing, or not one thing. */
  readonly behind: Map<string, Value | null> = new Map();
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
  tasks: Node[] = [];
  /** Transactions that statements join without naming them, outermost first. */
  ambient: { readonly client: string; readonly transaction: Transaction }[] = [];
  concurrent: number | undefined;
  /** The call that a client is asked about: functions that it follows are called there. */
  calling: Node | undefined;
  /** Above zero nothing is recorded: module-level values, looked at on the side. */
  quiet = 0;
  steps = 0;
  #origins = new WeakMap<OperationSpec, { readonly file: SourceFile; readonly frames: readonly Frame[]; readonly loops: readonly Node[] }>();
  #transactions = 0;
  #groups = 0;
  #sessions = 0;

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
  nextSession(): number { return ++this.#sessions; }

  client(id: string): Client | undefined { return this.surroundings.clients.find((one) => one.id === id); }

  /** Runs each branch on a fork of the current state, then joins. Returns the branches' results. */
  branches<T>(node: Node, arms: readonly { readonly when: Formula; run(): T }[]): { results: T[]; states: State[] } {
    const base = this.state;
    const states: State[] = [];
    const results: T[] = [];
    for (const arm of arms) {
      if (!this.quiet) this.tests.add(arm.when);
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

  /** Runs a callback that somebody calls later, if at all: nothing that it checks holds for what follows here. */
  deferred(callback: Node, run: () => unknown): void {
    const { condition } = this.state;
    this.tasks.push(callback);
    this.maybe(callback, this.formulas.opaque(callback), run);
    this.tasks.pop();
    this.state.condition = condition;
    this.state.dead = false;
  }

  assume(condition: Formula): void {
    this.state.condition = this.formulas.and(this.state.condition, condition);
    if (this.state.condition.kind === 'false') this.state.dead = true;
  }

  /** Operations that run when `handle` is awaited; where the call was made stays where they are reported. */
  hold(handle: HandleValue, specs: readonly OperationSpec[]): void {
    this.pending.set(handle.id, specs);
    for (const spec of specs) if (!this.#origins.has(spec)) this.#origins.set(spec, { file: this.file, frames: [...this.frames], loops: [...this.loops] });
  }

  /** Places an operation in time and returns what it resolves to. */
  execute(given: OperationSpec, origin = this.#origins.get(given)): Value {
    if (this.quiet || this.state.dead) return this.terms.unknown(given.node);
    const spec = withOneRow(given, this.operations);
    const id = this.operations.length + 1;
    const file = origin?.file ?? this.file;
    const operation = {
      ...spec, ...this.#storedAlready(spec), ...(spec.predicate && { predicate: this.#listed(spec.predicate) }), transaction: spec.transaction ?? this.ambientOf(spec.client), id, file: file.path, line: file.line(spec.node.range[0]), condition: this.#conditionOf(spec), rowsWhen: this.#selection(spec.rowsOf),
      loops: origin && origin.loops.length > this.loops.length ? origin.loops : [...this.loops], region: this.region, frames: origin?.frames ?? [...this.frames],
      tasks: [...this.tasks], concurrent: this.concurrent, within: [...this.within],
    } as unknown as { -readonly [K in keyof Operation]: Operation[K] };
    operation.value = this.terms.result(operation);
    this.operations.push(operation);
    const composition = compositionOf(this, operation);
    if (composition) this.compositions.set(operation, composition);
    for (const part of operation.result) {
      if (part.is !== 'row' || part.miss !== 'throws') continue;
      const row = part.path.reduce<Value>((value, key) => this.terms.member(value, key), operation.value);
      this.assume(this.formulas.exists(row));
    }
    return operation.value;
  }

  /** The transaction that a statement joins without naming it. */
  ambientOf(client: string): Transaction | undefined { return this.ambient.findLast((one) => one.client === client)?.transaction ?? this.state.ambient(client); }

  /** What was made and saved on the way here is stored: to save it once more updates it. */
  #storedAlready(spec: OperationSpec): { readonly verb: 'update' } | undefined {
    if (spec.verb !== 'insert' || spec.saved?.kind !== 'object') return undefined;
    const known = conjuncts(this.state.condition);
    const before = this.operations.find((one) => one.saved === spec.saved && one.verb === 'insert' && conjuncts(one.condition).every((part) => known.includes(part)));
    return before && { verb: 'update' };
  }

  /** Statements that a collection was mapped to are sent where it has elements, as in a loop over it. */
  #conditionOf({ each, node }: OperationSpec): Formula {
    return each ? this.formulas.and(this.state.condition, this.formulas.turns(node, [each, baseOf(this, each)])) : this.state.condition;
  }

  /** Lists live in the heap, which moves on: what their elements are is kept with the comparison. */
  #listed(predicate: Predicate): Predicate {
    const listed = (one: Comparison): Comparison => {
      if (one.operator !== 'in') return one;
      const each = elementOf(this, one.value);
      return each.kind === 'element' && each.of === one.value ? one : { ...one, each };
    };
    return predicate.arms.some((arm) => arm.some((one) => one.operator === 'in')) ? { ...predicate, arms: predicate.arms.map((arm) => arm.map(listed)) } : predicate;
  }

  /** The filters that the rows of a collection went through before they are written. */
  #selection(rows: Value | undefined): Formula {
    if (rows?.kind === 'filtered') return this.formulas.and(rows.where, this.#selection(rows.of));
    const mapped = rows?.kind === 'array' ? this.state.object(rows.id)?.mapped : undefined;
    return mapped ? this.#selection(mapped.of) : this.formulas.true;
  }

  executeAll(specs: readonly OperationSpec[], transaction?: Transaction): Value {
    let value: Value = this.terms.undefined;
    for (const spec of specs) {
      const result = this.execute(transaction ? { ...spec, transaction } : spec, this.#origins.get(spec));
      if (!spec.nested) value = result;
    }
    return value;
  }

  /** A handle whose operations run when somebody awaits it. */
  defer(client: string, specs: readonly OperationSpec[]): HandleValue {
    const handle = this.terms.handle(client, 'pending', {});
    this.hold(handle, specs);
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
      return this.eachArm(value, node, (arm) => this.settle(arm, node));
    }
    return value;
  }

  /** What `run` makes of each arm, under its condition. A builder is what its arm made of it: arms of one root have changed it in different ways. */
  eachArm(choice: ChoiceValue, node: Node, run: (arm: Value) => Value): Value {
    const { results } = this.branches(node, choice.arms.map(({ when, value }) => ({
      when,
      run: () => {
        if (value.kind === 'handle' && typeof value.data['root'] === 'number') this.state.versions.set(value.data['root'], value);
        return run(value);
      },
    })));
    return this.terms.choice(choice.arms.map(({ when }, index) => ({ when, value: results[index]! })), node);
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
      this.exits.push({ kind, condition: this.state.condition, value, sources: deepSources(this, value), node, within: activation?.node, order: this.operations.length });
    }
    if (kind === 'return' || kind === 'end') activation?.returns.push({ state: snapshot(this.state, activation.base), value: value ?? this.terms.undefined });
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
