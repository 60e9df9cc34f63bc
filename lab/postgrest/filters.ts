/** What a stand-in that guessed would hide: everything that is not understood is refused by name. */
export class Unsupported extends Error {
  constructor(what: string) {
    super(`the PostgREST stand-in does not know ${what}`);
    this.name = 'Unsupported';
  }
}

/** SQL text under construction, with its parameters. */
export class Sql {
  readonly values: unknown[] = [];
  parameter(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

export function identifier(name: string): string {
  if (!/^[\w$][\w$ -]*$/.test(name)) throw new Unsupported(`the name \`${name}\``);
  return `"${name}"`;
}

const COMPARE: Readonly<Record<string, string>> = { eq: '=', neq: '<>', gt: '>', gte: '>=', lt: '<', lte: '<=', like: 'like', ilike: 'ilike' };
const IS: ReadonlySet<string> = new Set(['null', 'true', 'false', 'unknown', 'not_null']);

/** The condition of one query parameter: `age=gte.3`, `not.or=(a.eq.1,b.is.null)`. */
export function condition(key: string, value: string, sql: Sql): string {
  const logic = /^(not\.)?(and|or)$/.exec(key);
  if (logic) return `${logic[1] ? 'not ' : ''}${group(logic[2]!, value, sql)}`;
  return comparison(key, value, sql);
}

function group(operator: string, value: string, sql: Sql): string {
  if (!value.startsWith('(') || !value.endsWith(')')) throw new Unsupported(`the condition \`${operator}=${value}\``);
  const members = split(value.slice(1, -1));
  if (!members.length) throw new Unsupported(`an empty \`${operator}\``);
  const parts = members.map((member) => {
    const nested = /^(not\.)?(and|or)(\(.*\))$/s.exec(member);
    if (nested) return `${nested[1] ? 'not ' : ''}${group(nested[2]!, nested[3]!, sql)}`;
    const dot = member.indexOf('.');
    if (dot < 1) throw new Unsupported(`the condition \`${member}\``);
    return comparison(member.slice(0, dot), member.slice(dot + 1), sql, true);
  });
  return `(${parts.join(` ${operator} `)})`;
}

function comparison(column: string, written: string, sql: Sql, quoted = false): string {
  const negated = written.startsWith('not.');
  const rest = negated ? written.slice(4) : written;
  const dot = rest.indexOf('.');
  const operator = dot < 0 ? rest : rest.slice(0, dot);
  const value = dot < 0 ? '' : rest.slice(dot + 1);
  const name = identifier(column);
  const not = negated ? 'not ' : '';
  if (Object.hasOwn(COMPARE, operator) && dot >= 0) {
    const plain = quoted ? unquote(value) : value;
    return `${not}${name} ${COMPARE[operator]} ${sql.parameter(operator.endsWith('like') ? plain.replaceAll('*', '%') : plain)}`;
  }
  if (operator === 'is' && IS.has(value)) return `${not}${name} is ${value.replace('_', ' ')}`;
  if (operator === 'in' && value.startsWith('(') && value.endsWith(')')) {
    const members = value === '()' ? [] : split(value.slice(1, -1)).map(unquote);
    // PostgreSQL has no empty list; PostgREST compares to an empty array.
    return `${not}${name} ${members.length ? `in (${members.map((one) => sql.parameter(one)).join(', ')})` : `= any ('{}')`}`;
  }
  throw new Unsupported(`the filter \`${column}=${written}\``);
}

/** Splits at commas outside quotes and parentheses. */
export function split(text: string): string[] {
  const parts: string[] = [];
  let [depth, quoted, current] = [0, false, ''];
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (quoted && char === '\\') {
      current += char + (text[++at] ?? '');
      continue;
    }
    if (char === '"') quoted = !quoted;
    else if (!quoted && char === '(') depth++;
    else if (!quoted && char === ')') depth--;
    if (char === ',' && !quoted && depth === 0) {
      parts.push(current);
      current = '';
    } else current += char;
  }
  return text === '' ? [] : [...parts, current];
}

function unquote(value: string): string {
  return /^".*"$/s.test(value) ? value.slice(1, -1).replace(/\\(.)/gs, '$1') : value;
}
