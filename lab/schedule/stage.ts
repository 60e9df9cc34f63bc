import { setImmediate as turn } from 'node:timers/promises';
import { type Footprint } from './footprint.ts';

/** A statement that has arrived at its gate. */
export interface Step {
  /** The call that sends it, from 0. */
  readonly call: number;
  /** Its place among the statements of that call, from 0. */
  readonly place: number;
  readonly sql: string;
  readonly footprint: Footprint;
}

/** Chooses the step that runs next; undefined gives the run up (its calls are let through to their ends). */
export type Pick = (enabled: readonly Step[]) => Step | undefined;

/** Of the calls with a statement under way, those that the server says are waiting for a lock of another call, and will until it moves. */
export type Blocked = (calls: readonly number[], statements: number) => Promise<ReadonlySet<number>>;

/** Gates inside the server, in database functions: a call stops there while the statement that called the function is under way. */
export interface InnerGates {
  /** Shuts the gates of these calls. */
  close(calls: readonly number[]): Promise<void>;
  /** Opens all of them for good. */
  open(): Promise<void>;
  /** Calls that stand before a gate. */
  arrived(): Promise<ReadonlySet<number>>;
  /** Lets one call through, to its next gate. */
  pass(call: number): Promise<void>;
}

interface Waiting extends Step {
  open(): void;
  /** The statement whose function stands at a gate; it is under way again once it has passed. */
  readonly inside?: Step;
}

/** A statement that never comes to its end is told after this time; nothing waits for it otherwise. In milliseconds. */
const LIMIT = 15_000;

/**
 * Milliseconds before the server is asked about a statement just let through, and the longest time between two askings. Most statements
 * are done before the server could answer; the others need the processor that asking all the time would take from them.
 */
const [MOMENT, PAUSE] = [2, 5];

/**
 * One run: calls that go at the same time and whose statements pass one at a time, in an order that `pick` chooses. A statement under
 * way is done when its promise settles, blocked when the server says so, and nothing else; where neither can be shown the run fails.
 */
export class Stage {
  readonly #blocked: Blocked;
  readonly #limit: number;
  readonly #inner: InnerGates | undefined;
  readonly #finished: boolean[] = [];
  readonly #waiting: Waiting[] = [];
  readonly #underWay: Step[] = [];
  readonly #places: number[] = [];
  #free = false;
  #version = 0;
  #changed: () => void = () => undefined;

  constructor(blocked: Blocked, limit = LIMIT, inner?: InnerGates) {
    this.#blocked = blocked;
    this.#limit = limit;
    this.#inner = inner;
  }

  /** Passes `execute` through the gate of `call`. */
  async statement<T>(call: number, sql: string, footprint: Footprint, execute: () => Promise<T>): Promise<T> {
    const place = this.#places[call] ?? 0;
    this.#places[call] = place + 1;
    const step: Step = { call, place, sql, footprint };
    if (!this.#free) {
      await new Promise<void>((open) => {
        this.#waiting.push({ ...step, open });
        this.#change();
      });
    }
    this.#underWay.push(step);
    try {
      return await execute();
    } finally {
      // While its function stands at a gate that opens for good, the statement is not listed.
      const at = this.#underWay.indexOf(step);
      if (at >= 0) this.#underWay.splice(at, 1);
      this.#change();
    }
  }

  /** Runs all calls to their ends. Gives the steps in the order in which they were let through; `complete` is false after giving up. */
  async run(calls: readonly (() => Promise<unknown>)[], pick: Pick): Promise<{ readonly steps: readonly Step[]; readonly complete: boolean }> {
    await this.#inner?.close(calls.map((_, call) => call));
    const ends = calls.map((call, index) => {
      this.#finished[index] = false;
      return call().catch(() => undefined).finally(() => {
        this.#finished[index] = true;
        this.#change();
      });
    });
    const steps: Step[] = [];
    try {
      for (;;) {
        await this.#quiet();
        if (!this.#waiting.length) {
          if (this.#finished.every(Boolean)) return { steps, complete: true };
          continue;
        }
        // A call whose statement waits for a lock has its other statements (of a Promise.all) ready like any.
        const enabled = this.#waiting.map(({ call, place, sql, footprint }): Step => ({ call, place, sql, footprint }));
        enabled.sort((a, b) => a.call - b.call || a.place - b.place);
        const chosen = pick(enabled);
        if (!chosen) {
          await this.#drain(ends);
          return { steps, complete: false };
        }
        steps.push(chosen);
        const at = this.#waiting.findIndex((one) => one.call === chosen.call && one.place === chosen.place);
        const [gate] = this.#waiting.splice(at, 1);
        const version = this.#version;
        if (gate!.inside) {
          // Listed first: it may be done before the lab hears that it has passed.
          this.#underWay.push(gate!.inside);
          await this.#inner!.pass(chosen.call);
          continue;
        }
        gate!.open();
        // The opened statement enters `underWay` in a later microtask; only then may the calls be looked at again.
        while (this.#version === version && !this.#underWay.some((one) => one.call === chosen.call && one.place === chosen.place)) await turn();
      }
    } catch (error) {
      // The first error says what went wrong; calls that never end would only hide it.
      await this.#drain(ends).catch(() => undefined);
      throw error;
    } finally {
      if (!this.#free) await this.#inner?.open();
    }
  }

  async #drain(ends: readonly Promise<unknown>[]): Promise<void> {
    this.#free = true;
    await this.#inner?.open();
    for (const one of this.#waiting.splice(0)) one.open();
    if (!(await inTime(Promise.all(ends), this.#limit))) throw new Error(`calls ${this.#unfinished()} did not end when they were let through`);
  }

  /** Returns when every call has ended, stands at its gate, or waits for a lock of another one. */
  async #quiet(): Promise<void> {
    const started = performance.now();
    let pause = MOMENT;
    for (;;) {
      const version = this.#version;
      // Statements of one Promise.all arrive in the same turn of the event loop: let them all in before anyone chooses.
      await turn();
      const idle = this.#finished.flatMap((finished, call) => (finished || this.#has(this.#waiting, call) || this.#has(this.#underWay, call) ? [] : [call]));
      if (idle.length) {
        if (await this.#changes(version, this.#limit - (performance.now() - started))) continue;
        throw new Error(`call ${idle.map((call) => call + 1).join(', ')} neither ended nor sent a statement within ${this.#limit} ms; does it wait for something that is not the database?`);
      }
      if (!this.#underWay.length) {
        if (this.#version === version) return;
        continue;
      }
      if (await this.#changes(version, pause)) continue;
      pause = Math.min(pause + 1, PAUSE);
      if (this.#inner && (await this.#stopInside())) continue;
      const calls = [...new Set(this.#underWay.map((one) => one.call))];
      const blocked = await this.#blocked(calls, this.#underWay.length);
      if (this.#version !== version) continue;
      // With nobody left who could move, a lock that is waited for can only be a deadlock that the server is about to end.
      if (calls.every((call) => blocked.has(call)) && this.#waiting.length) return;
      if (performance.now() - started > this.#limit) {
        const sql = this.#underWay.map((one) => `call ${one.call + 1}: ${one.sql}`).join('; ');
        throw new Error(`a statement is neither done nor, as far as the server says, waiting for another call's lock after ${this.#limit} ms (${sql}).`);
      }
    }
  }

  /** Statements whose function has come to a gate wait like any other. */
  async #stopInside(): Promise<boolean> {
    const arrived = await this.#inner!.arrived();
    const stopped = this.#underWay.filter((one) => arrived.has(one.call));
    for (const step of stopped) {
      this.#underWay.splice(this.#underWay.indexOf(step), 1);
      const place = this.#places[step.call]!++;
      this.#waiting.push({ call: step.call, place, sql: `${step.sql} (goes on)`, footprint: step.footprint, open: () => undefined, inside: step });
    }
    return stopped.length > 0;
  }

  #has(steps: readonly Step[], call: number): boolean {
    return steps.some((one) => one.call === call);
  }

  #unfinished(): string {
    return this.#finished.flatMap((finished, call) => (finished ? [] : [call + 1])).join(', ');
  }

  #change(): void {
    this.#version++;
    this.#changed();
  }

  /** Whether anything has changed since `version`, or does within so many milliseconds. */
  async #changes(version: number, limit: number): Promise<boolean> {
    return this.#version !== version || (await inTime(new Promise<void>((resolve) => { this.#changed = resolve; }), limit));
  }
}

/** Whether it comes to its end within so many milliseconds. */
async function inTime(promise: Promise<unknown>, limit: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([promise.then(() => true), new Promise<boolean>((resolve) => { timer = setTimeout(resolve, Math.max(1, limit), false); })]);
  } finally {
    clearTimeout(timer);
  }
}

/** The gate of one call's client: open (statements pass) until a run puts it on a stage, or lets one of its statements fail. */
export class Gate {
  readonly call: number;
  #stage: Stage | undefined;
  #failing: number | undefined;
  #sent = 0;

  constructor(call: number) {
    this.call = call;
  }

  enter(stage: Stage | undefined, failing?: number): void {
    this.#stage = stage;
    this.#failing = failing;
    this.#sent = 0;
  }

  /** Statements that have come by since `enter`. */
  get sent(): number {
    return this.#sent;
  }

  async pass<T>(sql: string, footprint: Footprint, execute: () => Promise<T>, lost: () => Promise<T>): Promise<T> {
    const failing = this.#failing === this.#sent++;
    if (failing) return lost();
    return this.#stage ? this.#stage.statement(this.call, sql, footprint, execute) : execute();
  }
}

/** The error of a statement that a run lets fail. */
export class ConnectionLost extends Error {
  readonly code = 'ECONNRESET';
  constructor() {
    super('connection lost (by the lab)');
    this.name = 'ConnectionLost';
  }
}
