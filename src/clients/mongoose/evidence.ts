/** What text shows of this library before anything is parsed. */
import type { ClientEvidence } from '../client.ts';
import { CALLED, CLASS, DOT, oneOf } from '../common/evidence.ts';
import { DRIVER, OWN, SHAPE_METHODS } from './shape.ts';

export const EVIDENCE: ClientEvidence = {
  always: new RegExp(`mongoose|mongodb|typegoose|\\.\\s*collection${CALLED}|(?:[cC]ollection|${CLASS}|[a-z]_?Model)${DOT}(?:${oneOf(OWN)})${CALLED}`),
  installed: new RegExp(`(?:${CLASS}|[a-z]_?Model)${DOT}(?:${oneOf(SHAPE_METHODS)})${CALLED}|\\b\\w*(?:[dD][bB]|[dD]atabase|[cC]onnection|[cC]onn|[cC]lient|[mM]ongo)\\??\\.\\w+${DOT}(?:${oneOf(DRIVER)}|findOne|insertMany|updateMany|deleteMany)${CALLED}`),
};
