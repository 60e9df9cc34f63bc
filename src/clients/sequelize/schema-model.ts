/** One model: the attributes and options of `define` and `init`, and what its associations add. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Column, Place, Relation, UniqueKey } from '../../schema/model.ts';
import type { Node, SourceFile } from '../../source/file.ts';
import { keyName } from '../../source/syntax.ts';
import { DEFAULT_SCOPE } from './options.ts';
import { fieldNames, lastName, listOf, literalOf, objectOf, option, snake, textOf } from './schema-nodes.ts';

export interface Model {
  readonly name: string;
  /** Is a table of its own; otherwise it may be a base class of one. */
  readonly declared: boolean;
  /** Variables that hold it in its file. */
  readonly parent: string | undefined;
  readonly columns: Map<string, Column>;
  readonly primary: string[];
  readonly keys: UniqueKey[];
  readonly relations: Relation[];
  readonly sideEffects: string[];
  readonly place: Place;
  readonly options: Options;
  complete: boolean;
}

export interface Options { tableName: string | undefined; schema: string | undefined; underscored: boolean | undefined; timestamps: boolean | undefined; paranoid: boolean; version: string | undefined; freeze: boolean; names: Map<string, string | false> }

export function emptyModel(name: string, declared: boolean, parent: string | undefined, place: Place): Model {
  return {
    name, declared, parent, columns: new Map(), primary: [], keys: [], relations: [], sideEffects: [], place, complete: true,
    options: { tableName: undefined, schema: undefined, underscored: undefined, timestamps: undefined, paranoid: false, version: undefined, freeze: false, names: new Map() },
  };
}

const STRUCTURED = /^(?:array|json|jsonb|hstore|range|geometry)$/i;

export function readAttributes(model: Model, node: Node | undefined, file: SourceFile): void {
  const object = objectOf(node, file);
  if (!object) { model.complete = false; return; }
  for (const one of object.properties) {
    if (one.type === 'SpreadElement') { readAttributes(model, one.argument, file); continue; }
    const name = keyName(one.key, one.computed);
    if (name === undefined) { model.complete = false; continue; }
    readAttribute(model, name, one.value, file, { file: file.path, line: file.line(one.range[0]) });
  }
}

/** `DataTypes.STRING`, `{ type, allowNull, unique, primaryKey, … }`. */
export function readAttribute(model: Model, name: string, given: Node | undefined, file: SourceFile, place: Place): void {
  const options = objectOf(given, file);
  const type = lastName(option(options, 'type') ?? (options ? undefined : given))?.toLowerCase();
  const flag = (key: string): unknown => literalOf(option(options, key), file)?.value;
  if (type === 'virtual') return;
  const primary = flag('primaryKey') === true;
  const fallback = option(options, 'defaultValue');
  const literal = fallback && literalOf(fallback, file);
  model.columns.set(name, {
    name, dbName: textOf(option(options, 'field'), file) ?? '', type, nullable: primary ? false : option(options, 'allowNull') ? flag('allowNull') !== false : true,
    default: flag('autoIncrement') === true || flag('autoIncrementIdentity') === true ? 'generated-id' : fallback && !(literal?.value === null) ? 'client' : 'none',
    ...(literal && { defaultLiteral: literal.value }), ...((type !== undefined && STRUCTURED.test(type) || option(options, 'get') || option(options, 'set')) && { structured: true }),
  });
  if (primary) model.primary.push(name);
  const unique = option(options, 'unique');
  if (unique) addUnique(model, name, unique, file, place);
}

/** `true`, `'name of a compound key'`, `{ name }`. */
export function addUnique(model: Model, name: string, unique: Node | undefined, file: SourceFile, place: Place): void {
  const literal = unique && literalOf(unique, file)?.value;
  if (literal === false) return;
  const keyName = typeof literal === 'string' ? literal : textOf(option(objectOf(unique, file), 'name'), file);
  addToKey(model, name, keyName, place);
}

/** Attributes that name the same key make it up together. */
export function addToKey(model: Model, column: string, name: string | undefined, place: Place, more: Partial<UniqueKey> = {}): void {
  const index = name === undefined ? -1 : model.keys.findIndex((one) => one.name === name);
  if (index < 0) model.keys.push({ name, columns: [column], primary: false, place, ...more });
  else model.keys[index] = { ...model.keys[index]!, columns: [...model.keys[index]!.columns, column], ...more };
}

export function readOptions(model: Model, node: Node | undefined, file: SourceFile): void {
  const object = objectOf(node, file);
  if (!object) return;
  const { options } = model;
  const flag = (key: string): unknown => literalOf(option(object, key), file)?.value;
  options.tableName = textOf(option(object, 'tableName'), file) ?? options.tableName;
  options.schema = textOf(option(object, 'schema'), file) ?? options.schema;
  if (typeof flag('underscored') === 'boolean') options.underscored = flag('underscored') as boolean;
  if (typeof flag('timestamps') === 'boolean') options.timestamps = flag('timestamps') as boolean;
  options.paranoid ||= flag('paranoid') === true;
  options.freeze ||= flag('freezeTableName') === true;
  const version = flag('version');
  if (version === true) options.version = 'version';
  if (typeof version === 'string') options.version = version;
  for (const key of ['createdAt', 'updatedAt', 'deletedAt']) { const name = flag(key); if (typeof name === 'string' || name === false) options.names.set(key, name); }
  const indexes = listOf(option(object, 'indexes'), file);
  if (option(object, 'indexes') && !indexes) model.complete = false;
  for (const one of indexes ?? []) readIndex(model, one, file);
  const hooks = objectOf(option(object, 'hooks'), file);
  for (const one of hooks?.properties ?? []) if (one.type === 'Property') model.sideEffects.push(`the hook ${keyName(one.key, one.computed) ?? ''}`);
  if (option(objectOf(option(object, 'defaultScope'), file), 'where')) model.sideEffects.push(DEFAULT_SCOPE);
}

/** `{ unique: true, fields: ['teamId', 'email'], where: { deletedAt: null }, name }`. */
export function readIndex(model: Model, node: Node, file: SourceFile): void {
  const object = objectOf(node, file);
  if (!object) { model.complete = false; return; }
  const type = textOf(option(object, 'type'), file);
  const unique = option(object, 'unique');
  if (type?.toLowerCase() !== 'unique' && !(unique && literalOf(unique, file)?.value !== false)) return;
  const { names, expression } = fieldNames(option(object, 'fields'), file);
  if (!names.length && !expression) { model.complete = false; return; }
  const where = option(object, 'where');
  model.keys.push({
    name: textOf(option(object, 'name'), file), columns: names, primary: false, place: { file: file.path, line: file.line(node.range[0]) },
    ...(where && { where: file.slice(where) }), ...(expression && { expression: true }),
  });
}

export const ASSOCIATIONS: ReadonlySet<string> = new Set(['belongsTo', 'hasMany', 'hasOne', 'belongsToMany']);

const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

/** `User.belongsTo(models.Team, { foreignKey: 'teamId', as: 'team' })`. */
export function association(model: Model, kind: string, target: string, options: TSESTree.ObjectExpression | undefined, file: SourceFile, property?: string, found?: string): void {
  const given = option(options, 'foreignKey');
  const foreignKey = textOf(given, file) ?? textOf(option(objectOf(given, file), 'name') ?? option(objectOf(given, file), 'fieldName'), file) ?? found;
  const as = property ?? textOf(option(options, 'as'), file);
  const many = kind === 'hasMany' || kind === 'belongsToMany';
  const name = as ?? (many ? plural(target) : target);
  if (kind === 'belongsTo') {
    const column = foreignKey ?? `${lowerFirst(as ?? target)}Id`;
    model.relations.push({ name, target, columns: [column], references: [textOf(option(options, 'targetKey'), file) ?? 'id'], many: false });
    if (!model.columns.has(column)) model.columns.set(column, { name: column, dbName: '', type: undefined, nullable: 'unknown', default: 'none' });
  } else model.relations.push({ name, target, columns: [], references: [], many });
}

const IRREGULAR: Readonly<Record<string, string>> = { person: 'people', child: 'children', man: 'men', woman: 'women', foot: 'feet', tooth: 'teeth', mouse: 'mice' };
const UNCOUNTABLE: ReadonlySet<string> = new Set(['equipment', 'information', 'money', 'news', 'series', 'species', 'fish', 'sheep', 'data', 'media']);

/** The table's name that Sequelize makes of a model's. */
export function plural(name: string): string {
  const lower = name.toLowerCase();
  for (const [one, many] of Object.entries(IRREGULAR)) if (lower.endsWith(one)) return name.slice(0, -one.length) + (/[A-Z]/.test(name.at(-one.length)!) ? many.charAt(0).toUpperCase() + many.slice(1) : many);
  if ([...UNCOUNTABLE].some((one) => lower.endsWith(one))) return name;
  if (/[^aeiou]y$/i.test(name)) return `${name.slice(0, -1)}ies`;
  if (/sis$/i.test(name)) return `${name.slice(0, -2)}es`;
  if (/(?:x|ch|ss|sh|us)$/i.test(name)) return `${name}es`;
  return /s$/i.test(name) ? name : `${name}s`;
}

/** The database's names, and the columns that the library adds. */
export function tableName({ name, options }: Model): string {
  if (options.tableName !== undefined) return options.tableName;
  const base = options.freeze ? name : plural(name);
  return options.underscored ? snake(base) : base;
}

