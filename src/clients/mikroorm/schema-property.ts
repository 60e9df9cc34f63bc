/** One property of an entity, whichever of the three ways it is declared in: column, key, relation, embedded object. */
import type { Node, SourceFile } from '../../source/file.ts';
import { keyName, unwrap } from '../../source/syntax.ts';
import type { Column, Place, Relation, UniqueKey } from '../../schema/model.ts';

/** What is declared of a property or an entity: an option's value, or true where it is named alone. */
export type Options = ReadonlyMap<string, Node | true>;

export type PropertyKind = 'column' | 'm:1' | '1:1' | '1:m' | 'm:n' | 'embedded' | 'none';

export interface Property {
  readonly name: string;
  readonly kind: PropertyKind;
  readonly options: Options;
  /** The declared type, where options give none: `string`, `Date`, a class. */
  readonly type: string | undefined;
  /** The other entity of a relation, the class of an embedded object. */
  readonly target: string | undefined;
  /** The field's own default, which instances are born with. */
  readonly initial: Node | undefined;
  readonly nullable: boolean;
  readonly node: Node;
}

/** What a class, a schema object or an embeddable says, before base classes are joined to it. */
export interface Draft {
  readonly name: string;
  readonly kind: 'entity' | 'embeddable' | 'base';
  readonly tableName: string | undefined;
  readonly schema: string | undefined;
  readonly superclass: { readonly name: string; readonly from: string | undefined } | undefined;
  readonly columns: readonly Column[];
  readonly primary: readonly string[];
  /** Columns as properties; those of relations and embedded objects are put in their place later. */
  readonly keys: readonly UniqueKey[];
  readonly relations: readonly Relation[];
  readonly embedded: readonly { readonly property: string; readonly target: string; readonly prefix: string | false | undefined }[];
  readonly sideEffects: readonly string[];
  readonly complete: boolean;
  readonly place: Place;
}

export function optionsOf(node: Node | undefined | null): Options {
  const found = new Map<string, Node | true>();
  const object = node && unwrap(node);
  if (object?.type === 'ObjectExpression') {
    for (const one of object.properties) {
      const key = one.type === 'Property' ? keyName(one.key, one.computed) : undefined;
      if (one.type === 'Property' && key !== undefined) found.set(key, unwrap(one.value as Node));
    }
  }
  return found;
}

export function literal(node: Node | true | undefined): string | number | boolean | null | undefined {
  if (node === true) return true;
  return node?.type === 'Literal' && (node.value === null || ['string', 'number', 'boolean'].includes(typeof node.value)) ? node.value as string | number | boolean | null
    : node?.type === 'TemplateLiteral' && !node.expressions.length ? node.quasis[0]!.value.cooked ?? undefined : undefined;
}
export const text = (node: Node | true | undefined): string | undefined => { const value = literal(node); return typeof value === 'string' ? value : undefined; };
export const is = (options: Options, key: string): boolean => { const value = options.get(key); return value !== undefined && literal(value) !== false; };
export const underscore = (name: string): string => name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();

/** The class that `() => User`, `'User'`, `User` name. */
export function className(node: Node | true | undefined): string | undefined {
  if (node === undefined || node === true) return undefined;
  const at = unwrap(node);
  if (at.type === 'ArrowFunctionExpression') return at.body.type === 'BlockStatement' ? undefined : className(at.body);
  return at.type === 'Identifier' ? at.name : text(at);
}

/** The property that `(book) => book.author` or `'author'` names. */
export function propertyName(node: Node | true | undefined): string | undefined {
  if (node === undefined || node === true) return undefined;
  if (node.type === 'ArrowFunctionExpression') return node.body.type === 'MemberExpression' ? keyName(node.body.property, node.body.computed) : undefined;
  return text(node);
}

/** `['a', 'b']`, `'a'`. */
export function names(node: Node | true | undefined): readonly string[] | undefined {
  if (node === undefined || node === true) return undefined;
  const list = node.type === 'ArrayExpression' ? node.elements.map((one) => text(one ?? undefined)) : [text(node)];
  return list.length && list.every((one) => one !== undefined) ? list : undefined;
}

export function columnFrom({ name, options, type, initial, nullable }: Property): Column | undefined {
  // What is not stored: formulas, virtual fields.
  if (options.has('formula') || literal(options.get('persist')) === false) return undefined;
  const declared = text(options.get('columnType')) ?? text(options.get('type')) ?? typeName(options.get('type')) ?? type;
  const kind = declared?.replace(/^t\.|\(.*$/g, '').replace(/Type$/, '').toLowerCase();
  const value = options.get('default') ?? options.get('defaultRaw');
  const plain = literal(options.get('default') ?? undefined);
  const born = literal(initial);
  const isPrimary = is(options, 'primary');
  // A whole number as the key is made by the database, unless it is told not to.
  const generated = isPrimary && literal(options.get('autoincrement')) !== false && (is(options, 'autoincrement') || kind === undefined || /^(?:number|int|integer|bigint|smallint|mediumint)$/.test(kind)) && !initial && !value && !options.has('onCreate');
  const isVersion = is(options, 'version');
  return {
    name, dbName: text(options.get('fieldName')) ?? text(options.get('name')) ?? underscore(name),
    // What a type of the project's own makes of a value is not known, whatever the database's type.
    type: kind, nullable: nullable || is(options, 'nullable'),
    default: generated ? 'generated-id' : value || isVersion ? 'database' : initial || options.has('onCreate') ? 'client' : 'none',
    ...(plain !== undefined ? { defaultLiteral: plain } : born !== undefined && { defaultLiteral: born }),
    ...(options.has('onUpdate') && { updatedAt: true }), ...(isVersion && { version: true }), ...(is(options, 'lazy') && { hidden: true }),
    ...(/^deleted_?at$/i.test(name) && { deletedAt: true }),
    ...(/^(?:json|jsonb|array|enumarray|simple-array|blob|object|record|dictionary)$/.test(kind ?? '') || is(options, 'array') || kind?.endsWith('[]') ? { structured: true } : {}),
  };
}

function typeName(node: Node | true | undefined): string | undefined {
  if (node === undefined || node === true) return undefined;
  if (node.type === 'Identifier') return node.name;
  if (node.type === 'MemberExpression') return keyName(node.property, node.computed);
  return node.type === 'NewExpression' && node.callee.type === 'Identifier' ? node.callee.name : undefined;
}

/** Collects properties into the parts of a draft. */
export class Parts {
  readonly columns: Column[] = [];
  readonly primary: string[] = [];
  readonly keys: UniqueKey[] = [];
  readonly relations: Relation[] = [];
  readonly embedded: { property: string; target: string; prefix: string | false | undefined }[] = [];
  readonly sideEffects: string[] = [];
  complete = true;
  readonly #file: SourceFile;

  constructor(file: SourceFile) { this.#file = file; }

  place(node: Node): Place { return { file: this.#file.path, line: this.#file.line(node.range[0]) }; }

  /** `@Unique({ properties })` and the like. An expression is no plain key; a `where` makes it partial. */
  unique(options: Options, columns: readonly string[] | undefined, node: Node): void {
    const where = text(options.get('where'));
    if (options.has('expression') || !columns) { this.complete = false; return; }
    this.keys.push({
      name: text(options.get('name')), columns, primary: false, place: this.place(node),
      ...(options.has('where') && { where: where ?? 'unknown' }), ...(options.has('deferMode') && { deferrable: true }),
    });
  }

  add(property: Property): void {
    const { name, kind, options, node, target } = property;
    if (is(options, 'primary')) this.primary.push(name);
    const given = options.get('unique');
    const isUnique = given !== undefined && literal(given) !== false;
    switch (kind) {
      case 'none': return;
      case 'embedded': {
        if (is(options, 'object') || is(options, 'array')) { this.columns.push({ name, dbName: text(options.get('fieldName')) ?? underscore(name), type: 'json', nullable: property.nullable || is(options, 'nullable'), default: property.initial ? 'client' : 'none', structured: true }); return; }
        const prefix = literal(options.get('prefix'));
        if (target === undefined) this.complete = false;
        else this.embedded.push({ property: name, target, prefix: prefix === false ? false : typeof prefix === 'string' ? prefix : undefined });
        return;
      }
      case 'column': {
        const column = columnFrom(property);
        if (!column) return;
        this.columns.push(column);
        if (isUnique && !is(options, 'primary')) this.keys.push({ name: text(given), columns: [name], primary: false, place: this.place(node) });
        return;
      }
      default:
    }
    if (target === undefined) { this.complete = false; return; }
    const owns = kind === 'm:1' || (kind === '1:1' && !options.has('mappedBy') && literal(options.get('owner')) !== false);
    const inverse = propertyName(options.get('mappedBy')) ?? propertyName(options.get('inversedBy'));
    // The code's name of the foreign key is the property itself.
    this.relations.push({ name, target, columns: owns ? [name] : [], references: owns ? ['id'] : [], many: kind === '1:m' || kind === 'm:n', ...(inverse !== undefined && { inverse }), ...(is(options, 'eager') && { eager: true }) });
    if (owns) {
      const joined = text(options.get('joinColumn')) ?? text(options.get('fieldName'));
      this.columns.push({ name, dbName: joined ?? `${underscore(name)}_id`, type: undefined, nullable: property.nullable || is(options, 'nullable'), default: 'none' });
      if (!is(options, 'primary') && (isUnique || kind === '1:1')) this.keys.push({ name: undefined, columns: [name], primary: false, place: this.place(node) });
    }
    if (options.has('orphanRemoval') && literal(options.get('orphanRemoval')) !== false) this.sideEffects.push(`orphan removal of ${name}`);
  }
}
