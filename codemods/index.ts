/** The codemods as a library: `import { rewriteSource } from 'eslint-plugin-db-race/codemods'`. */
import type { UnifyOptions, UnifyResult } from './unify/model.ts';

export { rewriteSource, type Refused, type RewriteOptions, type RewriteResult, type Rewritten } from './rewrite.ts';
export { ParseFailure } from '../src/source/parse.ts';
export { SettingsError, type UserSettings } from '../src/settings.ts';
export type { FileChange, RefusedTable, Spot, UnifiedTable, UnifyOptions, UnifyResult } from './unify/model.ts';

/**
 * Gives each table that these files write by different keys one function, which all places call. Computes texts and writes none; loads the
 * compiler when it is called. @throws SettingsError
 */
export async function unifyUpserts(options: UnifyOptions): Promise<UnifyResult> {
  const { unifyFiles } = await import('./unify/index.ts');
  return unifyFiles(options);
}
