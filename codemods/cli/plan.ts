/** What `migrate` would do to each file: computed from what stands on disk now, so that no result depends on the order of files. */
import { createHash } from 'node:crypto';
import { rewriteSource, type Refused, type RewriteOptions, type Rewritten } from '../rewrite.ts';
import { unifiedDiff } from './diff.ts';
import { readSource, shown, type FileError } from './files.ts';
import { failureOf } from './findings.ts';

export interface Change {
  readonly path: string;
  /** As people see it. */
  readonly file: string;
  /** Of the bytes that were read, for a look before they are replaced. */
  readonly hash: string;
  /** With the byte order mark, where the file has one. */
  readonly before: string;
  readonly after: string;
  readonly rewritten: readonly Rewritten[];
}

export interface RefusedIn extends Refused { readonly file: string; readonly path: string }

export interface Plan {
  readonly changes: readonly Change[];
  readonly refused: readonly RefusedIn[];
  readonly errors: readonly FileError[];
}

export type PlanOptions = Omit<RewriteOptions, 'filename'> & { readonly cwd: string };

export const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export const diffOf = ({ file, before, after }: Change): string => unifiedDiff(file, before, after);

/** Plain data; an error is a value, so that no file stops the others. */
export function planFile(path: string, options: PlanOptions): Plan {
  const read = readSource(path);
  if ('message' in read) return { changes: [], refused: [], errors: [read] };
  try {
    const { text, rewritten, refused } = rewriteSource(read.text, { ...options, filename: path });
    const file = shown(path, options.cwd);
    const placed = refused.map((one) => ({ ...one, file, path }));
    if (text === read.text) return { changes: [], refused: placed, errors: [] };
    const mark = read.mark ? '\ufeff' : '';
    if (!isText(mark + read.text, read.bytes)) return { changes: [], refused: placed, errors: [notUtf8(path)] };
    return { changes: [{ path, file, hash: hashOf(read.bytes), before: mark + read.text, after: mark + text, rewritten }], refused: placed, errors: [] };
  } catch (error) {
    return { changes: [], refused: [], errors: [failureOf(error, path)] };
  }
}

/** Whether writing `text` leaves all bytes as they are that it does not mean to change. */
export const isText = (text: string, bytes: Buffer): boolean => Buffer.from(text).equals(bytes);

export const notUtf8 = (path: string): FileError => ({ path, message: 'the file is not valid UTF-8, so writing it would change more than the rewrite; convert it first.' });

export function joined(plans: readonly Plan[], errors: readonly FileError[] = []): Plan {
  return { changes: plans.flatMap((one) => one.changes), refused: plans.flatMap((one) => one.refused), errors: [...errors, ...plans.flatMap((one) => one.errors)] };
}
