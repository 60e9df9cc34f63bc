/**
 * Shapes with which `upsert` is one statement (measured on Postgres and SQLite, versions 5 to 7): a self-assignment for `update: {}`, the
 * foreign key for a `connect` by it.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Edit, Node, Refusal } from '../../model.ts';
import type { Relation, Table } from '../../schema/model.ts';
import { keyName, unwrap } from '../../source/syntax.ts';
import type { EditsForm, FormContext, SingleUpsertRequest } from '../forms.ts';
import { refuseForm } from '../common/refusal.ts';
import { callText, objectText } from './call-text.ts';

export function singleUpsert({ write, table, key }: SingleUpsertRequest, context: FormContext): EditsForm | Refusal | undefined {
  const { dialect } = context;
  if (dialect === 'mysql') return refuseForm('not-atomic', 'On MySQL Prisma runs every `upsert` as a SELECT and then an INSERT or UPDATE: insert first, and answer P2002, or write INSERT … ON DUPLICATE KEY UPDATE by hand.');
  if (table.libraryRelations) return refuseForm('not-atomic', 'With `relationMode = "prisma"` Prisma runs every `upsert` as a SELECT and then an INSERT or UPDATE: insert first, and answer P2002.');
  if (!dialect) return refuseForm('dialect-unknown', 'Whether `upsert` is one statement depends on the database: name it in settings[\'db-race\'].dialect.');
  const text = callText(write);
  const update = text && unwrap(text.properties.get('update')?.value ?? text.argument);
  const create = text && unwrap(text.properties.get('create')?.value ?? text.argument);
  if (!text || update === text.argument || create?.type !== 'ObjectExpression' || update?.type !== 'ObjectExpression') return refuseForm('argument', 'The argument of the upsert is no object literal.');
  const isEmpty = !update.properties.length;
  if (isEmpty && context.text(update).replace(/\s/g, '') !== '{}') return refuseForm('argument', 'The empty `update` holds a comment.');
  const links = linksIn(create, table, context);
  if ('kind' in links) return links;
  if (!isEmpty && !links.length) return undefined;
  if (text.properties.has('select') || text.properties.has('include')) return refuseForm('not-atomic', 'With `select` or `include` it is not sure to be one statement.');
  const unfit = isEmpty ? undefined : notOfColumns(update, table);
  if (unfit) return unfit;
  if (!isEmpty && write.conflict?.update?.assignments.every((one) => one.conditional)) return refuseForm('not-atomic', '`update` may be empty, and then it is not one statement.');
  if (links.length && context.text(programOf(write.node)).includes('P2025')) return refuseForm('handling-differs', 'This file asks for P2025, with which `connect` fails where the linked row is missing; a foreign key fails with P2003.');
  const arm = write.predicate?.complete && write.predicate.arms.length === 1 ? write.predicate.arms[0]! : undefined;
  const row = write.rows?.[0];
  if (!arm || !row || arm.length !== key.columns.length) return refuseForm('predicate-not-a-key', 'The `where` asks for more than one unique key.');
  const texts = new Map<string, string>();
  for (const column of key.columns) {
    const asked = arm.find((one) => one.column === column);
    const linked = links.flatMap((one) => one.fields).find((one) => one.column === column);
    if (linked && asked?.node && isPlain(valueOf(asked.node)) && context.text(valueOf(asked.node)) === linked.text) { texts.set(column, linked.text); continue; }
    const written = row.assignments.findLast((one) => one.column === column);
    if (!asked || !written || written.conditional || written.value !== asked.value) return refuseForm('key-value-differs', `\`create\` writes another \`${column}\` than \`where\` asks for.`);
    if (!isEmpty) continue;
    const node = written.node && valueOf(written.node);
    if (!node || !isPlain(node)) return refuseForm('key-opaque', `The value of \`${column}\` cannot be copied; bind it to a constant first.`);
    texts.set(column, context.text(node));
  }
  const stamped = [...table.columns.values()].find((one) => one.updatedAt);
  const version = context.version('@prisma/client') ?? context.version('prisma');
  return {
    kind: 'edits', id: 'prisma-upsert-native',
    title: `Write ${[...links.map((one) => `the key of \`${one.relation}\``), ...(isEmpty ? [`\`${key.columns[0]!}\` to itself`] : [])].join(' and ')}, so that the upsert is one statement`,
    edits: [...links.map((one) => one.edit), ...(isEmpty ? [{ start: update.range[0], end: update.range[1], text: objectText(key.columns.slice(0, 1), texts) }] : [])],
    requires: [
      { id: 'dialect', text: `the database is ${dialect === 'postgres' ? 'Postgres' : 'SQLite'}`, state: 'proven' },
      { id: 'version', text: 'Prisma is of version 5, 6 or 7', state: version !== undefined && version >= 5 && version <= 7 ? 'proven' : 'unknown' },
    ],
    changes: [
      ...(isEmpty ? [`Where the row is there, it is written to itself: ${dialect === 'postgres' ? 'it is locked for a moment and update triggers run' : 'update triggers run'}${stamped ? `, and \`${stamped.name}\` changes` : ''}.`] : []),
      ...links.map((one) => `Where there is no such \`${one.target}\` row, the insert fails with P2003 (its foreign key) instead of P2025.`),
    ],
  };
}

interface Link { readonly relation: string; readonly target: string; readonly edit: Edit; readonly fields: readonly { readonly column: string; readonly text: string }[] }

const valueOf = (node: Node): Node => (node.type === 'Property' ? node.value : node);

function programOf(node: Node): Node {
  let at = node;
  while (at.parent) at = at.parent;
  return at;
}

/** `team: { connect: { id: teamId } }` as `teamId`: a row that is linked by its key can as well be given that key. */
function linksIn(create: TSESTree.ObjectExpression, table: Table, context: FormContext): readonly Link[] | Refusal {
  const links: Link[] = [];
  for (const one of create.properties) {
    const name = one.type === 'Property' ? keyName(one.key, one.computed) : undefined;
    if (one.type !== 'Property' || name === undefined) return refuseForm('not-atomic', 'With a spread in `create` it is not sure to be one statement.');
    const relation = table.relations.find((each) => each.name === name);
    if (!relation) continue;
    const texts = connected(one.value, relation, context);
    if (!texts) return refuseForm('not-atomic', `With \`${name}\` linked or written along it is not sure to be one statement.`);
    if (relation.unenforced) return refuseForm('not-atomic', `Nothing but \`connect\` looks whether the \`${relation.target}\` row is there: the database has no foreign key.`);
    const nullable = relation.columns.find((column) => table.columns.get(column)?.nullable !== false);
    if (nullable !== undefined) return refuseForm('nullable', `\`${nullable}\` may be empty, and an undefined key, which \`connect\` would reject, would leave it so.`);
    if (relation.columns.some((column) => create.properties.some((each) => each.type === 'Property' && keyName(each.key, each.computed) === column))) return refuseForm('name-taken', `\`create\` names \`${name}\` and its key.`);
    const fields = relation.columns.map((column, index) => ({ column, text: texts[index]! }));
    links.push({ relation: name, target: relation.target, fields, edit: { start: one.range[0], end: one.range[1], text: fields.map(({ column, text }) => (column === text ? column : `${column}: ${text}`)).join(', ') } });
  }
  return links;
}

/** The texts of the values by which exactly the referenced columns are named, in the order of the foreign key. */
function connected(value: Node, { columns, references }: Relation, context: FormContext): readonly string[] | undefined {
  const [only, ...others] = fieldsOf(value) ?? [];
  if (!columns.length || others.length || only?.name !== 'connect') return undefined;
  const named = fieldsOf(only.value);
  // `{ id_userId: { id, userId } }`: a compound key goes by an alias.
  const fields = named?.length === 1 && references.length > 1 ? fieldsOf(named[0]!.value) : named;
  if (fields?.length !== references.length) return undefined;
  const texts = references.flatMap((column) => { const found = fields.find((one) => one.name === column); return found && isPlain(found.value) ? [context.text(found.value)] : []; });
  return texts.length === references.length ? texts : undefined;
}

function fieldsOf(node: Node): { readonly name: string; readonly value: Node }[] | undefined {
  const object = unwrap(node);
  if (object.type !== 'ObjectExpression') return undefined;
  const fields = object.properties.flatMap((one) => { const name = one.type === 'Property' ? keyName(one.key, one.computed) : undefined; return one.type === 'Property' && name !== undefined ? [{ name, value: one.value as Node }] : []; });
  return fields.length === object.properties.length ? fields : undefined;
}

/** Only columns: what is written to other rows takes statements of its own. */
function notOfColumns(update: TSESTree.ObjectExpression, table: Table): Refusal | undefined {
  for (const one of update.properties) {
    const name = one.type === 'Property' ? keyName(one.key, one.computed) : undefined;
    if (name === undefined || !table.columns.has(name)) return refuseForm('not-atomic', `With ${name === undefined ? 'a spread' : `\`${name}\``} in \`update\` it is not sure to be one statement.`);
  }
  return undefined;
}

/** A name, a path of names or a literal: the same value wherever it stands in the call. */
function isPlain(node: Node): boolean {
  const at = unwrap(node);
  return at.type === 'Identifier' || at.type === 'Literal' || (at.type === 'MemberExpression' && !at.computed && isPlain(at.object)) || at.type === 'ThisExpression';
}
