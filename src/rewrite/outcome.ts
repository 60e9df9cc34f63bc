/**
 * What a branch does beside its database call, in a normal form: two branches whose outcomes are equal can share one statement.
 *
 * The row is `§ROW` in it, whichever variable holds it, the returned error `§ERROR`; checks of that error are kept apart, since
 * one statement has one error to check. What both branches do alike runs once in either, whatever it does.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Operation, Refusal } from '../model.ts';
import type { SourceFile, Variable } from '../source/file.ts';
import { contains, unwrap } from '../source/syntax.ts';
import type { Trace } from '../trace/index.ts';
import type { Node } from '../value/terms.ts';
import type { Decision, Step } from './decision.ts';
import { isInert } from './inert.ts';
import { refuse } from './refusals.ts';
import { awaited, bodyOf, isUnconditionalIn, leaves, withAwait, withParentheses, type Statement } from './syntax.ts';
import { editedRange, eachNode } from './text.ts';

export interface Outcome {
  /** Statements beside the call, normalised. */
  readonly answers: readonly string[];
  /** How many of them stand in front of the call. */
  readonly before: number;
  /** Checks of the call's returned error. */
  readonly checks: readonly string[];
  /** Declarations without effects. */
  readonly locals: readonly Statement[];
  /** The statement that holds the call. */
  readonly holder: Step | undefined;
  /** Variables that hold the row after the call. */
  readonly rows: ReadonlySet<Variable>;
  readonly errors: ReadonlySet<Variable>;
  /** What an answer reads of the row as it was before the update: a column, or '*' for all of it. */
  readonly previous: ReadonlySet<string>;
  /** The row is mentioned in an answer, or handed out by the call's own statement. */
  readonly readsRow: boolean;
}

export interface BranchOptions {
  /** Undefined where the branch should not touch the database. */
  readonly call: Operation | undefined;
  /** Variables that hold the row when the branch starts. */
  readonly rows: readonly Variable[];
  /** The bare statement that the end of the branch says as well. */
  readonly end: Decision['end'];
}

export function outcomeOf(steps: readonly Step[], options: BranchOptions, trace: Trace): Outcome | Refusal {
  const reader = new OutcomeReader(options, trace);
  for (const one of steps) {
    const refusal = reader.take(one);
    if (refusal) return refusal;
  }
  return reader.result();
}

class OutcomeReader {
  readonly #call: Operation | undefined;
  readonly #end: Decision['end'];
  readonly #trace: Trace;
  readonly #file: SourceFile;
  readonly #rows: Set<Variable>;
  /** Variables that keep the row from before the update; a save changes the row that they hold. */
  readonly #stale: Set<Variable>;
  readonly #previous = new Set<string>();
  readonly #errors = new Set<Variable>();
  readonly #answers: string[] = [];
  readonly #checks: string[] = [];
  readonly #locals: Statement[] = [];
  #before = 0;
  #holder: Step | undefined;
  #readsRow = false;

  constructor({ call, rows, end }: BranchOptions, trace: Trace) {
    this.#call = call;
    this.#rows = new Set(rows);
    this.#stale = new Set(call?.verb === 'update' ? rows : []);
    this.#end = end;
    this.#trace = trace;
    this.#file = trace.file;
  }

  take(one: Step): Refusal | undefined {
    const { node, cut } = one;
    if (this.#call && contains(cut?.side ?? node, this.#call.node)) return this.#holds(one);
    if (cut) { this.#readsRow = true; this.#answers.push(this.#normal(one, cut)); return undefined; }
    if (node.type === 'EmptyStatement' || this.#handsOver(node) || this.#isEntityChange(node) || this.#isLocalChange(node)) return undefined;
    if (node.type === 'VariableDeclaration' && isInert(node, this.#trace)) { this.#locals.push(node); return undefined; }
    if (node.type === 'IfStatement' && this.#isErrorCheck(node)) { this.#checks.push(this.#normal(one)); return undefined; }
    this.#answers.push(this.#normal(one));
    return undefined;
  }

  /** The statement of the call itself: what it binds, hands out, or makes of it. */
  #holds(one: Step): Refusal | undefined {
    const call = unwrap(this.#call!.node);
    const { node, cut } = one;
    const line = this.#file.line(node.range[0]);
    if (this.#holder) return refuse('branch-does-more', `Line ${line} runs the statement again.`);
    this.#holder = one;
    this.#before = this.#answers.length;
    if (cut) {
      if (awaited(cut.side) !== call) return refuse('expression', `The statement at line ${line} uses the result in place; bind it to a variable first.`);
      // `!row && (await insert());`
      if (node.type === 'ExpressionStatement' && this.#fills(node, cut)) return undefined;
      this.#readsRow = true;
      this.#answers.push(this.#normal(one, cut));
      return undefined;
    }
    if (node.type === 'ExpressionStatement') {
      const expression = unwrap(node.expression);
      if (awaited(expression) === call) return undefined;
      if (expression.type === 'AssignmentExpression' && expression.operator === '=' && awaited(expression.right) === call && (expression.left.type === 'Identifier' ? this.#bindRow(expression.left) : expression.left.type === 'ArrayPattern' && this.#bindFirst(expression.left))) return undefined;
    }
    if (node.type === 'VariableDeclaration' && node.declarations.length === 1) {
      const { id, init } = node.declarations[0]!;
      if (init && awaited(init) === call && this.#bind(id)) return undefined;
    }
    return this.#inPlace(one, call) ?? undefined;
  }

  /** `return insert()`, `reply.json(await insert())`, `return (await insert()).id`: the row in the middle of a statement. */
  #inPlace(one: Step, call: Node): Refusal | undefined {
    const { node } = one;
    const expression = withAwait(this.#call!.node);
    const isReturned = node.type === 'ReturnStatement' && node.argument != null && awaited(node.argument) === call;
    if (!this.#givesRow() || !isUnconditionalIn(node, call) || (expression.type !== 'AwaitExpression' && !isReturned)) {
      return refuse('expression', `The statement at line ${this.#file.line(node.range[0])} uses the result in place; bind it to a variable first.`);
    }
    this.#readsRow = true;
    const [start, end] = withParentheses(expression, this.#file.text);
    this.#answers.push(this.#normal(one, { start, end }));
    return undefined;
  }

  /** The expression is the whole statement. */
  #fills(node: TSESTree.ExpressionStatement, cut: { readonly start: number; readonly end: number }): boolean {
    const [start, end] = withParentheses(node.expression, this.#file.text);
    return cut.start <= start && end <= cut.end;
  }

  #bind(id: Node): boolean {
    if (id.type === 'Identifier') return this.#bindRow(id);
    if (id.type === 'ArrayPattern') return this.#bindFirst(id);
    if (id.type !== 'ObjectPattern') return false;
    for (const one of id.properties) {
      if (one.type !== 'Property' || one.key.type !== 'Identifier') return false;
      const key = one.key.name;
      if (one.value.type === 'ArrayPattern' && id.properties.length === 1 && this.#bindFirst(one.value, [key])) continue;
      if (one.value.type !== 'Identifier') return false;
      const variable = this.#file.variable(one.value);
      const part = this.#call!.result.find((each) => each.path.length === 1 && each.path[0] === key);
      if (!variable || !part) return false;
      if (part.is === 'error') this.#errors.add(variable);
      else if (part.is === 'written' || part.is === 'row') this.#rows.add(variable);
      else return false;
    }
    return true;
  }

  /** An update without a row to give (`{ count }`, `InsertResult`) resolves to something else. */
  #givesRow(): boolean {
    return this.#call!.result.some((part) => !part.path.length && (part.is === 'written' || part.is === 'row'));
  }

  /** `[row] = rows` of a call that gives the one row that it wrote in a list. */
  #bindFirst({ elements }: TSESTree.ArrayPattern, below: readonly string[] = []): boolean {
    const only = elements.length === 1 && elements[0]?.type === 'Identifier' ? elements[0] : undefined;
    const variable = only && this.#file.variable(only);
    if (!variable || !this.#call!.result.some((part) => part.is === 'written' && part.path.join('.') === [...below, '0'].join('.'))) return false;
    this.#rows.add(variable);
    this.#stale.delete(variable);
    return true;
  }

  #bindRow(node: Node): boolean {
    const variable = this.#file.variable(node);
    if (!variable || !this.#givesRow()) return false;
    this.#rows.add(variable);
    this.#stale.delete(variable);
    return true;
  }

  /** `result = row`: one more variable that holds the row. */
  #handsOver(node: Statement): boolean {
    if (node.type !== 'ExpressionStatement') return false;
    const { expression } = node;
    if (expression.type !== 'AssignmentExpression' || expression.operator !== '=' || expression.left.type !== 'Identifier' || !this.#isRow(expression.right)) return false;
    const variable = this.#file.variable(expression.left);
    if (!variable) return false;
    this.#rows.add(variable);
    if (this.#stale.has(this.#file.variable(unwrap(expression.right))!)) this.#stale.add(variable); else this.#stale.delete(variable);
    return true;
  }

  /** `row.status = status` in front of a save: part of what the save writes. */
  #isEntityChange(node: Statement): boolean {
    if (this.#call?.verb !== 'save' || this.#holder || node.type !== 'ExpressionStatement') return false;
    const { expression } = node;
    return expression.type === 'AssignmentExpression' && expression.left.type === 'MemberExpression' && !expression.left.computed
      && this.#isRow(expression.left.object) && isInert(expression.right, this.#trace);
  }

  /** `member.email = email`, `Object.assign(member, { email })` on an object that the branch has made for its call. */
  #isLocalChange(node: Statement): boolean {
    if (this.#holder || node.type !== 'ExpressionStatement') return false;
    const { expression } = node;
    const isAssign = expression.type === 'CallExpression' && this.#file.slice(expression.callee) === 'Object.assign';
    const target = isAssign ? expression.arguments[0] : expression.type === 'AssignmentExpression' && expression.operator === '=' && expression.left.type === 'MemberExpression' && !expression.left.computed ? expression.left.object : undefined;
    const values: readonly Node[] = isAssign ? expression.arguments.slice(1) : expression.type === 'AssignmentExpression' ? [expression.right] : [];
    const variable = target?.type === 'Identifier' ? this.#file.variable(target) : undefined;
    const made = variable && this.#locals.some((one) => one.type === 'VariableDeclaration' && one.declarations.some(({ id, init }) => id.type === 'Identifier' && this.#file.variable(id) === variable && init != null && isMade(unwrap(init))));
    return made === true && values.every((one) => isInert(one, this.#trace));
  }

  #isRow(node: Node): boolean {
    const at = unwrap(node);
    return at.type === 'Identifier' && this.#rows.has(this.#file.variable(at)!);
  }

  /** `if (error) throw error`, `if (error) return { ok: false }`: nothing but the call's error decides. */
  #isErrorCheck(node: TSESTree.IfStatement): boolean {
    if (node.alternate) return false;
    const mentioned = variablesIn(node.test, this.#file);
    return mentioned.length > 0 && mentioned.every((one) => this.#errors.has(one)) && (leaves(node.consequent) || bodyOf(node.consequent).every((one) => one.type === 'ExpressionStatement'));
  }

  #normal({ node }: Step, cut?: { readonly start: number; readonly end: number }): string {
    const replaced = cut ? [{ start: cut.start, end: cut.end, text: '§ROW' }] : [];
    eachNode(node, (one) => {
      if (one.type !== 'Identifier' || (cut && cut.start <= one.range[0] && one.range[1] <= cut.end)) return true;
      const variable = this.#file.variable(one);
      const token = variable && this.#rows.has(variable) ? '§ROW' : variable && this.#errors.has(variable) ? '§ERROR' : undefined;
      if (!token) return true;
      if (token === '§ROW') this.#readsRow = true;
      if (variable && this.#stale.has(variable)) this.#previous.add(columnRead(one));
      const shorthand = one.parent.type === 'Property' && one.parent.shorthand;
      replaced.push({ start: one.range[0], end: one.range[1], text: shorthand ? `${one.name}: ${token}` : token });
      return true;
    });
    return normalised(editedRange(this.#file.text, node.range[0], node.range[1], replaced));
  }

  result(): Outcome {
    const answers = [...this.#answers];
    if (this.#end && answers.at(-1) === this.#end) answers.pop();
    return { answers, before: Math.min(this.#before, answers.length), checks: this.#checks, locals: this.#locals, holder: this.#holder, rows: this.#rows, errors: this.#errors, previous: this.#previous, readsRow: this.#readsRow };
  }
}

/** A new object that nobody else has: what `find` or `get` give may be shared. */
function isMade(node: Node): boolean {
  if (node.type !== 'CallExpression') return node.type === 'NewExpression' || node.type === 'ObjectExpression';
  const callee = unwrap(node.callee);
  return callee.type === 'MemberExpression' && callee.property.type === 'Identifier' && /^(?:create|build|assign)$/.test(callee.property.name) && (callee.property.name !== 'assign' || /^(?:New|Object)Expression$/.test(node.arguments[0]?.type ?? ''));
}

/** `row.id`: 'id'; the row in any other place: '*'. */
function columnRead(node: Node): string {
  let at = node;
  while (at.parent?.type === 'TSNonNullExpression' || at.parent?.type === 'TSAsExpression') at = at.parent;
  const { parent } = at;
  return parent?.type === 'MemberExpression' && parent.object === at && !parent.computed && parent.property.type === 'Identifier' ? parent.property.name : '*';
}

function normalised(text: string): string {
  // Where there is a row, `row?.id`, `row!.id` and `(row).id` are `row.id`.
  return text.replace(/\s+/g, ' ').replace(/;$/, '').replace(/\(\s+/g, '(').replace(/\s+\)/g, ')').replace(/§ROW(?:!|\?(?=\.))/g, '§ROW').replace(/^return await §ROW/, 'return §ROW').trim();
}

export function variablesIn(node: Node, file: SourceFile): Variable[] {
  const found: Variable[] = [];
  eachNode(node, (one) => {
    const variable = one.type === 'Identifier' ? file.variable(one) : undefined;
    if (variable) found.push(variable);
  });
  return found;
}
