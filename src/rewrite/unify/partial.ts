/** Predicates of partial indexes, asked of a row in code. */
import type { PartialTest } from '../../clients/forms.ts';

type Literal = PartialTest['value'];

export function literalMeets(value: Literal, { operator, value: other }: Omit<PartialTest, 'column'>): boolean {
  switch (operator) {
    case '=': return value === other;
    case '!=': return value !== other;
    case 'is null': return value === null;
    case 'is not null': return value !== null;
  }
}
