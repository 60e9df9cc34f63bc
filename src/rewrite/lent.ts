/** Handles that may be of a transaction which another function opened and ends: no form may go on after a violation there. */
import type { Intent, Operation, Race, Requirement, Rewrite } from '../model.ts';
import type { SourceFile } from '../source/file.ts';
import { chainRoot, keyName } from '../source/syntax.ts';
import type { Node } from '../value/terms.ts';

const NAMED = /^(?:tx|trx|\w*(?:Tx|Trx|Transaction))$/;

/** The rewrite, with what is open about where it runs. */
export function onOwnConnection(rewrite: Rewrite, race: Race, file: SourceFile): Rewrite {
  if (!rewrite.onConnection || rewrite.requires.some((one) => one.id === 'no-transaction')) return rewrite;
  const lent = writesOf(race.intent).find((one) => !one.transaction && one.dialect !== 'sqlite' && (one.lent || isNamedSo(one.node)));
  if (!lent) return rewrite;
  const handle = file.slice(chainRoot(lent.node));
  const requirement: Requirement = { id: 'no-transaction', text: `\`${handle}\` is not a transaction's, which a violation would end or which cannot open another one`, state: 'unknown' };
  return { ...rewrite, requires: [...rewrite.requires, requirement] };
}

function writesOf(intent: Intent): Operation[] {
  return [...('insert' in intent ? [intent.insert] : []), ...('write' in intent ? [intent.write] : [])];
}

/** Code without types says it by a name. */
function isNamedSo(node: Node): boolean {
  const root = chainRoot(node);
  const name = root.type === 'Identifier' ? root.name : root.type === 'MemberExpression' ? keyName(root.property, root.computed) : undefined;
  return name !== undefined && NAMED.test(name);
}
