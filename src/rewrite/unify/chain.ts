/**
 * Places that write one table by different keys, brought together: which keys the one function has, in which order each place asks for
 * them, and what must hold for that to be what each of them meant.
 */
import type { AlternativeKeysForm, NeededImport, PartialTest } from '../../clients/forms.ts';
import type { Refusal, Requirement } from '../../model.ts';
import type { Table, UniqueKey } from '../../schema/model.ts';
import { list } from '../../wording.ts';
import { literalMeets } from './partial.ts';
import { isRefusal, refuse } from '../refusals.ts';
import { handleTypeOf, importedName } from './handle.ts';
import type { Place, Step } from './model.ts';

export interface NamedKey { readonly name: string; readonly key: UniqueKey }

/** All that is needed to write the function and its calls. */
export interface Unified {
  readonly table: Table;
  readonly id: string;
  readonly keys: readonly NamedKey[];
  readonly form: AlternativeKeysForm;
  /** Whether the function tells a new row from a known one. */
  readonly tellsNew: boolean;
  /** Some place does different things with a row, depending on the key that finds it. */
  readonly mixed: boolean;
  /** In the order of `places`: its own keys, then those that only others had asked for. */
  readonly chains: readonly (readonly Step[])[];
  readonly requires: readonly Requirement[];
  readonly changes: readonly string[];
  readonly imports: readonly NeededImport[];
}

/** What a function that is there already has and gives back. */
export interface Present { readonly keys: readonly UniqueKey[]; readonly columns: readonly string[] | undefined; readonly tellsNew: boolean; readonly mixed: boolean }

export function unify(places: readonly Place[], shown: (place: Place) => string, present?: Present): Unified | Refusal {
  const [first] = places;
  const { table, context } = first!;
  const clients = new Set(places.map((one) => one.write.client));
  if (clients.size > 1) return refuse('several-clients', `The places use different libraries: ${places.map((one) => `${one.write.label} (${shown(one)})`).join(', ')}.`);
  const keys = named([...new Set([...places.flatMap((one) => one.chain.map((step) => step.key)), ...(present?.keys ?? [])])]);
  const id = table.keys.find((one) => one.primary)!.columns[0]!;
  const own = columnsOf(places, shown);
  if (isRefusal(own)) return own;
  const columns = { names: own.names === undefined || (present && !present.columns) ? undefined : [...new Set([...(present?.columns ?? []).filter((one) => one !== id), ...own.names])] };
  const tellsNew = present?.tellsNew === true || places.some((one) => one.tellsNew);
  const handed = places.find((one) => one.whole);
  if (present && handed && (tellsNew || columns.names?.length !== own.names?.length)) return refuse('results-differ', `${shown(handed)} hands its row on as it is, and the function that is there gives back more.`);
  const form = context.client!.forms!.alternativeKeys!({ table, id, keys, writes: places.map((one) => one.write), columns: columns.names, handleType: handleTypeOf(places), imported: (name) => importedName(places, name) }, context.forms);
  if (isRefusal(form)) return form;
  const partial = partialKeys(places, keys, form, shown);
  if (isRefusal(partial)) return partial;
  const foreign: string[] = [];
  const chains: (readonly Step[])[] = [];
  let mixed = present?.mixed === true;
  for (const place of places) {
    // Nothing of its own: only what is there already is asked for.
    if (!place.chain.length) continue;
    const others = keys.map((one) => one.key).filter((key) => !place.chain.some((step) => step.key === key) && gives(place, key, form.partial.get(keys.find((one) => one.key === key)!.name) ?? []));
    const sets = place.chain.map((step) => step.set);
    const set = sets.every((one) => one === sets[0] || sameText(one, sets[0]!, place)) ? sets[0]! : undefined;
    if (set === undefined) mixed = true;
    if (others.length && set === undefined) return refuse('meanings-differ', `${shown(place)} does one thing with a row that ${list(place.chain[0]!.key.columns)} finds and another with one that ${list(place.chain.at(-1)!.key.columns)} finds: what it should do with one that ${list(others[0]!.columns)} finds is for people to say.`);
    if (others.length) foreign.push(`${shown(place)} asks by ${list(place.chain.flatMap((step) => step.key.columns))} and writes ${list(others.flatMap((one) => one.columns))} too`);
    chains.push([...place.chain, ...others.map((key) => ({ key, set: set! }))]);
  }
  const named_ = list(keys.flatMap((one) => one.key.columns));
  return {
    table, id, keys, form, chains, imports: form.imports, tellsNew, mixed,
    requires: [
      { id: 'alternative-keys', text: `rows of \`${table.name}\` that ${named_} find are the same thing, so that whoever gives two of them means one row (${foreign.join('; ')})`, state: foreign.length ? 'unknown' : 'proven' },
      ...partial, ...form.requires,
    ],
    changes: [
      ...(foreign.length ? [`A row that only another place's key finds is updated, where the insert failed with a violation: ${foreign.join('; ')}.`] : []),
      ...places.flatMap((one) => one.changes.map((change) => `${shown(one)}: ${change}`)), ...form.changes,
    ],
  };
}

/** By its columns; callers read `by: 'email'`. */
function named(keys: readonly UniqueKey[]): NamedKey[] {
  return keys.map((key) => ({ key, name: key.columns.join('_') })).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Whether the row of a place can have the key. */
function gives({ written, opaque }: Place, key: UniqueKey, partial: readonly PartialTest[]): boolean {
  const isOutside = partial.some(({ column, ...test }) => {
    const value = written.get(column)?.value;
    return value?.kind === 'literal' && !literalMeets((value.value ?? null) as PartialTest['value'], test);
  });
  return !isOutside && key.columns.every((column) => {
    const value = written.get(column);
    return value ? !(value.value.kind === 'literal' && value.value.value == null) : opaque;
  });
}

function sameText(one: Step['set'], other: Step['set'], { file }: Place): boolean {
  return typeof one !== 'string' && typeof other !== 'string' && file.slice(one).replace(/\s+/g, '') === file.slice(other).replace(/\s+/g, '');
}

/** What the function gives back: what anybody reads, and nothing more where somebody hands the row on as it is. */
function columnsOf(places: readonly Place[], shown: (place: Place) => string): { readonly names: readonly string[] | undefined } | Refusal {
  const whole = places.filter((one) => one.whole);
  const fetched = (place: Place): string => (place.write.columns ? [...place.write.columns].sort().join(', ') : '*');
  const read = [...new Set(places.flatMap((one) => [...one.reads]))];
  const differs = (one: Place, what: string): Refusal => refuse('results-differ', `${shown(one)} hands its row on as it is, with ${fetched(one) === '*' ? 'all columns' : fetched(one)}; ${what}.`);
  const [first] = whole;
  if (!first) return { names: read };
  const other = whole.find((one) => fetched(one) !== fetched(first));
  if (other) return differs(first, `${shown(other)} hands on ${fetched(other) === '*' ? 'all columns' : fetched(other)}`);
  const telling = places.find((one) => one.tellsNew);
  if (telling) return differs(first, `${shown(telling)} must be told whether the row is new, and the row would say so`);
  const missing = first.write.columns && read.find((one) => !first.write.columns!.includes(one));
  if (missing !== undefined) return differs(first, `\`${missing}\` is read elsewhere`);
  return { names: first.write.columns };
}

/** A partial key is none for rows outside its predicate: neither those that are looked for, nor the one that is inserted. */
function partialKeys(places: readonly Place[], keys: readonly NamedKey[], form: AlternativeKeysForm, shown: (place: Place) => string): readonly Requirement[] | Refusal {
  const found: Requirement[] = [];
  for (const { name, key } of keys) {
    const tests = form.partial.get(name);
    if (!tests) continue;
    for (const { column, ...test } of tests) {
      const declared = places[0]!.table.columns.get(column)!;
      const isWritten = places.some((one) => one.opaque || one.written.has(column));
      const left = declared.defaultLiteral ?? (declared.default === 'none' ? null : undefined);
      if (left === undefined) return refuse('partial-key', `The unique index on ${list(key.columns)} is partial (${key.where}), and what \`${column}\` is where it is left out was not read.`);
      if (!isWritten && !literalMeets(left, test)) return refuse('partial-key', `The unique index on ${list(key.columns)} is partial (${key.where}), and no place inserts a row that it holds.`);
    }
    // A look-up that did not ask for the predicate found rows that the key does not hold.
    const wider = places.filter((one) => one.chain.some((step) => step.key === key));
    found.push({ id: 'partial-key', text: `whoever looks for ${list(key.columns)} means rows where ${key.where}, of which alone it is a key (${wider.map(shown).join(', ')})`, state: 'unknown' });
  }
  return found;
}
