/**
 * Answers that are the same but for literals: `{ id, created: true }` after an insert and `{ id, created: false }` otherwise. Whether the row
 * is new is something that the function knows, so one answer can stand for both.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Edit } from '../../model.ts';
import type { SourceFile } from '../../source/file.ts';
import { contains, eachNode } from '../../source/syntax.ts';
import type { Node } from '../../value/terms.ts';
import { withParentheses } from '../syntax.ts';

const TOKEN = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\d[\w.]*|[\w$§]+|\S/g;
const LITERAL = /^(?:'|"|\d|true$|false$)/;

/** The literals that differ: the how-manieth of the text's literals, and what stands there in each. */
export interface Difference { readonly at: number; readonly one: string; readonly other: string }

/** Undefined when more than literals differs. */
export function differences(one: string, other: string): readonly Difference[] | undefined {
  const [a, b] = [one.match(TOKEN) ?? [], other.match(TOKEN) ?? []];
  if (a.length !== b.length) return undefined;
  const found: Difference[] = [];
  let literals = 0;
  for (const [index, token] of a.entries()) {
    const isLiteral = LITERAL.test(token);
    if (token !== b[index]) {
      if (!isLiteral || !LITERAL.test(b[index]!)) return undefined;
      found.push({ at: literals, one: token, other: b[index]! });
    }
    if (isLiteral) literals++;
  }
  return found;
}

/** `true` → `user.created`, `201` → `(user.created ? 201 : 200)`; undefined when the literals cannot be found again. `left`: what is replaced as a whole. */
export function tellApart(statement: Node, found: readonly Difference[], row: string, left: Node | undefined, file: SourceFile): Edit[] | undefined {
  const literals: TSESTree.Literal[] = [];
  eachNode(statement, (one) => {
    if (left && contains(left, one)) return false;
    if (one.type === 'Literal' && (typeof one.value === 'string' || typeof one.value === 'number' || typeof one.value === 'boolean')) literals.push(one);
    return one.type !== 'TemplateLiteral';
  });
  literals.sort((a, b) => a.range[0] - b.range[0]);
  const edits: Edit[] = [];
  for (const { at, one, other } of found) {
    const literal = literals[at];
    if (!literal || file.slice(literal) !== one) return undefined;
    const isNew = `${row}.created`;
    const choice = one === 'true' && other === 'false' ? isNew : one === 'false' && other === 'true' ? `!${isNew}` : `${isNew} ? ${one} : ${other}`;
    const [start, end] = withParentheses(literal, file.text);
    const stands = /^(?:Property|CallExpression|ReturnStatement|ArrayExpression)$/.test(literal.parent.type) || !choice.includes(' ');
    edits.push({ start, end, text: stands ? choice : `(${choice})` });
  }
  return edits;
}
