/** The text of "insert first, prune second": the delete of everything stays for the empty set, the other way is built anew. */
import type { InsertFirstForm, ReplaceSetRequest } from '../clients/forms.ts';
import type { Edit, Refusal } from '../model.ts';
import { unwrap } from '../source/syntax.ts';
import type { RewriteContext } from './context.ts';
import { emptinessOf, isSameCollection } from './collections.ts';
import { isRefusal, refuse } from './refusals.ts';
import type { Replacement } from './replacement.ts';
import { freshWithin, wantedRows, type WantedRows } from './replacement-rows.ts';
import { bodyOf, leaves, type Statement } from './syntax.ts';
import { editedRange, eachNode, indentAt, lostComments, reindent, templateRanges } from './text.ts';

export function insertFirstText(replacement: Replacement, form: InsertFirstForm, request: ReplaceSetRequest, context: RewriteContext): Edit | Refusal {
  if (isRefusal(request.key)) return request.key;
  const rows = wantedRows(replacement, request.insert, request.key.element, context);
  if (isRefusal(rows)) return rows;
  const { file } = context;
  const mended = emptyTests(replacement, rows, context);
  if (mended) return mended;
  const lines = new Writer(replacement, form, request, rows, context).lines();
  if (isRefusal(lines)) return lines;
  const start = replacement.first.range[0];
  const end = replacement.last.range[1];
  const indent = indentAt(file.text, start);
  const kept = [replacement.removal, ...replacement.removalChecks, ...replacement.between, ...(replacement.check ? [replacement.check] : []), ...(replacement.exit ? [replacement.exit] : [])];
  const comments = lostComments(file, start, end, kept);
  return { start, end, text: [...comments, ...lines].map((line) => line.replaceAll('\n', `\n${indent}`)).join(`\n${indent}`) };
}

/** A test for emptiness in the user's code must ask for the very rows that are inserted. */
function emptyTests({ exit, outer, surrounded }: Replacement, rows: WantedRows, { file }: RewriteContext): Refusal | undefined {
  for (const test of [exit?.test, surrounded === 'test' && outer.type === 'IfStatement' ? outer.test : undefined]) {
    const list = test && emptinessOf(test)?.list;
    if (!test) continue;
    if (!list || !rows.source || !isSameCollection(list, rows.source, file)) return refuse('conditional-insert', `The condition at line ${file.line(test.range[0])} asks for another collection than the inserted one.`);
  }
  return undefined;
}

class Writer {
  readonly #replacement: Replacement;
  readonly #form: InsertFirstForm;
  readonly #request: ReplaceSetRequest;
  readonly #rows: WantedRows;
  readonly #context: RewriteContext;

  constructor(replacement: Replacement, form: InsertFirstForm, request: ReplaceSetRequest, rows: WantedRows, context: RewriteContext) {
    this.#replacement = replacement;
    this.#form = form;
    this.#request = request;
    this.#rows = rows;
    this.#context = context;
  }

  /** The statements, at no indentation. */
  lines(): string[] | Refusal {
    const { between, exit, exitAt, holder, surrounded, outer } = this.#replacement;
    const rows = this.#rows;
    const removal = [this.#replacement.removal, ...this.#replacement.removalChecks].map((one) => this.#own(one));
    const own = between.map((one) => this.#own(one));
    const declared = rows.declaration === undefined ? [] : [rows.declaration + this.#context.semicolon];
    const inserting = this.#inserting();
    if (isRefusal(inserting)) return inserting;
    if (exit) {
      const leaving = bodyOf(exit.consequent).map((one) => this.#own(one));
      const test = this.#context.file.slice(exit.test);
      return [...own.slice(0, exitAt), `if (${test}) {`, ...this.#deeper([...removal, ...leaving]), '}', ...own.slice(exitAt), ...declared, ...inserting];
    }
    if (rows.length === 'some') return [...own, ...declared, ...inserting];
    const isEmpty = `${rows.text}.length === 0`;
    const goesOn = holder.type === 'ReturnStatement' || this.#isReadLater();
    if (!goesOn || (surrounded && outer !== holder)) return [...own, ...declared, `if (${isEmpty}) {`, ...this.#deeper(removal), '} else {', ...this.#deeper(inserting), '}'];
    return this.#both(isEmpty, [...own, ...declared]);
  }

  /** What either statement gives back is read further on: one expression with both, and the delete of the others behind. */
  #both(isEmpty: string, lines: readonly string[]): string[] | Refusal {
    const { removal, removalChecks, holder, error, check } = this.#replacement;
    const { file, semicolon, forms: { unit } } = this.#context;
    if (removal.type !== 'ExpressionStatement' || removalChecks.length || this.#form.throws) return refuse('result-later', 'What the insert gave back is read further on, also where there was nothing to insert; leave early for the empty set first.');
    const either = [`${isEmpty}`, `${unit}? await ${this.#deep(this.#flat(file.slice(this.#request.remove.node), this.#request.remove.node))}`, `${unit}: await ${this.#deep(this.#flat(this.#form.insert(this.#rows.argument), this.#request.insert.node))}`].join('\n');
    const prune = this.#deeper(this.#prune());
    if (holder.type === 'ReturnStatement') {
      const name = this.#name('result');
      return [...lines, `const ${name} = ${either}${semicolon}`, `if (!${name}.error && ${this.#rows.text}.length > 0) {`, ...prune, '}', `return ${name}${semicolon}`];
    }
    if (!error || holder.type !== 'VariableDeclaration') return refuse('error-unread', `The statement at line ${file.line(holder.range[0])} does not take the error, without which the old rows must not go.`);
    const isLeft = check !== undefined && leaves(check.consequent);
    return [...lines, `${holder.kind} ${file.slice(holder.declarations[0]!.id)} = ${either}${semicolon}`, ...(check ? [this.#own(check)] : []), `if (${isLeft ? '' : `!${error.text} && `}${this.#rows.text}.length > 0) {`, ...prune, '}'];
  }

  #deep(text: string): string {
    return text.replaceAll('\n', `\n${this.#context.forms.unit}`);
  }

  /** The insert, the check of its error, and behind both the delete of the others. */
  #inserting(): string[] | Refusal {
    const { holder, check, error, surrounded } = this.#replacement;
    const { file, semicolon, forms } = this.#context;
    const rows = this.#rows;
    const target = this.#form.insert(rows.argument);
    const call = this.#flat(target, this.#request.insert.node);
    const isLoop = surrounded === 'loop';
    const prune = this.#prune();
    const { unit } = forms;
    if (this.#form.throws) {
      if (holder.type === 'ReturnStatement' || holder.type === 'VariableDeclaration') return refuse('expression', `The statement at line ${file.line(holder.range[0])} uses what the insert gives back.`);
      return [`await ${call}${semicolon}`, ...prune];
    }
    if (holder.type === 'ReturnStatement') {
      const name = this.#name('result');
      return [`const ${name} = await ${call}${semicolon}`, `if (!${name}.error) {`, ...this.#deeper(prune), '}', `return ${name}${semicolon}`];
    }
    if (holder.type === 'ExpressionStatement') {
      const name = this.#name('error');
      const log = this.#log(name);
      return [`const { error${name === 'error' ? '' : `: ${name}`} } = await ${call}${semicolon}`, `if (${name}) {`, ...this.#deeper([log]), '} else {', ...this.#deeper(prune), '}'];
    }
    if (!error || holder.type !== 'VariableDeclaration') return refuse('error-unread', `The statement at line ${file.line(holder.range[0])} does not take the error, without which the old rows must not go.`);
    const text = this.#flat(editedRange(file.text, holder.range[0], holder.range[1], [{ start: unwrap(this.#request.insert.node).range[0], end: unwrap(this.#request.insert.node).range[1], text: reindent(target, indentAt(file.text, this.#request.insert.node.range[0]), indentAt(file.text, holder.range[0])) }]), holder);
    const statement = isLoop && !/^const\b/.test(text) ? text.replace(/^(?:let|var)\b/, 'const') : text;
    if (check && leaves(check.consequent)) return [statement, this.#own(check), ...prune];
    return [statement, ...(check ? [this.#own(check)] : []), `if (!${error.text}) {`, ...prune.map((line) => unit + line.replaceAll('\n', `\n${unit}`)), '}'];
  }

  #prune(): string[] {
    const { semicolon } = this.#context;
    const name = this.#name('pruneError');
    const call = this.#flat(this.#form.prune(this.#rows.values), this.#request.remove.node);
    return [`const { error: ${name} } = await ${call}${semicolon}`, `if (${name}) ${this.#log(name)}`];
  }

  /** What the user's code writes about the insert's error, about this one. */
  #log(name: string): string {
    const { file, semicolon, forms: { quote } } = this.#context;
    const { check, error } = this.#replacement;
    const own = check && error && bodyOf(check.consequent).find((one) => one.type === 'ExpressionStatement' && /^(?:this\.)?#?(?:console|log|logger)\b/.test(file.slice(one)));
    if (!own || !error) return `console.error(${quote}${this.#request.table.dbName}:${quote}, ${name})${semicolon}`;
    const edits: Edit[] = [];
    eachNode(own, (node) => {
      if (node.type === 'Identifier' && file.variable(node) === error.variable) {
        const whole = error.text.includes('.') && node.parent.type === 'MemberExpression' && node.parent.object === node ? node.parent : node;
        const isShorthand = whole.parent?.type === 'Property' && whole.parent.shorthand;
        edits.push({ start: whole.range[0], end: whole.range[1], text: isShorthand ? `${file.slice(whole)}: ${name}` : name });
      }
      return true;
    });
    return this.#flat(editedRange(file.text, own.range[0], own.range[1], edits), own);
  }

  /** Whether a variable of the insert's statement is read behind the check. */
  #isReadLater(): boolean {
    const { error, last } = this.#replacement;
    return error?.variable.references.some((one) => one.identifier.range[0] > last.range[1]) ?? false;
  }

  #name(name: string): string { return freshWithin(name, this.#context); }

  #own(node: Statement): string {
    return reindent(this.#context.file.slice(node), indentAt(this.#context.file.text, node.range[0]), '', templateRanges(node));
  }

  #flat(text: string, node: { readonly range: readonly [number, number] }): string {
    return reindent(text, indentAt(this.#context.file.text, node.range[0]), '');
  }

  #deeper(lines: readonly string[]): string[] {
    const { unit } = this.#context.forms;
    return lines.map((line) => unit + line.replaceAll('\n', `\n${unit}`));
  }
}
