/** `$beforeInsert(queryContext)`: runs before its row is inserted. */
import type { OperationSpec } from '../../model.ts';
import type { ClassFacts, Hook, HookMethod } from '../client.ts';
import { rowFrom } from '../common/rows.ts';
import { ID, modelOfClass, transactionOf } from './handles.ts';
import { violationOf } from './violation.ts';

export const HOOKS: readonly string[] = ['$beforeInsert'];

export function hookMethod(method: HookMethod, facts: ClassFacts): Hook | undefined {
  if (!HOOKS.includes(method.name) || method.isStatic) return undefined;
  return {
    row: 'this',
    written(row, options, node, context): OperationSpec {
      const model = modelOfClass(row, facts.name, context);
      const { dialect } = context;
      const own = rowFrom(row, context, node);
      const { table } = model.table;
      // All columns: what the function did not assign is as it was handed in.
      const others = [...table?.columns.keys() ?? []].filter((column) => !own.assignments.some((one) => one.column === column && !one.conditional));
      const assignments = [...others.map((column) => ({ column, value: context.terms.member(row, column), how: 'set' as const, node })), ...own.assignments];
      return {
        client: ID, label: `${facts.name}.${method.name}`, table: model.table, verb: 'insert', many: false, node, dialect, evidence: 'declaration', transaction: transactionOf(context.property(options, 'transaction'), node, context),
        rows: [{ assignments, spreads: table?.complete ? own.spreads : [...own.spreads, row], node }], saved: row, violation: violationOf(dialect, context), result: [], detail: { method: 'hook' },
      };
    },
  };
}
