/** What one file declares: schemas with their indexes and hooks, models made of them, indexes that the driver is asked for. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Place, UniqueKey } from '../../schema/model.ts';
import { importOf } from '../../source/types.ts';
import { eachNode, keyName, unwrap } from '../../source/syntax.ts';
import type { Node, SourceFile } from '../../source/file.ts';
import { emptyDefinition, keyFrom, lastName, literalOf, objectOf, properties, readDefinition, type Definition } from './schema-definition.ts';
import { classSchema } from './schema-class.ts';

export interface Schema {
  /** Variable that holds it, or the class that it is made of. */
  readonly variable: string | undefined;
  /** Models have the class's name where the schema is made of one. */
  readonly className: string | undefined;
  readonly definition: Definition;
  readonly sideEffects: string[];
  readonly place: Place;
  collection: string | undefined;
  timestamps: boolean | ReadonlyMap<string, Node>;
  optimistic: boolean;
  /** `autoIndex: false`: somebody else must make the indexes. */
  autoIndex: boolean;
  readonly parent?: string | undefined;
}

export interface Model {
  readonly name: string;
  readonly collection: string | undefined;
  /** The schema where it was given in place, else the variable's name here and where it was imported from. */
  readonly schema: Schema | { readonly variable: string; readonly imported: string | undefined } | undefined;
  readonly place: Place;
}

export interface DriverIndex { readonly collection: string; readonly key: UniqueKey }

export interface Declared { readonly schemas: Schema[]; readonly models: Model[]; readonly indexes: DriverIndex[] }

export function readFile(file: SourceFile): Declared {
  const byNode = new Map<Node, Schema>();
  const byVariable = new Map<string, Schema>();
  const models: Model[] = [];
  const indexes: DriverIndex[] = [];
  const place = (node: Node): Place => ({ file: file.path, line: file.line(node.range[0]) });
  const calls: TSESTree.CallExpression[] = [];
  const note = (schema: Schema, node: Node): void => {
    byNode.set(node, schema);
    if (schema.variable !== undefined) byVariable.set(schema.variable, schema);
  };
  eachNode(file.ast, (node) => {
    if (node.type === 'CallExpression') calls.push(node);
    if ((node.type === 'NewExpression' || node.type === 'CallExpression') && isSchema(node.callee)) note(schemaOf(node, file), node);
    if (node.type === 'ClassDeclaration' || node.type === 'ClassExpression') {
      const made = classSchema(node, file);
      if (made) note(made, node);
    }
  });
  // `export const UserSchema = SchemaFactory.createForClass(User)`: another name for the class's schema.
  for (const node of calls) {
    if (node.callee.type !== 'MemberExpression' || keyName(node.callee.property, node.callee.computed) !== 'createForClass') continue;
    const made = node.arguments[0] && byVariable.get(lastName(node.arguments[0]) ?? '');
    const variable = variableOf(node);
    if (made && variable !== undefined) byVariable.set(variable, made);
  }
  for (const node of calls) {
    const { callee } = node;
    const method = callee.type === 'MemberExpression' ? keyName(callee.property, callee.computed) : callee.type === 'Identifier' ? callee.name : undefined;
    const owner = callee.type === 'MemberExpression' ? unwrap(callee.object) : undefined;
    const schema = owner && (owner.type === 'Identifier' ? byVariable.get(owner.name) : byNode.get(owner));
    if (schema && method !== undefined) { onSchema(schema, method, node, file); continue; }
    if (method === 'model' || isImported(callee, 'model', file)) {
      const made = modelOf(node, byNode, file, place(node));
      if (made) models.push(made);
    } else if (method === 'createIndex' || method === 'ensureIndex' || method === 'createIndexes') indexes.push(...driverIndexes(node, owner, method, file, place(node)));
  }
  return { schemas: [...new Set([...byNode.values(), ...byVariable.values()])], models, indexes };
}

function isSchema(callee: Node): boolean {
  const at = unwrap(callee);
  return (at.type === 'Identifier' && at.name === 'Schema') || (at.type === 'MemberExpression' && keyName(at.property, at.computed) === 'Schema');
}

function isImported(callee: Node, name: string, file: SourceFile): boolean {
  const variable = callee.type === 'Identifier' ? file.variable(callee) : undefined;
  const imported = variable && importOf(variable);
  return imported?.source === 'mongoose' && imported.name === name;
}

/** `const userSchema = new Schema(…)`, types and assertions aside; `exports.userSchema = …`. */
function variableOf(node: Node): string | undefined {
  let at: Node | undefined = node.parent;
  while (at && /^(?:TSAsExpression|TSNonNullExpression|TSSatisfiesExpression|TSTypeAssertion)$/.test(at.type)) at = at.parent;
  if (at?.type === 'VariableDeclarator' && at.id.type === 'Identifier') return at.id.name;
  return at?.type === 'AssignmentExpression' ? lastName(at.left) : undefined;
}

function schemaOf(node: TSESTree.NewExpression | TSESTree.CallExpression, file: SourceFile): Schema {
  const definition = emptyDefinition();
  const object = objectOf(node.arguments[0], file);
  if (object) readDefinition(object, definition, file); else if (node.arguments.length) definition.complete = false;
  const schema: Schema = { variable: variableOf(node), className: undefined, definition, sideEffects: [], place: { file: file.path, line: file.line(node.range[0]) }, collection: undefined, timestamps: false, optimistic: false, autoIndex: true };
  if (node.arguments[1]) applyOptions(schema, node.arguments[1], file);
  return schema;
}

export function applyOptions(schema: Schema, node: Node, file: SourceFile): void {
  const object = objectOf(node, file);
  if (!object) return;
  for (const [key, value] of properties(object)!) applyOption(schema, key, value);
}

function applyOption(schema: Schema, key: string, value: Node): void {
  const literal = literalOf(value)?.value;
  if (key === 'collection' && typeof literal === 'string') schema.collection = literal;
  if (key === 'timestamps') schema.timestamps = properties(value) ?? literal !== false;
  if (key === 'optimisticConcurrency') schema.optimistic = literal !== false;
  if (key === 'autoIndex') schema.autoIndex = literal !== false;
}

/** `schema.index({ a: 1, b: 1 }, { unique: true })`, `schema.pre('save', …)`, `schema.plugin(…)`, `schema.add(…)`. */
function onSchema(schema: Schema, method: string, node: TSESTree.CallExpression, file: SourceFile): void {
  const [first, second] = node.arguments;
  if (!first) return;
  switch (method) {
    case 'index': {
      const key = indexKey(first, second, file, { file: file.path, line: file.line(node.range[0]) });
      if (key) schema.definition.keys.push(key);
      return;
    }
    case 'pre': case 'post': schema.sideEffects.push(`the hook ${method}(${file.slice(first)})`); return;
    case 'plugin': {
      // A plugin adds paths, indexes, hooks.
      schema.sideEffects.push(`the plugin ${file.slice(first)}`);
      schema.definition.complete = false;
      return;
    }
    case 'add': {
      const object = objectOf(first, file);
      if (object) readDefinition(object, schema.definition, file); else schema.definition.complete = false;
      return;
    }
    case 'set': {
      const name = literalOf(first)?.value;
      if (typeof name === 'string' && second) applyOption(schema, name, second);
      return;
    }
    default:
  }
}

/** A unique index of `{ a: 1, b: -1 }` with these options; undefined where it is not unique, or not read. */
export function indexKey(fields: Node, options: Node | undefined, file: SourceFile, place: Place): UniqueKey | undefined {
  const given = options && properties(objectOf(options, file));
  if (!given || literalOf(given.get('unique'))?.value !== true) return undefined;
  const object = objectOf(fields, file);
  const columns = object ? [...properties(object)!.keys()] : typeof literalOf(fields)?.value === 'string' ? [String(literalOf(fields)!.value)] : [];
  return columns.length ? keyFrom(columns, given, place, (node) => file.slice(node)) : undefined;
}

function modelOf(node: TSESTree.CallExpression, byNode: ReadonlyMap<Node, Schema>, file: SourceFile, place: Place): Model | undefined {
  const [first, second, third] = node.arguments;
  if (!first || !second) return undefined;
  const literal = literalOf(first)?.value;
  const constant = unwrap(first).type === 'Identifier' ? constantText(first, file) : undefined;
  const name = typeof literal === 'string' ? literal : constant ?? className(first);
  if (name === undefined) return undefined;
  const at = unwrap(second);
  const collection = third && literalOf(third)?.value;
  const inPlace = byNode.get(at);
  const variable = at.type === 'Identifier' ? at : undefined;
  const binding = variable && file.variable(variable);
  const imported = binding && importOf(binding);
  return {
    name, collection: typeof collection === 'string' ? collection : undefined, place,
    schema: inPlace ?? (variable ? { variable: variable.name, imported: imported?.name } : at.type === 'MemberExpression' ? { variable: lastName(at) ?? '', imported: undefined } : undefined),
  };
}

/** `User.name`. */
function className(node: Node): string | undefined {
  const at = unwrap(node);
  return at.type === 'MemberExpression' && keyName(at.property, at.computed) === 'name' && at.object.type === 'Identifier' ? at.object.name : undefined;
}

function constantText(node: Node, file: SourceFile): string | undefined {
  const at = unwrap(node);
  const definition = at.type === 'Identifier' ? file.variable(at)?.defs[0]?.node as Node | undefined : undefined;
  const value = definition?.type === 'VariableDeclarator' && definition.init ? literalOf(definition.init)?.value : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** `db.collection('users').createIndex({ email: 1 }, { unique: true })`, `createIndexes([{ key: { … }, unique: true }])`. */
function driverIndexes(node: TSESTree.CallExpression, given: Node | undefined, method: string, file: SourceFile, place: Place): DriverIndex[] {
  const collection = given && collectionName(given, file);
  const [first, second] = node.arguments;
  if (collection === undefined || !first) return [];
  if (method !== 'createIndexes') {
    const key = indexKey(first, second, file, place);
    return key ? [{ collection, key }] : [];
  }
  const list = unwrap(first);
  return list.type !== 'ArrayExpression' ? [] : list.elements.flatMap((one) => {
    const fields = one && properties(one)?.get('key');
    const key = one && fields && indexKey(fields, one, file, place);
    return key ? [{ collection, key }] : [];
  });
}

function collectionName(given: Node, file: SourceFile): string | undefined {
  let at = unwrap(given);
  if (at.type === 'AwaitExpression') at = unwrap(at.argument);
  if (at.type === 'Identifier') {
    const definition = file.variable(at)?.defs[0]?.node as Node | undefined;
    return definition?.type === 'VariableDeclarator' && definition.init && definition.init.type !== 'Identifier' ? collectionName(definition.init, file) : undefined;
  }
  if (at.type !== 'CallExpression' || at.callee.type !== 'MemberExpression' || keyName(at.callee.property, at.callee.computed) !== 'collection') return undefined;
  const name = literalOf(at.arguments[0])?.value;
  return typeof name === 'string' ? name : undefined;
}
