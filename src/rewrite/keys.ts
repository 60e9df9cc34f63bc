/** The unique key behind a look-up: proven exact, whole and non-null, or the reason why it is none. */
import type { Comparison, Operation, Refusal, Requirement, Row } from '../model.ts';
import type { Dialect, Table, UniqueKey } from '../schema/model.ts';
import type { SourceFile } from '../source/file.ts';
import { contains } from '../source/syntax.ts';
import { sameTable } from '../trace/matching.ts';
import { asLiteral, conjuncts, type Formula } from '../value/formula.ts';
import { lineage, type Node, type Value } from '../value/terms.ts';
import { list } from '../wording.ts';
import type { RewriteContext } from './context.ts';
import { undefinedness } from './defined.ts';
import { isStable } from './inert.ts';
import { uniqueIndexMigration } from './migration.ts';
import { refuse } from './refusals.ts';
import { someNode } from './text.ts';

export interface ProvenKey {
  readonly table: Table;
  readonly key: UniqueKey;
  /** The user's text of each key column's value. */
  readonly texts: ReadonlyMap<string, string>;
  readonly requires: readonly Requirement[];
}

/** The declared table of a write. */
export function tableOf(write: Operation): Table | Refusal {
  const { table, name } = write.table;
  return table ?? refuse('schema-unknown', `The schema of \`${name}\` was not found, so no unique key can be named. Name its files in settings['db-race'].schema.`);
}

/** The key on which an upsert replaces `read` and `insert`: the look-up compares exactly its columns with what the insert writes. */
export function lookupKey(read: Operation, insert: Operation, context: RewriteContext): ProvenKey | Refusal {
  const keys = read.predicate?.complete && read.predicate.arms.length === 1 ? lookupKeys(read, insert, context) : refuse('predicate-not-a-key', 'The look-up is more than one comparison of a key, so an upsert cannot stand for it.');
  return 'kind' in keys ? keys : keys[0];
}

/** The key of each arm of the look-up: `email` and `handle` of `OR: [{ email }, { handle }]`. */
export function lookupKeys(read: Operation, insert: Operation, context: RewriteContext): readonly [ProvenKey, ...ProvenKey[]] | Refusal {
  const table = tableOf(insert);
  if ('kind' in table) return table;
  if (sameTable(read.table, insert.table) !== true) return refuse('other-table', 'The look-up reads another table than the insert writes.');
  const found: ProvenKey[] = [];
  for (const arm of read.predicate?.complete ? read.predicate.arms : []) {
    const key = armKey(table, arm, read, insert, context);
    if ('kind' in key) return key;
    if (!found.some((one) => one.key === key.key)) found.push(key);
  }
  const [first, ...others] = found;
  return first ? [first, ...others] : refuse('predicate-not-a-key', 'What the look-up asks for was not understood, so a violation does not tell what it would have found.');
}

function armKey(table: Table, arm: readonly Comparison[], read: Operation, insert: Operation, { file, forms: { dialect, typescript }, client }: RewriteContext): ProvenKey | Refusal {
  const odd = arm.find((one) => one.operator !== '=' || one.via.length || one.conditional);
  if (odd) return refuse('predicate-not-a-key', `The look-up also asks for \`${[...odd.via, odd.column].join('.')}\` in a way that no unique key can.`);
  const columns = [...new Set(arm.map((one) => one.column))];
  const key = exactKey(table, columns, dialect);
  if ('kind' in key) return key;
  const proven = provenKey(table, key, arm, read, insert, file, client?.forms?.namesKeyOnly === true);
  if ('kind' in proven || !client?.forms?.dropsUndefined?.(read)) return proven;
  const defined = definedKey(proven, arm, read, insert, file, typescript);
  return 'kind' in defined ? defined : { ...proven, requires: [...proven.requires, ...defined] };
}

/** What several keys ask for, as one list. */
export function together(lists: readonly (readonly Requirement[])[]): readonly Requirement[] {
  const byId = new Map<string, Requirement>();
  for (const one of lists.flat()) {
    const known = byId.get(one.id);
    if (!known) byId.set(one.id, one);
    else if (known.text !== one.text) byId.set(one.id, { id: one.id, text: `${known.text}, and ${one.text}`, state: known.state === 'unknown' ? known.state : one.state });
  }
  return [...byId.values()];
}

/** That the looked-up values are there: without them the look-up asks for any row. */
function definedKey({ table, key }: ProvenKey, arm: readonly Comparison[], read: Operation, insert: Operation, file: SourceFile, typescript: boolean): readonly Requirement[] | Refusal {
  const unclear: string[] = [];
  for (const name of key.columns) {
    const { value, node } = arm.find((one) => one.column === name)!;
    const from = lineage(value);
    const isColumn = value.kind === 'member' && from !== undefined && from.table.table?.columns.get(value.key)?.nullable === false;
    if (isColumn || isNonNull(value, insert.condition) || isNonNull(value, read.condition)) continue;
    const is = node ? undefinedness(valueNode(node), file) : 'unknown';
    if (is === 'maybe') return refuse('key-undefined', `\`${file.slice(valueNode(node!))}\` can be undefined, and then the look-up asks for any row.`);
    // The compiler has checked what the insert is given for a column that it must give.
    const column = table.columns.get(name);
    const isChecked = typescript && column?.nullable === false && column.default === 'none' && !isCast(insert, name, file);
    if (is !== 'never' && !(is === 'typed' && isChecked)) unclear.push(name);
  }
  return unclear.length ? [{ id: 'key-defined', text: `${list(unclear)} is never undefined in the look-up, which would then find any row`, state: 'unknown' }] : [];
}

/** `data: { email: input.email! }`, `data: { … } as any`: the compiler was told to look away. */
function isCast(insert: Operation, column: string, file: SourceFile): boolean {
  const row = insert.rows?.[0];
  const node = row?.assignments.findLast((one) => one.column === column)?.node ?? (row?.spreads.length ? row.node : undefined);
  if (!node) return true;
  const value = valueNode(node);
  if (value.type === 'TSNonNullExpression' || value.type === 'TSAsExpression' || value.type === 'TSTypeAssertion') return true;
  for (let at: Node | undefined = node; at && at !== insert.node; at = at.parent) {
    if ((at.type === 'TSAsExpression' && file.slice(at.typeAnnotation) !== 'const') || at.type === 'TSTypeAssertion') return true;
  }
  return false;
}

/** The plain unique key on exactly these columns. */
export function exactKey(table: Table, columns: readonly string[], dialect: Dialect | undefined): UniqueKey | Refusal {
  const same = table.keys.filter((key) => key.columns.length === columns.length && columns.every((column) => key.columns.includes(column)));
  const plain = same.find((key) => !key.where && !key.expression && !key.deferrable);
  if (plain) return plain;
  const named = list(columns);
  if (same.some((key) => key.where)) return refuse('partial-key', `The unique index on ${named} is partial, which a conflict target cannot name here.`);
  if (same.some((key) => key.deferrable)) return refuse('deferrable-key', `The unique constraint on ${named} is deferrable, which no conflict target may be.`);
  if (table.keys.some((key) => key.expression && key.columns.every((column) => columns.includes(column)))) return refuse('expression-key', `The unique index on ${named} is over an expression, which a conflict target cannot name here.`);
  const subset = table.keys.find((key) => !key.where && !key.expression && key.columns.length > 0 && key.columns.every((column) => columns.includes(column)));
  if (subset) return refuse('key-differs', `The look-up asks for ${named}, the unique key is ${list(subset.columns)}: they can disagree.`);
  return refuse('no-unique-key', `No unique key covers ${named} of \`${table.name}\`; add one first.`, uniqueIndexMigration(table, columns, dialect));
}

/** That the insert writes exactly the looked-up values into the key, and that none of them is NULL. */
function provenKey(table: Table, key: UniqueKey, arm: readonly Comparison[], read: Operation, insert: Operation, file: SourceFile, namesOnly: boolean): ProvenKey | Refusal {
  const row = onlyRow(insert);
  if ('kind' in row) return row;
  const texts = new Map<string, string>();
  for (const column of key.columns) {
    const comparison = arm.find((one) => one.column === column)!;
    const written = row.assignments.findLast((one) => one.column === column);
    const inside = row.spreads.length > 0 && !written;
    if (inside && wholeRowHas(row, comparison)) {
      const node = comparison.node && comparison.node !== read.predicate?.node && isCopyable(valueNode(comparison.node), comparison.value, [read.node, insert.node], file) ? comparison.node : undefined;
      if (!node) return refuse('key-opaque', `The value of \`${column}\` cannot be copied from the code; bind it to a constant first.`);
      texts.set(column, file.slice(valueNode(node)));
      continue;
    }
    if (inside) return refuse('key-opaque', `Whether the inserted row has the looked-up \`${column}\` cannot be seen through the spread.`);
    if (!written || written.conditional || written.how !== 'set') return refuse('key-value-differs', `The insert does not always write \`${column}\`, which was looked up.`);
    if (row.spreads.length && !isLastWord(written.node, insert.node)) return refuse('key-opaque', `Whether the inserted row has the looked-up \`${column}\` cannot be seen through the spread behind it.`);
    if (written.value !== comparison.value) return refuse('key-value-differs', `The insert writes another value into \`${column}\` than was looked up.`);
    // `member.$relatedQuery('cards')` says both without writing the value.
    if (namesOnly && !comparison.node && !written.node) continue;
    // A condition in SQL has the whole text for its place, not the value's.
    const node = [comparison.node === read.predicate?.node ? undefined : comparison.node, written.node === row.node ? undefined : written.node].find((one) => one && isCopyable(valueNode(one), comparison.value, [read.node, insert.node], file));
    if (!node) return refuse('key-opaque', `The value of \`${column}\` cannot be copied from the code; bind it to a constant first.`);
    texts.set(column, file.slice(valueNode(node)));
  }
  const requires = nonNull(table, key, (column) => arm.find((one) => one.column === column)!.value, insert.condition);
  return 'kind' in requires ? requires : { table, key, texts, requires };
}

/**
 * `find({ email: input.email })`, `insert(input)`: what the row has there is what was asked for, whatever else it holds. With a
 * second object neither may be the one that writes the column; a relation (`via`) is no property of the row.
 */
export function wholeRowHas({ spreads: [whole, ...others] }: Row, { column, value, via }: Comparison): boolean {
  return whole !== undefined && !others.length && !via.length && value.kind === 'member' && value.key === column && value.object === whole && whole.kind !== 'unknown';
}

/**
 * Whether the expression gives the same value where the rewrite puts it: it stands in one of the `calls` (which stand there), or
 * everything that it names is in scope and never assigned again; and it makes no new value each time.
 */
function isCopyable(node: Node, value: Value, calls: readonly Node[], file: SourceFile): boolean {
  if (!isStable(node) && isMadeAnew(value)) return false;
  if (calls.some((call) => contains(call, node))) return true;
  const place = calls.at(-1)!;
  return !someNode(node, (one) => {
    const variable = one.type === 'Identifier' ? file.variable(one) : undefined;
    if (!variable) return false;
    const scope = variable.scope.block as unknown as Node;
    return !contains(scope, place) || variable.references.some((each) => each.isWrite() && !each.init);
  });
}

/** No spread behind the property can write its column again. */
export function isLastWord(node: Node | undefined, insert: Node): boolean {
  for (let at = node; at && at !== insert; at = at.parent) {
    if (at.parent?.type === 'ObjectExpression') return at.parent.properties.slice(at.parent.properties.indexOf(at as never) + 1).every((one) => one.type !== 'SpreadElement');
  }
  return false;
}

/** Some part of it is the result of something not understood: evaluated again, it may be another. */
function isMadeAnew(value: Value): boolean {
  switch (value.kind) {
    case 'unknown': return true;
    case 'member': return isMadeAnew(value.object);
    case 'element': return isMadeAnew(value.of);
    case 'expression': return value.operands.some(isMadeAnew);
    case 'choice': return value.arms.some((arm) => isMadeAnew(arm.value));
    default: return false;
  }
}

/** The value of a property, whether the property or its value was kept. */
export function valueNode(node: Node): Node {
  return node.type === 'Property' ? node.value : node;
}

/** The one row of an insert; sets are other intents' matter. */
export function onlyRow(insert: Operation): Row | Refusal {
  const row = insert.rows?.length === 1 && !insert.rowsOf ? insert.rows[0]! : undefined;
  return row ?? refuse('several-rows', 'The insert writes several rows.');
}

/** A NULL in a unique key collides with nothing, so an upsert on it inserts again. */
export function nonNull(table: Table, key: UniqueKey, valueOf: (column: string) => Value | undefined, condition: Formula): readonly Requirement[] | Refusal {
  const proven: Requirement = { id: 'key', text: `${list(key.columns)} is a unique key of \`${table.name}\`${key.assumed === undefined ? '' : ', as the settings say,'} and never NULL`, state: 'proven' };
  if (key.primary || key.nullsNotDistinct) return [proven];
  const nullable = key.columns.filter((column) => table.columns.get(column)?.nullable !== false && !isNonNull(valueOf(column), condition));
  if (!nullable.length) return [proven];
  const surely = nullable.filter((column) => table.columns.get(column)?.nullable === true);
  if (surely.length) return refuse('nullable-key', `${list(surely)} can be NULL, and NULLs never collide: an upsert on it would insert again.`);
  return [{ id: 'key-not-null', text: `${list(nullable)} is never NULL`, state: 'unknown' }];
}

function isNonNull(value: Value | undefined, condition: Formula): boolean {
  if (!value) return false;
  if (value.kind === 'literal') return value.value !== null && value.value !== undefined;
  if (value.kind === 'expression' && (value.operator === 'template' || /^(?:[+*/-]|call:(?:trim|toLowerCase|toUpperCase|toString|String|Number))$/.test(value.operator))) return true;
  return conjuncts(condition).some((part) => {
    const literal = asLiteral(part);
    if (!literal) return false;
    const { atom, holds } = literal;
    return (atom.kind === 'nullish' && !holds && atom.of === value) || (atom.kind === 'truthy' && holds && atom.of === value);
  });
}

/** The keys of which an insert can violate one: generated and left-out ones never collide. */
export function violableKeys(table: Table, row: Row): UniqueKey[] {
  return table.keys.filter((key) => !key.columns.every((column) => {
    const declared = table.columns.get(column);
    const isGiven = row.spreads.length > 0 || row.assignments.some((one) => one.column === column);
    return !isGiven && (declared?.default === 'generated-id' || declared?.default === 'client' || (declared?.default === 'database' && declared.defaultLiteral === undefined));
  }));
}

/** Whose violation an insert can also report, beside these. */
export function otherKeys(table: Table, keys: UniqueKey | readonly UniqueKey[], row: Row): readonly UniqueKey[] | 'unknown' {
  const own = [keys].flat();
  return table.complete ? violableKeys(table, row).filter((one) => !own.includes(one)) : 'unknown';
}
