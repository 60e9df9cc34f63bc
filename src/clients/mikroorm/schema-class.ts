/** An entity as a class with decorators. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Node, SourceFile } from '../../source/file.ts';
import { keyName } from '../../source/syntax.ts';
import { declaredType, importOf, superclassType, type DeclaredType } from '../../source/types.ts';
import { isPackage } from './entities.ts';
import { className, names, optionsOf, Parts, text, type Draft, type Options, type Property, type PropertyKind } from './schema-property.ts';

interface Decorator { readonly name: string; readonly args: readonly Node[]; readonly options: Options; readonly node: Node }

function decoratorsOf(nodes: readonly TSESTree.Decorator[] | undefined, file: SourceFile): Decorator[] {
  return (nodes ?? []).flatMap((one) => {
    const call = one.expression.type === 'CallExpression' ? one.expression : undefined;
    const callee = call ? call.callee : one.expression;
    const args = (call?.arguments ?? []) as readonly Node[];
    if (callee.type !== 'Identifier') return [];
    const variable = file.variable(callee);
    const imported = variable && importOf(variable);
    if (imported && !isPackage(imported.source)) return [];
    return [{ name: imported?.name ?? callee.name, args, options: optionsOf(args.findLast((arg) => arg.type === 'ObjectExpression')), node: one }];
  });
}

const KINDS: Readonly<Record<string, PropertyKind>> = {
  PrimaryKey: 'column', Property: 'column', Enum: 'column', ManyToOne: 'm:1', OneToOne: '1:1', OneToMany: '1:m', ManyToMany: 'm:n', Embedded: 'embedded', Formula: 'none', SerializedPrimaryKey: 'none',
};
const HOOKS = new Set(['BeforeCreate', 'AfterCreate', 'BeforeUpdate', 'AfterUpdate', 'BeforeUpsert', 'AfterUpsert', 'BeforeDelete', 'AfterDelete', 'OnInit', 'OnLoad']);

export function classDraft(node: TSESTree.ClassDeclaration, file: SourceFile): Draft {
  const own = decoratorsOf(node.decorators, file);
  const entity = own.find((one) => one.name === 'Entity');
  const embeddable = own.find((one) => one.name === 'Embeddable');
  const isAbstract = entity?.options.get('abstract') !== undefined;
  const parts = new Parts(file);
  for (const one of own) {
    if (one.name === 'Unique') parts.unique(one.options, names(one.options.get('properties')), one.node);
    if (one.name === 'Filter') parts.sideEffects.push(`the filter ${text(one.options.get('name')) ?? 'of the entity'}`);
  }
  for (const member of node.body.body) {
    if (member.type !== 'PropertyDefinition' && member.type !== 'MethodDefinition') continue;
    const name = keyName(member.key, member.computed);
    const decorators = name === undefined ? [] : decoratorsOf(member.decorators, file);
    for (const one of decorators) if (HOOKS.has(one.name)) parts.sideEffects.push(`@${one.name}() ${name}`);
    const property = name === undefined ? undefined : propertyOf(name, member, decorators, file);
    if (property) parts.add(property);
  }
  const options = entity?.options;
  if (options?.has('discriminatorColumn') || options?.has('discriminatorValue') || options?.has('discriminatorMap')) parts.sideEffects.push('single-table inheritance');
  const superclass = superclassType(node, file);
  return {
    name: node.id!.name, kind: entity && !isAbstract ? 'entity' : embeddable ? 'embeddable' : 'base',
    tableName: text(options?.get('tableName')) ?? text(options?.get('collection')), schema: text(options?.get('schema')),
    superclass: superclass && { name: superclass.name, from: superclass.from },
    columns: parts.columns, primary: parts.primary, keys: parts.keys, relations: parts.relations, embedded: parts.embedded, sideEffects: parts.sideEffects, complete: parts.complete, place: parts.place(node),
  };
}

function propertyOf(name: string, member: TSESTree.PropertyDefinition | TSESTree.MethodDefinition, decorators: readonly Decorator[], file: SourceFile): Property | undefined {
  const decorator = decorators.find((one) => KINDS[one.name]);
  if (!decorator) return undefined;
  // A getter with `@Property` is computed, unless it says otherwise.
  if (member.type === 'MethodDefinition') return undefined;
  const primary = decorators.some((one) => one.name === 'PrimaryKey');
  const unique = decorators.find((one) => one.name === 'Unique');
  const options = new Map(decorator.options);
  if (primary) options.set('primary', true);
  if (unique && !options.has('unique')) options.set('unique', unique.options.get('name') ?? true);
  const type = declaredType(member.typeAnnotation, file);
  const kind = KINDS[decorator.name]!;
  if (kind === '1:1' || kind === '1:m' || kind === 'm:n') {
    const back = decorator.args[1];
    if (back && back.type !== 'ObjectExpression' && !options.has('mappedBy')) options.set('mappedBy', back);
  }
  return {
    name, kind, options, type: typeText(member, type), initial: member.value ?? undefined, nullable: member.optional, node: member,
    target: className(decorator.args[0]?.type === 'ObjectExpression' ? undefined : decorator.args[0]) ?? className(options.get('entity')) ?? (kind === 'column' ? undefined : innermost(type)),
  };
}

/** `User` of `Ref<User>`, `Collection<User>`, `Rel<User> | null`. */
function innermost(type: DeclaredType | undefined): string | undefined {
  if (!type) return undefined;
  if (type.name === '|') return innermost(type.args[0]);
  return isPackage(type.from) && type.args[0] ? innermost(type.args[0]) : type.name;
}

function typeText(member: TSESTree.PropertyDefinition, type: DeclaredType | undefined): string | undefined {
  const annotation = member.typeAnnotation?.typeAnnotation;
  if (annotation?.type === 'TSArrayType') return 'array';
  if (annotation?.type === 'TSTypeLiteral') return 'json';
  const keyword = annotation?.type.match(/^TS(String|Number|Boolean|BigInt)Keyword$/)?.[1];
  if (keyword) return keyword.toLowerCase();
  if (type && isPackage(type.from) && type.name === 'Opt') return innermostKeyword(annotation);
  if (type) return type.name;
  // `hits = 0`, `name = ''`.
  const initial = member.value?.type === 'Literal' ? typeof member.value.value : undefined;
  return initial === 'number' || initial === 'string' || initial === 'boolean' ? initial : member.value?.type === 'NewExpression' && member.value.callee.type === 'Identifier' ? member.value.callee.name : undefined;
}

function innermostKeyword(annotation: Node | undefined): string | undefined {
  const inner = annotation?.type === 'TSTypeReference' ? annotation.typeArguments?.params[0] : undefined;
  return inner?.type.match(/^TS(String|Number|Boolean|BigInt)Keyword$/)?.[1]?.toLowerCase();
}
