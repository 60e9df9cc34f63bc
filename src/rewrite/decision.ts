/**
 * The code around a look-up and an insert as a decision: what is looked up, what runs where a row was found, what runs where none
 * was, and what follows both. Only shapes that are understood completely become one; everything else is refused with the reason.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Operation, Refusal } from '../model.ts';
import type { SourceFile } from '../source/file.ts';
import { contains, enclosingFunction, enclosingStatement, unwrap } from '../source/syntax.ts';
import type { Trace } from '../trace/index.ts';
import type { Node } from '../value/terms.ts';
import { foundBy, unbound } from './found.ts';
import { RowTests, type Found } from './presence.ts';
import { refuse } from './refusals.ts';
import { awaited, bodyOf, leaves, statementsOf, withParentheses, type Statement } from './syntax.ts';

/**
 * A statement of a branch. `cut`: the decision is an expression in the statement (`found ?? await insert()`), of which this
 * branch takes one side.
 */
export interface Step { readonly node: Statement; readonly cut?: Cut }
export interface Cut { readonly start: number; readonly end: number; readonly side: Node }

export interface Decision {
  /** Everything from the first to the last of these is replaced. */
  readonly first: Statement;
  readonly last: Statement;
  /** The look-up's own statement, where it stands before `first` in an outer block; removed by itself. */
  readonly lookup: Statement | undefined;
  /** Between look-up and branch; kept. */
  readonly between: readonly Statement[];
  readonly found: Found;
  readonly present: readonly Step[];
  readonly absent: readonly Step[];
  /** The bare statement that says no more than the end of the decision does: the end of the function, or of a loop's round. */
  readonly end: 'return' | 'continue' | undefined;
}

export function decisionOf(read: Operation, write: Operation, trace: Trace): Decision | Refusal {
  const { file } = trace;
  if (read.file !== file.path || write.file !== file.path) return refuse('other-file', 'The look-up and the insert stand in different files.');
  const owner = enclosingFunction(write.node);
  if (enclosingFunction(read.node) !== owner) return refuse('other-function', 'The look-up and the insert stand in different functions.');
  const block = commonBlock(read.node, write.node);
  const siblings = block && statementsOf(block);
  const start = siblings?.findIndex((one) => contains(one, read.node)) ?? -1;
  const end = siblings?.findIndex((one) => contains(one, write.node)) ?? -1;
  if (!siblings || start < 0 || end < start) return refuse('shape', 'The look-up and the insert do not stand in one block.');
  const reader = new DecisionReader(read, write, file);
  const decision = reader.read(siblings, start, end);
  if ('kind' in decision && decision.id === 'shape') return reader.nested(siblings, start) ?? decision;
  return decision;
}

/** From the first to the last character that a decision takes. */
export function spanOf({ first, last }: Pick<Decision, 'first' | 'last'>): { readonly range: [number, number] } & Statement {
  return { ...first, range: [first.range[0], last.range[1]] } as Statement & { readonly range: [number, number] };
}

function commonBlock(one: Node, other: Node): Node | undefined {
  for (let at = one.parent; at; at = at.parent) if (statementsOf(at) && contains(at, other)) return at;
  return undefined;
}

const step = (node: Statement): Step => ({ node });

class DecisionReader {
  readonly #read: Operation;
  readonly #write: Operation;
  readonly #file: SourceFile;

  constructor(read: Operation, write: Operation, file: SourceFile) {
    this.#read = read;
    this.#write = write;
    this.#file = file;
  }

  read(siblings: readonly Statement[], start: number, end: number): Decision | Refusal {
    const first = siblings[start]!;
    const found = foundBy(first, this.#read, this.#file);
    // The look-up stands in the decision itself: `if (!(await find()))`, `(await find()) ?? (await insert())`.
    if (!found) return this.#decide(siblings, start, end, start, unbound(this.#read), undefined);
    for (let at = start + 1; at <= end; at++) {
      const statement = siblings[at]!;
      const isTest = statement.type === 'IfStatement' && this.#tests(found).polarity(statement.test) !== undefined;
      if (isTest || at === end) return this.#decide(siblings, at, end, start, found, undefined);
    }
    return this.#shape(first);
  }

  /** The look-up stands in an outer block: `const row = await find(); if (wanted) { if (!row) await insert(); }`. */
  nested(siblings: readonly Statement[], start: number): Decision | Refusal | undefined {
    const lookup = siblings[start]!;
    const found = foundBy(lookup, this.#read, this.#file);
    if (!found) return undefined;
    const tests = this.#tests(found);
    for (let at: Node | undefined = enclosingStatement(this.#write.node); at && at !== lookup.parent; at = at.parent) {
      // Every round of a loop would ask for the same row.
      if (/^(?:For|While|DoWhile)/.test(at.type)) return undefined;
      const inner = at.parent && statementsOf(at.parent);
      const index = inner?.findIndex((one) => contains(one, this.#write.node)) ?? -1;
      if (!inner || index < 0) continue;
      const branch = inner.findIndex((one) => one.type === 'IfStatement' && tests.polarity(one.test) !== undefined);
      const decision = branch >= 0 && branch <= index ? this.#decide(inner, branch, index, branch, found, lookup) : this.#expression(inner[index]!, [], found, lookup);
      if (!('kind' in decision)) return decision;
    }
    return undefined;
  }

  #tests(found: Found): RowTests { return new RowTests(this.#read, found, this.#file); }

  #shape(node: Statement): Refusal {
    return refuse('shape', `The decision at line ${this.#file.line(node.range[0])} has a shape that the rewrite does not know.`);
  }

  #decide(siblings: readonly Statement[], at: number, end: number, start: number, found: Found, lookup: Statement | undefined): Decision | Refusal {
    const statement = siblings[at]!;
    const between = siblings.slice(start + (found.declaration && !lookup ? 1 : 0), at);
    const first = siblings[start]!;
    if (statement.type === 'IfStatement' && this.#tests(found).polarity(statement.test)) return this.#branch(statement, siblings.slice(at + 1), first, between, found, lookup);
    if (statement.type === 'IfStatement' && contains(statement.test, this.#read.node)) return refuse('guard', `The condition at line ${this.#file.line(statement.range[0])} asks for more than whether the row is there.`);
    if (at !== end) return this.#shape(statement);
    const decision = this.#expression(statement, between, found, lookup);
    return 'kind' in decision ? decision : { ...decision, first };
  }

  /** `if (row) …`, in either polarity, with or without `else`, with the insert inside or behind it. */
  #branch(statement: TSESTree.IfStatement, behind: readonly Statement[], first: Statement, between: readonly Statement[], found: Found, lookup: Statement | undefined): Decision | Refusal {
    const consequent = bodyOf(statement.consequent).map(step);
    let other: readonly Step[] = [];
    let last: Statement = statement;
    if (statement.alternate) {
      other = bodyOf(statement.alternate).map(step);
      // Whatever follows when one branch leaves belongs to the other alone.
      if (behind.length && leaves(statement.consequent) !== leaves(statement.alternate)) return this.#shape(statement);
    } else if (leaves(statement.consequent)) {
      // The end of a block is the end of the function, or of one round of a loop; elsewhere more may follow.
      if (!endOf(behind.at(-1) ?? statement) && !leaves(behind.at(-1))) return this.#shape(statement);
      other = behind.map(step);
      last = behind.at(-1) ?? statement;
    }
    const [present, absent] = this.#tests(found).polarity(statement.test) === 'present' ? [consequent, other] : [other, consequent];
    if (!absent.some((one) => contains(one.node, this.#write.node))) return this.#shape(statement);
    return { first, last, lookup, between, found, present, absent, end: endOf(last) };
  }

  /** `row ?? (await insert())`, `row ? row : await insert()`, `!row && (await insert())` as (part of) one statement. */
  #expression(statement: Statement, between: readonly Statement[], found: Found, lookup: Statement | undefined): Decision | Refusal {
    const whole = { first: statement, last: statement, lookup, between, found, end: endOf(statement) };
    for (let at: Node | undefined = this.#write.node; at && at !== statement; at = at.parent) {
      const sides = this.#sides(at, found);
      if (!sides) continue;
      const [start, end] = withParentheses(at, this.#file.text);
      const cut = (side: Node): Step => ({ node: statement, cut: { start, end, side } });
      const absent = [cut(sides.absent)];
      if (sides.present === undefined) return at.parent === statement && statement.type === 'ExpressionStatement' ? { ...whole, present: [], absent } : this.#shape(statement);
      return { ...whole, present: [cut(sides.present)], absent };
    }
    return this.#shape(statement);
  }

  /** What an expression gives where the row is there, and where it is not; `present` undefined: nothing of use. */
  #sides(node: Node, found: Found): { readonly present: Node | undefined; readonly absent: Node } | undefined {
    const tests = this.#tests(found);
    const isInsert = (one: Node): boolean => awaited(one) === unwrap(this.#write.node);
    if (node.type === 'LogicalExpression' && isInsert(node.right)) {
      if (node.operator !== '&&' && tests.isRow(node.left)) return { present: node.left, absent: node.right };
      const polarity = tests.polarity(node.left);
      return (node.operator === '&&' && polarity === 'absent') || (node.operator === '||' && polarity === 'present') ? { present: undefined, absent: node.right } : undefined;
    }
    if (node.type !== 'ConditionalExpression') return undefined;
    const polarity = tests.polarity(node.test);
    const [present, absent] = polarity === 'present' ? [node.consequent, node.alternate] : [node.alternate, node.consequent];
    return polarity && isInsert(absent) ? { present, absent } : undefined;
  }
}

/** What the end of this statement is, when it is the last of a function's body or of a loop's. */
export function endOf(statement: Statement): Decision['end'] {
  const block = statement.parent;
  if (statementsOf(block)?.at(-1) !== statement) return undefined;
  const owner = block.type === 'BlockStatement' ? block.parent : undefined;
  if (owner && /Function/.test(owner.type)) return 'return';
  return owner && /^(?:For|While|DoWhile)/.test(owner.type) ? 'continue' : undefined;
}
