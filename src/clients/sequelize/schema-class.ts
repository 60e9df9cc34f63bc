/** Classes as models: the decorators of sequelize-typescript, and those of version 7. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Node, SourceFile } from '../../source/file.ts';
import { keyName } from '../../source/syntax.ts';
import { importOf } from '../../source/types.ts';
import { DEFAULT_SCOPE } from './options.ts';
import { addToKey, addUnique, association, emptyModel, readAttribute, readOptions, type Model } from './schema-model.ts';
import { lastName, literalOf, objectOf, option, textOf } from './schema-nodes.ts';

interface Decorator { readonly name: string; readonly args: readonly Node[]; readonly node: Node }

const FROM = /^(?:sequelize-typescript|@sequelize\/core(?:\/.*)?)$/;
const HOOKS = /^(?:Before|After)[A-Z]/;
const RELATIONS: Readonly<Record<string, string>> = { BelongsTo: 'belongsTo', HasMany: 'hasMany', HasOne: 'hasOne', BelongsToMany: 'belongsToMany' };
const COLUMNS: ReadonlySet<string> = new Set(['Column', 'Attribute', 'PrimaryKey', 'ForeignKey', 'CreatedAt', 'UpdatedAt', 'DeletedAt']);

function decoratorsOf(nodes: readonly TSESTree.Decorator[] | undefined, file: SourceFile): Decorator[] {
  return (nodes ?? []).flatMap((one) => {
    const call = one.expression.type === 'CallExpression' ? one.expression : undefined;
    const callee = call ? call.callee : one.expression;
    if (callee.type !== 'Identifier') return [];
    const variable = file.variable(callee);
    const imported = variable && importOf(variable);
    return imported && FROM.test(imported.source) ? [{ name: imported.name, args: call?.arguments ?? [], node: one }] : [];
  });
}

/** A class with this library's decorators, or a base class that may have some on its fields; undefined for any other. */
export function classModel(node: TSESTree.ClassDeclaration | TSESTree.ClassExpression, file: SourceFile): Model | undefined {
  if (!node.id) return undefined;
  const own = decoratorsOf(node.decorators, file);
  const table = own.find((one) => one.name === 'Table');
  const members = node.body.body.flatMap((member) => ((member.type === 'PropertyDefinition' || member.type === 'MethodDefinition') ? [{ member, decorators: decoratorsOf(member.decorators, file) }] : []));
  if (!table && !members.some(({ decorators }) => decorators.length)) return undefined;
  const parent = node.superClass ? lastName(node.superClass) : undefined;
  const model = emptyModel(node.id.name, table !== undefined || members.some(({ decorators }) => decorators.some((one) => one.name === 'Attribute')), parent, { file: file.path, line: file.line(node.range[0]) });
  if (table) readOptions(model, table.args[0], file);
  for (const one of own) if (one.name === 'DefaultScope' && /\bwhere\b/.test(file.slice(one.node))) model.sideEffects.push(DEFAULT_SCOPE);
  const foreign = new Map<string, string>();
  for (const { member, decorators } of members) {
    const property = keyName(member.key, member.computed);
    if (property === undefined) continue;
    if (member.static) { for (const one of decorators) if (HOOKS.test(one.name)) model.sideEffects.push(`@${one.name} ${property}`); continue; }
    if (decorators.some((one) => COLUMNS.has(one.name))) field(model, property, member, decorators, file);
    const key = decorators.find((one) => one.name === 'ForeignKey');
    const target = key && lastName(key.args[0]);
    if (target !== undefined) foreign.set(target, property);
  }
  for (const { member, decorators } of members) {
    const property = keyName(member.key, member.computed);
    const relation = decorators.find((one) => RELATIONS[one.name]);
    const target = relation && lastName(relation.args[0]);
    if (!relation || target === undefined || property === undefined) continue;
    const second = relation.args.at(-1);
    association(model, RELATIONS[relation.name]!, target, objectOf(second, file), file, property, textOf(second, file) ?? foreign.get(target));
  }
  return model;
}

function field(model: Model, property: string, member: TSESTree.PropertyDefinition | TSESTree.MethodDefinition, decorators: readonly Decorator[], file: SourceFile): void {
  const find = (name: string): Decorator | undefined => decorators.find((one) => one.name === name);
  const place = { file: file.path, line: file.line(member.range[0]) };
  const column = find('Column') ?? find('Attribute');
  readAttribute(model, property, column?.args[0], file, place);
  const made = model.columns.get(property);
  if (!made) return;
  const primary = find('PrimaryKey') !== undefined;
  const allow = find('AllowNull');
  const fallback = find('Default');
  const literal = fallback && literalOf(fallback.args[0], file);
  const refuses = find('NotNull') !== undefined || primary || (allow?.args[0] !== undefined && literalOf(allow.args[0])?.value === false);
  model.columns.set(property, {
    ...made, ...(refuses && { nullable: false }), ...(find('AutoIncrement') && { default: 'generated-id' as const }),
    ...(fallback && { default: 'client' as const }), ...(literal && { defaultLiteral: literal.value }),
    ...(find('CreatedAt') && { default: 'client' as const }), ...(find('UpdatedAt') && { default: 'client' as const, updatedAt: true }), ...(find('DeletedAt') && { deletedAt: true }), ...(find('Version') && { version: true }),
  });
  if (primary && !model.primary.includes(property)) model.primary.push(property);
  const unique = find('Unique');
  if (unique) addUnique(model, property, unique.args[0], file, place);
  const index = find('Index');
  const options = objectOf(index?.args.at(-1), file);
  if (index && options && literalOf(option(options, 'unique'), file)?.value === true) {
    const where = option(options, 'where');
    addToKey(model, property, textOf(option(options, 'name'), file), place, where ? { where: file.slice(where) } : {});
  }
}
