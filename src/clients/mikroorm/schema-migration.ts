/** Keys from migrations: the SQL that `this.addSql('…')` sends. */
import type { Node, SourceFile } from '../../source/file.ts';
import { isFunction, functionName } from '../../source/syntax.ts';
import { chainOf, chainsIn, migrationSource, unknownChange } from '../common/migrations.ts';
import type { Constants, Sent } from '../common/migrations.ts';

function statements(file: SourceFile, text: Constants): readonly Sent[] {
  return chainsIn(file.ast).flatMap((node): Sent[] => {
    const { root, steps } = chainOf(node);
    const step = steps.find((one) => one.name === 'addSql' || (one.name === 'execute' && root.type === 'ThisExpression'));
    if (!step || isUndoing(node)) return [];
    const sql = text(step.args[0]);
    // A statement that is put together changes something that is not known.
    return [{ at: step.property, sql: sql ?? unknownChange('unknown'), written: sql !== undefined }];
  });
}

function isUndoing(node: Node): boolean {
  for (let at: Node | undefined = node; at; at = at.parent) if (isFunction(at) && functionName(at) === 'down') return true;
  return false;
}

export const migrations = migrationSource({ client: 'mikroorm', telling: /\baddSql\s*\(/, statements });
