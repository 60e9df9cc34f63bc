/**
 * Atomic forms of Supabase: a request is one statement, so `.upsert()` on the table's key is one. It has one payload for both
 * cases: an upsert that updates writes every column that it would insert.
 */
import type { Assignment, Comparison, Node, Operation, Refusal, Requirement, Row } from '../../model.ts';
import type { Table, UniqueKey } from '../../schema/model.ts';
import { unwrap } from '../../source/syntax.ts';
import { isRefused, refuseForm } from '../common/refusal.ts';
import type { Forms, FormContext, InsertMissingRequest, UpsertForm, UpsertRequest, ViolationForm, ViolationRequest } from '../forms.ts';
import { chainOf, conflictTarget, lineBreaks, onConflict, remove, rename, upsertEdits, type Chain } from './chain.ts';
import { alternativeKeys, parts } from './alternative-keys.ts';
import { guardedWrite } from './forms-guarded.ts';
import { replaceSet } from './replace-set.ts';
import { rowSecurity } from './row-security.ts';

export const forms: Forms = { leavesRows: true, ignoresOneKey: true, upsert, violation, claims: true, insertMissing, parts, alternativeKeys, replaceSet, guardedWrite };

const TOUCHES_NOTHING = 'A row that is there already stays as it is; its columns are not compared with the ones given.';
const IDS = 'An upsert of a row that is there uses up a value of its sequence, where it has one.';

function upsert(request: UpsertRequest, context: FormContext): UpsertForm | Refusal {
  const { insert, table, key, update } = request;
  const chain = chainOf(insert);
  if (!chain) return refuseForm('shape', 'The insert is built up in several steps, which the rewrite does not take apart.');
  const target = conflictTarget(key);
  if (isRefused(target)) return target;
  return update ? createOrUpdate({ ...request, update }, chain, target, context) : getOrCreate(request, chain, target, context, table);
}

function createOrUpdate({ insert, update, table, key, keyText }: UpsertRequest & { readonly update: Operation }, chain: Chain, target: string, context: FormContext): UpsertForm | Refusal {
  const differs = payloadDiffers(insert, update, key, keyText, context);
  if (differs) return differs;
  const security = rowSecurity(table, ['select', 'insert', 'update']);
  if (isRefused(security)) return security;
  if (returns(insert) !== returns(update)) return refuseForm('row-differs', 'The insert and the update give back different columns or rows.');
  const edits = upsertEdits(chain, onConflict(target, context));
  if (!edits) return options();
  return {
    kind: 'form', id: 'supabase-upsert', title: `Replace with \`upsert\` on ${listed(key.columns)}`,
    before: [], call: context.edited(insert.node, edits), row: undefined,
    requires: [security],
    changes: [IDS, ...(security.text.startsWith('Policies') ? ['Where a policy hides the row from an update, the upsert fails with 42501; the update changed nothing and said nothing.'] : [])],
  };
}

/** Insert and ignore the conflict; where the row is wanted, read it when nothing came back. */
function getOrCreate({ insert, read, key, wants, keyText }: UpsertRequest, chain: Chain, target: string, context: FormContext, table: Table): UpsertForm | Refusal {
  const security = rowSecurity(table, ['select', 'insert']);
  if (isRefused(security)) return security;
  const edits = upsertEdits(chain, `${onConflict(target, context)}, ignoreDuplicates: true`);
  if (!edits) return options();
  const facts = { requires: [security], changes: [TOUCHES_NOTHING, IDS] };
  const title = `Replace with \`upsert\` on ${listed(key.columns)} that ignores a row that is there`;
  const cardinality = chain.rest.find((one) => one.name === 'single' || one.name === 'maybeSingle');
  const select = chain.rest.find((one) => one.name === 'select');
  if (wants === 'nothing') {
    // A conflict gives no row back: nobody reads it, but `.single()` would call that an error.
    const unread = chain.rest.filter((one) => one === select || one === cardinality || /^(?:returns|overrideTypes)$/.test(one.name)).map(remove);
    return { kind: 'form', id: 'supabase-upsert-ignore', title, before: [], call: context.edited(insert.node, [...edits, ...unread]), row: undefined, ...facts };
  }
  if (!select || !cardinality) return refuseForm('row-shape', 'Code reads what the insert gives back, and on a conflict it would give back nothing; read one row with `.select().single()`.');
  if (insert.detail?.['embedded'] && (insert.detail['embedded'] as readonly unknown[]).length) return refuseForm('row-shape', 'The insert gives back rows of other tables too.');
  // The row was handed out in the columns of the look-up where it was there, and is now always in those of the insert.
  if (read && columnsOf(read) !== columnsOf(insert)) return refuseForm('row-differs', 'The look-up and the insert give back different columns; let both select the same.');
  const again = reread(chain, insert, read, key, keyText, context);
  if (isRefused(again)) return again;
  const reading = [...facts.changes, 'Where the row was there already it is read by its key in a second request.'];
  if (insert.detail?.['throws'] === true) {
    const unread = chain.rest.filter((one) => one === select || one === cardinality || /^(?:returns|overrideTypes)$/.test(one.name)).map(remove);
    return { kind: 'form', id: 'supabase-upsert-ignore-read', title: `${title}, then read it`, before: [`await ${context.edited(insert.node, [...edits, ...unread])}`], call: again, row: undefined, ...facts, changes: reading };
  }
  // `.single()` says PGRST116 where nothing came back, and every other error stays what it is; both answers have one type.
  const written = context.fresh('written');
  const single = cardinality.name === 'maybeSingle' ? [rename(cardinality, 'single')] : [];
  const { quote, unit } = context;
  const line = `\n${context.indent(insert.node)}${unit}`;
  const breaks = context.text(insert.node).includes('\n') ? [] : lineBreaks(chain, line);
  const call = `${context.edited(insert.node, [...edits, ...single, ...breaks])}${line}.then((${written}) => (${written}.error?.code === ${quote}PGRST116${quote} ? ${again} : ${written}))`;
  return { kind: 'form', id: 'supabase-upsert-ignore-read', title: `${title}, and read it then`, before: [], call, row: undefined, ...facts, changes: reading };
}

/** The row that is there, by its key, in the columns that the insert gives back. */
function reread(chain: Chain, insert: Operation, read: Operation | undefined, key: UniqueKey, keyText: ReadonlyMap<string, string>, context: FormContext): string | Refusal {
  const texts = key.columns.map((column) => keyText.get(column));
  if (texts.some((one) => one === undefined || /\bawait\b|\(/.test(one) && !isRepeatable(one))) return refuseForm('key-opaque', 'The key is computed in a way that cannot be written twice.');
  const { quote } = context;
  const base = unwrap(chain.verb.call.callee);
  if (base.type !== 'MemberExpression') return refuseForm('shape', 'The insert is built up in several steps, which the rewrite does not take apart.');
  const from = context.text(base.object).replace(/\s*\n\s*(?=\.)/g, '');
  const tails = chain.rest.map((one) => {
    if (one.name === 'select') return `.select(${one.call.arguments.map((each) => context.text(each)).join(', ')})${key.columns.map((column, index) => `.eq(${quote}${column}${quote}, ${texts[index]})`).join('')}`;
    return one.name === 'single' || one.name === 'maybeSingle' ? '.single()' : undefined;
  });
  const throwing = insert.detail?.['throws'] === true ? '.throwOnError()' : '';
  const odd = chain.rest.find((one) => !/^(?:select|single|maybeSingle|throwOnError)$/.test(one.name));
  if (odd || read?.verb === 'call') return refuseForm('row-shape', `\`.${odd?.name ?? 'rpc'}()\` cannot be carried over to the second request.`);
  return `${from}${tails.join('')}${throwing}`;
}

/** Text that gives the same value when it is evaluated again: pure calls of what is there. */
const isRepeatable = (text: string): boolean => !/\b(?:await|new|random\w*|now|uuid\w*|nanoid|cuid|ulid)\b|=(?![=>])|\+\+|--/i.test(text);

const options = (): Refusal => refuseForm('options', 'The insert has options that mean something else in an upsert.');
const listed = (columns: readonly string[]): string => columns.map((one) => `\`${one}\``).join(', ');

const columnsOf = (operation: Operation): string => `${[...(operation.columns ?? ['*'])].sort().join()} ${operation.includes?.join() ?? ''}`;

function returns(operation: Operation): string {
  const { detail } = operation;
  if (detail?.['returning'] !== true) return 'nothing';
  return `${String(detail['cardinality'])} ${operation.columns?.join() ?? '*'} ${operation.includes?.join() ?? ''} ${String(detail['throws'])}`;
}

// ------------------------------------------------------------------------------------------------------------ payload

/** One payload: the update must write exactly what the insert writes beside the key. */
function payloadDiffers(insert: Operation, update: Operation, key: UniqueKey, keyText: ReadonlyMap<string, string>, context: FormContext): Refusal | undefined {
  const [inserted, updated] = [insert.rows?.[0], update.rows?.[0]];
  if (!inserted || !updated) return refuseForm('update-unclear', 'What the update writes was not understood.');
  const [created, changed] = [lastOf(inserted), lastOf(updated)];
  const compared = update.predicate?.arms[0] ?? [];
  for (const [column, assignment] of changed) {
    const written = created.get(column);
    if (key.columns.includes(column) && (written?.value === assignment.value || isCompared(compared, assignment))) continue;
    if (!written) return refuseForm('update-differs', `The update writes \`${column}\`, which the insert leaves to its default; an upsert has one payload for both.`);
    if (!sameValue(written, assignment, context)) return refuseForm('update-differs', `The update writes another value into \`${column}\` than the insert; an upsert has one payload for both.`);
  }
  const only = [...created.keys()].filter((column) => !changed.has(column) && !key.columns.includes(column));
  if (only.length) return refuseForm('update-differs', `${listed(only)} ${only.length > 1 ? 'are' : 'is'} written by the insert only: an upsert would overwrite ${only.length > 1 ? 'them' : 'it'} in a row that is there.`);
  const spreads = (row: Row): string => row.spreads.map((one) => one.id).join();
  if (spreads(inserted) !== spreads(updated)) return refuseForm('update-differs', 'Insert and update write different objects; an upsert has one payload for both.');
  // A spread may hold the key itself: then the update moved the row to another key, and the upsert would not.
  if (inserted.spreads.length && keyText.size && !keyWins(inserted, key)) return refuseForm('key-opaque', 'An object spread behind the key may hold another one.');
  return undefined;
}

function isCompared(compared: readonly Comparison[], { column, value }: Assignment): boolean {
  return compared.some((one) => one.column === column && one.value === value);
}

const lastOf = (row: Row): Map<string, Assignment> => new Map(row.assignments.map((one) => [one.column, one]));

/** Two readings of the clock count as one value: nobody can tell them apart by more than the time between them. */
const CLOCK = /^(?:new Date\(\)(?:\.to(?:ISOString|JSON)\(\))?|Date\.now\(\))$/;

function sameValue(one: Assignment, other: Assignment, context: FormContext): boolean {
  if (one.conditional || other.conditional || one.how !== other.how) return false;
  if (one.value === other.value) return true;
  const [a, b] = [valueText(one.node, context), valueText(other.node, context)];
  return a !== undefined && a === b && CLOCK.test(a);
}

function valueText(node: Node | undefined, context: FormContext): string | undefined {
  return node && context.text(node.type === 'Property' ? node.value : node);
}

/** The key's columns stand behind every spread, so that they win. */
function keyWins(row: Row, key: UniqueKey): boolean {
  const object = row.node && unwrap(row.node);
  if (object?.type !== 'ObjectExpression') return false;
  const last = object.properties.findLastIndex((one) => one.type === 'SpreadElement');
  return key.columns.every((column) => object.properties.findLastIndex((one) => row.assignments.some((each) => each.column === column && each.node === one)) > last);
}

// ---------------------------------------------------------------------------------------------------------- violation

/** "duplicate key value violates unique constraint "users_email_key"": the message names the key, whatever policies hide. */
function violation({ write, updates, table, key, others, error }: ViolationRequest, { quote, typescript }: FormContext): ViolationForm | Refusal {
  const thrown = write.violation?.arrives === 'thrown';
  const held = thrown && typescript ? `(${error} as { code?: string; message?: string } | null)` : error;
  const code = `${held}?.code === ${quote}23505${quote}`;
  const facts = { kind: 'form' as const, requires: [] as readonly Requirement[], changes: [], savepoint: () => undefined };
  const isOnly = updates ? others.length === 0 : table.complete && table.keys.every((one) => one === key || one.where === undefined && cannotCollide(one, table, write.rows?.[0]));
  if (isOnly) return { ...facts, id: 'supabase-violation', test: code };
  const name = key.name;
  if (name === undefined) return refuseForm('key-unnamed', `\`${table.name}\` has several unique keys, and the name of the one on ${listed(key.columns)}, by which the error tells it, is not in the schema.`);
  return { ...facts, id: 'supabase-violation-key', test: `${code} && ${held}${thrown && typescript ? '?' : ''}.message${thrown && typescript ? '?' : ''}.includes(${quote}"${name}"${quote})` };
}

/** A key that the database fills by itself. */
function cannotCollide(key: UniqueKey, table: Table, row: Row | undefined): boolean {
  if (!row || row.spreads.length) return false;
  return key.columns.some((column) => {
    const declared = table.columns.get(column);
    return !row.assignments.some((one) => one.column === column) && (declared?.default === 'generated-id' || (declared?.default === 'database' && declared.defaultLiteral === undefined));
  });
}

// ------------------------------------------------------------------------------------------------------ insert missing

function insertMissing({ insert, table, key }: InsertMissingRequest, context: FormContext): UpsertForm | Refusal {
  const chain = chainOf(insert);
  if (!chain) return refuseForm('shape', 'The insert is built up in several steps, which the rewrite does not take apart.');
  if (chain.rest.some((one) => one.name === 'single' || one.name === 'maybeSingle')) return refuseForm('row-shape', 'The insert gives back one row, and on a conflict it would give back none.');
  const target = conflictTarget(key);
  if (isRefused(target)) return target;
  const security = rowSecurity(table, ['select', 'insert']);
  if (isRefused(security)) return security;
  const edits = upsertEdits(chain, `${onConflict(target, context)}, ignoreDuplicates: true`);
  if (!edits) return options();
  const given = insert.detail?.['returning'] === true ? ['Rows that somebody else inserted meanwhile are not among those given back.'] : [];
  return {
    kind: 'form', id: 'supabase-upsert-missing', title: `Insert with \`upsert\` on ${listed(key.columns)}, ignoring rows that are there`,
    before: [], call: context.edited(insert.node, edits), row: undefined,
    requires: [security], changes: [TOUCHES_NOTHING, 'A key that is twice among the given rows is inserted once instead of failing.', ...given],
  };
}
