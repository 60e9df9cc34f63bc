/** Hooks that run before a row is inserted: decorated methods, `User.beforeCreate(fn)`, `User.addHook('beforeCreate', fn)`, the option `hooks`. */
import type { Node, OperationSpec, Row, Table, Value } from '../../model.ts';
import type { Call, ClassFacts, ClientContext, Hook, HookMethod, Meaning } from '../client.ts';
import { dialectOf, isModelClass, specFor, targetOf, transactionIn, type Origin } from './handles.ts';
import { savedRow } from './rows.ts';
import { violationOf } from './violation.ts';

/** All of them run before an insert, some before an update as well: what they find out then holds for neither. */
const NAMES = ['Create', 'Save', 'Validate'];
export const HOOKS: readonly string[] = NAMES.flatMap((name) => [`Before${name}`, `before${name}`]);
const BEFORE_INSERT = new RegExp(`^[Bb]efore(?:${NAMES.join('|')})$`);
const DECORATORS = /^(?:sequelize-typescript|@sequelize\/core(?:\/.*)?)$/;

/** `@BeforeCreate static async checkQuota(row, options)`. */
export function hookMethod(method: HookMethod, facts: ClassFacts, context: ClientContext): Hook | undefined {
  const decorator = method.decorators.find((one) => BEFORE_INSERT.test(one.name) && one.from !== undefined && DECORATORS.test(one.from));
  return decorator && method.isStatic && isModelClass(facts, context) ? hook(facts.name, decorator.name, { evidence: 'declaration' }) : undefined;
}

function hook(model: string, name: string, origin: Origin): Hook {
  return {
    row: 'argument',
    written(row, options, node, context): OperationSpec {
      const label = { receiverText: model, method: name.replace(/^B/, 'b'), node };
      const target = targetOf(label, origin, model, 'row', context);
      return specFor(target, context, {
        verb: 'insert', many: false, rows: [insertedRow(row, target.table.table, context, node)], saved: row, transaction: transactionIn(options, node, context),
        violation: violationOf(dialectOf(origin, context), context), result: [], detail: { method: 'hook' },
      });
    },
  };
}

/** All columns: what the function did not assign is as it was handed in. */
function insertedRow(value: Value, table: Table | undefined, context: ClientContext, node: Node): Row {
  const own = savedRow(value, table, context, node);
  if (!table) return { ...own, spreads: [...own.spreads, value] };
  const others = [...table.columns.keys()].filter((column) => !own.assignments.some((one) => one.column === column && !one.conditional));
  return { ...own, assignments: [...others.map((column) => ({ column, value: context.terms.member(value, column), how: 'set' as const, node })), ...own.assignments], spreads: table.complete ? own.spreads : [...own.spreads, value] };
}

/** `User.beforeCreate(fn)`, `User.beforeCreate('name', fn)`, `User.addHook('beforeCreate', 'name', fn)`, on a model's handle or class. */
export function hookCall(call: Call, model: string, origin: Origin, of: Value, context: ClientContext): Meaning | undefined {
  const [first] = call.args;
  const named = call.method === 'addHook' || call.method === 'hook' ? first && context.literal(first)?.value : call.method;
  const callback = call.args.at(-1);
  if (typeof named !== 'string' || !BEFORE_INSERT.test(named) || callback?.kind !== 'function') return undefined;
  return { kind: 'hooks', hooks: [{ ...hook(model, named, origin), callback, of }], value: call.receiver };
}

/** The option `hooks` of `define` and `init`: functions by name, or lists of them; `value` is what the call gives back. */
export function hooksIn(options: Value | undefined, model: string, origin: Origin, of: Value, value: Value, context: ClientContext): Meaning | undefined {
  const given = options && context.entries(options) ? context.entries(context.property(options, 'hooks')) : undefined;
  const hooks = given?.flatMap((entry) => {
    if (entry.kind !== 'property' || !BEFORE_INSERT.test(entry.key)) return [];
    const callbacks = context.elements(entry.value)?.map((one) => one.value) ?? [entry.value];
    return callbacks.map((callback) => ({ ...hook(model, entry.key, origin), callback, of }));
  });
  return hooks?.length ? { kind: 'hooks', hooks, value } : undefined;
}

