/** Rows fetched along with their parent: what the parent's predicate says of them. */
import type { Comparison, Operation, TableRef } from '../model.ts';
import type { Facet } from './results.ts';
import { filterComparisons } from './matching.ts';
import type { Terms, Value } from '../value/terms.ts';

/**
 * The conditions on `child` rows that were read as a relation of `read`'s rows: the foreign key equals what the parent was looked
 * up by, and whatever code filtered them by.
 */
export function relationArms(read: Operation, facet: Facet | undefined, child: TableRef, terms: Terms): readonly (readonly Comparison[])[] {
  const filters = facet ? filterComparisons(facet.filters) : [];
  const links = foreignKeys(read, facet, child);
  const parents = read.predicate?.arms.length ? read.predicate.arms : [[]];
  const name = facet?.keys.find((key) => key !== '*' && key !== '_count');
  const fetched = (name !== undefined && read.included?.[name]?.arms) || [];
  return parents.map((arm) => [
    ...links.flatMap((link) => {
      const known = arm.find((one) => one.column === link.parent && one.operator === '=' && !one.via.length);
      return known ? [{ ...known, column: link.child }] : [];
    }),
    // `parent.id` itself, as read: the usual spelling of the child's foreign key.
    ...links.flatMap((link) => parentColumn(read, link, terms)),
    ...filters,
  ]).flatMap((arm) => (fetched.length ? fetched.map((own) => [...arm, ...own]) : [arm])).flatMap(alternatives);
}

/** The same column compared with several values for one row: each is a way of saying the same. */
function alternatives(arm: readonly Comparison[]): readonly (readonly Comparison[])[] {
  const columns = new Set(arm.map((one) => one.column));
  if (columns.size === arm.length) return [arm];
  const seen = new Set<string>();
  const first = arm.filter((one) => !seen.has(one.column) && seen.add(one.column));
  const last = arm.filter((one, index) => arm.findLastIndex((other) => other.column === one.column) === index);
  return [first, last];
}

interface Link { readonly child: string; readonly parent: string }

function foreignKeys(read: Operation, facet: Facet | undefined, child: TableRef): Link[] {
  const parent = read.table.table;
  const name = facet?.keys.find((key) => key !== '*' && key !== '_count');
  const relation = parent?.relations.find((one) => one.name === name);
  const inverse = child.table?.relations.find((one) => one.columns.length && (one.name === relation?.inverse || (one.target === parent?.name && !relation?.inverse)));
  if (inverse) return inverse.columns.map((column, index) => ({ child: column, parent: inverse.references[index] ?? 'id' }));
  const single = read.table.name.replace(/s$/, '');
  const base = single.charAt(0).toLowerCase() + single.slice(1);
  return [{ child: `${base}Id`, parent: 'id' }, { child: `${base}_id`, parent: 'id' }];
}

/** `row.id` for the row whose relation was tested. */
function parentColumn(read: Operation, link: Link, terms: Terms): Comparison[] {
  return read.result.filter((part) => part.is === 'row' || part.is === 'rows').map((part) => {
    const there = part.path.reduce<Value>((value, key) => terms.member(value, key), read.value);
    const row = part.is === 'rows' ? terms.element(there) : there;
    return { column: link.child, operator: '=', value: terms.member(row, link.parent), via: [], node: undefined };
  });
}
