/** What the forms of a function that finds its row by several keys have in common. */
import type { Refusal } from '../../model.ts';
import type { Dialect, Table, UniqueKey } from '../../schema/model.ts';
import { readConditionText, sqlSource } from '../../sql/index.ts';
import type { AlternativeKeysRequest, PartialTest } from '../forms.ts';
import { isRefused, refuseForm } from './refusal.ts';

/** For each partial key what its predicate asks; or why that cannot be asked in code. */
export function partialTests({ table, keys }: AlternativeKeysRequest, dialect: Dialect | undefined): ReadonlyMap<string, readonly PartialTest[]> | Refusal {
  const found = new Map<string, readonly PartialTest[]>();
  for (const { name, key } of keys) {
    if (key.where === undefined) continue;
    const tests = testsOf(key, table, dialect);
    if (isRefused(tests)) return tests;
    found.set(name, tests);
  }
  return found;
}

function testsOf(key: UniqueKey, table: Table, dialect: Dialect | undefined): readonly PartialTest[] | Refusal {
  const odd = refuseForm('partial-key', `The unique index on ${key.columns.map((one) => `\`${one}\``).join(', ')} is partial (${key.where}), and a look-up cannot ask for that in this library's own words.`);
  const predicate = readConditionText(sqlSource(key.where!), dialect ?? 'postgres');
  const [arm] = predicate.arms;
  if (!predicate.complete || predicate.arms.length !== 1 || !arm) return odd;
  const tests: PartialTest[] = [];
  for (const { column, operator, operand, through } of arm) {
    const declared = [...table.columns.values()].find((one) => one.dbName === column.name || one.name === column.name);
    if (!declared || through !== undefined) return odd;
    if (operator === 'is null' || operator === 'is not null') { tests.push({ column: declared.name, operator, value: null }); continue; }
    // `NULL <> 'agent'` is no row of the index, and in JavaScript it is true.
    if ((operator !== '=' && operator !== '!=') || operand.kind !== 'literal' || operand.value === null || declared.nullable !== false) return odd;
    tests.push({ column: declared.name, operator, value: operand.value });
  }
  return tests;
}

/** A literal as code writes it. */
export function literalText(value: PartialTest['value'], quote: string): string {
  return typeof value === 'string' ? quote + value.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`) + quote : String(value);
}

/** `row.email`, or with brackets where the name is no identifier. */
export function member(object: string, column: string, quote: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(column) ? `${object}.${column}` : `${object}[${quote}${column}${quote}]`;
}
