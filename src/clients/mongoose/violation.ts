/** How a unique violation arrives: a thrown `MongoServerError` with code 11000, which Mongoose passes on unchanged. */
import type { Violation } from '../../model.ts';
import { amongStrangers } from '../common/strangers.ts';

/** 11001 is what old servers said of updates. */
const CODES = [11000, 11001];

function violation(bulk: boolean): Violation {
  const silent = 'a bulk write\'s error does not name the key itself; its `writeErrors` do';
  return amongStrangers({
    arrives: 'thrown',
    tests: [
      { path: ['code'], values: CODES, fires: true },
      { path: ['name'], values: bulk ? ['MongoBulkWriteError', 'BulkWriteError'] : ['MongoServerError', 'MongoError'], fires: 'unknown' },
      { path: ['codeName'], values: ['DuplicateKey'], fires: 'unknown' },
      { path: ['message'], values: ['E11000 duplicate key error'], contains: true, fires: true },
      { path: ['errmsg'], values: ['E11000 duplicate key error'], contains: true, fires: 'unknown' },
    ],
    classes: bulk ? ['MongoBulkWriteError', 'MongoServerError', 'MongoError'] : ['MongoServerError', 'MongoError'],
    tells: [
      { path: ['keyPattern'], what: 'columns', fires: !bulk, ...(bulk && { why: silent }) },
      { path: ['keyValue'], what: 'columns', fires: !bulk, ...(bulk && { why: silent }) },
      { path: ['message'], what: 'text', fires: true },
      { path: ['errmsg'], what: 'text', fires: 'unknown' },
    ],
  }, 'mongodb', 'nothing');
}

export const VIOLATION: Violation = violation(false);
/** `insertMany`, `bulkWrite`. */
export const BULK_VIOLATION: Violation = violation(true);
