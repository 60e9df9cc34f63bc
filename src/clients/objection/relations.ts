/** `relationMappings`: the rows of another model that a row leads to. */
import type { Node, Predicate, Value } from '../../model.ts';
import type { ClientContext } from '../client.ts';
import { tableNamed } from '../common/builder/state.ts';
import { comparison } from '../common/rows.ts';
import { ID, isHandle, modelOfClass, type Model, type ModelData } from './handles.ts';

export interface Relation {
  readonly model: Model;
  /** `own` of this row is `other` of the related ones; undefined where a join table stands between, or it was not read. */
  readonly link: { readonly own: string; readonly other: string } | undefined;
}

/** What the class says of a relation; undefined when it does not say it in sight. */
export function relationOf(model: Model, name: string | undefined, context: ClientContext): Relation | undefined {
  if (!model.value || name === undefined) return undefined;
  const all = resolved(context.property(model.value, 'relationMappings'), context);
  const one = all && context.entries(all) ? context.property(all, name) : undefined;
  if (!one || !context.entries(one)) return undefined;
  const join = context.property(one, 'join');
  const column = (key: string): readonly string[] | undefined => {
    const text = context.literal(context.property(join, key))?.value;
    return typeof text === 'string' ? text.split('.') : undefined;
  };
  const [from, to] = [column('from'), column('to')];
  const target = targetOf(resolved(context.property(one, 'modelClass'), context), to?.slice(0, -1).join('.'), context);
  if (!target) return undefined;
  const through = context.entries(join)?.some((entry) => entry.kind === 'spread' || entry.key === 'through') !== false;
  return { model: target, link: !through && from?.length && to?.length ? { own: from.at(-1)!, other: to.at(-1)! } : undefined };
}

/** Mappings and classes may be given as functions, because modules import one another. */
function resolved(value: Value, context: ClientContext): Value | undefined {
  return value.kind === 'function' ? context.callback(value, []) : value;
}

function targetOf(value: Value | undefined, table: string | undefined, context: ClientContext): Model | undefined {
  if (isHandle(value, 'model')) return (value.data as unknown as ModelData).model;
  if (value?.kind === 'class') return modelOfClass(value, value.name, context);
  // A module's path, or a class that was not found: the join names its table.
  return table ? { name: undefined, table: { name: table, table: tableNamed(ID, table, context) }, ids: ['id'] } : undefined;
}

/** The related rows of `row`. */
export function relatedTo(row: Value, relation: Relation, context: ClientContext, node: Node): Predicate {
  const { link } = relation;
  return link ? { arms: [[comparison(link.other, '=', context.property(row, link.own), undefined)]], complete: true, node } : { arms: [], complete: false, node };
}
