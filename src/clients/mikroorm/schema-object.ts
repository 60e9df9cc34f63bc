/** Entities without decorators: `new EntitySchema({ class, properties })`, `defineEntity({ name, properties: (p) => ({ … }) })`. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Node, SourceFile } from '../../source/file.ts';
import { keyName, unwrap } from '../../source/syntax.ts';
import { chainOf } from '../common/migrations.ts';
import { className, names, optionsOf, Parts, text, type Draft, type Options, type Property, type PropertyKind } from './schema-property.ts';

const KINDS: Readonly<Record<string, PropertyKind>> = {
  'm:1': 'm:1', MANY_TO_ONE: 'm:1', manyToOne: 'm:1', '1:1': '1:1', ONE_TO_ONE: '1:1', oneToOne: '1:1', '1:m': '1:m', ONE_TO_MANY: '1:m', oneToMany: '1:m', 'm:n': 'm:n', MANY_TO_MANY: 'm:n', manyToMany: 'm:n',
  embedded: 'embedded', EMBEDDED: 'embedded', formula: 'none',
};

/** The entity of an initialiser; undefined when it is something else. */
export function objectDraft(init: Node | null | undefined, variable: string | undefined, file: SourceFile): Draft | undefined {
  const node = init ? unwrap(init) : undefined;
  if ((node?.type !== 'NewExpression' && node?.type !== 'CallExpression') || node.callee.type !== 'Identifier') return undefined;
  if (node.callee.name !== (node.type === 'NewExpression' ? 'EntitySchema' : 'defineEntity')) return undefined;
  const options = optionsOf(node.arguments[0]);
  const name = text(options.get('name')) ?? className(options.get('class')) ?? (node.type === 'CallExpression' ? variable : undefined);
  if (name === undefined) return undefined;
  const parts = new Parts(file);
  const listed = propertiesOf(options.get('properties'));
  if (!listed) parts.complete = false;
  for (const one of listed?.properties ?? []) {
    const property = one.type === 'Property' ? propertyOf(one) : undefined;
    if (property) parts.add(property);
    // Spread in from elsewhere: the columns are there, and not known here.
    else parts.complete = false;
  }
  for (const list of ['uniques', 'indexes']) {
    const given = options.get(list);
    if (given === undefined || list === 'indexes') continue;
    if (given === true || given.type !== 'ArrayExpression') { parts.complete = false; continue; }
    for (const one of given.elements) {
      const own = optionsOf(one);
      parts.unique(own, names(own.get('properties')), one ?? node);
    }
  }
  for (const key of ['hooks', 'filters']) if (options.has(key)) parts.sideEffects.push(`${key} of the schema`);
  const base = className(options.get('extends'));
  return {
    name, kind: literalTrue(options, 'abstract') ? 'base' : literalTrue(options, 'embeddable') ? 'embeddable' : 'entity', tableName: text(options.get('tableName')) ?? text(options.get('collection')), schema: text(options.get('schema')),
    superclass: base === undefined ? undefined : { name: base, from: undefined },
    columns: parts.columns, primary: parts.primary, keys: parts.keys, relations: parts.relations, embedded: parts.embedded, sideEffects: parts.sideEffects, complete: parts.complete, place: parts.place(node),
  };
}

const literalTrue = (options: Options, key: string): boolean => { const value = options.get(key); return value === true || (value?.type === 'Literal' && value.value === true); };

/** `{ … }`, or what `(p) => ({ … })` gives back. */
function propertiesOf(node: Node | true | undefined): TSESTree.ObjectExpression | undefined {
  if (node === undefined || node === true) return undefined;
  const at = node.type === 'ArrowFunctionExpression' && node.body.type !== 'BlockStatement' ? unwrap(node.body) : node;
  return at.type === 'ObjectExpression' ? at : undefined;
}

function propertyOf(property: TSESTree.Property): Property | undefined {
  const name = keyName(property.key, property.computed);
  if (name === undefined) return undefined;
  let value = unwrap(property.value as Node);
  // `author: () => p.manyToOne(Author)`.
  if (value.type === 'ArrowFunctionExpression' && value.body.type !== 'BlockStatement') value = unwrap(value.body);
  const base = { name, initial: undefined, nullable: false, node: property };
  if (value.type === 'ObjectExpression') {
    const options = optionsOf(value);
    const kind = options.get('kind') ?? options.get('reference');
    const named = kind === undefined || kind === true ? undefined : kind.type === 'MemberExpression' ? keyName(kind.property, kind.computed) : text(kind);
    return { ...base, kind: named === undefined ? 'column' : KINDS[named] ?? 'column', options, type: undefined, target: className(options.get('entity')) ?? className(options.get('type')) };
  }
  const { steps } = chainOf(value);
  const [first, ...rest] = steps;
  if (!first) return undefined;
  const options = new Map<string, Node | true>();
  const given = first.args[0];
  for (const step of rest) options.set(step.name === 'ref' ? 'ref' : step.name, step.args[0] ?? true);
  const kind = KINDS[first.name] ?? 'column';
  return { ...base, kind, options, type: kind === 'column' ? TYPES[first.name] ?? first.name : undefined, target: kind === 'column' ? undefined : className(given) };
}

const TYPES: Readonly<Record<string, string>> = { integer: 'integer', float: 'number', double: 'number', decimal: 'decimal', array: 'array', json: 'json', uuid: 'uuid' };
