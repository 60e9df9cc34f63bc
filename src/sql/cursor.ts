/** A place among the tokens of one statement, and the questions that all readers ask there. */
import { HOLE } from './source.ts';
import type { Source } from './source.ts';
import type { Token } from './tokens.ts';
import type { Span, TableName } from './model.ts';

const NONE: Token = { kind: 'end', key: '', value: '', start: 0, end: 0, index: -1, first: false };

export class Cursor {
  readonly tokens: readonly Token[];
  readonly source: Source;
  at = 0;
  /** How many brackets stand around what is read here. */
  readonly depth: number;
  #end: number;
  /** Offset behind the token that was taken last. */
  #taken: number;
  /** The bracket that closes the one at a position, found once. */
  #closing: Int32Array | undefined;

  constructor(source: Source, tokens: readonly Token[], at = 0, end = tokens.length, depth = 0, shared?: Int32Array) {
    this.source = source;
    this.tokens = tokens;
    this.at = at;
    this.#end = end;
    this.depth = depth;
    this.#closing = shared;
    this.#taken = tokens[at]?.start ?? tokens.at(-1)?.end ?? 0;
  }

  get done(): boolean { return this.at >= this.#end; }
  get end(): number { return this.#end; }
  get token(): Token { return this.at < this.#end ? this.tokens[this.at]! : NONE; }
  get start(): number { return this.at < this.#end ? this.tokens[this.at]!.start : this.#taken; }

  peek(offset = 1): Token { return this.at + offset < this.#end ? this.tokens[this.at + offset]! : NONE; }

  advance(): Token {
    const token = this.token;
    if (this.at < this.#end) { this.#taken = token.end; this.at++; }
    return token;
  }

  /** Everything since an offset, up to the last token taken. */
  since(start: number): Span {
    const last = this.tokens[this.at - 1];
    return { start, end: last && last.end > start ? last.end : start };
  }

  is(...keys: readonly string[]): boolean {
    for (const [index, key] of keys.entries()) if (this.peek(index).key !== key) return false;
    return true;
  }

  isAny(keys: ReadonlySet<string>): boolean { return this.token.key !== '' && keys.has(this.token.key); }

  take(...keys: readonly string[]): boolean {
    if (!this.is(...keys)) return false;
    for (let left = keys.length; left > 0; left--) this.advance();
    return true;
  }

  /** Position of the bracket that closes the one at `at`; the end of what is read here when it is never closed. */
  closing(at = this.at): number {
    if (!this.#closing) {
      const open: number[] = [];
      const closing = new Int32Array(this.tokens.length).fill(this.tokens.length);
      for (const [index, token] of this.tokens.entries()) {
        if (token.kind !== 'operator') continue;
        if (token.key === '(' || token.key === '[') open.push(index);
        else if ((token.key === ')' || token.key === ']') && open.length) closing[open.pop()!] = index;
      }
      this.#closing = closing;
    }
    return Math.min(this.#closing[at] ?? this.#end, this.#end);
  }

  /** What stands between the brackets that open here, which are passed; undefined where none open. */
  inner(): Cursor | undefined {
    if (!this.is('(')) return undefined;
    const close = this.closing();
    const inner = new Cursor(this.source, this.tokens, this.at + 1, close, this.depth + 1, this.#closing);
    this.at = Math.min(close + 1, this.#end);
    return inner;
  }

  /** A reader of the tokens from here to `end`, which are passed. */
  until(end: number): Cursor {
    const part = new Cursor(this.source, this.tokens, this.at, Math.min(end, this.#end), this.depth, this.#closing);
    this.at = part.end;
    return part;
  }

  /** Past one token, or all that a bracket holds. */
  skip(): void {
    this.at = this.is('(') || this.is('[') ? Math.min(this.closing() + 1, this.#end) : Math.min(this.at + 1, this.#end);
  }

  /** Position of the next token of this level for which `test` holds; the end when there is none. */
  find(test: (token: Token, at: number) => boolean): number {
    for (let at = this.at; at < this.#end; at++) {
      const token = this.tokens[at]!;
      if (test(token, at)) return at;
      if (token.key === '(' || token.key === '[') at = this.closing(at);
    }
    return this.#end;
  }

  skipTo(test: (token: Token, at: number) => boolean): void { this.at = this.find(test); }

  /** The parts between the commas of this level. */
  *list(): Generator<Cursor> {
    while (!this.done) {
      const part = this.until(this.find((token) => token.key === ','));
      yield part;
      if (!this.take(',')) return;
    }
  }

  text(from = this.at, to = this.#end): string {
    const first = this.tokens[from];
    const last = this.tokens[to - 1];
    return first && last && to > from ? this.source.text.slice(first.start, last.end).replaceAll(HOLE, '?') : '';
  }

  /** A name, quoted or not; undefined where none stands or a hole is part of it. */
  name(): string | undefined {
    const { kind, value, holes, key } = this.token;
    if (kind === 'string' && key !== '$' && !holes && this.tokens[this.at - 1]?.key === 'AS') { this.advance(); return value; }
    if ((kind !== 'word' && kind !== 'quoted') || holes) return undefined;
    this.advance();
    return value;
  }

  /** The names between dots; undefined where none stands. */
  path(): string[] | undefined {
    const first = this.name();
    if (first === undefined) return undefined;
    const names = [first];
    while (this.is('.')) {
      const before = this.at;
      this.advance();
      const next = this.name();
      if (next === undefined) { this.at = before; break; }
      names.push(next);
    }
    return names;
  }

  /** `[schema.]name`; a hole or a name with a hole in it is a table whose name is ''. */
  table(): TableName | undefined {
    const { start, token } = this;
    if (token.kind === 'hole' || token.key === '??') {
      this.advance();
      return { schema: undefined, name: '', alias: undefined, ...(token.kind === 'hole' && { hole: token.index }), ...this.since(start) };
    }
    if (token.holes && (token.kind === 'word' || token.kind === 'quoted')) {
      this.advance();
      const whole = token.kind === 'quoted' && token.value === HOLE;
      return { schema: undefined, name: '', alias: undefined, ...(whole && { hole: token.holes[0]! }), ...this.since(start) };
    }
    const names = this.path();
    if (!names) return undefined;
    // `schema.${table}`.
    if (this.is('.') && (this.peek().kind === 'hole' || this.peek().holes)) {
      this.advance();
      const hole = this.advance();
      return { schema: names.at(-1), name: '', alias: undefined, ...(hole.kind === 'hole' && { hole: hole.index }), ...this.since(start) };
    }
    return { schema: names.at(-2), name: names.at(-1)!, alias: undefined, ...this.since(start) };
  }

  /** `(a, b)` of plain names; `plain` is false when an entry was anything else. Undefined where no bracket opens. */
  names(): { readonly names: readonly string[]; readonly plain: boolean } | undefined {
    const inner = this.inner();
    if (!inner) return undefined;
    const names: string[] = [];
    let plain = true;
    for (const part of inner.list()) {
      const path = part.path();
      if (path && part.done) names.push(path.at(-1)!);
      else plain = false;
    }
    return { names, plain };
  }
}
