import type { Outcome, Result, Row } from './model.ts';

/** Strings of this length are taken for random ids where the schema says that they are made up. */
const RANDOM = 16;

/**
 * The text of an outcome, equal for equal outcomes: rows in no order, keys sorted, and what is made up at run time (ids, clocks) replaced
 * by the place of its row, so that a result which names a row is told apart from one that names another.
 */
export function outcomeText(outcome: Outcome, generated: ReadonlySet<string>): string {
  const mentions: string[] = [];
  for (const one of outcome.results) collect('value' in one ? one.value : undefined, '', (key, value) => { if (generated.has(key)) mentions.push(identity(key, value)); });
  const places = new Map<string, string>();
  const tables = Object.keys(outcome.tables).sort().map((table) => {
    const rows = outcome.tables[table]!.map((row) => {
      const made = Object.keys(row).filter((key) => generated.has(key) && row[key] != null);
      return { row, made, text: textOf(row, (key, value) => (generated.has(key) ? '' : value)), first: mentioned(row, made, mentions) };
    });
    rows.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : a.first - b.first));
    rows.forEach(({ row, made }, at) => {
      for (const key of made) if (!places.has(identity(key, row[key]))) places.set(identity(key, row[key]), `${table}#${at + 1}`);
    });
    return { table, rows: rows.map(({ row }) => row) };
  });
  const replace = (key: string, value: unknown): unknown => {
    // A random id is known again wherever it stands: alone as a result, or under another name.
    if (typeof value === 'string' && value.length >= RANDOM) {
      const place = places.get(identity(key, value));
      if (place !== undefined && !isTime(value)) return place;
    }
    if (!generated.has(key) || value == null) return value;
    return isTime(value) ? '(time)' : (places.get(identity(key, value)) ?? '(made up)');
  };
  const results = outcome.results.map((one, at) => `${at + 1}: ${'value' in one ? textOf(one.value, replace) : `error ${one.error}`}`);
  const rows = tables.map(({ table, rows: all }) => `${table}: ${all.map((row) => textOf(row, replace)).sort().join(' ') || '(none)'}`);
  return [...results, ...(rows.length ? rows : ['(no rows)'])].join('\n');
}

function mentioned(row: Row, made: readonly string[], mentions: readonly string[]): number {
  const places = made.map((key) => mentions.indexOf(identity(key, row[key]))).filter((one) => one >= 0);
  return places.length ? Math.min(...places) : Number.MAX_SAFE_INTEGER;
}

/** Random strings are told apart by themselves wherever they stand; counters only within their column. */
function identity(key: string, value: unknown): string {
  return typeof value === 'string' && value.length >= RANDOM ? value : `${key}\0${String(value)}`;
}

function isTime(value: unknown): boolean {
  return value instanceof Date || (typeof value === 'string' && /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(value));
}

function collect(value: unknown, key: string, visit: (key: string, value: unknown) => void, depth = 0): void {
  if (depth > 8 || value == null) return;
  if (typeof value !== 'object' || value instanceof Date) visit(key, value);
  else if (Array.isArray(value)) value.forEach((one) => collect(one, key, visit, depth + 1));
  else for (const one of Object.keys(value)) collect((value as Record<string, unknown>)[one], one, visit, depth + 1);
}

/** JSON with sorted keys that also knows dates, big integers, bytes, maps and sets. `undefined` is no key, as it is to the caller. */
export function textOf(value: unknown, replace: (key: string, value: unknown) => unknown = (_, one) => one, key = '', above: readonly object[] = []): string {
  const here = replace(key, value);
  if (here instanceof Date) return JSON.stringify(here.toISOString());
  if (typeof here === 'bigint') return `${here}n`;
  if (here instanceof Uint8Array) return `bytes ${Buffer.from(here).toString('hex')}`;
  if (typeof here !== 'object' || here === null) return JSON.stringify(here) ?? String(here);
  if (above.includes(here)) return '(itself)';
  const inside = [...above, here];
  if (here instanceof Map || here instanceof Set) return textOf([...here], replace, key, inside);
  if (Array.isArray(here)) return `[${here.map((one) => textOf(one, replace, key, inside)).join(', ')}]`;
  const row = here as Record<string, unknown>;
  const keys = Object.keys(row).filter((one) => row[one] !== undefined && typeof row[one] !== 'function').sort();
  return `{${keys.map((one) => `${one}: ${textOf(row[one], replace, one, inside)}`).join(', ')}}`;
}

/** Runs a call to its result. */
export async function resultOf(call: () => Promise<unknown>): Promise<Result> {
  try {
    return { value: await call() };
  } catch (error) {
    return { error: errorText(error) };
  }
}

/** The code that libraries and databases give an error, since messages name ids; else its class and message. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return typeof error === 'object' && error !== null && 'code' in error && error.code ? String(error.code) : textOf(error);
  const { code } = error as { code?: unknown };
  if (typeof code === 'string' || typeof code === 'number') return String(code);
  if (error.cause instanceof Error && 'code' in error.cause && error.cause.code) return String(error.cause.code);
  return `${error.name}: ${error.message.trim().split('\n').at(-1)}`;
}

/** All orders of `count` calls. */
export function orders(count: number): number[][] {
  if (count === 0) return [[]];
  return orders(count - 1).flatMap((order) => Array.from({ length: count }, (_, at) => [...order.slice(0, at), count - 1, ...order.slice(at)]));
}
