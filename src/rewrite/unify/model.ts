/** Places of a project that write one table by different keys, and the one function that is to stand for them. Types only. */
import type { WriteParts } from '../../clients/forms.ts';
import type { Assignment, Edit, Node, Operation, Refusal } from '../../model.ts';
import type { Table, UniqueKey } from '../../schema/model.ts';
import type { SourceFile } from '../../source/file.ts';
import type { RewriteContext } from '../context.ts';

/** What is written to a row that is there: nothing, all that an insert would write, or these values. */
export type Found = 'nothing' | 'row' | Node;

/** The row is looked for by `key`; what is found gets `set`. */
export interface Step { readonly key: UniqueKey; readonly set: Found }

/** One place: what it writes, in which order it looks for the row that is there, and how a call takes its place. */
export interface Place {
  readonly write: Operation;
  readonly file: SourceFile;
  /** 1-based. */
  readonly line: number;
  readonly table: Table;
  readonly parts: WriteParts;
  readonly chain: readonly Step[];
  /** The inserted row's columns; `opaque`: there may be more. */
  readonly written: ReadonlyMap<string, Assignment>;
  readonly opaque: boolean;
  /** Columns of the row that the code reads. `whole`: it hands the row on, so no column may be more or less. */
  readonly reads: ReadonlySet<string>;
  readonly whole: boolean;
  /** The code tells a new row from a known one. */
  readonly tellsNew: boolean;
  /** What differs afterwards at this place. */
  readonly changes: readonly string[];
  readonly context: RewriteContext;
  /** `call`: of the function, without `await`. */
  edits(call: string): readonly Edit[];
}

export interface RefusedPlace { readonly file: SourceFile; readonly line: number; readonly refusal: Refusal }
