/** Classes as schemas: `@Schema()` with `@Prop()` (NestJS), `@prop()` with `@index()` (Typegoose). */
import type { TSESTree } from '@typescript-eslint/types';
import { keyName } from '../../source/syntax.ts';
import { importOf } from '../../source/types.ts';
import type { Node, SourceFile } from '../../source/file.ts';
import { emptyDefinition, properties, readDefinition } from './schema-definition.ts';
import { applyOptions, indexKey, type Schema } from './schema-file.ts';

const NEST = '@nestjs/mongoose';
const TYPEGOOSE: ReadonlySet<string> = new Set(['@typegoose/typegoose', 'typegoose']);

interface Decorator { readonly name: string; readonly from: string | undefined; readonly args: readonly Node[] }

function decoratorsOf(node: { readonly decorators: readonly TSESTree.Decorator[] | undefined }, file: SourceFile): Decorator[] {
  return (node.decorators ?? []).flatMap(({ expression }) => {
    const callee = expression.type === 'CallExpression' ? expression.callee : expression;
    if (callee.type !== 'Identifier') return [];
    const variable = file.variable(callee);
    const imported = variable && importOf(variable);
    return [{ name: imported?.name ?? callee.name, from: imported?.source, args: expression.type === 'CallExpression' ? expression.arguments : [] }];
  });
}

export function classSchema(node: TSESTree.ClassDeclaration | TSESTree.ClassExpression, file: SourceFile): Schema | undefined {
  if (!node.id) return undefined;
  const own = decoratorsOf(node, file);
  const isNest = own.some((one) => one.name === 'Schema' && one.from === NEST);
  const fields = node.body.body.flatMap((member) => (member.type === 'PropertyDefinition' ? [{ member, decorators: decoratorsOf(member, file) }] : []));
  const isProp = (one: Decorator): boolean => (one.name === 'Prop' && one.from === NEST) || (/^(?:prop|arrayProp|mapProp)$/i.test(one.name) && one.from !== undefined && TYPEGOOSE.has(one.from));
  if (!isNest && !fields.some(({ decorators }) => decorators.some(isProp))) return undefined;
  const definition = emptyDefinition();
  const schema: Schema = {
    variable: node.id.name, className: node.id.name, definition, sideEffects: [], place: { file: file.path, line: file.line(node.range[0]) }, collection: undefined, timestamps: false, optimistic: false, autoIndex: true,
    parent: node.superClass?.type === 'Identifier' ? node.superClass.name : undefined,
  };
  for (const { member, decorators } of fields) {
    const prop = decorators.find(isProp);
    const name = keyName(member.key, member.computed);
    if (!prop || name === undefined) continue;
    addField(name, member, prop, schema, file);
  }
  for (const one of own) {
    const [first, second] = one.args;
    if (one.name === 'Schema' && first) applyOptions(schema, first, file);
    if (one.name === 'modelOptions' && first) { const options = properties(first)?.get('schemaOptions'); if (options) applyOptions(schema, options, file); }
    if (one.name === 'index' && first) { const key = indexKey(first, second, file, schema.place); if (key) definition.keys.push(key); }
    if (one.name === 'pre' || one.name === 'post') schema.sideEffects.push(`the hook ${one.name}(${first ? file.slice(first) : ''})`);
    if (one.name === 'plugin') { schema.sideEffects.push(`the plugin ${first ? file.slice(first) : ''}`); definition.complete = false; }
  }
  return schema;
}

/** The options are those of a schema's path, of which the type may come from the property. */
function addField(name: string, member: TSESTree.PropertyDefinition, prop: Decorator, schema: Schema, file: SourceFile): void {
  const { definition } = schema;
  const options = prop.args.find((one) => one.type === 'ObjectExpression');
  const before = definition.columns.length;
  if (options && properties(options)!.size) {
    const typed = properties(options)!.has('type');
    // Without a type an object of options would be read as a nested path.
    const object = { ...options, properties: typed ? options.properties : [...options.properties, ...typeProperty(options)] };
    readDefinition({ ...options, properties: [{ type: 'Property', key: member.key, value: object, computed: false, kind: 'init', method: false, shorthand: false, optional: false, range: member.range, loc: member.loc, parent: options } as unknown as TSESTree.Property] }, definition, file);
  }
  if (definition.columns.length > before) {
    const made = definition.columns.at(-1)!;
    const annotation = member.typeAnnotation?.typeAnnotation;
    definition.columns[definition.columns.length - 1] = { ...made, name, dbName: name, type: properties(options!)?.has('type') ? made.type : typeText(annotation) ?? made.type, ...(structured(annotation) && { structured: true }) };
    return;
  }
  const annotation = member.typeAnnotation?.typeAnnotation;
  definition.columns.push({ name, dbName: name, type: typeText(annotation), nullable: true, default: 'none', ...(structured(annotation) && { structured: true }) });
}

/** `type: String`, as a stand-in where the property's annotation tells it. */
function typeProperty(options: Node): TSESTree.Property[] {
  const identifier = (name: string) => ({ type: 'Identifier', name, range: options.range, loc: options.loc, parent: options });
  return [{ type: 'Property', key: identifier('type'), value: identifier('String'), computed: false, kind: 'init', method: false, shorthand: false, optional: false, range: options.range, loc: options.loc, parent: options } as unknown as TSESTree.Property];
}

function typeText(annotation: Node | undefined): string | undefined {
  if (!annotation) return undefined;
  switch (annotation.type) {
    case 'TSStringKeyword': return 'string';
    case 'TSNumberKeyword': return 'number';
    case 'TSBooleanKeyword': return 'boolean';
    case 'TSArrayType': return 'array';
    default: return undefined;
  }
}

function structured(annotation: Node | undefined): boolean { return annotation?.type === 'TSArrayType' || annotation?.type === 'TSTypeLiteral'; }
