/** SQL text with `?`, `??`, `:name` and `:name:` bindings, as a statement, a condition, or a value. */
import type { How, Node, OperationSpec, Predicate, Value } from '../../../model.ts';
import { readConditionText, readOperandText, selfArithmetic, sqlSource } from '../../../sql/index.ts';
import type { ClientContext } from '../../client.ts';
import { onlyStatement, predicateFrom, sqlText, statementOperation, valueFrom } from '../sql.ts';
import type { Bind, Scope, SqlText, StatementSpec } from '../sql.ts';
import { columnNamed, columnOf, dialectOf, tableNamed } from './state.ts';
import type { BuilderState, Origin } from './state.ts';

/** What a `raw(text, bindings)` handle holds. */
export interface RawData { readonly text: Value; readonly bindings: readonly Value[] }

/** The raw fragment that a value is, whichever client made it. */
export function rawOf(value: Value | undefined): RawData | undefined {
  return value?.kind === 'handle' && value.type === 'raw' ? value.data as unknown as RawData : undefined;
}

const MARK = /\0|\\\?|\?\?|\?|(?<![:\w]):(\w+)(:?)/g;

/** The text with its bindings as holes; names that are bound (`??`, `:name:`) stand in the text. */
export function boundText({ text, bindings }: RawData, context: ClientContext): SqlText | undefined {
  const read = sqlText(text, context);
  if (!read) return undefined;
  const [first] = bindings;
  const listed = bindings.length === 1 && first ? context.elements(first)?.map((one) => one.value) : undefined;
  const named = bindings.length === 1 && first && !listed && (context.entries(first) !== undefined);
  const values = listed ?? bindings;
  const holes: Value[] = [];
  const parts: string[] = [];
  let [from, hole, position] = [0, 0, 0];
  const source = read.source.text;
  const put = (at: number, length: number, value: Value | undefined, isName: boolean): void => {
    const name = isName && value ? context.literal(value)?.value : undefined;
    const before = source.slice(from, at);
    from = at + length;
    if (typeof name === 'string') { pending += before + name.split('.').map((one) => `"${one}"`).join('.'); return; }
    parts.push(pending + before);
    pending = '';
    holes.push(value ?? context.terms.unknown(text.kind === 'unknown' ? text.node : NOWHERE));
  };
  let pending = '';
  for (const match of source.matchAll(MARK)) {
    const [mark, key, closing] = match;
    if (mark === '\0') put(match.index, 1, read.holes[hole++], false);
    else if (mark === '??' || mark === '?') { if (bindings.length) put(match.index, mark.length, values[position++], mark === '??'); }
    else if (key !== undefined && named) put(match.index, mark.length, context.property(first!, key), closing === ':');
  }
  parts.push(pending + source.slice(from));
  return { source: sqlSource(parts), holes };
}

/** Stands behind a value that has no place in the source: more placeholders than values. */
const NOWHERE = { type: 'EmptyStatement', range: [0, 0] } as unknown as Node;

const bindOf = (text: SqlText): Bind => ({ parameter: () => undefined, hole: (index) => text.holes[index] });

function scopeOf(state: Pick<BuilderState, 'table' | 'alias'>, text: SqlText, node: Node | undefined): Scope {
  return { bind: bindOf(text), node, tidied: true, column: ({ qualifier, name }) => columnOf(state, qualifier === undefined ? name : `${qualifier}.${name}`) };
}

export function rawCondition(state: BuilderState, raw: RawData, context: ClientContext, node: Node | undefined): Predicate {
  const text = boundText(raw, context);
  return text ? predicateFrom(readConditionText(text.source, dialectOf(state, context)), scopeOf(state, text, node), context) : { arms: [], complete: false, node };
}

/** The value of code that a fragment stands for, `lower(…)` and the like around it kept; undefined when only the database knows it. */
export function rawValue(state: BuilderState, raw: RawData, context: ClientContext): Value | undefined {
  // sql`${email}`
  const parts = raw.text.kind === 'expression' && raw.text.operator === 'template' ? raw.text.operands.filter((one) => String(context.literal(one)?.value ?? 'value').trim() !== '') : [];
  if (parts.length === 1 && parts[0]!.kind !== 'literal') return parts[0];
  const text = boundText(raw, context);
  return text && valueFrom(readOperandText(text.source, dialectOf(state, context)), scopeOf(state, text, undefined), context);
}

/** What a raw value writes to `column`: arithmetic on its own stored value, another expression of the database, or a value of code. */
export function rawAssignment(state: BuilderState, column: string, raw: RawData, context: ClientContext): { readonly value: Value; readonly how: How } {
  const text = boundText(raw, context);
  const opaque = { value: context.terms.expression('sql', [raw.text]), how: 'atomic' as const };
  if (!text) return opaque;
  const operand = readOperandText(text.source, dialectOf(state, context));
  const scope = scopeOf(state, text, undefined);
  const self = selfArithmetic(column, operand) ?? selfArithmetic(columnNamed(state.table.table, column), operand);
  const amount = self && valueFrom(self.amount, scope, context);
  if (self && amount) return { value: self.operator === '-' ? context.terms.expression('-', [amount]) : amount, how: self.operator === '||' ? 'append' : 'atomic' };
  const plain = operand.kind === 'call' || operand.kind === 'text' ? undefined : valueFrom(operand, scope, context);
  return plain ? { value: plain, how: 'set' } : opaque;
}

/** `count(*) as n`, `max(position)`: an aggregate, with the name that it gets. */
export function rawAggregate(raw: RawData, context: ClientContext): { readonly function: string; readonly column: string | undefined; readonly name: string } | undefined {
  const text = boundText(raw, context)?.source.text;
  const found = text === undefined ? undefined : /^\s*(?:coalesce\s*\(\s*)?(?<fn>count|max|min|sum|avg)\s*\(\s*(?:distinct\s+)?(?<column>[\w."`*]*)\s*\)(?<rest>[^"'`]*?)(?:\s+as\s+["'`]?(?<name>\w+)["'`]?)?\s*$/i.exec(text)?.groups;
  if (!found) return undefined;
  const column = found['column']!.replace(/["`]/g, '');
  const fn = found['fn']!.toLowerCase();
  return { function: fn, column: column === '*' || column === '' || /^\d+$/.test(column) ? undefined : column.split('.').at(-1), name: found['name'] ?? fn };
}

/** A raw statement that is run; undefined for fragments and for what was not read. */
export function rawStatement(client: string, raw: RawData, origin: Origin, node: Node, context: ClientContext): StatementSpec | undefined {
  const text = boundText(raw, context);
  const statement = text && onlyStatement(text, dialectOf(origin, context));
  return statement && statementOperation(statement, bindOf(text), {
    table: ({ schema, name }) => ({ name, table: context.catalogue.find(client, schema === undefined ? name : `${schema}.${name}`) ?? tableNamed(client, name, context) }),
    column: columnNamed,
  }, context, node);
}

/** Where a raw statement's rows and counts lie: `.rows` and `.rowCount` (pg), `[0]` (mysql), the answer itself (SQLite). */
export function rawResult(spec: StatementSpec, dialect: OperationSpec['dialect']): OperationSpec['result'] {
  if (spec.verb === 'lock') return [];
  const paths: readonly (readonly string[])[] = dialect === 'postgres' ? [['rows']] : dialect === 'mysql' ? [['0']] : dialect === 'sqlite' ? [[]] : [['rows'], ['0'], []];
  if (spec.answers === 'scalar') {
    return paths.map((path) => {
      const at = [...path, '0', ...(spec.alias === undefined ? [] : [spec.alias])];
      if (spec.verb !== 'count') return { path: at, is: 'scalar' as const };
      return spec.detail?.['exists'] === true ? { path: at, is: 'exists' as const } : { path: at, is: 'count' as const, ...(dialect && { numeric: dialect === 'postgres' ? spec.numeric ?? 'string' as const : 'number' as const }) };
    });
  }
  const affected = (dialect === 'postgres' ? [['rowCount']] : dialect === 'mysql' ? [['0', 'affectedRows']] : dialect === 'sqlite' ? [['changes']] : [['rowCount'], ['0', 'affectedRows'], ['changes']])
    .map((path) => ({ path, is: 'affected' as const, numeric: 'number' as const }));
  if (spec.verb === 'find') return paths.map((path) => ({ path, is: 'rows' as const }));
  return spec.answers === 'rows' ? [...paths.map((path) => ({ path, is: 'rows' as const })), ...affected] : affected;
}
