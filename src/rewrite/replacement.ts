/**
 * Delete and insert as one replacement: the statements of one block from the delete to the check of the insert's error, each with
 * its part. What is not understood completely is refused with the reason.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Operation, Refusal } from '../model.ts';
import { boundIdentifiers, type Variable } from '../source/file.ts';
import { contains, enclosingFunction, keyName, unwrap } from '../source/syntax.ts';
import type { Trace } from '../trace/index.ts';
import type { Node } from '../value/terms.ts';
import { isInert } from './inert.ts';
import { variablesIn } from './outcome.ts';
import { refuse, isRefusal } from './refusals.ts';
import { emptinessOf, pushedInto } from './collections.ts';
import { awaited, bodyOf, leaves, statementsOf, type Statement } from './syntax.ts';
import { someNode } from './text.ts';

export interface Replacement {
  readonly removal: Statement;
  /** Checks of the delete's returned error, which follow it. */
  readonly removalChecks: readonly Statement[];
  /** Work in between that touches nothing but local values, in order; `exit` stands after `exitAt` of them. */
  readonly between: readonly Statement[];
  /** `if (rows.length === 0) return`: leaves where there is nothing to insert. */
  readonly exit: TSESTree.IfStatement | undefined;
  readonly exitAt: number;
  /** The statement of the block that the insert stands in. */
  readonly outer: Statement;
  /** The statement of the insert itself, the same unless a loop or a test for emptiness surrounds it. */
  readonly holder: Statement;
  readonly surrounded: 'loop' | 'test' | undefined;
  /** What holds the insert's returned error afterwards, as an expression. */
  readonly error: { readonly text: string; readonly variable: Variable } | undefined;
  /** The check of that error, right behind the insert. */
  readonly check: TSESTree.IfStatement | undefined;
  readonly first: Statement;
  readonly last: Statement;
}

export function replacementOf(remove: Operation, insert: Operation, trace: Trace): Replacement | Refusal {
  const { file } = trace;
  if (remove.file !== file.path || insert.file !== file.path) return refuse('other-file', 'The delete and the insert stand in different files.');
  const owner = enclosingFunction(insert.node);
  const block = commonBlock(remove.node, insert.node);
  const siblings = block && statementsOf(block);
  const from = siblings?.findIndex((one) => contains(one, remove.node)) ?? -1;
  const to = siblings?.findIndex((one) => contains(one, insert.node)) ?? -1;
  if (enclosingFunction(remove.node) !== owner && !(to >= 0 && isEach(siblings![to]!, insert))) return refuse('other-function', 'The delete and the insert stand in different functions.');
  if (!siblings || from < 0 || to <= from) return refuse('shape', 'The delete and the insert do not stand one after the other in one block.');
  return new Reader(siblings, from, to, remove, insert, trace).read();
}

/** `await Promise.all(list.map((one) => insert(one)))`. */
export function eachOf(statement: Statement, insert: Operation): { readonly list: Node; readonly callback: TSESTree.ArrowFunctionExpression } | undefined {
  if (statement.type !== 'ExpressionStatement' || statement.expression.type !== 'AwaitExpression') return undefined;
  const all = unwrap(statement.expression.argument);
  const [given] = all.type === 'CallExpression' ? all.arguments : [];
  const map = given && given.type !== 'SpreadElement' ? unwrap(given) : undefined;
  if (all.type !== 'CallExpression' || all.arguments.length !== 1 || !isMember(all.callee, 'Promise', 'all') || map?.type !== 'CallExpression' || map.arguments.length !== 1) return undefined;
  const [callback] = map.arguments;
  const callee = unwrap(map.callee);
  if (callee.type !== 'MemberExpression' || keyName(callee.property, callee.computed) !== 'map' || callback?.type !== 'ArrowFunctionExpression' || callback.params.length !== 1) return undefined;
  const [only, more] = callback.body.type === 'BlockStatement' ? callback.body.body : [];
  const value = callback.body.type !== 'BlockStatement' ? callback.body : more ? undefined : only?.type === 'ReturnStatement' ? only.argument : only?.type === 'ExpressionStatement' && callback.async ? only.expression : undefined;
  return value && awaited(value) === unwrap(insert.node) ? { list: callee.object, callback } : undefined;
}

const isEach = (statement: Statement, insert: Operation): boolean => eachOf(statement, insert) !== undefined;

function isMember(node: Node, object: string, property: string): boolean {
  const at = unwrap(node);
  return at.type === 'MemberExpression' && at.object.type === 'Identifier' && at.object.name === object && keyName(at.property, at.computed) === property;
}

function commonBlock(one: Node, other: Node): Node | undefined {
  for (let at = one.parent; at; at = at.parent) if (statementsOf(at) && contains(at, other)) return at;
  return undefined;
}

class Reader {
  readonly #siblings: readonly Statement[];
  readonly #from: number;
  readonly #to: number;
  readonly #remove: Operation;
  readonly #insert: Operation;
  readonly #trace: Trace;

  constructor(siblings: readonly Statement[], from: number, to: number, remove: Operation, insert: Operation, trace: Trace) {
    this.#siblings = siblings;
    this.#from = from;
    this.#to = to;
    this.#remove = remove;
    this.#insert = insert;
    this.#trace = trace;
  }

  #line(node: Node): number { return this.#trace.file.line(node.range[0]); }

  read(): Replacement | Refusal {
    const removal = this.#siblings[this.#from]!;
    const removed = this.#resultOf(removal, this.#remove);
    if (removed === undefined) return refuse('shape', `The delete at line ${this.#line(removal)} is not a statement of its own, or its result is used.`);
    const inserting = this.#inserting(this.#siblings[this.#to]!);
    if (isRefusal(inserting)) return inserting;
    const middle = this.#middle(removed);
    if (isRefusal(middle)) return middle;
    const next = this.#siblings[this.#to + 1];
    const { error } = inserting;
    const check = inserting.check ?? (!inserting.surrounded && next && error && this.#checks(next, [error.variable]) ? next as TSESTree.IfStatement : undefined);
    const last = check && check === next ? next : inserting.outer;
    const replacement = { removal, removalChecks: middle.checks, between: middle.between, exit: middle.exit, exitAt: middle.exitAt, first: removal, last, ...inserting, check };
    const other = this.#trace.operations.find((one) => one !== this.#remove && one !== this.#insert && one.file === this.#trace.file.path && one.node.range[0] >= removal.range[0] && one.node.range[1] <= last.range[1] && one.node !== this.#remove.node && one.node !== this.#insert.node);
    return other ? refuse('work-between', `\`${other.label}\` at line ${this.#line(other.node)} runs between delete and insert.`) : replacement;
  }

  /** The variables that a statement of just this call binds; undefined: another statement. */
  #resultOf(statement: Statement, { node: given }: Operation): readonly TSESTree.Identifier[] | undefined {
    const call = unwrap(given);
    const waits = (node: Node): boolean => unwrap(node).type === 'AwaitExpression' && awaited(node) === call;
    if (statement.type === 'ExpressionStatement') return waits(statement.expression) ? [] : undefined;
    if (statement.type !== 'VariableDeclaration' || statement.declarations.length !== 1) return undefined;
    const { id, init } = statement.declarations[0]!;
    return init && waits(init) ? boundIdentifiers(id) : undefined;
  }

  #middle(removed: readonly TSESTree.Identifier[]): { checks: Statement[]; between: Statement[]; exit: TSESTree.IfStatement | undefined; exitAt: number } | Refusal {
    const variables = removed.flatMap((one) => this.#trace.file.variable(one) ?? []);
    const checks: Statement[] = [];
    const between: Statement[] = [];
    let exit: TSESTree.IfStatement | undefined;
    let exitAt = 0;
    for (const one of this.#siblings.slice(this.#from + 1, this.#to)) {
      if (!between.length && !exit && this.#checks(one, variables)) { checks.push(one); continue; }
      if (one.type === 'IfStatement' && !one.alternate && !exit && leaves(one.consequent) && emptinessOf(one.test)?.empty === true) {
        if (!bodyOf(one.consequent).every((each) => isInert(each, this.#trace) || this.#logs(each))) return refuse('work-between', `Line ${this.#line(one)} does more than leave where there is nothing to insert.`);
        exit = one;
        exitAt = between.length;
        continue;
      }
      if (!this.#isLocal(one)) return refuse('work-between', `Line ${this.#line(one)} runs between delete and insert, and would run before the delete.`);
      between.push(one);
    }
    // What is worked out in between moves before the delete, which must not read what it changes.
    const changed = between.flatMap((one) => this.#changed(one));
    const read = variablesIn(this.#remove.node, this.#trace.file);
    const both = changed.find((one) => read.includes(one));
    if (both) return refuse('work-between', `\`${both.name}\` is changed between delete and insert, and the delete reads it.`);
    const used = variables.find((one) => one.references.some((each) => !contains(this.#siblings[this.#from]!, each.identifier as unknown as Node) && !checks.some((check) => contains(check, each.identifier as unknown as Node))));
    return used ? refuse('delete-result', `What the delete gave back (\`${used.name}\`) is used further on.`) : { checks, between, exit, exitAt };
  }

  #logs(node: Statement): boolean {
    return node.type === 'ReturnStatement' || node.type === 'ThrowStatement' || (node.type === 'ExpressionStatement' && !someNode(node, (one) => one.type === 'AwaitExpression' || one.type === 'AssignmentExpression'));
  }

  /** `if (error) …`, in whatever way, with nothing else asked. */
  #checks(node: Statement, variables: readonly Variable[]): boolean {
    if (node.type !== 'IfStatement' || node.alternate || !variables.length) return false;
    const asked = unwrap(node.test);
    const subject = asked.type === 'MemberExpression' ? unwrap(asked.object) : asked;
    return subject.type === 'Identifier' && variables.includes(this.#trace.file.variable(subject)!)
      && !someNode(node.consequent, (one) => one.type === 'AwaitExpression');
  }

  /** Nothing outside notices it: values, loops, and collections of this function that are filled. */
  #isLocal(node: Statement): boolean {
    if (isInert(node, this.#trace)) return !someNode(node, (one) => /^(?:Return|Break)Statement$/.test(one.type));
    const own = this.#siblings.slice(this.#from + 1, this.#to).flatMap((one) => (one.type === 'VariableDeclaration' ? one.declarations.flatMap((each) => boundIdentifiers(each.id)) : []));
    const variables = own.flatMap((one) => this.#trace.file.variable(one) ?? []);
    const isOwn = (target: Node): boolean => {
      const at = unwrap(target);
      return at.type === 'Identifier' && variables.includes(this.#trace.file.variable(at)!);
    };
    return !someNode(node, (one) => {
      switch (one.type) {
        case 'AwaitExpression': case 'ReturnStatement': case 'ThrowStatement': case 'YieldExpression': case 'TaggedTemplateExpression': case 'ImportExpression': return true;
        case 'AssignmentExpression': return !isOwn(one.left.type === 'MemberExpression' ? one.left.object : one.left);
        case 'UpdateExpression': return !isOwn(one.argument);
        case 'UnaryExpression': return one.operator === 'delete';
        case 'CallExpression': { const into = pushedInto(one); return into ? !isOwn(into) : !isInert(one, this.#trace); }
        case 'NewExpression': return !isInert(one, this.#trace);
        default: return false;
      }
    });
  }

  #changed(node: Statement): Variable[] {
    const found: Variable[] = [];
    someNode(node, (one) => {
      const target = one.type === 'AssignmentExpression' ? one.left : one.type === 'UpdateExpression' ? one.argument : one.type === 'CallExpression' ? pushedInto(one) : undefined;
      const at = target && unwrap(target.type === 'MemberExpression' ? target.object : target);
      const variable = at?.type === 'Identifier' ? this.#trace.file.variable(at) : undefined;
      if (variable) found.push(variable);
      return false;
    });
    return found;
  }

  // ------------------------------------------------------------------------------------------------------- the insert

  #inserting(outer: Statement): Pick<Replacement, 'outer' | 'holder' | 'surrounded' | 'error' | 'check'> | Refusal {
    if (eachOf(outer, this.#insert)) return { outer, holder: outer, surrounded: 'loop', error: undefined, check: undefined };
    const inner = outer.type === 'ForOfStatement' && !outer.await ? outer.body : outer.type === 'IfStatement' && !outer.alternate ? outer.consequent : undefined;
    if (!inner) return this.#plain(outer, outer, undefined);
    if (outer.type === 'IfStatement' && emptinessOf(outer.test)?.empty !== false) return refuse('conditional-insert', `The insert depends on the condition at line ${this.#line(outer)}, the delete does not.`);
    const [holder, check, more] = bodyOf(inner);
    if (!holder || more || !contains(holder, this.#insert.node)) return refuse('work-between', `The block at line ${this.#line(outer)} does more than insert.`);
    const plain = this.#plain(outer, holder, outer.type === 'ForOfStatement' ? 'loop' : 'test');
    if (isRefusal(plain) || !check) return plain;
    if (!plain.error || !this.#checks(check, [plain.error.variable])) return refuse('work-between', `Line ${this.#line(check)} does more than check the insert.`);
    if (plain.surrounded === 'loop' && someNode(check, (one) => one.type === 'ContinueStatement' || one.type === 'BreakStatement')) return refuse('loop', `Line ${this.#line(check)} goes on with the next row where one fails; one insert of all rows cannot.`);
    return { ...plain, check: check as TSESTree.IfStatement };
  }

  #plain(outer: Statement, holder: Statement, surrounded: Replacement['surrounded']): Pick<Replacement, 'outer' | 'holder' | 'surrounded' | 'error' | 'check'> | Refusal {
    const base = { outer, holder, surrounded, check: undefined };
    if (holder.type === 'ReturnStatement' && holder.argument && awaited(holder.argument) === unwrap(this.#insert.node) && !surrounded) return { ...base, error: undefined };
    if (!this.#resultOf(holder, this.#insert)) return refuse('expression', `The statement at line ${this.#line(holder)} uses the insert's result in place; bind it to a variable first.`);
    return { ...base, error: holder.type === 'VariableDeclaration' ? this.#error(holder.declarations[0]!.id) : undefined };
  }

  #error(id: Node): Replacement['error'] {
    const path = this.#insert.result.find((one) => one.is === 'error')?.path;
    if (path?.length !== 1) return undefined;
    const [key] = path;
    if (id.type === 'Identifier') {
      const variable = this.#trace.file.variable(id);
      return variable && { text: `${id.name}.${key}`, variable };
    }
    const property = id.type === 'ObjectPattern' ? id.properties.find((one) => one.type === 'Property' && keyName(one.key, one.computed) === key) : undefined;
    const bound = property?.type === 'Property' ? boundIdentifiers(property.value)[0] : undefined;
    const variable = bound && this.#trace.file.variable(bound);
    return variable && { text: variable.name, variable };
  }
}
