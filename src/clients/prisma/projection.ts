/** `select`, `include`, `omit`: which columns come back, and which related rows are fetched along. */
import type { Predicate, Table, Value } from '../../model.ts';
import type { ClientContext } from '../client.ts';
import { relationOf, tableNamed } from './handles.ts';
import { wherePredicate } from './where.ts';

export interface Projection {
  readonly columns?: readonly string[];
  readonly includes?: readonly string[];
  readonly included?: Readonly<Record<string, Predicate>>;
  /** Related rows or counts of them are asked for; 'unknown' when the argument was not read. */
  readonly relations: boolean | 'unknown';
}

const NOTHING: Projection = { relations: false };

export function projectionOf(args: Value | undefined, table: Table | undefined, context: ClientContext): Projection {
  if (!args) return NOTHING;
  const entries = context.entries(args);
  if (!entries) return { relations: 'unknown' };
  const given = (key: string) => entries.findLast((one) => one.kind === 'property' && one.key === key);
  const select = given('select');
  const include = given('include');
  if (select?.kind === 'property') return selected(select.value, table, true, context);
  if (include?.kind === 'property') return selected(include.value, table, false, context);
  return entries.some((one) => one.kind === 'spread') ? { relations: 'unknown' } : NOTHING;
}

function selected(value: Value, table: Table | undefined, isSelect: boolean, context: ClientContext): Projection {
  if (value.kind === 'literal') return NOTHING;
  const entries = context.entries(value);
  if (!entries) return { relations: 'unknown' };
  const columns: string[] = [];
  const includes: string[] = [];
  const included: Record<string, Predicate> = {};
  let unclear = false;
  for (const entry of entries) {
    if (entry.kind === 'spread') { unclear = true; continue; }
    const { key, value: one } = entry;
    if (one.kind === 'literal' && (one.value === false || one.value === undefined)) continue;
    const own = context.entries(one);
    if (key === '_count') {
      includes.push('_count');
      const counted = own?.find((each) => each.kind === 'property' && each.key === 'select');
      for (const each of (counted?.kind === 'property' ? context.entries(counted.value) : undefined) ?? []) if (each.kind === 'property') condition(each.key, each.value);
    } else if (relationOf(table, key) || (own && !table?.columns.has(key)) || !isSelect) {
      includes.push(key);
      condition(key, one);
    } else columns.push(key);
  }
  return {
    ...(isSelect && !unclear && { columns }), ...(includes.length && { includes }), ...(Object.keys(included).length && { included }),
    relations: includes.length > 0 ? true : unclear ? 'unknown' : false,
  };

  function condition(relation: string, argument: Value): void {
    const where = context.entries(argument)?.findLast((each) => each.kind === 'property' && each.key === 'where');
    const target = relationOf(table, relation)?.target;
    if (where?.kind === 'property') included[relation] = wherePredicate(where.value, target === undefined ? undefined : tableNamed(target, context), false, context, where.node);
  }
}
