import type { Query } from './request.ts';

export interface Answered {
  readonly body: unknown;
  readonly rows: number;
  readonly total: number | null;
}

/** PostgREST's answer to a request that its statement has answered; `undefined` rolls back and answers PGRST116. */
export function answer(query: Query, { body, rows, total }: Answered): Response | undefined {
  if (query.returns === 'void') return new Response(null, { status: 204 });
  if (query.returns === 'scalar') return json(body, 200);
  if (query.single && query.representation && rows !== 1) return undefined;
  const range = `${rows ? `0-${rows - 1}` : '*'}/${query.counted && total !== null ? total : '*'}`;
  const status = query.created ? 201 : query.representation ? 200 : 204;
  if (query.head || !query.representation) return new Response(null, { status, headers: { 'content-range': range } });
  return json(query.single ? (body as unknown[])[0] : body, status, range);
}

export function notSingle(rows: number): Response {
  return json({ code: 'PGRST116', message: 'Cannot coerce the result to a single JSON object', details: `The result contains ${rows} rows`, hint: null }, 406);
}

/** An error of PostgreSQL as PostgREST tells it. */
export function failure(error: { readonly code: string; readonly message: string; readonly detail?: string; readonly hint?: string }): Response {
  return json({ code: error.code, message: error.message, details: error.detail ?? null, hint: error.hint ?? null }, statusOf(error.code));
}

/** The table of PostgREST's documentation, https://docs.postgrest.org/en/v12/references/errors.html. */
const STATUS: readonly (readonly [RegExp, number])[] = [
  [/^23505|^23503/, 409], [/^25006/, 405], [/^42501/, 403], [/^42883|^42P01/, 404], [/^42P17/, 500], [/^P0001/, 400], [/^53400/, 500],
  [/^08|^53/, 503], [/^0L|^0P|^28/, 403], [/^(?:09|25|2D|38|39|3B|40|54|55|57|58|F0|HV|XX|P0)/, 500],
];

function statusOf(code: string): number {
  return STATUS.find(([pattern]) => pattern.test(code))?.[1] ?? 400;
}

function json(body: unknown, status: number, range?: string): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json; charset=utf-8', ...(range ? { 'content-range': range } : {}) } });
}
