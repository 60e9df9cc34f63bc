/** What text shows of this library before anything is parsed. */
import type { ClientEvidence } from '../client.ts';
import { CALLED, DOT, oneOf } from '../common/evidence.ts';
import { READS } from './reads.ts';
import { WRITES } from './writes.ts';

const METHODS = oneOf([...READS, ...WRITES]);
/** `owner.model.method(`; the model starts with a small letter. */
const call = (methods: string): string => `[\\w$)\\]!?]\\s*\\??\\.\\s*[a-z_]\\w*${DOT}(?:${methods})\\s*(?:<[^()]*>)?\\(\\s*`;
/** A name that an object with options may have been kept under. */
const KEPT = '\\w*(?:args|options|opts|query|params|input|where|data|payload|filter|config)\\b';
const OPTIONS = `(?:[{/)]|${KEPT})`;
/** For methods that others have too: an object with an option that these take, whichever stands first. */
const OWN_OPTIONS = `(?:[/)]|\\{\\s*(?:where|data|select|include|omit|limit|orderBy|cursor|take|skip|_|\\.\\.\\.|['"/[])|${KEPT})`;

export const EVIDENCE: ClientEvidence = {
  // The client may be generated into any folder; its enumerations and what browsers get of it hold none. The last ones are recognised by their options, or by what the connection is called.
  always: new RegExp(`prisma(?![\\w./-]*/(?:enums|browser)(?:\\.\\w+)?['"])|['"][@~#.\\w/-]*generated/(?:[@.\\w/-]*/)?[\\w.-]*client|\\bTransactionClient\\b|\\$(?:transaction|extends|executeRaw|queryRaw)|\\b(?:findUnique(?:OrThrow)?|findFirstOrThrow|createManyAndReturn|updateManyAndReturn|groupBy|upsert)${CALLED}`
    + `|${call('update|updateMany|aggregate')}${OWN_OPTIONS}|\\b(?:db|database|dbClient|tx|trx|transaction)(?:\\(\\))?${DOT}[a-z_]\\w*${DOT}(?:${METHODS})${CALLED}`, 'i'),
  installed: new RegExp(`${call(METHODS)}${OPTIONS}`, 'i'),
};
