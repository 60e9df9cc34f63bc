/** What text shows of this library before anything is parsed. */
import type { ClientEvidence } from '../client.ts';
import { CALLED, CLASS, DOT, oneOf } from '../common/evidence.ts';
import { OWN, SHAPE_METHODS } from './shape.ts';

/** What a model is named like; classes whose base is found lead to a file that names the library. */
const MODEL = `(?:${CLASS}|(?:Model|Repository))${DOT}`;

export const EVIDENCE: ClientEvidence = {
  always: new RegExp(`sequelize|\\bfindByPk${CALLED}|${MODEL}(?:${oneOf(OWN)}|update|bulkCreate|findOne|count)${CALLED}`),
  // Models that a folder is searched for at run time, and those whose base class cannot be found.
  installed: new RegExp(`${MODEL}(?:${oneOf(SHAPE_METHODS)})${CALLED}|\\bDataTypes?\\b|@Table\\b`),
};
