/**
 * What Prisma can write atomically. Measured on 5.22, 6.19 and 7.10 (Postgres), 7.10 (SQLite, MariaDB): `upsert` is one statement on
 * Postgres and SQLite only where `where` is one unique key that `create` holds with the same value, `update` is not empty, and no
 * relation is linked or fetched; everywhere else, and always on MySQL, it is a SELECT followed by an INSERT, and the insert goes
 * first instead.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Edit, Node, Operation, Refusal } from '../../model.ts';
import { unwrap } from '../../source/syntax.ts';
import type { FormContext, Forms, InsertMissingRequest, UpsertForm, UpsertRequest } from '../forms.ts';
import { refuseForm } from '../common/refusal.ts';
import { alternativeKeys, parts } from './alternative-keys.ts';
import { callText, objectText, rekeyed, renamed, separator, whereText, type CallText } from './call-text.ts';
import { guardedWrite } from './guarded-write.ts';
import { replaceSet } from './replace-set.ts';
import { singleUpsert } from './single-upsert.ts';
import { violationForm } from './told-key.ts';
import { version } from './versions.ts';

export const forms: Forms = {
  dropsUndefined: (read) => !/^(?:findUnique|update$)/.test(callText(read)?.method.name ?? ''),
  upsert: upsertForm,
  violation: violationForm,
  claims: true,
  throwsThrough: ['postgres', 'mysql'],
  insertMissing,
  replaceSet,
  singleUpsert,
  guardedWrite,
  parts,
  alternativeKeys,
  surely(read, context) {
    const text = callText(read);
    const name = text && SURE[text.method.name];
    return text && name && context.edited(text.call, [renamed(text, name)]);
  },
  updateByKey(update, { key, keyText }, context) {
    const text = callText(update);
    const where = text?.properties.get('where');
    if (!text || !where || text.method.name !== 'update') return undefined;
    return context.edited(text.call, [{ start: where.range[0], end: where.range[1], text: `where: ${whereText(key, keyText)}` }]);
  },
};

const SURE: Readonly<Record<string, string>> = { findUnique: 'findUniqueOrThrow', findFirst: 'findFirstOrThrow', findUniqueOrThrow: 'findUniqueOrThrow', findFirstOrThrow: 'findFirstOrThrow' };

function upsertForm(request: UpsertRequest, context: FormContext): UpsertForm | Refusal {
  const { insert, read, update, key, keyText, table, wants } = request;
  const { dialect } = context;
  if (!dialect) return refuseForm('dialect-unknown', 'Whether `upsert` is one statement depends on the database: name it in settings[\'db-race\'].dialect.');
  if (dialect === 'mysql') return refuseForm('not-atomic', 'On MySQL Prisma runs `upsert` as a SELECT and then an INSERT or UPDATE.');
  if (table.libraryRelations) return refuseForm('not-atomic', 'With `relationMode = "prisma"` Prisma runs `upsert` as a SELECT and then an INSERT or UPDATE.');
  const text = callText(insert);
  const data = text?.properties.get('data');
  if (!text || !data || text.method.name !== 'create') return refuseForm('argument', 'The argument of the insert is no object literal.');
  const linked = relationsWritten(insert, context) ?? (update && relationsWritten(update, context));
  if (linked !== undefined) return refuseForm('not-atomic', `With \`${linked}\` linked or written along, Prisma runs \`upsert\` as a SELECT and then an INSERT.`);
  if (insert.rows?.some((row) => row.spreads.length)) return refuseForm('not-atomic', 'Whether a relation is linked or written along cannot be seen through the spread; with one, Prisma runs `upsert` as a SELECT and then an INSERT.');
  if (insert.includes?.length) return refuseForm('not-atomic', `With \`${insert.includes[0]}\` fetched along, Prisma runs \`upsert\` as a SELECT and then an INSERT.`);
  const projection = wants === 'row' && differentProjection(text, [read, update], context);
  if (projection) return refuseForm('projection-differs', `The insert returns other columns than ${projection}, and the rewrite would have one result.`);
  const updated = update ? updateText(update, insert, request, context) : objectText(key.columns.slice(0, 1), keyText);
  if (typeof updated !== 'string') return updated;

  const space = separator(text, context);
  const before = `where: ${whereText(key, keyText)},${space}`;
  const after = `,${space}update: ${updated}`;
  const edits: Edit[] = [renamed(text, 'upsert'), { start: data.range[0], end: data.range[0], text: before }, rekeyed(data, 'create'), { start: data.range[1], end: data.range[1], text: after }];
  const stamped = [...table.columns.values()].find((one) => one.updatedAt);
  return {
    kind: 'form', id: `prisma-upsert-${update ? 'update' : 'native'}`,
    title: `Replace with one \`upsert\` on ${key.columns.map((one) => `\`${one}\``).join(', ')}`,
    before: [], call: context.edited(insert.node, merge(edits)), row: undefined,
    requires: [{ id: 'dialect', text: `the database is ${dialect === 'postgres' ? 'Postgres' : 'SQLite'}`, state: 'proven' }, ...version(context)],
    changes: [
      ...(update ? [] : [`Where the row is there, it is written to itself: ${dialect === 'postgres' ? 'it is locked for a moment and update triggers run' : 'update triggers run'}${stamped ? `, and \`${stamped.name}\` changes` : ''}.`]),
      ...(dialect === 'postgres' && [...table.columns.values()].some((one) => one.default === 'generated-id') ? ['Where the row is there, a number of the id\'s sequence may be used up.'] : []),
      'Query extensions for `create` and `update` do not run for `upsert`.',
    ],
  };
}

/** Edits at one place as one, in their order: an insertion before a key that is replaced. */
function merge(edits: readonly Edit[]): Edit[] {
  const sorted = [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
  const merged: Edit[] = [];
  for (const edit of sorted) {
    const last = merged.at(-1);
    if (last && last.end === edit.start && last.start === last.end) merged[merged.length - 1] = { start: last.start, end: edit.end, text: last.text + edit.text };
    else merged.push(edit);
  }
  return merged;
}

/** A relation that the written object sets; scalars alone keep an upsert in one statement. */
function relationsWritten(operation: Operation, context: FormContext): string | undefined {
  const data = callText(operation)?.properties.get('data')?.value;
  const object = data && unwrap(data);
  const relations = new Set(operation.table.table?.relations.map((one) => one.name));
  if (object?.type === 'ObjectExpression') {
    for (const one of object.properties) {
      if (one.type !== 'Property') continue;
      const name = context.text(one.key);
      if (relations.has(name)) return name;
    }
  }
  return operation.rows?.flatMap((row) => row.assignments).find((one) => relations.has(one.column))?.column;
}

/** What else the result is taken from, if it has another `select`, `include` or `omit` than the insert. */
function differentProjection(insert: CallText, others: readonly (Operation | undefined)[], context: FormContext): string | undefined {
  const own = projectionText(insert, context);
  for (const one of others) {
    if (!one) continue;
    const text = callText(one);
    if (!text) return one.node.type === 'CallExpression' && one.node.arguments.length === 0 ? (own ? 'the look-up' : undefined) : `\`${one.label}\``;
    if (projectionText(text, context) !== own) return `\`${one.label}\``;
  }
  return undefined;
}

function projectionText(text: CallText, context: FormContext): string {
  return ['select', 'include', 'omit'].flatMap((key) => { const one = text.properties.get(key); return one ? [context.text(one).replace(/\s+/g, '')] : []; }).join();
}

/** The `data` of the update, as the user wrote it; with the key written to itself where all values may be undefined. */
function updateText(update: Operation, insert: Operation, { key, keyText }: UpsertRequest, context: FormContext): string | Refusal {
  const text = callText(update);
  const data = text?.properties.get('data');
  const object = data && unwrap(data.value);
  if (!text || !data || object?.type !== 'ObjectExpression') return refuseForm('argument', 'The `data` of the update is no object literal.');
  if (object.properties.some((one) => one.type !== 'Property')) return refuseForm('argument', 'The `data` of the update holds a spread, of which nobody knows what it leaves out.');
  const written = context.text(object).replaceAll(`\n${context.indent(text.call)}`, `\n${context.indent(insert.node)}`);
  // Undefined values are left out, and an empty `update` is what makes it two statements.
  const isEmpty = !object.properties.some((one) => one.type === 'Property' && isDefined(one.value));
  if (!isEmpty) return written;
  const first = key.columns[0]!;
  const self = keyText.get(first) === first ? first : `${first}: ${keyText.get(first)}`;
  return object.properties.length ? written.replace(/^\{(\s*)/, (_, space: string) => `{${space}${self},${space.includes('\n') ? space : ' '}`) : `{ ${self} }`;
}

/** Never undefined, by what stands there: literals, templates, arithmetic, parameters with a type that leaves undefined out. */
function isDefined(value: Node): boolean {
  const node = unwrap(value);
  switch (node.type) {
    case 'Literal': case 'TemplateLiteral': case 'BinaryExpression': case 'NewExpression': case 'ObjectExpression': case 'ArrayExpression': case 'UnaryExpression': return true;
    case 'Identifier': return node.name !== 'undefined' && hasDefinedType(node);
    case 'LogicalExpression': return node.operator === '??' && isDefined(node.right);
    default: return false;
  }
}

/** A parameter of the enclosing functions, by that name, with a plain type. */
function hasDefinedType(node: TSESTree.Identifier): boolean {
  for (let at: Node | undefined = node.parent; at; at = at.parent) {
    if (at.type !== 'FunctionDeclaration' && at.type !== 'FunctionExpression' && at.type !== 'ArrowFunctionExpression') continue;
    for (const parameter of at.params) {
      if (parameter.type !== 'Identifier' || parameter.name !== node.name) continue;
      const type = parameter.typeAnnotation?.typeAnnotation;
      return !parameter.optional && type != null && /^TS(?:String|Number|Boolean|BigInt)Keyword$/.test(type.type);
    }
  }
  return false;
}

/** `createMany({ data, skipDuplicates: true })`: ON CONFLICT DO NOTHING on Postgres, INSERT IGNORE on MySQL, an error on SQLite. */
function insertMissing({ insert, key }: InsertMissingRequest, context: FormContext): UpsertForm | Refusal {
  const text = callText(insert);
  const data = text?.properties.get('data');
  if (!text || !data || text.method.name !== 'createMany') return refuseForm('expression', 'Only `createMany` can leave rows alone that are there already.');
  if (context.dialect === 'mysql') return refuseForm('insert-ignore', 'On MySQL `skipDuplicates` is INSERT IGNORE, which hides other errors as well.');
  if (context.dialect !== 'postgres') return refuseForm('no-form', '`skipDuplicates` is proven on Postgres only.');
  const given = text.properties.get('skipDuplicates');
  if (given) return refuseForm('argument', '`skipDuplicates` is given already.');
  return {
    kind: 'form', id: 'prisma-skip-duplicates', title: `Leave rows alone that are there by now (\`skipDuplicates\` on ${key.columns.map((one) => `\`${one}\``).join(', ')})`,
    before: [], call: context.edited(insert.node, [{ start: data.range[1], end: data.range[1], text: `,${separator(text, context)}skipDuplicates: true` }]), row: undefined,
    requires: [{ id: 'dialect', text: 'the database is Postgres', state: 'proven' }, ...version(context)],
    changes: ['`count` leaves out rows that another call inserted meanwhile.'],
  };
}
