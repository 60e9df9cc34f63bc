/** `update: {}` becomes a self-assignment, with which `upsert` is one statement (measured on Postgres and SQLite, versions 5 to 7). */
import type { Node, Refusal } from '../../model.ts';
import { keyName, unwrap } from '../../source/syntax.ts';
import type { EditsForm, FormContext, SingleUpsertRequest } from '../forms.ts';
import { refuseForm } from '../common/refusal.ts';
import { callText, objectText } from './call-text.ts';

export function singleUpsert({ write, table, key }: SingleUpsertRequest, context: FormContext): EditsForm | Refusal | undefined {
  const { dialect } = context;
  if (dialect === 'mysql') return refuseForm('not-atomic', 'On MySQL Prisma runs every `upsert` as a SELECT and then an INSERT or UPDATE: insert first, and answer P2002, or write INSERT … ON DUPLICATE KEY UPDATE by hand.');
  if (!dialect) return refuseForm('dialect-unknown', 'Whether `upsert` is one statement depends on the database: name it in settings[\'db-race\'].dialect.');
  const text = callText(write);
  const update = text && unwrap(text.properties.get('update')?.value ?? text.argument);
  const create = text && unwrap(text.properties.get('create')?.value ?? text.argument);
  if (!text || update === text.argument || create?.type !== 'ObjectExpression' || update?.type !== 'ObjectExpression') return refuseForm('argument', 'The argument of the upsert is no object literal.');
  if (update.properties.length) return undefined;
  if (context.text(update).replace(/\s/g, '') !== '{}') return refuseForm('argument', 'The empty `update` holds a comment.');
  if (text.properties.has('select') || text.properties.has('include')) return refuseForm('not-atomic', 'With `select` or `include` it is not sure to be one statement.');
  const relations = new Set(table.relations.map((one) => one.name));
  for (const one of create.properties) {
    const name = one.type === 'Property' ? keyName(one.key, one.computed) : undefined;
    if (name === undefined || relations.has(name)) return refuseForm('not-atomic', `With ${name === undefined ? 'a spread in `create`' : `\`${name}\` linked or written along`} it is not sure to be one statement.`);
  }
  const arm = write.predicate?.complete && write.predicate.arms.length === 1 ? write.predicate.arms[0]! : undefined;
  const row = write.rows?.[0];
  if (!arm || !row || arm.length !== key.columns.length) return refuseForm('predicate-not-a-key', 'The `where` asks for more than one unique key.');
  const texts = new Map<string, string>();
  for (const column of key.columns) {
    const asked = arm.find((one) => one.column === column);
    const written = row.assignments.findLast((one) => one.column === column);
    if (!asked || !written || written.conditional || written.value !== asked.value) return refuseForm('key-value-differs', `\`create\` writes another \`${column}\` than \`where\` asks for.`);
    const node = written.node?.type === 'Property' ? written.node.value : written.node;
    if (!node || !isPlain(node)) return refuseForm('key-opaque', `The value of \`${column}\` cannot be copied; bind it to a constant first.`);
    texts.set(column, context.text(node));
  }
  const stamped = [...table.columns.values()].find((one) => one.updatedAt);
  const version = context.version('@prisma/client') ?? context.version('prisma');
  return {
    kind: 'edits', id: 'prisma-upsert-native', title: `Write ${key.columns.slice(0, 1).map((one) => `\`${one}\``).join()} to itself, so that the upsert is one statement`,
    edits: [{ start: update.range[0], end: update.range[1], text: objectText(key.columns.slice(0, 1), texts) }],
    requires: [
      { id: 'dialect', text: `the database is ${dialect === 'postgres' ? 'Postgres' : 'SQLite'}`, state: 'proven' },
      { id: 'version', text: 'Prisma is of version 5, 6 or 7', state: version !== undefined && version >= 5 && version <= 7 ? 'proven' : 'unknown' },
    ],
    changes: [`Where the row is there, it is written to itself: ${dialect === 'postgres' ? 'it is locked for a moment and update triggers run' : 'update triggers run'}${stamped ? `, and \`${stamped.name}\` changes` : ''}.`],
  };
}

/** A name, a path of names or a literal: the same value wherever it stands in the call. */
function isPlain(node: Node): boolean {
  const at = unwrap(node);
  return at.type === 'Identifier' || at.type === 'Literal' || (at.type === 'MemberExpression' && !at.computed && isPlain(at.object)) || at.type === 'ThisExpression';
}
