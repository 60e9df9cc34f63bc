/** Pieces of SQL that builders take: a condition (`u.email = :email AND u.age > 3`), a value (`"hits" + 1`). */
import { readCondition } from './condition.ts';
import { Cursor } from './cursor.ts';
import { wholeOperand } from './expression.ts';
import type { Operand, Predicate } from './model.ts';
import type { Source } from './source.ts';
import { Lexer } from './tokens.ts';
import type { Token } from './tokens.ts';
import type { Dialect } from '../schema/model.ts';

function cursorOf(source: Source, dialect: Dialect | undefined): Cursor {
  const lexer = new Lexer(source, dialect);
  const tokens: Token[] = [];
  for (let token = lexer.next(); token; token = lexer.next()) tokens.push(token);
  return new Cursor(source, tokens);
}

/** A condition without its WHERE. */
export function readConditionText(source: Source, dialect: Dialect | undefined): Predicate { return readCondition(cursorOf(source, dialect)); }

/** A value; `text` when it is not understood. */
export function readOperandText(source: Source, dialect: Dialect | undefined): Operand { return wholeOperand(cursorOf(source, dialect)); }
