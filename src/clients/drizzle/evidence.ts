/** What text shows of this library before anything is parsed. */
import type { ClientEvidence } from '../client.ts';
import { CALLED, DOT } from '../common/evidence.ts';

export const EVIDENCE: ClientEvidence = {
  always: new RegExp(`drizzle|query${DOT}\\w+${DOT}(?:findFirst|findMany)${CALLED}`, 'i'),
  // Statements about declared tables, on whatever holds the connection.
  installed: new RegExp(`\\.\\s*(?:select|selectDistinct|insert|update|delete|\\$count|transaction|batch)${CALLED}`),
};
