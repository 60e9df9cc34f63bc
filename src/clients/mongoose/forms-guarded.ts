/**
 * A condition in the filter, and sums as `$inc` and `$mul`. What is sent was observed with Mongoose 9 and the driver 7; no server was run:
 * it rests on what MongoDB documents, that a write of one document looks at its filter and changes it as one step. A write that finds
 * nothing tells so by `matchedCount`, `deletedCount`, or the document that it does not give.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Edit, Refusal } from '../../model.ts';
import { keyName, unwrap } from '../../source/syntax.ts';
import { fieldCondition } from '../common/conditions.ts';
import { refuseForm as refusal } from '../common/refusal.ts';
import type { FormContext, Guard, GuardedWriteForm, GuardedWriteRequest, Sum } from '../forms.ts';
import { chainOf } from './chain.ts';

/** How a write is called that takes a filter, and how a miss shows: in a number, or as no document. */
const METHODS: Readonly<Record<string, { readonly filtered: string; readonly count?: string }>> = {
  updateOne: { filtered: 'updateOne', count: 'matchedCount' }, findOneAndUpdate: { filtered: 'findOneAndUpdate' }, findByIdAndUpdate: { filtered: 'findOneAndUpdate' },
  deleteOne: { filtered: 'deleteOne', count: 'deletedCount' }, findOneAndDelete: { filtered: 'findOneAndDelete' }, findByIdAndDelete: { filtered: 'findOneAndDelete' },
};

export function guardedWrite(request: GuardedWriteRequest, context: FormContext): GuardedWriteForm | Refusal {
  const { write, guards, sums, asksMiss, wants, into, table } = request;
  if (write.verb === 'save') return refusal('no-form', 'A document\'s `save` runs hooks and validation that an update by query does not: write the update with the condition in its filter, and look at `matchedCount`.');
  const chain = write.detail?.['on'] === 'model' || write.detail?.['on'] === 'collection' ? chainOf(write) : undefined;
  const [link, ...rest] = chain?.links ?? [];
  const method = link && METHODS[link.name];
  const [filter, second] = link?.call.arguments ?? [];
  if (!link || !method || !filter || link.call.callee.type !== 'MemberExpression' || rest.some(({ name }) => name !== 'exec')) return refusal('expression', 'The write is no single call with its filter.');
  const isDelete = write.verb === 'delete';
  const options = link.call.arguments[isDelete ? 1 : 2];
  if (options && !isPlain(options)) return refusal('argument', 'The options of the write say more than its session and which version it gives.');
  const hook = table.sideEffects.find((one) => !/^the hook (?:pre|post)\((["'`])(?:save|validate|init|insertMany)\1\)$/.test(one));
  if (hook !== undefined) return refusal('side-effects', `\`${table.name}\` has ${hook}, which may look at what the write says.`);
  if (write.detail?.['lean'] === true && !method.count && sums.length) return refusal('expression', 'The write is no single call with its filter.');
  const asked = filterEdits(filter, link.name, guards, context);
  if ('kind' in asked) return asked;
  const summed = sums.length ? sumEdits(second, request, context) : [];
  if ('kind' in summed) return summed;
  const { property } = link.call.callee;
  const renamed: Edit[] = guards.length && method.filtered !== link.name ? [{ start: property.range[0], end: property.range[1], text: method.filtered }] : [];
  const columns = (names: readonly string[]): string => [...new Set(names)].map((one) => `\`${one}\``).join(', ');
  const shared = {
    kind: 'guarded-write' as const, requires: [], call: context.edited(write.node, [...renamed, ...asked, ...summed]),
    changes: ['Not run on a server: it rests on MongoDB\'s documented atomicity of a write of one document.', ...(sums.length ? ['Validators of updates, where they are on, do not look at `$inc` and `$mul`.'] : [])],
  };
  if (!asksMiss) return { ...shared, id: guards.length ? 'mongoose-guarded' : 'mongoose-sum', title: guards.length ? `Put the condition on ${columns(guards.map((one) => one.column))} into the filter` : `Let the database add to ${columns(sums.map((one) => one.column))}` };
  const name = into ?? context.fresh(method.count ? 'result' : isDelete ? 'deleted' : 'updated');
  return {
    ...shared, id: 'mongoose-guarded', title: guards.length ? `Put the condition on ${columns(guards.map((one) => one.column))} into the filter` : 'Go on only when the document was deleted',
    miss: { pattern: name, test: method.count ? `${name}.${method.count} === 0` : `!${name}` }, ...(wants === 'result' && { value: name }),
  };
}

/** `{ session }`, `{ new: true }`, `{ returnDocument: 'after' }`. */
function isPlain(node: TSESTree.Node): boolean {
  const object = unwrap(node);
  return object.type === 'ObjectExpression' && object.properties.every((one) => one.type === 'Property' && /^(?:session|new|returnDocument|returnOriginal)$/.test(keyName(one.key, one.computed) ?? ''));
}

/** `{ _id: id, status: 'new' }`. */
function filterEdits(filter: TSESTree.Node, method: string, guards: readonly Guard[], context: FormContext): Edit[] | Refusal {
  if (!guards.length) return [];
  const fields = new Map<string, string[]>();
  for (const one of guards) fields.set(one.column, [...fields.get(one.column) ?? [], fieldCondition(one)]);
  const texts: string[] = [];
  for (const [column, conditions] of fields) {
    const name = /^[\w$]+$/.test(column) ? column : `${context.quote}${column}${context.quote}`;
    // Several of one field go into one object; an equality beside another condition is left to people.
    if (conditions.length > 1 && !conditions.every((one) => one.startsWith('{ '))) return refusal('guard', `The checks ask \`${column}\` for more than one filter can say.`);
    texts.push(`${name}: ${conditions.length === 1 ? conditions[0] : `{ ${conditions.map((one) => one.slice(2, -2)).join(', ')} }`}`);
  }
  const added = texts.join(', ');
  const node = unwrap(filter);
  if (/ById/.test(method)) return [{ start: filter.range[0], end: filter.range[1], text: `{ _id: ${context.text(filter)}, ${added} }` }];
  if (node.type !== 'ObjectExpression' || !node.properties.length || node.properties.some((one) => one.type !== 'Property' || keyName(one.key, one.computed) === undefined)) return refusal('argument', 'The filter is no object literal whose fields are all known.');
  if (node.properties.some((one) => one.type === 'Property' && fields.has(keyName(one.key, one.computed)!))) return refusal('guard', 'The filter asks for that field already.');
  const last = node.properties.at(-1)!;
  return [{ start: last.range[1], end: last.range[1], text: `, ${added}` }];
}

/** Sums leave the fields that are set and come as operators behind them. */
function sumEdits(update: TSESTree.Node | undefined, { sums, write }: GuardedWriteRequest, context: FormContext): Edit[] | Refusal {
  const object = update && unwrap(update);
  const shape = refusal('argument', 'What is updated is no object literal that sets each field by itself.');
  if (object?.type !== 'ObjectExpression' || object.properties.some((one) => one.type !== 'Property' || keyName(one.key, one.computed) === undefined)) return shape;
  const properties = object.properties as TSESTree.Property[];
  const named = (one: TSESTree.Property): string => keyName(one.key, one.computed)!;
  if (properties.some((one) => named(one) === '$inc' || named(one) === '$mul')) return shape;
  const set = properties.find((one) => named(one) === '$set');
  const inner = set && unwrap(set.value);
  const holder = set ? inner : object;
  // Fields beside operators: the driver refuses them.
  if (holder?.type !== 'ObjectExpression' || holder.properties.some((one) => one.type !== 'Property') || (!set && properties.some((one) => named(one).startsWith('$')))) return shape;
  const fields = holder.properties as TSESTree.Property[];
  const moved = new Map<TSESTree.Property, Sum>();
  for (const one of sums) {
    const property = fields.find((each) => one.value !== undefined && (each.value === one.value || each === one.value.parent));
    if (!property || one.value!.range[0] < write.node.range[0] || one.value!.range[1] > write.node.range[1]) return refusal('argument', 'The sum does not stand in the call.');
    moved.set(property, one);
  }
  const operatorText = (operator: '$inc' | '$mul'): string[] => {
    const list = [...moved].filter(([, one]) => (one.operator === '*') === (operator === '$mul'));
    return list.length ? [`${operator}: { ${list.map(([property, one]) => `${context.text(property.key)}: ${one.operator === '-' ? negated(one.text) : one.text}`).join(', ')} }`] : [];
  };
  const operators = [...operatorText('$inc'), ...operatorText('$mul')].join(', ');
  const kept = fields.filter((one) => !moved.has(one)).map((one) => context.text(one));
  const text = [...(kept.length ? [`$set: { ${kept.join(', ')} }`] : []), operators].join(', ');
  return set ? [{ start: set.range[0], end: set.range[1], text }] : [{ start: object.range[0], end: object.range[1], text: `{ ${text} }` }];
}

const negated = (text: string): string => (/^[\w$.]+$/.test(text) ? `-${text}` : `-(${text})`);
