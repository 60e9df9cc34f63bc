/** What a unit of work has been given and not written yet, as part of the state that branches fork and joins merge. */
import type { UnitOfWork } from '../clients/client.ts';
import type { Frame } from '../model.ts';
import type { SourceFile } from '../source/file.ts';
import type { Formula, Formulas } from '../value/formula.ts';
import type { Node, Value } from '../value/terms.ts';

export interface Kept {
  readonly value: Value;
  readonly how: 'insert' | 'delete';
  readonly unit: UnitOfWork;
  readonly node: Node;
  readonly origin: { readonly file: SourceFile; readonly frames: readonly Frame[]; readonly loops: readonly Node[] };
  /** When it is still to be written. */
  readonly when: Formula;
  /** It has been written in some run at least: what is set on it later changes the stored row. */
  readonly stored: boolean;
}

/** Still to be written in the branches that gave it away or did not write it. */
export function joinKept(values: readonly (Kept | undefined)[], conditions: readonly Formula[], formulas: Formulas): Kept | undefined {
  const known = values.filter((one) => one !== undefined);
  const last = known.at(-1);
  if (!last) return undefined;
  const when = formulas.or(...values.map((one, index) => (one ? formulas.and(conditions[index]!, one.when) : formulas.false)));
  return { ...last, when, stored: known.some((one) => one.stored) };
}
