/** What text shows of this library before anything is parsed. */
import type { ClientEvidence } from '../client.ts';
import { CALLED, DOT, oneOf } from '../common/evidence.ts';
import { SHAPE_METHODS } from './shape.ts';

export const EVIDENCE: ClientEvidence = {
  // A repository or a manager that nobody declared is recognised by its name.
  always: new RegExp(`typeorm|@(?:Child)?Entity\\b|\\bgetRepository\\s*[(<]|(?:repo|repository|repositories|data_?source|connection|entity_?manager|\\bmanager)${DOT}(?:${oneOf(SHAPE_METHODS)})${CALLED}`, 'i'),
};
