/**
 * The string syntax of `.or('a.eq.1,and(b.gt.2,not.c.is.null)')`. Interpolated values stay the values they are in code: a
 * template is read with place holders in their stead. What is not understood gives `undefined`, never a guess.
 */
import type { Node, Value } from '../../model.ts';
import type { ClientContext } from '../client.ts';
import { splitOutside } from './columns.ts';
import { rawComparison } from './filters.ts';
import type { RawComparison } from './filters.ts';

/** A disjunctive form with more arms than this is not read: no real filter has so many, and it grows without bound. */
const MAX_ARMS = 32;
/** Stands for the n-th interpolated value; a private-use character that no filter contains. */
const MARK = '\uE000';
const PLACE = new RegExp(`${MARK}(\\d+)${MARK}`);

/** The arms of `text`, or undefined when it is not a known string or does not parse. */
export function readLogic(text: Value, node: Node | undefined, context: ClientContext): RawComparison[][] | undefined {
  const source = template(text, node, context);
  if (!source) return undefined;
  const parts = splitOutside(source.text, ',').map((part) => term(part.trim(), false, source.values, node, context));
  return disjunction(parts);
}

type Arms = RawComparison[][];

function disjunction(parts: readonly (Arms | undefined)[]): Arms | undefined {
  if (parts.some((part) => !part)) return undefined;
  const arms = parts.flatMap((part) => part!);
  return arms.length && arms.length <= MAX_ARMS ? arms : undefined;
}

function conjunction(parts: readonly (Arms | undefined)[]): Arms | undefined {
  let arms: Arms = [[]];
  for (const part of parts) {
    if (!part || arms.length * part.length > MAX_ARMS) return undefined;
    arms = arms.flatMap((left) => part.map((right) => [...left, ...right]));
  }
  return arms;
}

function term(text: string, negated: boolean, values: readonly Value[], node: Node | undefined, context: ClientContext): Arms | undefined {
  const group = /^(?<not>not\.)?(?<kind>and|or)\((?<inside>.*)\)$/s.exec(text)?.groups;
  if (group) {
    const no = negated !== Boolean(group['not']);
    const parts = splitOutside(group['inside']!, ',').map((part) => term(part.trim(), no, values, node, context));
    return (group['kind'] === 'and') !== no ? conjunction(parts) : disjunction(parts);
  }
  const plain = /^(?<column>(?:"[^"]*"|[^."\s(),])+(?:\.(?!(?:not\.)?\w+(?:\(\w+\))?\.)[\w"]+)*)\.(?<not>not\.)?(?<operator>[a-z]+)(?:\((?<modifier>\w+)\))?\.(?<value>.*)$/s.exec(text)?.groups;
  // A column or operator that is interpolated could be any.
  if (!plain || plain['column']!.includes(MARK)) return undefined;
  const value = valueOf(plain['value']!, plain['operator'] === 'in', values, node, context);
  if (!value) return undefined;
  const name = plain['modifier'] ? 'quantified' : plain['operator']!;
  return [[rawComparison(plain['column']!, name, negated !== Boolean(plain['not']), value, node, context)]];
}

/** One value: an interpolated one, or a literal; `"…"` quotes, and a list stays a list only when it is one interpolation. */
function valueOf(text: string, list: boolean, values: readonly Value[], node: Node | undefined, context: ClientContext): Value | undefined {
  const bare = text.replace(/^\((.*)\)$/s, '$1').replace(/^"(.*)"$/s, '$1');
  const place = PLACE.exec(bare);
  if (place && place[0] === bare) return values[Number(place[1])];
  const inside = [...bare.matchAll(new RegExp(PLACE, 'g'))].map((one) => values[Number(one[1])]!);
  // `%${term}%`, or a list of literals and values: depends on what was interpolated, equal to none of it.
  if (inside.length || list) return node ? context.terms.unknown(node, inside) : undefined;
  return context.terms.literal(bare === 'null' ? null : bare);
}

/** The text of a string value, with a place holder for each interpolated value. */
function template(text: Value, node: Node | undefined, context: ClientContext): { text: string; values: Value[] } | undefined {
  const literal = context.literal(text);
  if (literal) return typeof literal.value === 'string' ? { text: literal.value, values: [] } : undefined;
  if (text.kind !== 'expression') return undefined;
  const values: Value[] = [];
  const hold = (value: Value): string => {
    const known = context.literal(value);
    if (known) return String(known.value);
    if (value.kind === 'expression' && value.operator === '+') return value.operands.map(hold).join('');
    values.push(value);
    return `${MARK}${values.length - 1}${MARK}`;
  };
  if (text.operator === '+') return { text: hold(text), values };
  if (text.operator !== 'template') return undefined;
  // Operands are either text and values in turn, or the values alone; then the text stands in the node.
  const quasis = node?.type === 'TemplateLiteral' ? node.quasis.map((one) => one.value.cooked ?? '') : undefined;
  if (quasis && text.operands.length === quasis.length - 1) {
    return { text: quasis.map((quasi, at) => quasi + (at < text.operands.length ? hold(text.operands[at]!) : '')).join(''), values };
  }
  return { text: text.operands.map(hold).join(''), values };
}
