/**
 * Atomic forms: the insert first, and the look-up (or the update) where its unique index was taken. It is the form that keeps what an
 * upsert by query would skip: hooks and validation of `save`. No server was run for it: it rests on what MongoDB documents, that
 * a write of one document is atomic and that a unique index lets one of two equal inserts in and answers the other with 11000.
 */
import type { Operation, Refusal, Requirement } from '../../model.ts';
import type { UniqueKey } from '../../schema/model.ts';
import { refuseForm } from '../common/refusal.ts';
import type { FormContext, Forms, UpsertRequest, ViolationForm, ViolationRequest } from '../forms.ts';
import { chainOf } from './chain.ts';
import { guardedWrite } from './forms-guarded.ts';

export const forms: Forms = { upsert: () => refuseForm('no-form', 'An upsert by query skips hooks and validation of `save`, and this look-up or update cannot stand behind a failed insert as it is.'), violation, surely, updateByKey, guardedWrite };

/** The index is only asked for by the schema: whether the database has it, code does not show. */
function indexBuilt(key: UniqueKey): Requirement {
  return {
    id: 'index-built', state: 'unknown',
    text: `the database has the unique index on ${key.columns.map((one) => `\`${one}\``).join(', ')} (Mongoose asks for it when it connects, unless \`autoIndex\` is off, and cannot build it while there are duplicates)`,
  };
}

function violation({ write, key, others, error }: ViolationRequest, context: FormContext): ViolationForm | Refusal {
  // The variable would go on holding the document that was not stored.
  if (write.detail?.['method'] === 'save') return refuseForm('shape', '`save` stores the document that its variable holds, which would not be the one that is there; use `create`.');
  if (write.many || write.detail?.['method'] === 'bulkWrite' || write.detail?.['method'] === 'insertMany') return refuseForm('several-rows', 'An insert of several documents stops at the first that is there, or goes on without saying for which.');
  const isOnly = others !== 'unknown' && others.length === 0;
  const field = (name: string, type: string): string => (context.typescript ? `(${error} as { ${name}?: ${type} }).${name}` : `${error}.${name}`);
  const { quote } = context;
  const told = isOnly ? '' : ` && Object.keys(${field('keyPattern', 'object')} ?? {}).join() === ${quote}${key.columns.join()}${quote}`;
  return {
    kind: 'form', id: 'mongoose-11000', test: `${field('code', 'unknown')} === 11000${told}`, requires: [indexBuilt(key)],
    changes: ['Hooks and validation of the new document run before it is known whether one is there.'],
  };
}

/** Steps that change nothing of what a rewrite needs to know. */
const PLAIN: ReadonlySet<string> = new Set(['exec', 'orFail', 'session', 'where', 'equals']);

/** The same query with `orFail()`, where it gives back whole documents as the insert does. */
function surely(read: Operation, context: FormContext): string | undefined {
  const chain = read.detail?.['on'] === 'model' && read.detail['lean'] !== true && !read.columns && !read.includes?.length ? chainOf(read) : undefined;
  if (!chain || !/^(?:findOne|findById)$/.test(chain.links[0]!.name) || chain.links.slice(1).some(({ name }) => !PLAIN.has(name))) return undefined;
  if (chain.links.some(({ name }) => name === 'orFail')) return context.text(read.node);
  const last = chain.links.at(-1)!;
  const at = last.name === 'exec' && last.call.callee.type === 'MemberExpression' ? last.call.callee.object.range[1] : read.node.range[1];
  return context.edited(read.node, [{ start: at, end: at, text: '.orFail()' }]);
}

/** `User.updateOne({ email }, …)` in place of `User.updateOne({ _id: user._id }, …)`. */
function updateByKey(update: Operation, { key, keyText, wants }: Pick<UpsertRequest, 'key' | 'keyText' | 'wants'>, context: FormContext): string | undefined {
  const chain = update.detail?.['on'] === 'model' ? chainOf(update) : undefined;
  const [link, ...rest] = chain?.links ?? [];
  const filter = link?.call.arguments[0];
  if (!link || !filter || link.call.callee.type !== 'MemberExpression' || rest.some(({ name }) => name !== 'exec')) return undefined;
  const finds = /^find(?:ById|One)AndUpdate$/.test(link.name);
  if (link.name !== 'updateOne' && !finds) return undefined;
  // A document is wanted as it is afterwards.
  if (wants === 'row' && (!finds || update.detail?.['after'] !== true)) return undefined;
  const text = `{ ${key.columns.map((column) => (keyText.get(column) === column ? column : `${/^[\w$]+$/.test(column) ? column : `${context.quote}${column}${context.quote}`}: ${keyText.get(column)!}`)).join(', ')} }`;
  const edits = [{ start: filter.range[0], end: filter.range[1], text }];
  const { property } = link.call.callee;
  if (link.name === 'findByIdAndUpdate') edits.unshift({ start: property.range[0], end: property.range[1], text: 'findOneAndUpdate' });
  return context.edited(update.node, edits);
}
