/** Conditions of a guarded write, as the libraries that share a notation write them. */
import type { FormContext, Guard } from '../forms.ts';

/** `.where('status', 'new')`, `.where('n', '>=', 1)`, `.whereNull('used_at')`, `.whereIn('status', ['a', 'b'])`. */
export function whereStep({ column, operator, texts }: Guard, { quote }: FormContext): string {
  const name = `${quote}${column}${quote}`;
  switch (operator) {
    case '=': return `.where(${name}, ${texts[0]})`;
    case '!=': return `.whereNot(${name}, ${texts[0]})`;
    case 'is null': return `.whereNull(${name})`;
    case 'is not null': return `.whereNotNull(${name})`;
    case 'in': return `.whereIn(${name}, [${texts.join(', ')}])`;
    case 'not in': return `.whereNotIn(${name}, [${texts.join(', ')}])`;
    default: return `.where(${name}, ${quote}${operator}${quote}, ${texts[0]})`;
  }
}

const OPERATORS = { '!=': '$ne', '<': '$lt', '<=': '$lte', '>': '$gt', '>=': '$gte' } as const;

/** `status: 'new'`, `n: { $gte: 1 }`: the value that stands for a field in an object of conditions. */
export function fieldCondition({ operator, texts }: Guard): string {
  switch (operator) {
    case '=': return texts[0]!;
    case 'is null': return 'null';
    case 'is not null': return '{ $ne: null }';
    case 'in': return `{ $in: [${texts.join(', ')}] }`;
    case 'not in': return `{ $nin: [${texts.join(', ')}] }`;
    default: return `{ ${OPERATORS[operator]}: ${texts[0]} }`;
  }
}
