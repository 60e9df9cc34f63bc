/**
 * Words of SQL text, for three dialects. Tolerant: what is left open (a string without its end) becomes one `broken` token that
 * ends where the text most likely goes on, so that the next statement is read as if nothing had been.
 */
import type { Dialect } from '../schema/model.ts';
import { cutName, HOLE, isDigit, isWordStart, unescaped } from './source.ts';
import type { Source } from './source.ts';

/**
 * - `word`: an unquoted name or keyword; `quoted`: a quoted name; `operator`: also brackets, commas and dots;
 * - `parameter`: `$1`, `?`, `:name`, `:...name`, `@name`; `hole`: a template's `${…}`;
 * - `end`: the statement's end; `broken`: an unterminated string, name or comment.
 */
export type TokenKind = 'word' | 'quoted' | 'string' | 'number' | 'operator' | 'parameter' | 'hole' | 'end' | 'broken';

export interface Token {
  readonly kind: TokenKind;
  /** Keywords in upper case, operators as written; '' for everything that can be neither. */
  readonly key: string;
  /** Names as the database folds them, contents of strings, names of parameters. */
  readonly value: string;
  /** Offsets in the source's text, UTF-16 code units. */
  readonly start: number;
  readonly end: number;
  /** `hole`: its index; `parameter`: its 0-based position in the array of values, -1 when it has a name or none is known. */
  readonly index: number;
  /** Holes inside a name or string (`'${a}%'`, `users_${b}`), which is then not known. */
  readonly holes?: readonly number[];
  /** `:...ids`: a list is put in. */
  readonly spread?: boolean;
  /** First on its line. */
  readonly first: boolean;
}

const WORD = /[A-Za-z_\u0080-\uFFFC\uFFFE\uFFFF\0][\w$\u0080-\uFFFC\uFFFE\uFFFF\0]*/y;
const NUMBER = /0[xX][\da-fA-F_]+|(?:\d[\d_]*(?:\.(?!\.)\d*)?|\.\d+)(?:[eE][-+]?\d+)?/y;
const OPERATOR = /<=>|->>|#>>|<->|<#>|!~~\*?|~~\*?|!~\*?|~\*|@>|<@|@@|@\?|\|\|\/?|&&|->|#>|#-|<=|>=|<>|!=|==|:=|=>|<<|>>|::|\.\.|[^\s]/y;
const DOLLAR = /\$(?:[A-Za-z_\u0080-\uFFFF][\w\u0080-\uFFFF]*)?\$/y;
/** A line that begins a definition, or a statement behind a semicolon, inside what should be a string: it was never closed. */
const NEXT_STATEMENT = /;[^\S\n]*(?:--[^\n]*)?\r?\n\s*(?=(?:create|alter|drop|insert|update|delete|comment|grant|revoke|truncate|begin|commit|select|with|set|do|copy|lock|call)\b|--|\/\*|$)|;?[^\S\n]*\r?\n\s*(?=(?:create|alter|drop)\s+(?:or|table|unique|index|function|type|trigger|policy|view)\b)/i;
/** The same in a dollar-quoted body, which has statements of its own: only what hardly any body begins a line with. */
const NEXT_DEFINITION = /;?[^\S\n]*\r?\n\s*(?=(?:create|alter|drop)\s+(?:or|table|unique|index|function|type|trigger|policy|view)\b)/i;
/** Keywords after which a value follows: a `?` there is a placeholder, elsewhere it may be Postgres' operator on json. */
const BEFORE_VALUE = new Set(['SELECT', 'WHERE', 'AND', 'OR', 'NOT', 'LIKE', 'ILIKE', 'IN', 'BETWEEN', 'LIMIT', 'OFFSET', 'VALUES', 'SET', 'RETURNING', 'ON', 'THEN', 'WHEN', 'ELSE', 'CASE',
  'IS', 'FROM', 'INTERVAL', 'ESCAPE', 'BY', 'HAVING', 'INTO', 'REGEXP', 'RLIKE', 'GLOB', 'MATCH', 'ANY', 'ALL', 'DISTINCT', 'AS', 'UPDATE', 'JOIN', 'TABLE', 'TO', 'DO', 'USING', 'DEFAULT', 'FETCH', 'VALUE', 'TOP', 'CALL']);
/** Text that was left open is searched for its likely end at most so often, so that broken files cost linear time too. */
const MAX_RECOVERIES = 64;

export class Lexer {
  readonly #text: string;
  readonly #dialect: Dialect | undefined;
  readonly #holed: boolean;
  #at = 0;
  #parameters = 0;
  #hole = 0;
  #recoveries = 0;
  #versioned = false;
  #first = true;
  #last: Token | undefined;
  /** MySQL's command-line client changes it (`DELIMITER $$`). */
  delimiter = ';';

  constructor(source: Source, dialect: Dialect | undefined, at = 0) {
    this.#text = source.text;
    this.#holed = source.holed;
    this.#dialect = dialect;
    this.#at = at;
  }

  get position(): number { return this.#at; }
  /** Goes on elsewhere: behind data that is no SQL, or back to a statement that was swallowed. */
  moveTo(at: number): void {
    this.#at = at;
    this.#first = true;
    this.#last = undefined;
  }

  /** The next token; undefined at the end of the text. */
  next(): Token | undefined {
    this.#space();
    const start = this.#at;
    if (start >= this.#text.length) return undefined;
    const token = this.#read(start);
    this.#first = false;
    if (this.#at <= start) this.#at = start + 1;
    this.#last = token;
    return token;
  }

  #token(kind: TokenKind, key: string, value: string, start: number, more: Partial<Token> = {}): Token {
    return { kind, key, value, start, end: this.#at, index: -1, first: this.#first, ...more };
  }

  /** Past white space and comments. */
  #space(): void {
    const text = this.#text;
    for (;;) {
      const code = text.charCodeAt(this.#at);
      if (code === 10 || code === 13) { this.#first = true; this.#at++; continue; }
      if (code === 32 || code === 9 || code === 12 || code === 11 || code === 0xA0 || code === 0xFEFF) { this.#at++; continue; }
      if (code === 45 && text.charCodeAt(this.#at + 1) === 45 && this.#dashes()) { this.#line(); continue; }
      if (code === 35 && this.#dialect === 'mysql') { this.#line(); continue; }
      if (code === 47 && text.charCodeAt(this.#at + 1) === 42 && this.#comment()) continue;
      // The end of a comment whose text MySQL runs (`/*!40101 … */`).
      if (this.#versioned && code === 42 && text.charCodeAt(this.#at + 1) === 47) { this.#versioned = false; this.#at += 2; continue; }
      return;
    }
  }

  #dashes(): boolean { return this.#dialect !== 'mysql' || !(this.#text.charCodeAt(this.#at + 2) > 32); }

  #line(): void {
    const end = this.#text.indexOf('\n', this.#at);
    this.#skipHoles(this.#at, end < 0 ? this.#text.length : end);
    this.#at = end < 0 ? this.#text.length : end;
  }

  /** Holes in comments count too, so that the others keep their numbers. */
  #skipHoles(start: number, end: number): void {
    if (this.#holed) this.#hole += this.#text.slice(start, end).split(HOLE).length - 1;
  }

  /** Past a block comment; false when it is none (left open: then only its line is skipped). */
  #comment(): boolean {
    const text = this.#text;
    const start = this.#at;
    const versioned = /\/\*M?!\d*/y;
    versioned.lastIndex = start;
    if (this.#dialect !== 'postgres' && this.#dialect !== 'sqlite' && versioned.test(text)) {
      this.#versioned = true;
      this.#at = versioned.lastIndex;
      return true;
    }
    const mark = /\/\*|\*\//g;
    mark.lastIndex = start + 2;
    for (let depth = 1, found = mark.exec(text); found; found = mark.exec(text)) {
      if (found[0] === '*/') depth--;
      // Only Postgres nests comments.
      else if (this.#dialect === 'postgres' || this.#dialect === undefined) depth++;
      if (depth > 0) continue;
      this.#skipHoles(start, mark.lastIndex);
      this.#at = mark.lastIndex;
      return true;
    }
    if (++this.#recoveries > MAX_RECOVERIES) this.#at = text.length;
    else this.#line();
    return true;
  }

  #read(start: number): Token {
    const text = this.#text;
    if (this.delimiter !== ';' && text.startsWith(this.delimiter, start)) {
      this.#at = start + this.delimiter.length;
      return this.#token('end', this.delimiter, '', start);
    }
    const code = text.charCodeAt(start);
    const following = text.charCodeAt(start + 1);
    switch (code) {
      case 59: this.#at++; return this.delimiter === ';' ? this.#token('end', ';', '', start) : this.#token('operator', ';', '', start);
      case 39: return this.#string(start, this.#dialect === 'mysql');
      case 34: return this.#dialect === 'mysql' ? this.#string(start, true, '"') : this.#quoted(start, '"');
      case 96: return this.#quoted(start, '`');
      case 91: if (this.#dialect === 'sqlite') return this.#quoted(start, ']'); break;
      case 36: return this.#dollar(start);
      case 63: return this.#question(start);
      case 58:
        if (following === 58 || following === 61) break;
        if (text.startsWith('...', start + 1)) return this.#named(start, start + 4, true);
        return this.#named(start, start + 1, false);
      case 64:
        if (following === 64 && this.#dialect === 'mysql') return this.#named(start, start + 2, false);
        if (isWordStart(following) || following === 0) return this.#named(start, start + 1, false);
        break;
      case 92:
        // psql's own commands stand on a line of their own and are no SQL.
        if (this.#first && this.#dialect !== 'mysql') { this.#line(); return this.#token('end', '\\', '', start); }
        break;
      default:
    }
    if (isDigit(code) || (code === 46 && isDigit(following) && !this.#follows())) {
      NUMBER.lastIndex = start;
      if (NUMBER.test(text)) { this.#at = NUMBER.lastIndex; return this.#token('number', '', text.slice(start, this.#at), start); }
    }
    if (isWordStart(code) || (code === 0 && this.#holed)) return this.#word(start);
    OPERATOR.lastIndex = start;
    this.#at = OPERATOR.test(text) ? OPERATOR.lastIndex : start + 1;
    return this.#token('operator', text.slice(start, this.#at), '', start);
  }

  /** Right behind a name or closing bracket: `t.5` is no number. */
  #follows(): boolean { return this.#last !== undefined && this.#last.end === this.#at && (this.#last.kind === 'word' || this.#last.kind === 'quoted'); }

  #word(start: number): Token {
    const text = this.#text;
    WORD.lastIndex = start;
    WORD.test(text);
    let word = text.slice(start, WORD.lastIndex);
    // `END$$`: names may hold dollars, but this is the delimiter.
    const cut = this.delimiter === ';' ? -1 : word.indexOf(this.delimiter);
    if (cut > 0) word = word.slice(0, cut);
    this.#at = start + word.length;
    if (this.#holed && word.includes(HOLE)) {
      if (word === HOLE) return this.#token('hole', '', '', start, { index: this.#hole++ });
      return this.#token('word', '', word, start, this.#holesOf(word));
    }
    if (text.charCodeAt(this.#at) === 39 && /^(?:[enbx]|_\w+)$/i.test(word)) return this.#string(start, /^e$/i.test(word) || this.#dialect === 'mysql', "'", word.length);
    if (/^u$/i.test(word) && text.charCodeAt(this.#at) === 38) {
      const quote = text.charCodeAt(this.#at + 1);
      if (quote === 39) return this.#string(start, false, "'", 2);
      if (quote === 34) { this.#at++; return this.#quoted(start, '"', 2); }
    }
    return this.#token('word', word.toUpperCase(), this.#dialect === 'postgres' ? cutName(word.toLowerCase()) : word, start);
  }

  #holesOf(text: string): { holes?: readonly number[] } {
    if (!this.#holed || !text.includes(HOLE)) return {};
    const holes: number[] = [];
    for (let at = text.indexOf(HOLE); at >= 0; at = text.indexOf(HOLE, at + 1)) holes.push(this.#hole++);
    return { holes };
  }

  /** A string, its prefix (`E`, `N`, `_utf8`) `skip` long; a second one behind it goes on with it. */
  #string(start: number, escapes: boolean, quote = "'", skip = 0): Token {
    const token = this.#piece(start, escapes, quote, skip);
    return token.kind === 'string' ? this.#adjacent(token) : token;
  }

  #piece(start: number, escapes: boolean, quote: string, skip = 0): Token {
    const text = this.#text;
    const open = start + skip + 1;
    const stop = escapes ? (quote === '"' ? /["\\]/g : /['\\]/g) : quote === '"' ? /"/g : /'/g;
    stop.lastIndex = open;
    for (let found = stop.exec(text); found; found = stop.exec(text)) {
      const at = found.index;
      if (found[0] === '\\' || text[at + 1] === quote) { stop.lastIndex = at + 2; continue; }
      const body = text.slice(open, at);
      // What comes right behind the end of a real string is never a name: this is the next string's beginning.
      const next = body.includes('\n') && isWordStart(text.charCodeAt(at + 1)) ? NEXT_STATEMENT.exec(body) : null;
      if (next) return this.#cut(start, open + next.index);
      this.#at = at + 1;
      return this.#token('string', '', unescaped(body, quote, escapes), start, this.#holesOf(body));
    }
    return this.#open(start, NEXT_STATEMENT);
  }

  /** `'a'` newline `'b'` is one string; in MySQL without the newline too. */
  #adjacent(first: Token): Token {
    const text = this.#text;
    const rest = this.#dialect === 'mysql' ? /\s*(?=['"])/y : /[^\S\n]*\n\s*(?=')/y;
    const values = [first.value];
    const holes = [...(first.holes ?? [])];
    for (rest.lastIndex = this.#at; rest.test(text); rest.lastIndex = this.#at) {
      const before = this.#at;
      this.#at = rest.lastIndex;
      const more = this.#piece(this.#at, this.#dialect === 'mysql', text[this.#at]!);
      if (more.kind !== 'string') { this.#at = before; break; }
      values.push(more.value);
      holes.push(...(more.holes ?? []));
    }
    return values.length === 1 ? first : { ...first, value: values.join(''), end: this.#at, ...(holes.length && { holes }) };
  }

  /** An unterminated token that ends before the next statement, or with its line. */
  #open(start: number, next: RegExp): Token {
    if (++this.#recoveries > MAX_RECOVERIES) { this.#at = this.#text.length; return this.#token('broken', '', '', start); }
    const found = next.exec(this.#text.slice(start));
    if (found) return this.#cut(start, start + found.index);
    this.#line();
    return this.#token('broken', '', '', start);
  }

  #cut(start: number, end: number): Token {
    this.#skipHoles(start, end);
    this.#at = end;
    return this.#token('broken', '', '', start);
  }

  /** A quoted name; one that goes over a line was not closed. */
  #quoted(start: number, close: string, skip = 0): Token {
    const text = this.#text;
    const open = start + skip + 1;
    for (let at = open; at < text.length; at++) {
      const char = text[at]!;
      if (char === '\n') break;
      if (char !== close) continue;
      if (text[at + 1] === close && close !== ']') { at++; continue; }
      this.#at = at + 1;
      const body = text.slice(open, at);
      const name = close === ']' ? body : body.replaceAll(close + close, close);
      return this.#token('quoted', '', this.#dialect === 'postgres' ? cutName(name) : name, start, this.#holesOf(body));
    }
    const line = text.indexOf('\n', start);
    const end = line < 0 ? text.length : line;
    const mark = text.indexOf(';', start);
    return this.#cut(start, mark >= 0 && mark < end ? mark : end);
  }

  /** `$1`, `$name`, `$${n}`, `$$ … $$`. */
  #dollar(start: number): Token {
    const text = this.#text;
    const number = /^\$(\d+)/.exec(text.slice(start, start + 12));
    if (number) { this.#at = start + number[0].length; return this.#token('parameter', '', '', start, { index: Number(number[1]) - 1 }); }
    if (this.#holed && text[start + 1] === HOLE) { this.#at = start + 2; this.#hole++; return this.#token('parameter', '', '', start); }
    DOLLAR.lastIndex = start;
    const tag = this.#dialect === 'mysql' || this.#dialect === 'sqlite' ? undefined : DOLLAR.exec(text)?.[0];
    if (tag) {
      const open = start + tag.length;
      const close = this.#recoveries > MAX_RECOVERIES ? -1 : text.indexOf(tag, open);
      if (close < 0) return this.#open(start, NEXT_DEFINITION);
      this.#at = close + tag.length;
      return this.#token('string', '$', text.slice(open, close), start, this.#holesOf(text.slice(open, close)));
    }
    if (isWordStart(text.charCodeAt(start + 1))) return this.#named(start, start + 1, false);
    this.#at = start + 1;
    return this.#token('operator', '$', '', start);
  }

  #question(start: number): Token {
    const text = this.#text;
    const last = this.#last;
    const operand = last && (last.kind === 'quoted' || last.kind === 'string' || last.kind === 'parameter' || last.kind === 'hole' || last.key === ')' || last.key === ']'
      || (last.kind === 'word' && !BEFORE_VALUE.has(last.key)));
    if (operand && this.#dialect !== 'mysql' && this.#dialect !== 'sqlite') {
      this.#at = start + (/[|&]/.test(text[start + 1] ?? '') ? 2 : 1);
      return this.#token('operator', text.slice(start, this.#at), '', start);
    }
    // `??` is a name that the driver puts in (mysql2, knex), `?2` a numbered place.
    const place = /\?(\?|\d+)?/y;
    place.lastIndex = start;
    const found = place.exec(text)!;
    this.#at = place.lastIndex;
    const index = found[1] !== undefined && found[1] !== '?' ? Number(found[1]) - 1 : this.#parameters++;
    return this.#token('parameter', found[1] === '?' ? '??' : '?', '', start, { index });
  }

  #named(start: number, at: number, spread: boolean): Token {
    const text = this.#text;
    if (text[at] === "'" || text[at] === '"') {
      // psql's `:'name'`.
      const close = text.indexOf(text[at]!, at + 1);
      if (close > 0 && close - at < 80) { this.#at = close + 1; return this.#token('parameter', '', text.slice(at + 1, close), start); }
    }
    WORD.lastIndex = at;
    if (!WORD.test(text)) { this.#at = start + 1; return this.#token('operator', text[start]!, '', start); }
    this.#at = WORD.lastIndex;
    const name = text.slice(at, this.#at);
    return this.#token('parameter', '', name, start, { ...(spread && { spread }), ...this.#holesOf(name) });
  }
}
