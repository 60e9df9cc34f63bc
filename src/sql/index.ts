/** One synchronous, tolerant reader of SQL: statements, fragments of builders, and DDL. It never throws and takes linear time. */
export { advisoryLock, calledFunction } from './control.ts';
export { definitionsOf } from './ddl.ts';
export { guessDialect } from './dialect.ts';
export { readConditionText, readOperandText } from './fragments.ts';
export { selfArithmetic } from './write.ts';
export { sqlSource } from './source.ts';
export { readStatements } from './statement.ts';
export { statementsOf } from './split.ts';
export type * from './model.ts';
export type * from './ddl-model.ts';
export type { Source } from './source.ts';
