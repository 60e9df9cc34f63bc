/** The way from a look-up to the write of the row: the checks that the write runs behind, and whatever else runs in between. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Operation, Refusal } from '../../model.ts';
import type { SourceFile } from '../../source/file.ts';
import { contains, enclosingFunction, isFunction } from '../../source/syntax.ts';
import type { Node } from '../../value/terms.ts';
import { refuse } from '../refusals.ts';
import { bodyOf, leaves, statementsOf, type Statement } from '../syntax.ts';

/** A check in front of the write: one that leaves, or a branch that the write stands in. */
export interface Check {
  readonly test: Node;
  /** Whether the test is true where the write runs. */
  readonly holds: boolean;
  /** What runs where the check fails; undefined: nothing, and what follows the branch goes on. */
  readonly answer: Statement | undefined;
  readonly node: TSESTree.IfStatement;
}

export interface Path {
  readonly lookup: Statement;
  readonly checks: readonly Check[];
  /** Statements between look-up and write that are no checks. */
  readonly between: readonly Statement[];
  /** The statement that holds the write. */
  readonly statement: Statement;
  /** Statements behind it in its own block. */
  readonly behind: readonly Statement[];
  /** The innermost branch that the write stands in, counted from the look-up. */
  readonly branch: TSESTree.IfStatement | undefined;
}

export function pathOf(read: Operation, write: Operation, file: SourceFile): Path | Refusal {
  if (read.file !== file.path || write.file !== file.path || write.frames.length || read.frames.length) return refuse('other-file', 'The look-up and the write do not stand in one function.');
  if (enclosingFunction(read.node) !== enclosingFunction(write.node)) return refuse('other-function', 'The look-up and the write do not stand in one function.');
  const checks: Check[] = [];
  const between: Statement[] = [];
  let statement: Statement | undefined;
  let behind: readonly Statement[] = [];
  let branch: TSESTree.IfStatement | undefined;
  for (let at: Node = write.node; at.parent && !isFunction(at); at = at.parent) {
    const { parent }: Node = at;
    const siblings = parent && statementsOf(parent);
    if (!siblings) {
      const inner = branchOf(at, parent!);
      if (inner === 'other') { if (statement) return refuse('shape', `The write at line ${file.line(write.node.range[0])} stands in a statement that the rewrite does not know.`); continue; }
      if (inner) {
        // A branch without braces: its one statement has nothing behind it.
        statement ??= at as Statement;
        branch ??= inner.node;
        checks.unshift(inner);
      }
      continue;
    }
    if (parent.type === 'SwitchCase') return refuse('shape', 'The write stands in a `switch`.');
    const index = siblings.indexOf(at as Statement);
    if (!statement) { statement = at as Statement; behind = siblings.slice(index + 1); }
    const start = siblings.findIndex((one) => contains(one, read.node));
    const before = siblings.slice(start + 1, index);
    if (start === index) return refuse('shape', 'The look-up and the write stand in one statement.');
    const found = before.flatMap((one): Check[] => {
      const check = exitOf(one);
      if (!check) between.push(one);
      return check ? [check] : [];
    });
    checks.unshift(...found);
    if (start >= 0) return { lookup: siblings[start]!, checks, between, statement, behind, branch };
  }
  return refuse('shape', 'The look-up and the write do not stand in one block.');
}

/** `if (…) throw`, `if (…) return …`. */
function exitOf(node: Statement): Check | undefined {
  if (node.type !== 'IfStatement' || node.alternate || !leaves(node.consequent)) return undefined;
  return { test: node.test, holds: false, answer: node.consequent, node };
}

/** What `parent` makes of its child: a branch, 'other' for a statement that does more (a loop, a `try`), undefined for plain nesting. */
function branchOf(at: Node, parent: Node): Check | 'other' | undefined {
  if (parent.type === 'IfStatement' && parent.test !== at) {
    const holds = parent.consequent === at;
    const other = holds ? parent.alternate : parent.consequent;
    return { test: parent.test, holds, answer: other ?? undefined, node: parent };
  }
  if (parent.type === 'BlockStatement') return undefined;
  return /Statement$|Declaration$|^CatchClause$/.test(parent.type) && !/^(?:ExpressionStatement|VariableDeclaration|ReturnStatement)$/.test(parent.type) ? 'other' : undefined;
}

/** The statements of an answer. */
export function answerBody(answer: Statement): readonly Statement[] { return bodyOf(answer); }
