/** `new EntitySchema({ name, tableName, columns, indices, uniques })`: an entity without a class. */
import type { Node, SourceFile } from '../../source/file.ts';
import { keyName } from '../../source/syntax.ts';
import type { Column, UniqueKey } from '../../schema/model.ts';
import { literal, option, snake, text, type EntityClass } from './schema-class.ts';

/** The entity of an initialiser; undefined when it is something else or its options are not written out. */
export function schemaEntity(node: Node | null | undefined, file: SourceFile): EntityClass | undefined {
  if (node?.type !== 'NewExpression' || node.callee.type !== 'Identifier' || node.callee.name !== 'EntitySchema') return undefined;
  const options = node.arguments[0];
  const target = option(options, 'target');
  const name = text(option(options, 'name')) ?? (target?.type === 'Identifier' ? target.name : undefined);
  if (name === undefined || options?.type !== 'ObjectExpression') return undefined;
  const place = { file: file.path, line: file.line(node.range[0]) };
  const listed = option(options, 'columns');
  // Relations and spreads may bring columns and keys that are not read here.
  let complete = listed?.type === 'ObjectExpression' && !option(options, 'relations') && !option(options, 'embeddeds') && options.properties.every((one) => one.type === 'Property');
  const columns: Column[] = [];
  const primary: string[] = [];
  const keys: UniqueKey[] = [];
  for (const one of listed?.type === 'ObjectExpression' ? listed.properties : []) {
    const property = one.type === 'Property' ? keyName(one.key, one.computed) : undefined;
    if (one.type !== 'Property' || property === undefined || one.value.type !== 'ObjectExpression') { complete = false; continue; }
    const is = (key: string): boolean => literal(option(one.value, key)) === true;
    const value = option(one.value, 'default');
    const plain = literal(value);
    const generated = option(one.value, 'generated');
    columns.push({
      name: property, dbName: text(option(one.value, 'name')) ?? property, type: text(option(one.value, 'type'))?.toLowerCase(), nullable: is('nullable') || is('deleteDate'),
      default: generated && literal(generated) !== false ? 'generated-id' : value || is('createDate') || is('updateDate') || is('version') ? 'database' : 'none',
      ...(plain !== undefined && { defaultLiteral: plain }), ...(is('updateDate') && { updatedAt: true }), ...(is('version') && { version: true }), ...(is('deleteDate') && { deletedAt: true }),
    });
    if (is('primary')) primary.push(property);
    if (is('unique')) keys.push({ name: undefined, columns: [property], primary: false, place });
  }
  for (const kind of ['indices', 'uniques']) {
    const list = option(options, kind);
    if (list && list.type !== 'ArrayExpression') { complete = false; continue; }
    for (const one of list?.elements ?? []) {
      if (kind === 'indices' && literal(option(one ?? undefined, 'unique')) !== true) continue;
      const given = option(one ?? undefined, 'columns');
      const names = given?.type === 'ArrayExpression' ? given.elements.map((each) => text(each ?? undefined)) : [];
      const where = text(option(one ?? undefined, 'where'));
      if (names.length && names.every((each) => each !== undefined)) keys.push({ name: text(option(one ?? undefined, 'name')), columns: names, primary: false, place, ...(where !== undefined && { where }) });
      else complete = false;
    }
  }
  return {
    name, entity: true, dbName: text(option(options, 'tableName')) ?? snake(name), schema: text(option(options, 'schema')), superclass: undefined, columns, primary, keys,
    relations: [], embedded: [], nullableRelations: new Set(), sideEffects: [], complete, place,
  };
}
