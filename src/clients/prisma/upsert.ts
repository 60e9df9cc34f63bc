/**
 * When `upsert` is one statement. From what the library sent in versions 5, 6 and 7 for each shape: native on Postgres and SQLite
 * only, with one unique key that the created row holds with the same value, columns to update, and no relation anywhere; never where Prisma
 * keeps the relations (`relationMode = "prisma"`; measured on 7.10 with Postgres).
 */
import type { Comparison, Dialect, Predicate, Table, Tri, Value } from '../../model.ts';
import { mentions } from '../../value/terms.ts';
import type { ClientContext } from '../client.ts';
import type { Written } from './data.ts';
import type { Projection } from './projection.ts';
import { effectiveEntries } from './where.ts';

export interface UpsertShape {
  readonly where: Value | undefined;
  readonly predicate: Predicate;
  readonly created: Written;
  readonly updated: Written;
  readonly projection: Projection;
  readonly table: Table | undefined;
  readonly dialect: Dialect | undefined;
}

export interface Atomicity { readonly atomic: Tri; readonly why?: string }

const TWO = 'Prisma runs a SELECT and then an INSERT or UPDATE';

export function atomicityOf(shape: UpsertShape, context: ClientContext): Atomicity {
  const { predicate, created, updated, projection, dialect } = shape;
  if (dialect === 'mysql') return { atomic: false, why: `on MySQL ${TWO}` };
  if (shape.table?.libraryRelations) return { atomic: false, why: `with \`relationMode = "prisma"\` ${TWO}` };
  const version = context.version('@prisma/client') ?? context.version('prisma');
  const doubts: string[] = [];
  if (version !== undefined && version < 5) doubts.push('versions before 5 were not measured');
  if (!updated.row.assignments.length && !updated.row.spreads.length && !updated.linked) return { atomic: false, why: `with \`update: {}\` ${TWO}` };
  if (updated.row.assignments.every((one) => one.conditional) && !updated.linked) doubts.push('`update` may be empty');
  if (created.linked || updated.linked) return { atomic: false, why: `with \`connect\` or a nested write ${TWO}` };
  if (projection.relations === true) return { atomic: false, why: `with a relation or \`_count\` in \`select\` or \`include\` ${TWO}` };
  if (projection.relations === 'unknown') doubts.push('`select` or `include` may hold a relation');
  const entries = shape.where && context.entries(shape.where);
  if (!entries || !predicate.complete) doubts.push('the `where` is not fully known');
  if (entries && effectiveEntries(entries).some((one) => one.kind === 'property' && (one.key === 'AND' || one.key === 'OR' || one.key === 'NOT'))) return { atomic: false, why: `with \`AND\`, \`OR\` or \`NOT\` in \`where\` ${TWO}` };
  const arm = predicate.arms[0];
  if (arm) {
    const keys = keysIn(arm, shape.table);
    if (keys > 1) return { atomic: false, why: `with two unique keys in \`where\` ${TWO}` };
    for (const one of arm) {
      const found = held(one, created);
      if (found.atomic === false) return found;
      if (found.why) doubts.push(found.why);
    }
  }
  if (dialect === undefined) doubts.push('the database is not known');
  return doubts.length ? { atomic: 'unknown', why: `${doubts[0]}; if so, ${TWO}` } : { atomic: true };
}

/** Unique keys that the condition fixes whole. */
function keysIn(arm: readonly Comparison[], table: Table | undefined): number {
  const equal = new Set(arm.filter((one) => one.operator === '=' && !one.via.length).map((one) => one.column));
  return (table?.keys ?? []).filter((key) => key.columns.length > 0 && key.columns.every((column) => equal.has(column))).length;
}

/** Every condition must stand in the created row with the same value. */
function held(one: Comparison, created: Written): Atomicity {
  if (one.operator !== '=' || one.via.length) return { atomic: false, why: `with a condition on \`${[...one.via, one.column].join('.')}\` that is no equality ${TWO}` };
  const written = created.row.assignments.findLast((each) => each.column === one.column);
  if (!written) {
    // `where: { email: input.email }` (or `{ a_b: input }`), `create: input`: the object holds what is asked for.
    const [whole, ...others] = created.row.spreads;
    if (whole && !others.length && (one.value === whole || (one.value.kind === 'member' && one.value.object === whole && one.value.key === one.column))) return { atomic: true };
    return created.row.spreads.length ? { atomic: 'unknown', why: `\`create\` may lack \`${one.column}\`` } : { atomic: false, why: `with \`${one.column}\` in \`where\` and not in \`create\` ${TWO}` };
  }
  if (written.value === one.value) return written.conditional ? { atomic: 'unknown', why: `\`create\` may lack \`${one.column}\`` } : { atomic: true };
  if (written.value.kind === 'literal' && one.value.kind === 'literal') return { atomic: false, why: `with another \`${one.column}\` in \`create\` than in \`where\` ${TWO}` };
  const changed = mentions(written.value, one.value) || mentions(one.value, written.value);
  return { atomic: 'unknown', why: changed ? `\`${one.column}\` is changed on its way into \`create\` or \`where\`, and may differ` : `\`${one.column}\` may differ between \`where\` and \`create\`` };
}
