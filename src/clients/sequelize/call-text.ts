/** A call of a model as it stands in the file, and what every form asks first. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Dialect, Operation, Refusal, Requirement } from '../../model.ts';
import { keyName, unwrap } from '../../source/syntax.ts';
import { refuseForm as refusal } from '../common/refusal.ts';
import type { FormContext } from '../forms.ts';

/** Databases on which forms were run. */
export type Proven = Exclude<Dialect, 'sqlite'>;

/** `Model.method(first, options)` as it stands; `receiver` is the model as written. */
export interface CallText { readonly node: TSESTree.CallExpression; readonly method: TSESTree.Identifier; readonly receiver: string; readonly first: TSESTree.Node | undefined; readonly options: TSESTree.Node | undefined }

export function callText(operation: Operation, context: FormContext): CallText | undefined {
  const node = unwrap(operation.node);
  if (operation.detail?.['on'] !== 'model' || node.type !== 'CallExpression' || node.optional || node.callee.type !== 'MemberExpression' || node.callee.computed || node.callee.property.type !== 'Identifier') return undefined;
  if (node.arguments.some((one) => one.type === 'SpreadElement')) return undefined;
  const [first, options] = node.arguments;
  return { node, method: node.callee.property, receiver: context.text(node.callee.object), first: first && unwrap(first), options: options && unwrap(options) };
}

/** A model's own `create` or `update`; for an update also `row.update(values, options)` and `row.save(options)`. */
export function methodText(operation: Operation, name: 'create' | 'update', context: FormContext): Pick<CallText, 'options'> | undefined {
  const call = callText(operation, context);
  if (call || name === 'create') return call?.method.name === name ? call : undefined;
  const node = unwrap(operation.node);
  const method = operation.detail?.['method'];
  if (node.type !== 'CallExpression' || node.optional || (method !== 'instance.update' && method !== 'save')) return undefined;
  const options = node.arguments[method === 'save' ? 0 : 1];
  return { options: options && unwrap(options) };
}

export function provenOn(context: FormContext): Proven | Refusal {
  const { dialect } = context;
  if (dialect === undefined) return refusal('dialect-unknown', 'What a call does at a conflict depends on the database: name it in settings[\'db-race\'].dialect.');
  return dialect === 'sqlite' ? refusal('no-form', 'Forms of Sequelize were run on Postgres and MariaDB only.') : dialect;
}

export const version = (context: FormContext): Requirement => ({ id: 'version', text: 'Sequelize is of version 6', state: context.version('sequelize') === 6 ? 'proven' : 'unknown' });

/** `transaction: t` where the options say that and nothing else; '' without options. */
export function transactionText(options: TSESTree.Node | undefined, context: FormContext): string | undefined {
  if (!options) return '';
  if (options.type !== 'ObjectExpression' || options.properties.length !== 1) return undefined;
  const [only] = options.properties;
  return only!.type === 'Property' && keyName(only!.key, only!.computed) === 'transaction' ? context.text(only!) : undefined;
}
