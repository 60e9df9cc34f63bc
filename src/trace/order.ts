/** Which operations of a trace can follow one another in one run. */
import type { Operation } from '../model.ts';

/**
 * `earlier` may have run before `later` in the same run. Handlers that are registered (`app.post('/a', async () => …)`) each run on
 * their own: what one of them did says nothing about another.
 */
export function precedes(earlier: Operation, later: Operation): boolean {
  return earlier.id < later.id && !(earlier.concurrent !== undefined && earlier.concurrent === later.concurrent) && earlier.tasks.every((task, index) => later.tasks[index] === task);
}
