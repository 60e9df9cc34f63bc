/** What text shows of this library before anything is parsed. */
import type { ClientEvidence } from '../client.ts';
import { CALLED, CLASS, DOT, oneOf } from '../common/evidence.ts';
import { OWN, SHAPE_METHODS } from './shape.ts';

export const EVIDENCE: ClientEvidence = {
  always: new RegExp(`sequelize|\\b(?:${oneOf(OWN)})${CALLED}|(?:${CLASS}|(?:Model|Repository))${DOT}(?:update|bulkCreate|findOne|count)${CALLED}`),
  // Models that a folder is searched for at run time.
  installed: new RegExp(`(?:${CLASS}|(?:Model|Repository))${DOT}(?:${oneOf(SHAPE_METHODS)})${CALLED}|\\bclass\\s+\\w+[^{]{0,200}\\bextends\\b`),
};
