/** What text shows of this library before anything is parsed. */
import type { ClientEvidence } from '../client.ts';
import { CALLED, oneOf } from '../common/evidence.ts';
import { STARTS } from './builder.ts';

export const EVIDENCE: ClientEvidence = {
  always: new RegExp(`kysely|\\b(?:${oneOf(Object.keys(STARTS))}|setIsolationLevel)${CALLED}`, 'i'),
  installed: /\btransaction\s*\(\s*\)/,
};
