/** What follows an insert that may be refused: the statements for a new row, those that answer the violation, and those for other errors. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Operation, Refusal } from '../../model.ts';
import { contains } from '../../source/syntax.ts';
import type { Trace } from '../../trace/index.ts';
import { sameTable } from '../../trace/matching.ts';
import { answersViolation } from '../../trace/violations.ts';
import type { Node } from '../../value/terms.ts';
import type { RewriteContext } from '../context.ts';
import { refuse } from '../refusals.ts';
import { bodyOf, leaves, type Statement } from '../syntax.ts';
import { someNode } from '../text.ts';

export interface Handler {
  /** With the insert among them. */
  readonly inserted: readonly Statement[];
  /** What answers the violation; undefined: nobody does. */
  readonly violated: readonly Statement[] | undefined;
  /** The statement that answers other returned errors, where it must be told anew: `if (error) <that>`. */
  readonly failed: { readonly error: string; readonly answer: Statement } | undefined;
  readonly answers: readonly Operation[];
}

export function handlerIn(steps: readonly Statement[], insert: Operation, context: RewriteContext): Handler | Refusal {
  const { trace, file } = context;
  const at = steps.findIndex((one) => contains(one, insert.node));
  const holder = steps[at];
  if (!holder) return refuse('shape', 'The insert does not stand in the branch for the absent row.');
  const answers = trace.operations.filter((one) => one.verb === 'update' && one.file === file.path && one.id > insert.id && sameTable(one.table, insert.table) === true && answersViolation(one, insert, trace));
  if (holder.type === 'TryStatement' && contains(holder.block, insert.node)) return thrown(holder, steps.slice(0, at), steps.slice(at + 1), answers, context);
  if (!answers.length) return isAnswered(insert, trace) ? refuse('handler', 'The violation of the insert is answered in a way that the rewrite does not know.') : { inserted: steps, violated: undefined, failed: undefined, answers: [] };
  return returned(steps.slice(0, at), holder, steps.slice(at + 1), answers, context) ?? refuse('handler', 'The answer to the violation has a shape that the rewrite does not know.');
}

/** Somebody asks for the code of the violation, be it for another answer than an update. */
function isAnswered(insert: Operation, trace: Trace): boolean {
  return trace.operations.some((one) => one.id > insert.id && sameTable(one.table, insert.table) === true && answersViolation(one, insert, trace)) || insert.region?.handler !== undefined;
}

function returned(before: readonly Statement[], holder: Statement, after: readonly Statement[], answers: readonly Operation[], { file }: RewriteContext): Handler | undefined {
  const error = errorName(holder);
  const [first, second] = after;
  if (error === undefined || first?.type !== 'IfStatement') return undefined;
  const holdsAll = (statements: readonly Statement[]): boolean => answers.every((one) => statements.some((each) => contains(each, one.node)));
  const asksError = (test: Node): boolean => onlyNames(test, [error]);
  const own = (inserted: readonly Statement[], violated: readonly Statement[], failed?: Statement): Handler => ({ inserted: [...before, holder, ...inserted], violated, failed: failed && { error, answer: failed }, answers });
  // `if (!error) return row; if (error.code !== '23505') throw error; …`
  if (isNot(first.test, error) && leaves(first.consequent) && !first.alternate && second?.type === 'IfStatement' && asksError(second.test) && leaves(second.consequent) && !second.alternate && holdsAll(after.slice(2))) {
    return own(bodyOf(first.consequent), after.slice(2), second.consequent);
  }
  if (!asksError(first.test) || !holdsAll([first.consequent])) return undefined;
  const body = bodyOf(first.consequent);
  const [inner] = body;
  // `if (error) { if (error.code !== '23505') throw error; …; return row; } return row;`
  if (first.test.type === 'Identifier' && inner?.type === 'IfStatement' && asksError(inner.test) && leaves(inner.consequent) && !inner.alternate && holdsAll(body.slice(1)) && leaves(body.at(-1)) && !first.alternate) {
    return own(after.slice(1), body.slice(1), inner.consequent);
  }
  // `if (error?.code === '23505') { …; return row; } if (error) throw error; return row;`
  if (/\bcode\b/.test(file.slice(first.test)) && !first.alternate && (leaves(first.consequent) || after.length === 1)) return own(after.slice(1), body);
  // `if (error?.code === '23505') { … } else if (error) throw error;`
  const other = first.alternate;
  if (other?.type === 'IfStatement' && other.test.type === 'Identifier' && other.test.name === error && !other.alternate && after.length === 1) return own([], body, other.consequent);
  return undefined;
}

function thrown(node: TSESTree.TryStatement, before: readonly Statement[], after: readonly Statement[], answers: readonly Operation[], { file }: RewriteContext): Handler | Refusal {
  const clause = node.handler;
  const shape = refuse('handler', `The handler at line ${file.line((clause ?? node).range[0])} is no test for the violation and a rethrow.`);
  if (!clause || node.finalizer || clause.param?.type !== 'Identifier' || !answers.length || !answers.every((one) => contains(clause, one.node))) return shape;
  const { name } = clause.param;
  const body = clause.body.body;
  const [first] = body;
  const rethrows = (one: Statement | undefined): boolean => {
    const [only, ...more] = one ? bodyOf(one) : [];
    return !more.length && only?.type === 'ThrowStatement' && only.argument?.type === 'Identifier' && only.argument.name === name;
  };
  if (first?.type !== 'IfStatement' || !asksOnly(first.test, name)) return shape;
  let violated: readonly Statement[] | undefined;
  if (rethrows(first.consequent) && !first.alternate) violated = body.slice(1);
  else if (first.alternate ? rethrows(first.alternate) && body.length === 1 : body.length === 2 && rethrows(body[1])) violated = bodyOf(first.consequent);
  if (!violated || !answers.every((one) => violated.some((each) => contains(each, one.node)))) return shape;
  // Behind the handler both ways go on together, or neither does.
  const block = node.block.body;
  if (after.length && (leaves(block.at(-1)) || leaves(violated.at(-1)))) return shape;
  if (after.length) return refuse('handler', 'What follows the handler is done for a new row and for a known one, which the rewrite does not tell apart.');
  return { inserted: [...before, ...block], violated, failed: undefined, answers };

  function asksOnly(test: Node, error: string): boolean {
    return !someNode(test, (one) => one.type === 'AwaitExpression' || one.type === 'AssignmentExpression') && someNode(test, (one) => one.type === 'Identifier' && one.name === error) && onlyNames(test, [error], file);
  }
}

/** `!error`. */
function isNot(test: Node, error: string): boolean {
  return test.type === 'UnaryExpression' && test.operator === '!' && test.argument.type === 'Identifier' && test.argument.name === error || test.type === 'BinaryExpression' && /^={2,3}$/.test(test.operator) && test.left.type === 'Identifier' && test.left.name === error && test.right.type === 'Literal' && test.right.value === null;
}

/** The variable that the insert's error is taken into: `const { data, error: failure } = …`. */
function errorName(holder: Statement): string | undefined {
  const id = holder.type === 'VariableDeclaration' && holder.declarations.length === 1 ? holder.declarations[0]!.id : undefined;
  if (id?.type !== 'ObjectPattern') return undefined;
  const found = id.properties.find((one) => one.type === 'Property' && one.key.type === 'Identifier' && one.key.name === 'error');
  return found?.type === 'Property' && found.value.type === 'Identifier' ? found.value.name : undefined;
}

/** Every variable of the function that a test names is one of `names`; functions and classes of the module may be asked. */
function onlyNames(test: Node, names: readonly string[], file?: RewriteContext['file']): boolean {
  return !someNode(test, (one) => {
    if (one.type !== 'Identifier' || names.includes(one.name)) return false;
    const { parent } = one;
    if ((parent.type === 'MemberExpression' && parent.property === one && !parent.computed) || (parent.type === 'Property' && parent.key === one)) return false;
    if (someType(one)) return false;
    const scope = file?.variable(one)?.scope;
    return !(scope && scope.type === 'module');
  });
}

/** Part of a type, which no test evaluates. */
function someType(node: Node): boolean {
  for (let at: Node | undefined = node.parent; at; at = at.parent) if (at.type.startsWith('TS') && !/^TS(?:As|NonNull|Satisfies|TypeAssertion)/.test(at.type)) return true; else if (/Statement$/.test(at.type)) return false;
  return false;
}
