/**
 * Values computed from a row and states checked before a write: the look-up and its checks stay, for their answers; the write asks
 * once more and computes in the database, and where it changed no row the failed check's answer is given. Only where nothing else
 * happens between look-up and write, and where what the check asks can surely be asked in SQL.
 */
import type { GuardedWriteForm } from '../../clients/forms.ts';
import type { Edit, Operation, Refusal, Rewrite } from '../../model.ts';
import type { Variable } from '../../source/file.ts';
import { contains } from '../../source/syntax.ts';
import type { Node } from '../../value/terms.ts';
import { list } from '../../wording.ts';
import type { RewriteContext } from '../context.ts';
import type { RowNames } from '../guarded/row-names.ts';
import type { ReadSum } from '../guarded/sums.ts';
import { byHand, understand, type Guarded, type Understood } from '../guarded/understand.ts';
import { isRefusal, refuse } from '../refusals.ts';
import type { Statement } from '../syntax.ts';
import { reindent, removal } from '../text.ts';
import { merged } from './ensure-row.ts';

export function guarded(intent: Guarded, context: RewriteContext): Rewrite | Refusal {
  const { write } = intent;
  if (intent.kind === 'check-then-update' && !intent.columns.length) return refuse('counted-rows', `A rule about how many \`${write.table.name}\` rows there are needs every caller to wait for the others: lock the parent row before counting, in the transaction of \`${write.label}\`.`);
  const form = context.client?.forms?.guardedWrite;
  if (!form) return byHand(intent);
  const understood = understand(intent, context);
  if (isRefusal(understood)) return understood;
  const { read, table, key, guards, sums, answer, wants, into, intoFirst, intoParts, readLater, entity } = understood;
  const written = form({ write, read, table, key: key.key, keyText: key.texts, guards, sums: sums.map((one) => one.sum), asksMiss: answer !== undefined, wants, into, intoFirst, intoParts, readLater, entity }, context.forms);
  return isRefusal(written) ? written : assemble(understood, written, context);
}

function assemble({ read, write, path, names, sums, guards, answer, wants, into, intoFirst, intoParts, entity, changes, requires }: Understood, form: GuardedWriteForm, context: RewriteContext): Rewrite | Refusal {
  const { file, forms, semicolon } = context;
  const { statement } = path;
  const edits: Edit[] = [...(form.edits ?? [])];
  const indent = forms.indent(statement);
  if (!answer) edits.push({ start: write.node.range[0], end: write.node.range[1], text: form.call });
  else {
    const { miss } = form;
    if (!miss) return refuse('no-form', 'How this write tells that it changed no row is not known.');
    if (!/^(?:BlockStatement|Program)$/.test(statement.parent.type)) return refuse('shape', `The statement at line ${file.line(statement.range[0])} stands in no block.`);
    const isBound = statement.type === 'VariableDeclaration' && miss.pattern === into;
    const lines = [
      `const ${isBound ? into : miss.pattern} = await ${form.call}${semicolon}`,
      `if (${miss.test}) ${reindent(answer.text, answer.indent, indent)}`,
      ...(statement.type === 'ReturnStatement' ? [`return ${form.value}${semicolon}`] : []),
    ];
    if (wants === 'result' && statement.type !== 'ReturnStatement' && form.value !== (into ?? intoFirst ?? intoParts?.map((one) => one.text).join())) return refuse('expression', `The result at line ${file.line(statement.range[0])} would have another name.`);
    edits.push({ start: statement.range[0], end: statement.range[1], text: lines.join(`\n${indent}`) });
  }
  // Where code reads the entity later, it is to find the fields as they were written.
  if (entity && !entity.kept) edits.push(...changes.filter((one) => !sums.some((each) => each.change === one)).map((one) => removal(one, file)));
  const removed = removals(read, write, names, sums, context);
  if (isRefusal(removed)) return removed;
  edits.push(...removed);
  const columns = list([...new Set([...guards.map((one) => one.column), ...sums.map((one) => one.sum.column)])]);
  return {
    kind: 'rewrite', form: form.id, title: form.title, edits,
    requires: merged([...requires, ...form.requires], []),
    changes: [
      ...(answer ? [`A row whose ${columns} was changed (or that was deleted) between look-up and write is answered as the check answers.`] : guards.length ? [`A row whose ${columns} was changed meanwhile stays as it is.`] : []),
      ...(sums.length ? [`The database adds to what it holds, not to what was read.`] : []),
      ...form.changes,
    ],
  };
}

/** Changes of fields and constants that only made the sum; the look-up's own statement keeps its call where nothing of it is read any more. */
function removals(read: Operation, write: Operation, names: RowNames, sums: readonly ReadSum[], { file }: RewriteContext): Edit[] | Refusal {
  const edits: Edit[] = [];
  const gone: Node[] = [];
  for (const { change, through, sum } of sums) {
    if (change) { edits.push(removal(change, file)); gone.push(change); }
    if (sum.value) gone.push(sum.value);
    for (const variable of through) {
      if (names.variables.includes(variable)) continue;
      const declaration = (variable.defs[0]!.node as unknown as Node).parent as Statement;
      if (declaration.type !== 'VariableDeclaration' || declaration.declarations.length !== 1) return refuse('shape', `\`${variable.name}\` is declared together with others.`);
      if (gone.includes(declaration)) continue;
      edits.push(removal(declaration, file));
      gone.push(declaration);
    }
  }
  const used = (variable: Variable): boolean => variable.references.some((one) => !one.init && !gone.some((node) => contains(node, one.identifier as unknown as Node)));
  const unused = names.variables.filter((one) => !used(one));
  if (!unused.length || !sums.length) return edits;
  const { declaration } = names;
  // Whoever reads a column of nothing has failed so far.
  if (!read.result.some((one) => one.is === 'row' && one.miss === 'throws') && write.miss !== 'throws') return refuse('shape', `Nobody asks whether the look-up at line ${file.line(declaration.range[0])} has found a row.`);
  if (unused.length < names.variables.length || declaration.type !== 'VariableDeclaration') return refuse('shape', `The look-up at line ${file.line(declaration.range[0])} gives a column that nobody reads any more: take it out of the pattern first.`);
  const init = declaration.declarations[0]!.init!;
  return [...edits, { start: declaration.range[0], end: init.range[0], text: '' }];
}
