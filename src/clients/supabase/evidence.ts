/** What text shows of this library before anything is parsed. */
import type { ClientEvidence } from '../client.ts';
import { CALLED, oneOf } from '../common/evidence.ts';
import { VERBS } from './builder.ts';

export const EVIDENCE: ClientEvidence = {
  // `.from('users')` and the verb after it, with a cast between them.
  always: new RegExp(`supabase|\\bPostgrestClient\\b|\\.\\s*from\\s*\\([^()]{1,200}\\)(?:[\\s)!?]|\\bas\\b[^().;]{1,80}|>)*\\.\\s*(?:${oneOf(VERBS)})${CALLED}`, 'i'),
};
