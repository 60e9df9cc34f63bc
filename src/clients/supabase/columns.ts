/**
 * Reads the column list of `.select('id, name, author:users!fk(id, email), posts(count)')`: plain columns and embedded resources.
 */

export interface Embedded {
  /** The property of the returned row: the alias when there is one. */
  readonly name: string;
  /** What PostgREST resolves: a table, a foreign key column or a constraint. */
  readonly resource: string;
  /** `!inner`: rows without an embedded one are left out, and filters on it narrow the rows themselves. */
  readonly inner: boolean;
  /** `posts(count)`: a number instead of rows. */
  readonly counts: boolean;
  readonly columns: readonly string[] | undefined;
}

export interface SelectList {
  /** Undefined: all columns (`*`), or a list that could not be read. */
  readonly columns: readonly string[] | undefined;
  readonly embedded: readonly Embedded[];
  /** Aggregates of the rows: `amount.max()`, `count()`. */
  readonly aggregates: readonly { readonly function: string; readonly column: string | undefined; readonly name: string }[];
  /** A column under another name, cast, or a part of one; a row that is spread into its parent. */
  readonly mixed?: true;
}

/** Splits at `separator` outside parentheses and double quotes. */
export function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (quoted) {
      if (char === '\\') at++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '(' || char === '{' || char === '[') depth++;
    else if (char === ')' || char === '}' || char === ']') depth--;
    else if (char === separator && depth === 0) { parts.push(text.slice(from, at)); from = at + 1; }
  }
  parts.push(text.slice(from));
  return parts;
}

const AGGREGATE = /^(?:(?<column>[\w$]+)\.)?(?<name>count|sum|avg|min|max)\(\)(?:::\w+)?$/;

/** `undefined` (no argument) means `*`. */
export function readSelect(text: string | undefined): SelectList {
  // PostgREST ignores white space outside quotes; templates over several lines are common.
  const compact = (text ?? '*').replace(/\s+/g, '');
  const columns: string[] = [];
  const embedded: Embedded[] = [];
  const aggregates: SelectList['aggregates'][number][] = [];
  let all = compact === '';
  let mixed = false;
  for (const item of splitOutside(compact, ',')) {
    if (item === '') continue;
    if (item === '*') { all = true; continue; }
    const alias = /^(?<alias>[\w$]+|"[^"]+"):(?!:)/.exec(item);
    const name = alias?.groups?.['alias']?.replaceAll('"', '');
    const body = (alias ? item.slice(alias[0].length) : item).replace(/^\.\.\./, '');
    const aggregate = AGGREGATE.exec(body)?.groups;
    mixed ||= item.startsWith('...') || (body.includes('(') ? aggregate !== undefined : alias !== null || /::|->/.test(body));
    if (aggregate) {
      const fn = aggregate['name']!;
      aggregates.push({ function: fn, column: aggregate['column'], name: name ?? fn });
      continue;
    }
    const open = body.indexOf('(');
    if (open > 0) {
      const [resource = '', ...hints] = body.slice(0, open).split('!');
      const inside = readSelect(body.slice(open + 1, body.lastIndexOf(')')));
      const counts = body.slice(open) === '(count)' || inside.aggregates.some((one) => one.function === 'count');
      embedded.push({ name: name ?? resource, resource, inner: hints.includes('inner'), counts, columns: inside.columns });
      continue;
    }
    // A cast or a JSON path reads (a part of) the column.
    const column = body.replace(/::.*$/, '').replace(/->.*$/, '').replaceAll('"', '');
    if (/^[\w$\u0080-\uffff]+$/.test(column)) columns.push(column);
    else all = true;
  }
  return { columns: all ? undefined : [...new Set(columns)], embedded, aggregates, ...(mixed && { mixed }) };
}
