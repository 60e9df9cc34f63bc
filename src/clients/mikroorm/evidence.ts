/** What text shows of this library before anything is parsed. */
import type { ClientEvidence } from '../client.ts';
import { CALLED, DOT, oneOf } from '../common/evidence.ts';
import { SHAPE_METHODS } from './shape.ts';

export const EVIDENCE: ClientEvidence = {
  always: /mikro-?orm/i,
  // A manager or a repository that nobody declared is recognised by its name.
  installed: new RegExp(`(?:em|entity_?manager|repo|repository)s?${DOT}(?:${oneOf(SHAPE_METHODS)})${CALLED}`, 'i'),
};
