import { independent } from './footprint.ts';
import type { Pick, Step } from './stage.ts';

/** One run under a schedule; `outcome` is undefined when it was given up as a repetition. */
export interface Run<T> {
  readonly steps: readonly Step[];
  readonly complete: boolean;
  readonly outcome: T | undefined;
}

export interface Explored<T> {
  readonly runs: readonly { readonly steps: readonly Step[]; readonly outcome: T }[];
  /** The limit was reached before every schedule had run. */
  readonly cut: boolean;
}

interface Node {
  readonly enabled: readonly Step[];
  /** Steps that another branch has taken first, with nothing since that depends on them: taking them now would repeat it. */
  readonly sleep: readonly Step[];
  readonly tried: Step[];
  chosen: Step;
}

/**
 * Runs every schedule once, by re-execution: depth first over the choices, with sleep sets (Godefroid 1996), so that of all schedules
 * which differ only by swapping independent neighbours exactly one runs to its end.
 */
export async function explore<T>(execute: (pick: Pick) => Promise<Run<T>>, limit: number): Promise<Explored<T>> {
  const stack: Node[] = [];
  const runs: { steps: readonly Step[]; outcome: T }[] = [];
  for (let attempts = 0; ; attempts++) {
    if (attempts >= limit) return { runs, cut: true };
    const run = await repeated(execute, () => {
      let depth = 0;
      return (enabled) => {
        const known = stack[depth];
        if (known) {
          const again = enabled.find((one) => same(one, known.chosen));
          if (!again || shape(again.sql) !== shape(known.chosen.sql)) throw new Diverged(`call ${known.chosen.call + 1} does not repeat: under the same schedule it sent ${again ? `\`${again.sql}\`` : 'nothing'} where it had sent \`${known.chosen.sql}\`.`);
          depth++;
          return again;
        }
        const parent = stack[depth - 1];
        const sleep = parent ? [...parent.sleep, ...parent.tried].filter((one) => independent(one.footprint, parent.chosen.footprint) && one.call !== parent.chosen.call) : [];
        // What touches nothing (BEGIN, SAVEPOINT) commutes with all that can ever follow: no choice there.
        const local = enabled.find((one) => independent(one.footprint, one.footprint) && !one.footprint.reads.size);
        const choices = local ? [local] : enabled;
        const chosen = choices.find((one) => !sleep.some((asleep) => same(asleep, one)));
        if (!chosen) return undefined;
        stack.push({ enabled: choices, sleep, tried: [], chosen });
        depth++;
        return chosen;
      };
    });
    if (run.complete && run.outcome !== undefined) runs.push({ steps: run.steps, outcome: run.outcome });
    if (!advance(stack)) return { runs, cut: false };
  }
}

/** A run that did not follow the schedule that it was to repeat. */
class Diverged extends Error {}

/** Further attempts at a run that left its schedule. */
const AGAIN = 3;

/**
 * Which of two statements that wait for one lock a server lets on is its own affair, and a busy machine may change its mind: the run is
 * made again. Only calls that never repeat (a clock, a random choice, a cache that outlives the run) cannot be explored.
 */
async function repeated<T>(execute: (pick: Pick) => Promise<Run<T>>, follow: () => Pick): Promise<Run<T>> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await execute(follow());
    } catch (error) {
      if (!(error instanceof Diverged) || attempt === AGAIN) throw error;
    }
  }
}

function advance(stack: Node[]): boolean {
  for (;;) {
    const node = stack.at(-1);
    if (!node) return false;
    node.tried.push(node.chosen);
    const next = node.enabled.find((one) => ![...node.sleep, ...node.tried].some((other) => same(other, one)));
    if (next) {
      node.chosen = next;
      return true;
    }
    stack.pop();
  }
}

/** A statement without its literals: some libraries write random ids and clocks into the text. */
function shape(sql: string): string {
  return sql.replace(/'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b/g, '?');
}

function same(a: Step, b: Step): boolean {
  return a.call === b.call && a.place === b.place;
}

/** How many schedules a run stands for: orders of its steps that keep each call's own order and that of dependent steps. */
export function standsFor(steps: readonly Step[]): number {
  const calls = [...new Set(steps.map((one) => one.call))];
  const own = calls.map((call) => steps.flatMap((one, index) => (one.call === call ? [index] : [])));
  // How many steps of each call must have run before a step may.
  const needs = steps.map((step, index) => own.map((indexes) => indexes.findLastIndex((one) => one < index && !independent(steps[one]!.footprint, step.footprint)) + 1));
  const memo = new Map<string, number>();
  const count = (done: readonly number[]): number => {
    const key = done.join();
    const known = memo.get(key);
    if (known !== undefined) return known;
    let total = done.every((one, at) => one === own[at]!.length) ? 1 : 0;
    own.forEach((indexes, at) => {
      const index = indexes[done[at]!];
      if (index === undefined || needs[index]!.some((needed, other) => other !== at && done[other]! < needed)) return;
      total += count(done.map((one, place) => (place === at ? one + 1 : one)));
    });
    memo.set(key, total);
    return total;
  };
  return count(own.map(() => 0));
}

/** The one schedule in which the calls take their steps in turn. */
export function lockstep(): Pick {
  let last = -1;
  return (enabled) => {
    const chosen = enabled.find((one) => one.call > last) ?? enabled[0]!;
    last = chosen.call;
    return chosen;
  };
}
