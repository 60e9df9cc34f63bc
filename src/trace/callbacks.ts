/** Operations that call back with `(error, result)`: what runs when they are done, and what the same function does with an error. */
import type { OperationSpec } from '../model.ts';
import type { FunctionValue, Value } from '../value/terms.ts';
import { callFunction } from './functions.ts';
import { handledBy } from './handlers.ts';
import { fork, join } from './state.ts';
import type { Walk } from './walk.ts';

export function executeWithCallback(walk: Walk, operation: OperationSpec, callback: FunctionValue): Value {
  const { node } = callback;
  // The error's side of a read, or of a write that no key can refuse, says nothing of a race.
  if (!operation.violation) {
    const value = walk.execute(operation);
    callFunction(walk, callback, [walk.terms.null, value], node);
    return value;
  }
  const base = walk.state;
  const region = walk.openRegion(operation.node);
  walk.state = fork(base, walk.formulas.true, walk.formulas);
  const value = walk.execute(operation);
  walk.region = region.parent;
  callFunction(walk, callback, [walk.terms.null, value], node);
  const done = walk.state;
  const caught = walk.terms.caught(region.id);
  const failed = handledBy(walk, region, caught, node, base, () => { callFunction(walk, callback, [caught, walk.terms.undefined], node); });
  // It is called in either case, so that to leave without a question is no answer to a violation.
  region.handler = { ...region.handler!, always: true };
  walk.state = base;
  join(base, [done, failed], walk.terms, walk.formulas, node);
  return value;
}
