/**
 * Statements of a file. A semicolon ends one, but not inside the body of a trigger or procedure; data of `COPY … FROM stdin`, psql's
 * and MySQL's client commands are no statements. What is never closed ends where the next definition begins a line.
 */
import type { Dialect } from '../schema/model.ts';
import type { Source } from './source.ts';
import { Lexer } from './tokens.ts';
import type { Token } from './tokens.ts';

export interface RawStatement {
  readonly tokens: readonly Token[];
  /** Offsets of the first and behind the last token, without the terminator. */
  readonly start: number;
  readonly end: number;
  /** Something in it was left open, or it ran into the next statement. */
  readonly broken: boolean;
}

const OBJECTS = new Set(['TABLE', 'UNIQUE', 'INDEX', 'TYPE', 'FUNCTION', 'PROCEDURE', 'OR', 'VIEW', 'MATERIALIZED', 'POLICY', 'TRIGGER', 'EXTENSION', 'SEQUENCE', 'SCHEMA', 'TEMP', 'TEMPORARY', 'UNLOGGED', 'FULLTEXT', 'SPATIAL', 'DATABASE', 'DOMAIN', 'ROLE', 'USER', 'EVENT', 'CONSTRAINT']);
const ROUTINES = new Set(['TRIGGER', 'PROCEDURE', 'FUNCTION', 'EVENT', 'PACKAGE']);
/** A body longer than this has lost its END: no more of the file is searched for one. */
const LONGEST_BODY = 20_000;

export function* statementsOf(source: Source, dialect: Dialect | undefined): Generator<RawStatement> {
  yield* new Splitter(source, dialect).all();
}

class Splitter {
  readonly #text: string;
  readonly #lexer: Lexer;
  /** Tokens read ahead of the statement that they belong to, last first. */
  readonly #back: Token[] = [];
  #bodies = true;

  constructor(source: Source, dialect: Dialect | undefined) {
    this.#text = source.text;
    this.#lexer = new Lexer(source, dialect);
  }

  *all(): Generator<RawStatement> {
    for (;;) {
      const statement = this.#statement();
      if (!statement) return;
      if (statement.tokens.length) yield statement;
    }
  }

  #next(): Token | undefined { return this.#back.pop() ?? this.#lexer.next(); }

  #statement(): RawStatement | undefined {
    const tokens: Token[] = [];
    let broken = false;
    let depth = 0;
    // Where a body may be left again, should its END be missing: an index in `tokens`.
    let firstEnd = -1;
    let parens = 0;
    const kind = { routine: false, trigger: false, rule: false, schema: false };
    for (;;) {
      const token = this.#next();
      if (!token) {
        if (!tokens.length) return undefined;
        if (depth > 0 && firstEnd >= 0) { this.#giveBack(tokens, firstEnd); return raw(tokens, true); }
        break;
      }
      if (token.kind === 'end') {
        if (depth > 0 && token.key === ';') {
          if (firstEnd < 0) firstEnd = tokens.length;
          if (tokens.length - firstEnd > LONGEST_BODY) { tokens.push(token); this.#giveBack(tokens, firstEnd); return raw(tokens, true); }
        } else if (!(kind.rule && parens > 0 && token.key === ';')) {
          this.#ended(tokens);
          break;
        }
      }
      if (token.kind === 'broken') {
        tokens.push(token);
        broken = true;
        continue;
      }
      if (!tokens.length) {
        if (token.key === 'DELIMITER' && token.first) { this.#setDelimiter(token); continue; }
        // A lone dot command of the sqlite shell (`.mode csv`).
        if (token.key === '.' && token.first) { this.#skipLine(token); continue; }
      } else if (token.first && !kind.schema && token.kind === 'word' && (token.key === 'CREATE' || token.key === 'ALTER' || token.key === 'DROP') && this.#begins(token)) {
        // Procedures may define tables; whether this one does shows when its END is found.
        if (depth > 0 && !kind.trigger) firstEnd = firstEnd < 0 ? tokens.length : firstEnd;
        else {
          this.#back.push(token);
          broken = true;
          break;
        }
      }
      tokens.push(token);
      if (token.kind === 'operator') {
        if (token.key === '(') parens++;
        else if (token.key === ')') parens--;
        continue;
      }
      if (token.kind !== 'word') continue;
      if (tokens.length <= 12 && tokens[0]!.key === 'CREATE') {
        if (ROUTINES.has(token.key) && !kind.routine && !tokens.some((one) => one.key === 'TABLE')) {
          kind.routine = true;
          kind.trigger = token.key === 'TRIGGER';
        } else if (token.key === 'RULE' && tokens.length <= 4) kind.rule = true;
        else if (token.key === 'SCHEMA' && tokens.length === 2) kind.schema = true;
      }
      if (kind.routine && this.#bodies) {
        if (token.key === 'BEGIN') depth++;
        else if (token.key === 'CASE' && depth && tokens.at(-2)?.key !== 'END') depth++;
        else if (token.key === 'END' && depth && !this.#endsControl()) depth--;
      }
    }
    return raw(tokens, broken || parens !== 0);
  }

  /** `END IF`, `END LOOP`: of what was not counted when it began. */
  #endsControl(): boolean {
    const next = this.#next();
    if (!next) return false;
    this.#back.push(next);
    return next.kind === 'word' && ['IF', 'LOOP', 'WHILE', 'REPEAT', 'FOR'].includes(next.key);
  }

  /** Whether a word that begins a line begins a statement which never stands inside another. */
  #begins(token: Token): boolean {
    const next = this.#next();
    if (!next) return false;
    this.#back.push(next);
    if (next.kind !== 'word') return false;
    return token.key === 'CREATE' ? OBJECTS.has(next.key) : next.key === 'TABLE' || (token.key === 'DROP' && (next.key === 'SCHEMA' || next.key === 'TYPE' || next.key === 'FUNCTION'));
  }

  /** A body without END: what followed its first statement is read again, and no body is looked for in the rest of the file. */
  #giveBack(tokens: Token[], from: number): void {
    this.#bodies = false;
    for (const token of tokens.splice(from).reverse()) this.#back.push(token);
  }

  #ended(tokens: readonly Token[]): void {
    if (tokens[0]?.key !== 'COPY' || !tokens.some((one) => one.key === 'STDIN') || this.#back.length) return;
    const line = this.#text.indexOf('\n', this.#lexer.position);
    if (line < 0) return;
    const stop = /^\\\.[^\S\n]*$/gm;
    stop.lastIndex = line + 1;
    const found = stop.exec(this.#text);
    // Data without its end mark: rows have no semicolons at the end of their lines, statements do.
    if (found) this.#lexer.moveTo(found.index + found[0].length);
  }

  #setDelimiter(token: Token): void {
    const line = this.#text.indexOf('\n', token.end);
    const end = line < 0 ? this.#text.length : line;
    this.#lexer.delimiter = this.#text.slice(token.end, end).trim() || ';';
    this.#back.length = 0;
    this.#lexer.moveTo(end);
  }

  #skipLine(token: Token): void {
    const line = this.#text.indexOf('\n', token.end);
    this.#back.length = 0;
    this.#lexer.moveTo(line < 0 ? this.#text.length : line);
  }
}

function raw(tokens: readonly Token[], broken: boolean): RawStatement {
  return { tokens, start: tokens[0]?.start ?? 0, end: tokens.at(-1)?.end ?? 0, broken };
}
