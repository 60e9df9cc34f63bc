/** Pieces of a statement's own text, and edits in place: layout and letter case stay. */
import type { Edit, Node, Operation, Refusal } from '../../model.ts';
import type { Dialect } from '../../schema/model.ts';
import type { Insert, Operand, SetColumn, Statement, Update } from '../../sql/index.ts';
import { refuseForm as refusal } from '../common/refusal.ts';
import type { FormContext } from '../forms.ts';
import type { Place } from './place.ts';
import { sqlOf } from './place.ts';

export interface Written<S extends Statement = Statement> { readonly statement: S; readonly place: Place; readonly dialect: Dialect; readonly driver: string; readonly upper: boolean }

const PROVEN: ReadonlySet<string> = new Set(['pg', 'postgres.js', 'mysql2']);

/** The statement of an operation, where its text can be edited and its driver was run in the lab. */
export function writtenBy<K extends Statement['kind']>(operation: Operation, kind: K, context: FormContext): Written<Extract<Statement, { kind: K }>> | Refusal {
  const sql = sqlOf(operation);
  const { dialect } = context;
  if (!sql || sql.statement.kind !== kind) return refusal('shape', 'The statement has a shape that the rewrite does not know.');
  if (dialect === undefined) return refusal('dialect-unknown', 'What a statement looks like depends on the database: name it in settings[\'db-race\'].dialect.');
  if (!PROVEN.has(sql.driver)) return refusal('driver', 'The form was run through pg, postgres.js and mysql2 only.');
  if (sql.form !== 'result') return refusal('expression', 'The answer is taken in a way that the rewrite does not know.');
  if (!sql.place || context.text(sql.place.node).includes('\r')) return refusal('text-elsewhere', 'The text of the statement does not stand where it is run: it is kept in a constant, or put together.');
  if (/'[^']*\n[^']*'/.test(sql.place.text)) return refusal('shape', 'The text has a string over several lines, whose layout is part of it.');
  if ('with' in sql.statement && sql.statement.with.length) return refusal('shape', 'The statement begins with WITH.');
  return { statement: sql.statement as Extract<Statement, { kind: K }>, place: sql.place, dialect, driver: sql.driver, upper: /\b(?:INSERT|UPDATE|DELETE|SELECT)\b/.test(sql.place.text) };
}

export const isRefused = (value: object): value is Refusal => 'kind' in value && value.kind === 'refusal';

/** A keyword as this text writes them. */
export const word = ({ upper }: Written, text: string): string => (upper ? text : text.toLowerCase());

export const slice = ({ place }: Written, span: { readonly start: number; readonly end: number }): string => place.text.slice(span.start, span.end);

/** The name by which the statement's own columns are told from others: its alias, or the table's last name. */
export function ownName(written: Written<Insert | Update>): string {
  const { table } = written.statement;
  return table.alias ?? slice(written, table).trim().split('.').at(-1)!.trim();
}

/** Columns of an insert as its text spells them, by the names under which they were read. */
export function spelledColumns(written: Written<Insert>): ReadonlyMap<string, string> | undefined {
  const { columns, table } = written.statement;
  if (!columns) return undefined;
  const list = /^\s*\(([^()]*)\)/.exec(written.place.text.slice(table.end))?.[1]?.split(',').map((one) => one.trim());
  return list?.length === columns.length ? new Map(columns.map((name, index) => [name, list[index]!])) : undefined;
}

/** The column of `SET column = …` as it is spelled. */
export const spelledSet = (written: Written, set: SetColumn): string => slice(written, set).split('=')[0]!.trim().split('.').at(-1)!;

/** The end of what a statement says, before a semicolon. */
export const endOf = ({ place }: Written): number => place.text.replace(/[\s;]+$/, '').length;

/** A clause behind the statement's last one, or in front of RETURNING: on a line of its own where the others have one. */
export function addedClause(written: Written<Insert>, clause: string): Edit {
  const { place } = written;
  const returning = /\s+returning\b(?!.*\breturning\b)/is.exec(place.text);
  const at = written.statement.returning && returning ? returning.index : endOf(written);
  const before = /\n([ \t]*)(?:values|select)\b/i.exec(place.text)?.[1];
  const position = place.at(at);
  return { start: position, end: position, text: `${before === undefined ? ' ' : `\n${before}`}${clause}` };
}

/** A value that the statement is given in addition: a hole of its template, or one more in the list of values. */
export class Values {
  readonly #written: Written;
  readonly #context: FormContext;
  readonly #added: string[] = [];

  constructor(written: Written, context: FormContext) {
    this.#written = written;
    this.#context = context;
  }

  /** What stands in the text for an expression of code; undefined where it cannot be given. */
  put(text: string): string | undefined {
    const { place } = this.#written;
    if (place.node.parent?.type === 'TaggedTemplateExpression') return `\${${text}}`;
    const { values } = place;
    if (values?.type !== 'ArrayExpression' || values.elements.some((one) => !one || one.type === 'SpreadElement')) return undefined;
    const numbers = [...place.text.matchAll(/\$(\d+)/g)].map((one) => Number(one[1]));
    if (!numbers.length && values.elements.length && this.#written.dialect === 'postgres') return undefined;
    this.#added.push(text);
    return this.#written.dialect === 'postgres' ? `$${Math.max(values.elements.length, ...numbers) + this.#added.length}` : '?';
  }

  edits(): Edit[] {
    const { values } = this.#written.place;
    if (!this.#added.length || values?.type !== 'ArrayExpression') return [];
    const last = values.elements.at(-1);
    const position = last ? last.range[1] : values.range[0] + 1;
    const isBroken = last !== undefined && last !== null && this.#context.text(values).includes('\n') && values.elements.length > 1;
    const space = isBroken ? `\n${this.#context.indent(last)}` : ' ';
    return [{ start: position, end: position, text: last ? this.#added.map((one) => `,${space}${one}`).join('') : this.#added.join(', ') }];
  }
}

/** A value that means the same wherever it stands in a statement: a literal, `now()`. */
export function isPlain(operand: Operand): boolean {
  return operand.kind === 'literal' || operand.kind === 'default' || (operand.kind === 'call' && operand.arguments.every(isPlain));
}

/** The expression of code that stands for an operand. */
export function nodeOf({ place }: Written, operand: Operand): Node | undefined {
  if (operand.kind === 'hole') return place.expressions[operand.index];
  const { values } = place;
  if (operand.kind !== 'parameter' || operand.name !== undefined || values?.type !== 'ArrayExpression') return undefined;
  const element = values.elements.slice(0, operand.index + 1);
  const found = element.at(-1);
  return element.length === operand.index + 1 && found && element.every((one) => one && one.type !== 'SpreadElement') ? found : undefined;
}
