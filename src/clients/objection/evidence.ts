/** What text shows of this library before anything is parsed. */
import type { ClientEvidence } from '../client.ts';
import { CALLED, CLASS, DOT } from '../common/evidence.ts';

export const EVIDENCE: ClientEvidence = {
  // `User.query()` of a class whose body was not found, `user.$relatedQuery('posts')` of a row whose class was not.
  always: new RegExp(`objection|(?:${CLASS}|Model)${DOT}query${CALLED}|\\.\\s*\\$relatedQuery${CALLED}`),
  // Models whose base class is the project's own, and those that a global object keeps.
  installed: new RegExp(`\\bclass\\s+\\w+[^{]{0,200}\\bextends\\b|\\bmodels\\??\\.\\w+${DOT}query${CALLED}`),
};
