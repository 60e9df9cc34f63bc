/** What sort of value a column holds, as far as comparisons and sums in SQL must give what those in code gave. */
import type { Column, Table } from '../../schema/model.ts';
import type { SourceFile } from '../../source/file.ts';
import { unwrap } from '../../source/syntax.ts';
import type { Node } from '../../value/terms.ts';

export type Kind = 'integer' | 'big' | 'float' | 'decimal' | 'boolean' | 'moment' | 'reference' | 'text' | 'other';

const KINDS: readonly (readonly [RegExp, Kind])[] = [
  [/^(?:int|integer|smallint|mediumint|int2|int4|serial|smallserial|number)$/, 'integer'],
  [/^(?:bigint|int8|bigserial)$/, 'big'],
  [/^(?:float|float4|float8|double|double precision|real)$/, 'float'],
  [/^(?:decimal|numeric|money)$/, 'decimal'],
  [/^(?:bool|boolean)$/, 'boolean'],
  [/^(?:date|datetime|datetime2|timestamp\w*|timestamp with(?:out)? time zone)$/, 'moment'],
  [/^(?:uuid|objectid)$/, 'reference'],
  [/^(?:json|jsonb|hstore|bytes|bytea|blob|xml|array|simple-\w+|any|unknown|object)$/, 'other'],
];

export function kindOf(column: Column, table: Table): Kind {
  if (column.structured || column.type === undefined) return 'other';
  // A foreign key is never the empty text: no row has that key.
  if (table.relations.some((one) => one.columns.length === 1 && one.columns[0] === column.name)) return 'reference';
  return KINDS.find(([pattern]) => pattern.test(column.type!))?.[1] ?? 'text';
}

/** Whether an expression is surely a number: `unknown` where its type stands elsewhere. */
export function isNumber(node: Node, file: SourceFile, depth = 5): boolean | 'unknown' {
  const at = unwrap(node);
  if (depth === 0) return 'unknown';
  const again = (one: Node): boolean | 'unknown' => isNumber(one, file, depth - 1);
  const both = (one: Node, other: Node): boolean | 'unknown' => { const [a, b] = [again(one), again(other)]; return a === false || b === false ? false : a === true && b === true ? true : 'unknown'; };
  switch (at.type) {
    case 'Literal': return typeof at.value === 'number';
    case 'TemplateLiteral': return false;
    case 'UnaryExpression': return at.operator === '-' ? again(at.argument) : at.operator === '+' ? true : 'unknown';
    case 'BinaryExpression': return /^(?:[-*/%]|\*\*)$/.test(at.operator) ? true : at.operator === '+' ? both(at.left, at.right) : false;
    case 'ConditionalExpression': return both(at.consequent, at.alternate);
    case 'LogicalExpression': return both(at.left, at.right);
    case 'CallExpression': return /^(?:Number|parseInt|parseFloat|Math\.\w+)$/.test(file.slice(at.callee)) ? true : 'unknown';
    case 'MemberExpression': return !at.computed && at.property.type === 'Identifier' && at.property.name === 'length' ? true : 'unknown';
    case 'Identifier': return ofVariable(at, file, again);
    default: return 'unknown';
  }
}

function ofVariable(node: Node, file: SourceFile, again: (one: Node) => boolean | 'unknown'): boolean | 'unknown' {
  const [def, ...more] = file.variable(node)?.defs ?? [];
  const name = def?.name as Node | undefined;
  if (!def || more.length || name?.type !== 'Identifier') return 'unknown';
  const type = name.typeAnnotation?.typeAnnotation.type;
  if (type) return type === 'TSNumberKeyword' && !name.optional ? true : 'unknown';
  if (def.type === 'Variable' && def.node.type === 'VariableDeclarator') return def.parent?.type === 'VariableDeclaration' && def.parent.kind === 'const' && def.node.id === name && def.node.init ? again(def.node.init as Node) : 'unknown';
  if (def.type !== 'Parameter') return 'unknown';
  // `amount = 1`
  if (name.parent.type === 'AssignmentPattern' && name.parent.left === name) return again(name.parent.right);
  return inPattern(name);
}

/** `({ amount }: { amount: number })`. */
function inPattern(name: Node): boolean | 'unknown' {
  const property = name.parent;
  const pattern = property?.type === 'Property' ? property.parent : undefined;
  const literal = pattern?.type === 'ObjectPattern' ? pattern.typeAnnotation?.typeAnnotation : undefined;
  if (literal?.type !== 'TSTypeLiteral' || property?.type !== 'Property' || property.key.type !== 'Identifier') return 'unknown';
  const key = property.key.name;
  const member = literal.members.find((one) => one.type === 'TSPropertySignature' && one.key.type === 'Identifier' && one.key.name === key);
  return member?.type === 'TSPropertySignature' && !member.optional && member.typeAnnotation?.typeAnnotation.type === 'TSNumberKeyword' ? true : 'unknown';
}
