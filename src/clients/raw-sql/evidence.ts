/** What text shows of this library before anything is parsed. */
import type { ClientEvidence } from '../client.ts';
import { quoted } from '../common/evidence.ts';
import { PACKAGES } from './recognise.ts';

export const EVIDENCE: ClientEvidence = {
  // A driver, or the text of a statement that writes: without one there is no race.
  always: new RegExp(`${quoted(PACKAGES)}|\\bD1Database|\\b(?:insert\\s+(?:or\\s+\\w+\\s+|ignore\\s+)?into|replace\\s+into|delete\\s+from|merge\\s+into)\\b|\\bupdate\\s+(?:[^\\s;]+\\s+){1,6}?set\\b`, 'i'),
};
