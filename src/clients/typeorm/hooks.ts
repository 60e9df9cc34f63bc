/** Listeners of an entity that run before its row is written: `@BeforeInsert()`, `@BeforeUpdate()` on its methods. */
import type { OperationSpec, Row, Table, Value } from '../../model.ts';
import type { ClassFacts, ClientContext, Hook, HookMethod } from '../client.ts';
import { declaredEntity, isEntityClass } from './entities.ts';
import { dialectOf, targetOf, type Origin } from './handles.ts';
import { PACKAGES } from './recognise.ts';
import { specFor } from './reads.ts';
import { entityRow } from './rows.ts';
import { violationOf } from './violation.ts';

export const HOOKS: readonly string[] = ['BeforeInsert', 'BeforeUpdate'];

export function hookMethod(method: HookMethod, facts: ClassFacts, context: ClientContext): Hook | undefined {
  const decorator = method.decorators.find((one) => HOOKS.includes(one.name) && one.from !== undefined && PACKAGES.includes(one.from));
  if (!decorator || method.isStatic || (!isEntityClass(facts) && !declaredEntity(facts.name, context))) return undefined;
  const origin: Origin = { evidence: 'declaration' };
  return {
    row: 'this',
    written(row, _options, node, inner): OperationSpec {
      const target = targetOf(origin, { name: facts.name, value: undefined }, 'row', facts.name, method.name, node, inner);
      const { table } = target.ref;
      const isInsert = decorator.name === 'BeforeInsert';
      const written = writtenRow(row, table, inner);
      const key = table?.keys.find((one) => one.primary)?.columns ?? [];
      return specFor(target, inner, {
        verb: isInsert ? 'insert' : 'update', many: false, rows: [{ ...written, node }], saved: row, result: [], violation: violationOf(dialectOf(origin, inner)), detail: { method: 'hook' },
        ...(!isInsert && key.length && { predicate: { arms: [key.map((column) => ({ column, operator: '=' as const, value: inner.terms.member(row, column), via: [], node: undefined }))], complete: true, node }, miss: 'silent' as const }),
      });
    },
  };
}

/** All columns: what the listener did not assign is as the entity was handed in. */
function writtenRow(row: Value, table: Table | undefined, context: ClientContext): Row {
  const own = entityRow(row, table, context);
  const given = new Set(own.assignments.filter((one) => !one.conditional).map((one) => one.column));
  const others = [...table?.columns.keys() ?? []].filter((column) => !given.has(column));
  return { ...own, assignments: [...others.map((column) => ({ column, value: context.terms.member(row, column), how: 'set' as const, node: undefined })), ...own.assignments], spreads: table?.complete ? own.spreads : [...own.spreads, row] };
}
