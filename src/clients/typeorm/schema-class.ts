/** One class and its decorators: columns, keys, relations, listeners. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Node, SourceFile } from '../../source/file.ts';
import { keyName } from '../../source/syntax.ts';
import { declaredType, importOf, type DeclaredType } from '../../source/types.ts';
import type { Column, Place, Relation, UniqueKey } from '../../schema/model.ts';

export interface EntityClass {
  readonly name: string;
  /** Has `@Entity`; otherwise it may be a base class of one. */
  readonly entity: boolean;
  readonly dbName: string;
  readonly schema: string | undefined;
  readonly superclass: DeclaredType | undefined;
  readonly columns: readonly Column[];
  readonly primary: readonly string[];
  readonly keys: readonly UniqueKey[];
  readonly relations: readonly Relation[];
  /** Properties whose columns another class declares (`@Column(() => Name)`). */
  readonly embedded: readonly { readonly property: string; readonly target: string; readonly prefix: string }[];
  readonly nullableRelations: ReadonlySet<string>;
  readonly sideEffects: readonly string[];
  readonly complete: boolean;
  readonly place: Place;
}

interface Decorator { readonly name: string; readonly args: readonly Node[]; readonly node: Node | undefined }

function decoratorsOf(nodes: readonly TSESTree.Decorator[], file: SourceFile): Decorator[] {
  return nodes.flatMap((one) => {
    const call = one.expression.type === 'CallExpression' ? one.expression : undefined;
    const callee = call ? call.callee : one.expression;
    if (callee.type === 'MemberExpression' && callee.property.type === 'Identifier') return [{ name: callee.property.name, args: call?.arguments ?? [], node: one }];
    if (callee.type !== 'Identifier') return [];
    const variable = file.variable(callee);
    const imported = variable && importOf(variable);
    return imported && imported.source !== 'typeorm' ? [] : [{ name: imported?.name ?? callee.name, args: call?.arguments ?? [], node: one }];
  });
}

export function option(object: Node | undefined, key: string): Node | undefined {
  if (object?.type !== 'ObjectExpression') return undefined;
  for (const one of object.properties) if (one.type === 'Property' && keyName(one.key, one.computed) === key) return one.value;
  return undefined;
}

export function literal(node: Node | undefined): string | number | boolean | null | undefined {
  return node?.type === 'Literal' && (node.value === null || ['string', 'number', 'boolean'].includes(typeof node.value)) ? node.value as string | number | boolean | null : undefined;
}

export const text = (node: Node | undefined): string | undefined => { const value = literal(node); return typeof value === 'string' ? value : undefined; };
const optionsOf = (one: Decorator): Node | undefined => one.args.findLast((arg) => arg.type === 'ObjectExpression');

export const snake = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();

const COLUMNS = new Set(['Column', 'PrimaryColumn', 'PrimaryGeneratedColumn', 'CreateDateColumn', 'UpdateDateColumn', 'DeleteDateColumn', 'VersionColumn', 'ObjectIdColumn', 'Generated']);
const RELATIONS = new Set(['ManyToOne', 'OneToOne', 'OneToMany', 'ManyToMany']);
const LISTENERS = new Set(['AfterLoad', 'BeforeInsert', 'AfterInsert', 'BeforeUpdate', 'AfterUpdate', 'BeforeRemove', 'AfterRemove', 'BeforeSoftRemove', 'AfterSoftRemove', 'BeforeRecover', 'AfterRecover']);

export function classEntity(node: TSESTree.ClassDeclaration, file: SourceFile, superclass: DeclaredType | undefined): EntityClass {
  const name = node.id!.name;
  const place = (at: Node): Place => ({ file: file.path, line: file.line(at.range[0]) });
  const own = decoratorsOf(node.decorators, file);
  const entity = own.find((one) => one.name === 'Entity' || one.name === 'ChildEntity');
  const columns: Column[] = [];
  const primary: string[] = [];
  const keys: UniqueKey[] = [];
  const relations: Relation[] = [];
  const embedded: { property: string; target: string; prefix: string }[] = [];
  const nullableRelations = new Set<string>();
  const sideEffects: string[] = [];
  let complete = true;
  const unique = (at: Node, names: readonly string[], options: Node | undefined, keyName?: string): void => {
    const where = text(option(options, 'where'));
    keys.push({
      name: keyName, columns: names, primary: false, place: place(at), ...(where !== undefined && { where }),
      ...(option(options, 'deferrable') && { deferrable: true }), ...(literal(option(options, 'nullsNotDistinct')) === true && { nullsNotDistinct: true }),
    });
  };
  for (const one of own) {
    const isIndex = one.name === 'Index' && literal(option(optionsOf(one), 'unique')) === true;
    if (one.name !== 'Unique' && !isIndex) continue;
    const names = namesIn(one);
    if (names) unique(one.node ?? node, names, optionsOf(one), text(one.args[0]));
    else complete = false;
  }
  for (const member of node.body.body) {
    if (member.type !== 'PropertyDefinition' && member.type !== 'MethodDefinition') continue;
    const property = keyName(member.key, member.computed);
    if (property === undefined) continue;
    const decorators = decoratorsOf(member.decorators, file);
    for (const one of decorators) if (LISTENERS.has(one.name)) sideEffects.push(`@${one.name}() ${property}`);
    if (member.type !== 'PropertyDefinition') continue;
    const relation = decorators.find((one) => RELATIONS.has(one.name));
    const isUnique = decorators.some((one) => (one.name === 'Unique' && !namesIn(one)) || ((one.name === 'Index' || one.name === 'Column') && literal(option(optionsOf(one), 'unique')) === true));
    const indexOptions = optionsOf(decorators.find((one) => one.name === 'Index') ?? { name: '', args: [], node: undefined });
    if (relation) {
      const read = relationFrom(property, relation, decorators, member, file);
      if (!read) { complete = false; continue; }
      relations.push(read);
      const options = optionsOf(relation);
      if (read.columns.length && literal(option(options, 'nullable')) !== false) nullableRelations.add(property);
      const cascade = option(options, 'cascade');
      if (cascade && literal(cascade) !== false) sideEffects.push(`cascade of ${property}`);
      if (decorators.some((one) => one.name === 'PrimaryColumn') || literal(option(options, 'primary')) === true) primary.push(property);
      else if (isUnique || (relation.name === 'OneToOne' && read.columns.length)) unique(member, [property], indexOptions);
      continue;
    }
    const decorator = decorators.find((one) => COLUMNS.has(one.name));
    if (!decorator) continue;
    const type = decorator.args[0];
    if (type?.type === 'ArrowFunctionExpression') {
      const prefix = option(optionsOf(decorator), 'prefix');
      const given = literal(prefix);
      if (type.body.type === 'Identifier') embedded.push({ property, target: type.body.name, prefix: given === false ? '' : typeof given === 'string' ? given : property });
      else complete = false;
      continue;
    }
    columns.push(columnFrom(property, decorator, decorators, member, file));
    for (const key of ['insert', 'update'] as const) if (literal(option(optionsOf(decorator), key)) === false) sideEffects.push(`\`${property}\`, which no ${key} writes`);
    if (/^Primary/.test(decorator.name) || literal(option(optionsOf(decorator), 'primary')) === true) primary.push(property);
    else if (isUnique) unique(member, [property], indexOptions);
  }
  const options = entity && optionsOf(entity);
  // Rows of several classes share one table and its keys; a look-up sees one class's only.
  if (own.some((one) => one.name === 'TableInheritance' || one.name === 'ChildEntity')) sideEffects.push('single-table inheritance');
  if (own.some((one) => one.name === 'Tree')) sideEffects.push('tree columns');
  return {
    name, entity: entity !== undefined, dbName: text(entity?.args[0]) ?? text(option(options, 'name')) ?? snake(name), schema: text(option(options, 'schema')),
    superclass, columns, primary, keys, relations, embedded, nullableRelations, sideEffects, complete, place: place(node),
  };
}

/** `['a', 'b']`, `(u) => [u.a, u.b]`: the list of properties of a class's `@Unique` or `@Index`. */
function namesIn(decorator: Decorator): readonly string[] | undefined {
  for (const arg of decorator.args) {
    const list = arg.type === 'ArrowFunctionExpression' ? arg.body : arg;
    if (list.type !== 'ArrayExpression') continue;
    const names = list.elements.map((one) => (one?.type === 'MemberExpression' ? keyName(one.property, one.computed) : one ? text(one) : undefined));
    return names.length && names.every((one) => one !== undefined) ? names : undefined;
  }
  return undefined;
}

function columnFrom(property: string, decorator: Decorator, all: readonly Decorator[], member: TSESTree.PropertyDefinition, file: SourceFile): Column {
  const options = optionsOf(decorator);
  const declared = declaredType(member.typeAnnotation, file);
  const given = text(decorator.args[0]) ?? text(option(options, 'type'));
  const type = (given ?? member.typeAnnotation?.typeAnnotation.type.replace(/^TS(\w+)Keyword$/, '$1') ?? declared?.name)?.toLowerCase();
  const value = option(options, 'default');
  const plain = literal(value);
  // A field with an initialiser: what instances are born with, unlike plain objects.
  const initial = literal(member.value ?? undefined);
  const generated = decorator.name === 'PrimaryGeneratedColumn' || all.some((one) => one.name === 'Generated');
  const automatic = ['CreateDateColumn', 'UpdateDateColumn', 'VersionColumn'].includes(decorator.name);
  const structured = /^(json|jsonb|simple-array|simple-json)$/.test(type ?? '') || literal(option(options, 'array')) === true;
  return {
    // What a transformer makes of a value is not known, whatever the database's type.
    name: property, dbName: text(option(options, 'name')) ?? property, type: option(options, 'transformer') ? undefined : type,
    nullable: decorator.name === 'DeleteDateColumn' || literal(option(options, 'nullable')) === true,
    default: generated ? 'generated-id' : value || automatic ? 'database' : member.value ? 'client' : 'none',
    ...(plain !== undefined ? { defaultLiteral: plain } : initial !== undefined && !value && { defaultLiteral: initial }),
    ...(literal(option(options, 'select')) === false && { hidden: true }),
    ...(decorator.name === 'UpdateDateColumn' && { updatedAt: true }), ...(decorator.name === 'VersionColumn' && { version: true }),
    ...(decorator.name === 'DeleteDateColumn' && { deletedAt: true }), ...(structured && { structured: true }),
  };
}

function relationFrom(property: string, relation: Decorator, all: readonly Decorator[], member: TSESTree.PropertyDefinition, file: SourceFile): Relation | undefined {
  const first = relation.args[0];
  const body = first?.type === 'ArrowFunctionExpression' ? first.body : undefined;
  const type = declaredType(member.typeAnnotation, file);
  const target = body?.type === 'Identifier' ? body.name : text(first) ?? (type?.args[0] ?? type)?.name;
  if (!target) return undefined;
  const second = relation.args[1];
  const back = second?.type === 'ArrowFunctionExpression' && second.body.type === 'MemberExpression' ? keyName(second.body.property, second.body.computed) : text(second);
  const joins = all.find((one) => one.name === 'JoinColumn');
  const owns = relation.name === 'ManyToOne' || (relation.name === 'OneToOne' && joins !== undefined);
  const given = joins?.args[0]?.type === 'ArrayExpression' ? joins.args[0].elements.flatMap((one) => one ?? []) : [joins?.args[0]];
  const references = given.map((one) => text(option(one, 'referencedColumnName')) ?? 'id');
  const columns = given.map((one, index) => text(option(one, 'name')) ?? `${property}${references[index]!.charAt(0).toUpperCase()}${references[index]!.slice(1)}`);
  const eager = literal(option(optionsOf(relation), 'eager')) === true;
  return { name: property, target, columns: owns ? columns : [], references: owns ? references : [], many: /Many$/.test(relation.name), ...(back !== undefined && { inverse: back }), ...(eager && { eager }) };
}
