/** The check in front of an update that takes a value: what it answers where somebody else has the value, and that it asks for nothing else. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Operation, Refusal } from '../../model.ts';
import type { SourceFile } from '../../source/file.ts';
import { contains, enclosingFunction, enclosingStatement, keyName, unwrap } from '../../source/syntax.ts';
import type { Node } from '../../value/terms.ts';
import type { RewriteContext } from '../context.ts';
import { foundBy, unbound } from '../found.ts';
import { valueNode } from '../keys.ts';
import { RowTests, type Found } from '../presence.ts';
import { isRefusal, refuse } from '../refusals.ts';
import { bodyOf, leaves, type Statement } from '../syntax.ts';
import type { ClaimedKey } from './key.ts';

export interface ClaimCheck {
  readonly steps: readonly Statement[];
  /** Code passes over the row that is updated, where the look-up found it. */
  readonly excludesRow: boolean;
}

export function claimCheck(read: Operation, update: Operation, claimed: ClaimedKey, context: RewriteContext): ClaimCheck | Refusal {
  const { file } = context;
  if (read.file !== file.path || update.file !== file.path) return refuse('other-file', 'The look-up and the update stand in different files.');
  if (enclosingFunction(read.node) !== enclosingFunction(update.node)) return refuse('other-function', 'The look-up and the update stand in different functions.');
  return new CheckReader(read, update, claimed, file).read();
}

class CheckReader {
  readonly #read: Operation;
  readonly #update: Operation;
  readonly #claimed: ClaimedKey;
  readonly #file: SourceFile;
  #excludes = false;

  constructor(read: Operation, update: Operation, claimed: ClaimedKey, file: SourceFile) {
    this.#read = read;
    this.#update = update;
    this.#claimed = claimed;
    this.#file = file;
  }

  read(): ClaimCheck | Refusal {
    const statement = enclosingStatement(this.#read.node) as Statement;
    const found = foundBy(statement, this.#read, this.#file) ?? (statement.type === 'IfStatement' && contains(statement.test, this.#read.node) ? unbound(this.#read) : undefined);
    if (!found) return this.#shape(statement);
    const [check, ...others] = found.declaration ? this.#checksOf(found) : [statement as TSESTree.IfStatement];
    if (!check || others.length || (check.range[1] > this.#update.node.range[0] && !contains(check, this.#update.node))) return this.#shape(others[0] ?? check ?? statement);
    const tests = new RowTests(this.#read, found, this.#file);
    const answer = this.#answer(check, tests, found);
    if (isRefusal(answer)) return answer;
    return this.#asked(statement, found) ?? this.#asked(check, found) ?? { steps: answer, excludesRow: this.#excludes };
  }

  /** The outermost `if`s that ask for what was found. */
  #checksOf({ row }: Found): TSESTree.IfStatement[] {
    const checks = new Set<TSESTree.IfStatement>();
    for (const { identifier, init } of row?.references ?? []) {
      if (init) continue;
      for (let at = identifier as unknown as Node; at.parent && at !== enclosingFunction(this.#update.node); at = at.parent) {
        if (at.parent.type === 'IfStatement' && at.parent.test === at) checks.add(at.parent);
      }
    }
    return [...checks].filter((one) => ![...checks].some((other) => other !== one && contains(other, one)));
  }

  /** What runs where somebody else has the value. */
  #answer(check: TSESTree.IfStatement, tests: RowTests, found: Found): readonly Statement[] | Refusal {
    const parts = conjuncts(check.test);
    const isPresence = (one: Node): boolean => tests.polarity(one) === 'present';
    if (!parts.some(isPresence)) return this.#absent(check, tests);
    const odd = parts.find((one) => !isPresence(one) && !this.#excludesRow(one, found) && !this.#asksValue(one));
    if (odd) return this.#guard(odd);
    if (contains(check.consequent, this.#update.node)) return this.#shape(check);
    const body = bodyOf(check.consequent);
    const [only] = body;
    // `if (other) { if (other.id !== id) throw … }`
    if (body.length === 1 && only?.type === 'IfStatement' && !only.alternate && !leaves(only)) {
      const inner = conjuncts(only.test).find((one) => !isPresence(one) && !this.#excludesRow(one, found) && !this.#asksValue(one));
      return inner ? this.#guard(inner) : this.#leaving(only.consequent);
    }
    return this.#leaving(check.consequent);
  }

  /** `if (!other || other.id === id) { … } else throw …`; with nothing but the presence asked for. */
  #absent(check: TSESTree.IfStatement, tests: RowTests): readonly Statement[] | Refusal {
    if (tests.polarity(check.test) !== 'absent' || !check.alternate || !contains(check.consequent, this.#update.node)) return this.#shape(check);
    return this.#leaving(check.alternate);
  }

  #leaving(answer: Statement): readonly Statement[] | Refusal {
    return leaves(answer) ? bodyOf(answer) : refuse('answer-shape', `Where the value is taken, the code at line ${this.#file.line(answer.range[0])} goes on.`);
  }

  /** The branches that the look-up stands in, and the update does not, may only ask whether there is a value to look up. */
  #asked(statement: Statement, found: Found): Refusal | undefined {
    for (let at: Node = statement; at.parent && !contains(at.parent, this.#update.node); at = at.parent) {
      const parent: Node = at.parent;
      if (parent.type === 'BlockStatement') continue;
      if (parent.type !== 'IfStatement' || parent.consequent !== at) return this.#shape(statement);
      const odd = conjuncts(parent.test).find((one) => !this.#asksValue(one) && !this.#excludesRow(one, found));
      if (odd) return this.#guard(odd);
    }
    return undefined;
  }

  /** `other.id !== id`: the row that was found is another one. */
  #excludesRow(test: Node, { row }: Found): boolean {
    const node = unwrap(test);
    const excludes = node.type === 'UnaryExpression' && node.operator === '!' ? this.#isSameRow(unwrap(node.argument), row)
      : node.type === 'BinaryExpression' && /^!==?$/.test(node.operator) && [node.left, node.right].some((one) => this.#isKeyOf(one, row));
    this.#excludes ||= excludes;
    return excludes;
  }

  /** `other._id.equals(id)`. */
  #isSameRow(node: Node, row: Found['row']): boolean {
    return node.type === 'CallExpression' && node.callee.type === 'MemberExpression' && keyName(node.callee.property, node.callee.computed) === 'equals' && this.#isKeyOf(node.callee.object, row);
  }

  #isKeyOf(one: Node, row: Found['row']): boolean {
    let node = unwrap(one);
    if (node.type === 'CallExpression' && node.arguments.length <= 1) {
      // `String(other.id)`, `other._id.toString()`
      const callee = unwrap(node.callee);
      node = callee.type === 'Identifier' && /^(?:String|Number)$/.test(callee.name) && node.arguments[0] ? unwrap(node.arguments[0]) : callee.type === 'MemberExpression' && keyName(callee.property, callee.computed) === 'toString' ? unwrap(callee.object) : node;
    }
    if (node.type !== 'MemberExpression') return false;
    const column = keyName(node.property, node.computed);
    let object = unwrap(node.object);
    if (object.type === 'MemberExpression' && object.computed) object = unwrap(object.object);
    const isFound = object.type === 'Identifier' && row !== undefined && this.#file.variable(object) === row;
    return isFound && column !== undefined && this.#claimed.table.keys.some((key) => key.primary && key.columns.includes(column));
  }

  /** `email`, `email !== undefined`, `email !== user.email`: whether there is a value to look up, and another than before. */
  #asksValue(test: Node): boolean {
    const node = unwrap(test);
    const texts = new Set(this.#claimed.values.flatMap(({ node: one }) => (one ? [this.#text(valueNode(one))] : [])));
    if (texts.has(this.#text(node))) return true;
    return node.type === 'BinaryExpression' && /^!==?$/.test(node.operator) && [node.left, node.right].some((one) => texts.has(this.#text(one)));
  }

  #text(node: Node): string { return this.#file.slice(unwrap(node)).replace(/\s+/g, ''); }

  #guard(node: Node): Refusal {
    return refuse('guard', `The check at line ${this.#file.line(node.range[0])} also asks \`${this.#file.slice(node)}\`, of which a violation says nothing.`);
  }

  #shape(node: Node): Refusal {
    return refuse('shape', `The check at line ${this.#file.line(node.range[0])} has a shape that the rewrite does not know.`);
  }
}

function conjuncts(test: Node): readonly Node[] {
  const node = unwrap(test);
  return node.type === 'LogicalExpression' && node.operator === '&&' ? [...conjuncts(node.left), ...conjuncts(node.right)] : [node];
}
