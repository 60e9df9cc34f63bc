/** Open questions that every pair shares: how sure the two calls are, and how well the read's predicate was understood. */
import type { OpenQuestion, Operation } from '../model.ts';

export function doubtsAbout(read: Operation | undefined, write: Operation): OpenQuestion[] {
  const open: OpenQuestion[] = [];
  for (const one of read ? [read, write] : [write]) {
    if (one.evidence === 'name') { open.push({ id: 'client-unsure', text: `\`${one.label}\` is a database call` }); break; }
  }
  return open;
}
