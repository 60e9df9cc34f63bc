/** Statements: branches, loops, switch, try, and the ways out. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Formula } from '../value/formula.ts';
import type { Node } from '../value/terms.ts';
import { compare, truthiness } from './conditions.ts';
import { condition, evaluate } from './expressions.ts';
import { baseOf, elementOf } from './objects.ts';
import { bind } from './patterns.ts';
import { handledBy } from './handlers.ts';
import { fork, join, snapshot, type State } from './state.ts';
import type { Jump, Walk } from './walk.ts';

export function block(walk: Walk, statements: readonly Node[]): void {
  for (const one of statements) {
    if (walk.state.dead) return;
    statement(walk, one);
  }
}

export function statement(walk: Walk, node: Node, label?: string): void {
  if (walk.state.dead) return;
  walk.steps++;
  switch (node.type) {
    case 'BlockStatement': block(walk, node.body); return;
    case 'ExpressionStatement': evaluate(walk, node.expression); return;
    case 'VariableDeclaration':
      // What `require` gives is found where the name is used, as with `import`.
      for (const one of node.declarations) if (!isRequire(one.init)) bind(walk, one.id, one.init ? evaluate(walk, one.init) : walk.terms.undefined);
      return;
    case 'ReturnStatement': {
      const value = node.argument ? evaluate(walk, node.argument) : undefined;
      const { activation } = walk;
      const settles = activation?.node?.async || activation?.mode !== 'inline';
      walk.leave('return', node, value && settles ? walk.settle(value, node) : value);
      return;
    }
    case 'ThrowStatement': walk.leave('throw', node, evaluate(walk, node.argument)); return;
    case 'IfStatement': {
      const when = condition(walk, node.test);
      walk.branches(node, [
        { when, run: () => statement(walk, node.consequent) },
        { when: walk.formulas.not(when), run: () => { if (node.alternate) statement(walk, node.alternate); } },
      ]);
      return;
    }
    case 'LabeledStatement': statement(walk, node.body, node.label.name); return;
    case 'ForOfStatement': case 'ForInStatement': {
      const collection = walk.settle(evaluate(walk, node.right), node);
      const element = node.type === 'ForOfStatement' ? walk.settle(elementOf(walk, collection), node) : walk.terms.unknown(node, [collection]);
      loop(walk, node, label, walk.formulas.turns(node, [collection, baseOf(walk, collection)]), () => {
        if (node.left.type === 'VariableDeclaration') bind(walk, node.left.declarations[0]!.id, element);
        else bind(walk, node.left, element);
        statement(walk, node.body);
      }, undefined);
      return;
    }
    case 'WhileStatement':
      loop(walk, node, label, asked(walk, node, node.test), () => statement(walk, node.body), node.test);
      return;
    case 'DoWhileStatement':
      loop(walk, node, label, walk.formulas.true, () => statement(walk, node.body), node.test);
      return;
    case 'ForStatement':
      if (node.init) { if (node.init.type === 'VariableDeclaration') statement(walk, node.init); else evaluate(walk, node.init); }
      loop(walk, node, label, node.test ? asked(walk, node, node.test) : walk.formulas.true, () => {
        statement(walk, node.body);
        if (node.update && !walk.state.dead) evaluate(walk, node.update);
      }, node.test ?? undefined);
      return;
    case 'SwitchStatement': switchStatement(walk, node, label); return;
    case 'TryStatement': tryStatement(walk, node); return;
    case 'BreakStatement': case 'ContinueStatement': {
      const isContinue = node.type === 'ContinueStatement';
      const target = walk.jumps.findLast((one) => (node.label ? one.label === node.label.name : isContinue ? one.isLoop : true));
      if (target && isContinue) target.continues.push(snapshot(walk.state, target.base));
      else if (target) target.breaks.push(snapshot(walk.state, target.outer));
      walk.leave(isContinue ? 'continue' : 'break', node, undefined);
      return;
    }
    case 'ExportNamedDeclaration': if (node.declaration) statement(walk, node.declaration); return;
    case 'ExportDefaultDeclaration':
      if (node.declaration.type !== 'FunctionDeclaration' && node.declaration.type !== 'ClassDeclaration') evaluate(walk, node.declaration);
      return;
    default:
  }
}

/** Runs `body` as the target of `break` and `continue`; those states come back to life at its end. `outer`: what breaks are layers over. */
function jump(walk: Walk, node: Node, label: string | undefined, isLoop: boolean, body: () => void, outer: State = walk.state): { breaks: State[] } {
  const base = walk.state;
  const target: Jump = { node, base, outer, label, isLoop, breaks: [], continues: [] };
  walk.state = fork(base, walk.formulas.true, walk.formulas);
  walk.jumps.push(target);
  if (isLoop) walk.loops.push(node);
  body();
  if (isLoop) walk.loops.pop();
  walk.jumps.pop();
  const ends = [...(walk.state.dead ? [] : [walk.state]), ...revive(target.continues)];
  walk.state = base;
  join(base, ends, walk.terms, walk.formulas, node);
  return { breaks: revive(target.breaks) };
}

function revive(states: readonly State[]): State[] {
  for (const one of states) one.dead = one.condition.kind === 'false';
  return [...states];
}

/**
 * One pass over the body stands for all of them. A loop that asks a database for its condition (`while (await taken(slug))`) is
 * asked once more after the pass, so that its end knows the answer for the value that the body made.
 */
function loop(walk: Walk, node: Node, label: string | undefined, enters: Formula, body: () => void, test: Node | undefined): void {
  const base = walk.state;
  const skipped = fork(base, walk.formulas.not(enters), walk.formulas);
  const entered = fork(base, enters, walk.formulas);
  walk.state = entered;
  const { breaks } = entered.dead ? { breaks: [] } : jump(walk, node, label, true, body, base);
  const ways = breaks.filter((one) => !one.dead);
  // Nothing ends it but a `break`: whoever goes round again leaves by one of them as well, with the values of a later round.
  if (!walk.state.dead && isEndless(node)) {
    if (ways.length) walk.state.condition = walk.formulas.or(...ways.map((one) => one.condition)); else walk.state.dead = true;
  } else if (test && !walk.state.dead) walk.assume(walk.formulas.not(asked(walk, node, test)));
  walk.state = base;
  join(base, [skipped, entered, ...breaks], walk.terms, walk.formulas, node);
}

/** A loop's test is asked in each round. */
function asked(walk: Walk, node: Node, test: Node): Formula {
  walk.loops.push(node);
  const found = condition(walk, test);
  walk.loops.pop();
  return found;
}

function isEndless(node: Node): boolean {
  if (node.type === 'ForStatement') return node.test == null;
  return (node.type === 'WhileStatement' || node.type === 'DoWhileStatement') && node.test.type === 'Literal' && node.test.value === true;
}

function switchStatement(walk: Walk, node: TSESTree.SwitchStatement, label: string | undefined): void {
  const subject = evaluate(walk, node.discriminant);
  const isTrue = subject.kind === 'literal' && subject.value === true;
  const base = walk.state;
  const target: Jump = { node, base, outer: base, label, isLoop: false, breaks: [], continues: [] };
  walk.jumps.push(target);
  let missed: Formula = walk.formulas.true;
  let falls: State | undefined;
  const fallback = node.cases.find((one) => one.test === null);
  for (const one of [...node.cases.filter((each) => each !== fallback), ...(fallback ? [fallback] : [])]) {
    const test = one.test && evaluate(walk, one.test);
    const when = test ? (isTrue ? truthiness(walk, test) : compare(walk, '===', subject, test)) : walk.formulas.true;
    if (!walk.quiet) walk.tests.add(when);
    const entered = fork(base, walk.formulas.and(missed, when), walk.formulas);
    if (falls && !falls.dead) {
      // Both are layers over `base`, so their join is one as well: an empty layer takes it.
      const merged = fork(base, walk.formulas.true, walk.formulas);
      join(merged, [entered, falls], walk.terms, walk.formulas, node);
      walk.state = merged;
    } else walk.state = entered;
    missed = walk.formulas.and(missed, walk.formulas.not(when));
    block(walk, one.consequent);
    falls = walk.state;
  }
  walk.jumps.pop();
  const ends = [...revive(target.breaks), ...(falls && !falls.dead ? [falls] : [])];
  if (!fallback) ends.push(fork(base, missed, walk.formulas));
  walk.state = base;
  join(base, ends, walk.terms, walk.formulas, node);
}

function tryStatement(walk: Walk, node: TSESTree.TryStatement): void {
  const base = walk.state;
  const { handler } = node;
  if (handler) {
    const region = walk.openRegion(node);
    walk.state = fork(base, walk.formulas.true, walk.formulas);
    block(walk, node.block.body);
    const done = walk.state;
    walk.region = region.parent;
    const caught = walk.terms.caught(region.id);
    const recovered = handledBy(walk, region, caught, handler, base, () => {
      if (handler.param) bind(walk, handler.param, caught);
      block(walk, handler.body.body);
    });
    walk.state = base;
    join(base, [done, recovered], walk.terms, walk.formulas, node);
  } else {
    block(walk, node.block.body);
  }
  if (!node.finalizer) return;
  // Runs on every way out; what it does is recorded even where nothing after it runs.
  const dead = walk.state.dead;
  walk.state.dead = false;
  block(walk, node.finalizer.body);
  walk.state.dead ||= dead;
}

/** `require('m')`, `require('m').a`. */
function isRequire(init: Node | null): boolean {
  const call = init?.type === 'MemberExpression' && !init.computed ? init.object : init;
  return call?.type === 'CallExpression' && call.callee.type === 'Identifier' && call.callee.name === 'require' && call.arguments[0]?.type === 'Literal';
}
