/** Error handlers: `catch` clauses, `.catch(…)`, rejection callbacks. */
import type { HandlerExit, Region } from '../model.ts';
import type { Node, Value } from '../value/terms.ts';
import { fork, type State } from './state.ts';
import type { Walk } from './walk.ts';

/**
 * Walks a handler of `region`. It starts from what was known before the region, under "the region threw"; what the region
 * had assigned by then is not known. Returns its end state (dead when every path leaves).
 */
export function handledBy(walk: Walk, region: Region, caught: Value, node: Node, base: State, run: () => void): State {
  const state = fork(base, walk.formulas.thrown(region.id), walk.formulas);
  state.dead = false;
  const exits: HandlerExit[] = [];
  walk.state = state;
  walk.handlers.push({ exits, activation: walk.activations.length, base: state.condition });
  run();
  walk.handlers.pop();
  if (!walk.state.dead) exits.push({ kind: 'falls-through', condition: walk.state.condition, value: undefined, node });
  region.handler = { caught, exits, node };
  return walk.state;
}
