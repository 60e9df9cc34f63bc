/**
 * A place of several statements: look the row up by one key or more, update what is there, else insert, and answer the violation. Every
 * way through it must end alike, but for what tells a new row; then one call and one ending stand for all of them.
 */
import type { WriteParts } from '../../clients/forms.ts';
import type { Edit, Operation, Refusal } from '../../model.ts';
import type { Variable } from '../../source/file.ts';
import { contains, enclosingFunction, enclosingStatement, unwrap } from '../../source/syntax.ts';
import { sameTable } from '../../trace/matching.ts';
import { lineage, type Node } from '../../value/terms.ts';
import { list } from '../../wording.ts';
import type { RewriteContext } from '../context.ts';
import { decisionOf, endOf, spanOf, type Decision } from '../decision.ts';
import { isInert } from '../inert.ts';
import { outcomeOf, type Outcome } from '../outcome.ts';
import { isRefusal, refuse } from '../refusals.ts';
import { awaited, statementsOf, withAwait, type Statement } from '../syntax.ts';
import { editedRange, indentAt, lostComments, reindent, removal, templateRanges } from '../text.ts';
import { handlerIn, type Handler } from './handler.ts';
import { comparedKey, readsOf } from './keys.ts';
import { differences, tellApart } from './literals.ts';
import type { Found, Step } from './model.ts';
import type { PlaceBase } from './upsert-place.ts';

/** One way through the code where the row is there already. */
interface Way { readonly key: Step['key']; readonly set: Found; readonly outcome: Outcome }

export function insertPlace(insert: Operation, parts: WriteParts, context: RewriteContext): PlaceBase | Refusal {
  const { trace } = context;
  const holder = enclosingStatement(insert.node);
  const owner = enclosingFunction(insert.node);
  const decisions = lookUps(insert, context);
  if (isRefusal(decisions)) return decisions;
  const first = decisions[0];
  const steps = decisions.at(-1)?.decision.absent.map((one) => (one.cut ? undefined : one.node)) ?? around(holder);
  if (!steps || steps.some((one) => one === undefined)) return refuse('expression', 'Look-up and insert stand in one expression; make statements of them.');
  const handler = handlerIn(steps as readonly Statement[], insert, context);
  if (isRefusal(handler)) return handler;
  const start = first ? first.decision.first : steps[0]!;
  const last = first ? first.decision.last : steps.at(-1)!;
  if (handler.answers.some((one) => enclosingFunction(one.node) !== owner)) return refuse('other-function', 'The insert and its handler stand in different functions.');
  const end = first?.decision.end ?? endOf(last);

  const outcome = outcomeOf(handler.inserted.map((node) => ({ node })), { call: insert, rows: [], end }, trace);
  if (isRefusal(outcome)) return outcome;
  if (outcome.before) return refuse('work-between', 'Something else is done before the insert, for a new row only.');
  const ways = [...foundWays(decisions, insert, end, context), ...violatedWays(handler, insert, end, context)];
  const odd = ways.find(isRefusal);
  if (odd) return odd;
  const understood = ways as readonly Way[];
  const others = stray(start, last, insert, decisions, handler, context);
  if (others) return others;
  const chain: Step[] = [];
  const changes: string[] = [];
  for (const { key, set } of understood) {
    const known = chain.find((one) => one.key === key);
    if (!known) chain.push({ key, set });
    else if (!sameSet(known.set, set, context)) changes.push(`Where the row of ${list(key.columns)} appears only while this runs, it is treated as one that was there before.`);
  }
  if (!chain.length) return refuse('predicate-not-a-key', 'By which key the row is found was not understood.');
  const ending = endingOf(outcome, understood, insert, handler, context);
  if (isRefusal(ending)) return ending;
  const rows = [...outcome.rows];
  const reads = readsOf(rows);
  const inPlace = !rows.length && outcome.readsRow;
  const span = { start: start.range[0], end: last.range[1] };
  const only = parts.gives === 'rows' && !(holder.type === 'ExpressionStatement' && awaited(holder.expression) === unwrap(insert.node)) ? onlyOf(holder) : undefined;
  if (isRefusal(only)) return only;
  return {
    chain, reads: new Set([...reads.columns].filter((one) => one !== 'created')), whole: reads.whole || inPlace, tellsNew: ending.tellsNew, changes,
    edits: (call) => replaced(call, span, { insert, decisions, handler, ending: { ...ending, edits: [...ending.edits, ...(only ? [only] : [])] } }, context),
  };

  function around(node: Statement): readonly Statement[] | undefined {
    let at: Node = node;
    for (let up: Node | undefined = node.parent; up && up !== owner; up = up.parent) {
      if (up.type === 'TryStatement' && contains(up.block, node) && insert.violation?.arrives === 'thrown') { at = up; break; }
      if (/^(?:If|For|While|DoWhile|Switch)/.test(up.type)) break;
    }
    const siblings = statementsOf(at.parent!);
    return siblings?.slice(siblings.indexOf(at as Statement));
  }
}

/** `const [row] = await …` takes its row from a list; the function gives the row. */
function onlyOf(holder: Statement): Edit | Refusal {
  const id = holder.type === 'VariableDeclaration' && holder.declarations.length === 1 ? holder.declarations[0]!.id : undefined;
  const [only, ...more] = id?.type === 'ArrayPattern' ? id.elements : [];
  if (!id || only?.type !== 'Identifier' || more.length) return refuse('row-shape', 'The insert gives back a list; take its row with `const [row] = …`.');
  return { start: id.range[0], end: id.range[1], text: only.name };
}

interface Read { readonly insert: Operation; readonly decisions: readonly LookUp[]; readonly handler: Handler; readonly ending: Ending }

/** The statements for a new row, with the call in the insert's place, stand for all cases. */
function replaced(call: string, span: { readonly start: number; readonly end: number }, { insert, decisions, handler, ending }: Read, context: RewriteContext): Edit[] {
  const { file } = context;
  const { failed, inserted } = handler;
  const target = indentAt(file.text, span.start);
  const statements = [...keptStatements(decisions, context), ...inserted];
  const lines = statements.flatMap((one) => {
    const isHolder = contains(one, insert.node);
    const own = indentAt(file.text, one.range[0]);
    const at: Edit[] = isHolder ? [{ start: insert.node.range[0], end: insert.node.range[1], text: call.replaceAll('\n', `\n${own}`) }] : [];
    const edits = [...at, ...ending.edits.filter((edit) => one.range[0] <= edit.start && edit.end <= one.range[1])];
    const text = reindent(editedRange(file.text, one.range[0], one.range[1], edits), own, target, isHolder ? [] : templateRanges(one));
    return [text, ...(isHolder && failed ? [`if (${failed.error}) ${reindent(file.slice(failed.answer), indentAt(file.text, failed.answer.range[0]), target)}`] : [])];
  });
  const lost = lostComments(file, span.start, span.end, statements).filter((one) => !lines.some((line) => line.includes(one)));
  const outer = decisions.flatMap(({ decision: { lookup } }) => (lookup ? [removal(lookup, file)] : []));
  return [...outer, { ...span, text: [...lost, ...lines].join(`\n${target}`) }];
}

interface LookUp { readonly read: Operation; readonly decision: Decision; readonly key: Step['key'] }

/** The look-ups of the very row that is inserted, from the outermost to the innermost. */
function lookUps(insert: Operation, context: RewriteContext): readonly LookUp[] | Refusal {
  const { trace, file } = context;
  const row = insert.rows?.[0];
  const found: LookUp[] = [];
  for (const read of trace.operations) {
    if (read.id >= insert.id) break;
    if (read.file !== file.path || sameTable(read.table, insert.table) === false || (read.verb !== 'find' && read.verb !== 'count')) continue;
    const isOfRow = read.predicate?.arms.some((arm) => arm.some(({ column, value }) => value.kind !== 'literal' && row?.assignments.some((one) => one.column === column && one.value === value)));
    if (!isOfRow) continue;
    const decision = decisionOf(read, insert, trace);
    if (isRefusal(decision)) return decision;
    if (decision.found.is !== 'row') return refuse('shape', 'The look-up does not give one row.');
    const outer = found.at(-1)?.decision;
    if (outer && !outer.absent.some((one) => contains(one.node, decision.first))) return refuse('shape', 'Two look-ups of the row do not follow from one another.');
    if (outer && spanOf(outer).range[1] !== spanOf(decision).range[1]) return refuse('shape', 'What follows a look-up of the row is more than the next one.');
    const key = comparedKey(read, insert);
    if (isRefusal(key)) return key;
    found.push({ read, decision, key });
  }
  return found;
}

function foundWays(decisions: readonly LookUp[], insert: Operation, end: Decision['end'], context: RewriteContext): (Way | Refusal)[] {
  const { trace } = context;
  return decisions.map(({ read, decision, key }): Way | Refusal => {
    const updates = trace.operations.filter((one) => (one.verb === 'update' || one.verb === 'save') && decision.present.some((each) => contains(each.cut?.side ?? each.node, one.node)) && sameTable(one.table, insert.table) === true);
    if (updates.length > 1) return refuse('several-answers', 'A row that is there is updated more than once.');
    const [update] = updates;
    const set = update ? setOf(update, insert, (value) => lineage(value) === read, key, context) : 'nothing' as const;
    if (isRefusal(set)) return set;
    const rows = decision.found.row ? [decision.found.row] : [];
    const outcome = outcomeOf(decision.present, { call: update, rows, end }, trace);
    if (isRefusal(outcome)) return outcome;
    const stale = update && [...outcome.previous].find((one) => one === '*' || update.rows?.some((row) => row.assignments.some((each) => each.column === one)));
    if (stale !== undefined) return refuse('previous-value', 'The row from before the update is used.');
    return { key, set, outcome };
  });
}

function violatedWays({ violated, answers }: Handler, insert: Operation, end: Decision['end'], context: RewriteContext): (Way | Refusal)[] {
  if (!violated) return [];
  return answers.map((update): Way | Refusal => {
    const key = comparedKey(update, insert);
    if (isRefusal(key)) return key;
    const set = setOf(update, insert, () => false, key, context);
    if (isRefusal(set)) return set;
    const outcome = outcomeOf(violated.map((node) => ({ node })), { call: update, rows: [], end }, context.trace);
    return isRefusal(outcome) ? outcome : { key, set, outcome };
  });
}

/** What an update of the found row writes: by the row's id, or by the key that found it. */
function setOf(update: Operation, insert: Operation, isFound: (value: Parameters<typeof lineage>[0]) => boolean, key: Step['key'], context: RewriteContext): Found | Refusal {
  const { trace, client, forms } = context;
  const primary = insert.table.table!.keys.find((one) => one.primary);
  const arm = update.predicate?.complete && update.predicate.arms.length === 1 ? update.predicate.arms[0]! : [];
  const byId = arm.length === 1 && primary?.columns.length === 1 && arm[0]!.column === primary.columns[0] && arm[0]!.operator === '=' && arm[0]!.value.kind === 'member' && arm[0]!.value.key === primary.columns[0] && isFound(arm[0]!.value);
  const asked = byId ? key : comparedKey(update, insert);
  if (isRefusal(asked)) return asked;
  if (asked !== key) return refuse('other-row', `\`${update.label}\` updates the row of ${list(asked.columns)} where that of ${list(key.columns)} was found.`);
  const parts = client?.forms?.parts?.(update, forms);
  if (!parts) return refuse('no-form', 'What the update writes cannot be handed over to a function.');
  if (isRefusal(parts)) return parts;
  if (!isInert(parts.values, trace)) return refuse('work-between', `What \`${update.label}\` is given does more than give a value, and would be worked out in every case.`);
  if (update.rows?.some((row) => row.assignments.some((one) => one.how !== 'set'))) return refuse('update-differs', `\`${update.label}\` writes more than values.`);
  return parts.values;
}

function sameSet(one: Found, other: Found, { file }: RewriteContext): boolean {
  return one === other || (typeof one !== 'string' && typeof other !== 'string' && file.slice(one).replace(/\s+/g, '') === file.slice(other).replace(/\s+/g, ''));
}

// -------------------------------------------------------------------------------------------------------------- endings

interface Ending { readonly edits: readonly Edit[]; readonly tellsNew: boolean }

function endingOf(inserted: Outcome, ways: readonly Way[], insert: Operation, handler: Handler, { file }: RewriteContext): Ending | Refusal {
  const differ = (what: string): Refusal => refuse('answers-differ', `A new row and one that was there are answered differently: ${what}.`);
  const edits = new Map<number, Edit>();
  let tellsNew = false;
  const told: (string | undefined)[] = [];
  for (const { outcome } of ways) {
    if (outcome.answers.length !== inserted.answers.length) return differ(`${shown(outcome.answers)} and ${shown(inserted.answers)}`);
    const found = outcome.answers.map((one, index) => differences(inserted.answers[index]!, one));
    if (found.includes(undefined)) return differ(`${shown(outcome.answers)} and ${shown(inserted.answers)}`);
    told.push(JSON.stringify(found));
    const failed = handler.failed && `if (§ERROR) ${plain(file.slice(handler.failed.answer))}`;
    const own = failed === undefined ? inserted.checks : [failed.replaceAll(handler.failed!.error, '§ERROR')];
    if (outcome.checks.length && outcome.checks.join() !== own.join()) return refuse('handling-differs', 'Errors of the insert and of the update are answered differently.');
    const returns = handler.inserted.filter((one) => one.type === 'ReturnStatement');
    for (const [index, one] of found.entries()) {
      if (!one!.length) continue;
      const statement = returns.length === 1 && inserted.answers[index]!.startsWith('return') ? returns[0] : undefined;
      const [row] = inserted.rows;
      const made = statement && row && tellApart(statement, one!, row.name, withAwait(insert.node), file);
      if (!made) return differ('by literals that could not be told apart');
      tellsNew = true;
      for (const edit of made) edits.set(edit.start, edit);
    }
  }
  // Whoever was first decides what a caller is told: a row that another call made is a known one, however it was found.
  if (tellsNew && told.some((one) => one !== told[0])) return differ('in more than two ways');
  return { edits: [...edits.values()], tellsNew };
}

const plain = (text: string): string => text.replace(/\s+/g, ' ').replace(/^\{\s*(.*?)\s*\}$/, '$1').replace(/;$/, '');
const shown = (answers: readonly string[]): string => (answers.length ? `\`${answers.join('; ').replaceAll('§ROW', 'row').replaceAll('§ERROR', 'error')}\`` : 'nothing');

// ------------------------------------------------------------------------------------------------------------ what stays

/** Between the look-ups: declarations of values stay, checks of a look-up's error go with it, anything else is work for one case only. */
function keptStatements(decisions: readonly LookUp[], context: RewriteContext): Statement[] {
  return inBetween(decisions).filter((one) => !isReadCheck(one, decisions, context));
}

function inBetween(decisions: readonly LookUp[]): Statement[] {
  return decisions.flatMap(({ decision }, index) => {
    const next = decisions[index + 1]?.decision;
    return [...decision.between, ...(next ? decision.absent.map((one) => one.node).filter((one) => one.range[1] <= next.first.range[0]) : [])];
  });
}

function isReadCheck(node: Statement, decisions: readonly LookUp[], { file }: RewriteContext): boolean {
  if (node.type !== 'IfStatement' || node.test.type !== 'Identifier' || node.alternate) return false;
  const variable: Variable | undefined = file.variable(node.test);
  return variable !== undefined && decisions.some(({ decision }) => decision.found.error === variable);
}

/** Work that only one way does, and that would be lost or done always. */
function stray(start: Statement, last: Statement, insert: Operation, decisions: readonly LookUp[], handler: Handler, context: RewriteContext): Refusal | undefined {
  const { trace, file, client, forms } = context;
  for (const one of inBetween(decisions)) {
    if (isReadCheck(one, decisions, context)) continue;
    if (one.type !== 'VariableDeclaration' || !isInert(one, trace)) return refuse('work-between', `Line ${file.line(one.range[0])} runs between look-up and insert, and would run whether or not the row is there.`);
  }
  const parts = client?.forms?.parts?.(insert, forms);
  if (decisions.length && parts && !isRefusal(parts) && !isInert(parts.values, trace)) return refuse('work-between', 'What the insert is given does more than give a value, and would be worked out whether or not the row is there.');
  const own = new Set<Operation>([insert, ...handler.answers, ...decisions.map((one) => one.read)]);
  const other = trace.operations.find((one) => !own.has(one) && one.file === file.path && start.range[0] <= one.node.range[0] && one.node.range[1] <= last.range[1] && !decisions.some(({ decision }) => decision.present.some((each) => contains(each.node, one.node)) && one.verb === 'update') && !isBehind(one, insert, handler));
  return other && refuse('work-between', `\`${other.label}\` at line ${file.line(other.node.range[0])} belongs to one case only.`);
}

/** In the ending, which every way has in the same words. */
function isBehind(one: Operation, insert: Operation, { inserted }: Handler): boolean {
  return one.id > insert.id && inserted.some((each) => contains(each, one.node)) && unwrap(awaited(one.node)) !== unwrap(insert.node);
}
