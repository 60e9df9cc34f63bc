/** Which database a text was written for, by what only one of them understands. */
import type { Dialect } from '../schema/model.ts';

const SIGNS: readonly (readonly [Dialect, RegExp])[] = [
  // Backticks alone are no sign: SQLite knows them, and generators write them for it.
  ['mysql', /\bENGINE\s*=\s*\w|\bAUTO_INCREMENT\b|\bON\s+DUPLICATE\s+KEY\b|^\s*DELIMITER\s|\/\*!\d|\bUNSIGNED\b|\bCHARSET\s*=/im],
  ['sqlite', /\bAUTOINCREMENT\b|\bWITHOUT\s+ROWID\b|^\s*PRAGMA\s|\bINSERT\s+OR\s+(?:IGNORE|REPLACE)\b|\bsqlite_master\b|\)\s*STRICT\s*;/im],
  ['postgres', /\$\$|\b(?:BIG|SMALL)?SERIAL\b|\bJSONB\b|\bTIMESTAMPTZ\b|'?\w\)?::\w|\bON\s+CONFLICT\b[\s\S]{0,200}\bON\s+CONSTRAINT\b|\bplpgsql\b|\bCREATE\s+(?:EXTENSION|POLICY|TYPE)\b|\bROW\s+LEVEL\s+SECURITY\b|\bUSING\s+(?:btree|gin|gist|hash)\b|\bpublic\.|\bgen_random_uuid\b|\bCONCURRENTLY\b|\bBYTEA\b|\bGENERATED\s+(?:ALWAYS|BY\s+DEFAULT)\s+AS\s+IDENTITY\b|\bTIMESTAMP\(\d\)\s+(?:NOT NULL|WITH)|^\\/im],
];
/** Signs stand near the beginning of a file or in most of its statements. */
const SAMPLE = 200_000;

/** The dialect that the texts show; undefined when they show none, or several. */
export function guessDialect(texts: Iterable<string>): Dialect | undefined {
  const found = new Set<Dialect>();
  for (const text of texts) {
    const sample = text.length > SAMPLE ? text.slice(0, SAMPLE) : text;
    for (const [dialect, signs] of SIGNS) if (!found.has(dialect) && signs.test(sample)) found.add(dialect);
  }
  return found.size === 1 ? [...found][0] : undefined;
}
