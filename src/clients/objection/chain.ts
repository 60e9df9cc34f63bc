/** A query's chain as it stands in the file, and what its model does beside what the library does. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Operation, Refusal } from '../../model.ts';
import { unwrap } from '../../source/syntax.ts';
import { stepsOf } from '../common/nodes.ts';
import { refuseForm as refusal } from '../common/refusal.ts';
import type { BuilderState } from '../common/builder/state.ts';
import type { FormContext } from '../forms.ts';
import type { Model } from './handles.ts';
import type { Own } from './query.ts';

export const ROOTS = ['query', '$query', 'relatedQuery', '$relatedQuery'] as const;

export interface Chain {
  /** All but the root, in no order. */
  readonly steps: ReadonlyMap<string, TSESTree.CallExpression>;
  /** `User.query(trx)`, `user.$relatedQuery('posts', trx)`. */
  readonly root: TSESTree.CallExpression & { readonly callee: TSESTree.MemberExpression };
  readonly method: typeof ROOTS[number];
  readonly state: BuilderState;
  readonly own: Own;
}

/** Undefined where the query does not start in this expression, or has a step that is not among `known`. */
export function chainOf(operation: Operation, known: ReadonlySet<string>): Chain | undefined {
  const state = operation.detail?.['builder'] as BuilderState | undefined;
  const steps = new Map(stepsOf(operation.node));
  const method = ROOTS.find((one) => steps.has(one));
  const root = method && steps.get(method);
  if (!state || !method || root?.callee.type !== 'MemberExpression' || root.optional || unwrap(root.callee.object).type === 'CallExpression') return undefined;
  steps.delete(method);
  if (![...steps.keys()].every((one) => known.has(one) || isCondition(one))) return undefined;
  return { steps, root: root as Chain['root'], method, state, own: state.own as Own };
}

const isCondition = (step: string): boolean => /^(?:where|andWhere|whereNot|whereNull|whereNotNull|whereIn|whereNotIn|findById|findOne|for)$/.test(step);

/** The transaction or connection that the query is given, as code writes it; '' for none. */
export function givenTo({ root, method }: Chain, context: FormContext): string {
  const given = root.arguments[method === 'query' || method === '$query' ? 0 : 1];
  return given ? context.text(given) : '';
}

/** What a model can do around an insert or update beside the library. */
const AROUND = {
  insert: ['$beforeInsert', '$afterInsert', 'beforeInsert', 'afterInsert'],
  update: ['$beforeUpdate', '$afterUpdate', 'beforeUpdate', 'afterUpdate'],
  delete: ['$beforeDelete', '$afterDelete', 'beforeDelete', 'afterDelete'],
  afterUpdate: ['$afterUpdate', 'afterUpdate'],
  afterDelete: ['$afterDelete', 'afterDelete'],
  find: ['$afterFind', 'beforeFind', 'afterFind'],
  values: [
    '$beforeValidate', '$afterValidate', '$validate', 'createValidator', '$formatDatabaseJson', '$parseDatabaseJson', '$parseJson', '$setJson', '$setDatabaseJson', '$toDatabaseJson', '$set', 'fromJson', 'ensureModel', 'ensureModelArray', 'fromDatabaseJson',
  ],
  // Another builder, or other names for columns.
  always: ['QueryBuilder', 'query', '$query', 'relatedQuery', '$relatedQuery', 'columnNameMappers', 'propertyNameToColumnName', 'columnNameToPropertyName', 'knexQuery', 'bindKnex', 'bindTransaction'],
} as const;

export type Around = keyof typeof AROUND;

/** The model does none of these things, as far as its class and all its base classes say; or why not. */
export function plainModel({ own: { model } }: Pick<Chain, 'own'>, around: readonly Around[], what: string): Refusal | undefined {
  const { members, name } = model;
  const called = name ?? model.table.name;
  if (!members || members.more) return refusal('hooks-unknown', `Not all that \`${called}\` does around its queries was found: a base class, a mixin or a decorator of it is not in sight.`);
  const found = [...around, 'always' as const].flatMap((kind) => AROUND[kind] as readonly string[]).find((one) => members.statics.has(one) || members.instance.has(one));
  return found === undefined ? undefined : refusal('side-effects', `\`${called}\` has \`${found}\`, which ${what} would skip or run differently.`);
}

export const validates = ({ members }: Model): boolean => members?.statics.has('jsonSchema') === true;
