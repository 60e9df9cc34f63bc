/** One function for a row with several keys, on a repository. Run on 1.1 with Postgres: each call is one statement. */
import type { Node, Operation, Refusal } from '../../model.ts';
import { keyName, unwrap } from '../../source/syntax.ts';
import { lineage } from '../../value/terms.ts';
import { literalText, member, partialTests } from '../common/alternative-keys.ts';
import { isRefused, refuseForm as refusal } from '../common/refusal.ts';
import type { AlternativeKeysForm, AlternativeKeysRequest, FormContext, NeededImport, PartialTest, WriteParts } from '../forms.ts';
import { callText, isCreate, methodCall } from './call-text.ts';

export function parts(write: Operation, context: FormContext): WriteParts | Refusal {
  const table = write.table.table;
  const text = table && callText(write, table, context);
  const shape = refusal('expression', 'The call has a shape that the rewrite does not know; `insert`, `update`, `save` and `upsert` of a repository are known.');
  if (!text || isRefused(text)) return text ?? shape;
  if (text.on !== 'repository') return refusal('expression', 'Only calls on a repository are handed over to a function.');
  const callee = unwrap(text.node.callee);
  if (callee.type !== 'MemberExpression') return shape;
  const handle = callee.object;
  const [first, second] = text.node.arguments;
  switch (text.method.name) {
    case 'insert': return first ? { handle, values: first, gives: 'nothing' } : shape;
    case 'update': return second ? { handle, values: second, gives: 'nothing' } : shape;
    case 'upsert': return first && isPlainTarget(second) ? { handle, values: first, set: 'row', gives: 'nothing' } : refusal('options', 'The upsert has options that the function does not have.');
    case 'save': {
      if (write.saved && lineage(write.saved)) return refusal('update-differs', 'A row that was loaded is saved, with whatever of it was changed: write the values with `update`.');
      const made = first && isCreate(first) ? methodCall(first)!.node.arguments.at(-1) : first;
      return made && unwrap(made).type === 'ObjectExpression' ? { handle, values: made, gives: 'row' } : shape;
    }
    default: return shape;
  }
}

/** `['email']`, `{ conflictPaths: ['email'] }`. */
function isPlainTarget(node: Node | undefined): boolean {
  const target = node && unwrap(node);
  if (target?.type === 'ArrayExpression') return true;
  return target?.type === 'ObjectExpression' && target.properties.every((one) => one.type === 'Property' && keyName(one.key, one.computed) === 'conflictPaths');
}

export function alternativeKeys(request: AlternativeKeysRequest, context: FormContext): AlternativeKeysForm | Refusal {
  const { table, id, keys, columns, handleType } = request;
  const { dialect, quote, typescript } = context;
  if (dialect !== 'postgres') return refusal(dialect ? 'no-form' : 'dialect-unknown', 'The function was proven on Postgres only; where the schema does not say that it is one, name it in settings[\'db-race\'].dialect.');
  const [major, minor] = [context.version('typeorm'), context.version('typeorm', 'minor')];
  if (major === undefined || (major === 0 && (minor ?? 0) < 3)) return refusal('version', 'The function was proven on TypeORM 0.3 and 1.');
  // What `save` gives is the object that it was given; what a look-up gives is a whole row.
  if (columns === undefined) return refusal('results-differ', 'A place hands its row on as it is: `save` gives what it was given, and the function gives what the database holds.');
  const partial = partialTests(request, dialect);
  if (isRefused(partial)) return partial;
  const entity = request.imported(table.name);
  if (!entity && !handleType) return refusal('entity-not-imported', `\`${table.name}\` is imported by none of the places, and the function's types are made of it.`);
  const tests = new Set<string>();
  const find = new Map(keys.map(({ name, key }) => {
    const asked = [...key.columns.map((column) => `${column}: ${member('row', column, quote)}`), ...(partial.get(name) ?? []).map((one) => condition(one, quote, tests))];
    return [name, `repository.findOneBy({ ${asked.join(', ')} })`] as const;
  }));
  const type: NeededImport | undefined = entity && { ...entity, type: true };
  const shape = entity ? (entity.local ?? entity.name) : undefined;
  const again = (key: string): string => `await repository.findOneByOrFail({ ${id}: ${key} })`;
  const error = typescript ? '(error as { driverError?: { code?: unknown } })' : 'error';
  return {
    kind: 'alternative-keys', id: 'typeorm-alternative-keys', errors: 'thrown',
    handle: { name: 'repository', type: shape ? `Repository<${shape}>` : handleType!.text },
    row: `Partial<${shape ?? `${handleType!.text.replace(/^Repository<(.*)>$/, '$1')}`}>`, values: `Partial<${shape ?? handleType!.text.replace(/^Repository<(.*)>$/, '$1')}>`,
    imports: [...(type ? [type, { name: 'Repository', from: 'typeorm', type: true }] : handleType!.imports), ...[...tests].map((name) => ({ name, from: 'typeorm', type: false }))],
    find, partial,
    update: `(await repository.update({ ${id}: known.${id} }, values)).affected`,
    insert: 'await repository.insert(row)',
    again: columns.length
      ? { known: 'known', updated: again(`known.${id}`), inserted: again(`inserted.identifiers[0]${typescript ? '!' : ''}[${quote}${id}${quote}]`) }
      : { known: '', updated: '', inserted: '' },
    violation: `${error}.driverError?.code === ${quote}23505${quote}`,
    requires: [{ id: 'dialect', text: 'the database is Postgres', state: 'proven' }],
    changes: [],
  };
}

function condition({ column, operator, value }: PartialTest, quote: string, used: Set<string>): string {
  if (operator === '=') return `${column}: ${literalText(value, quote)}`;
  const [name, text] = operator === '!=' ? ['Not', `Not(${literalText(value, quote)})`] : ['IsNull', operator === 'is null' ? 'IsNull()' : 'Not(IsNull())'];
  used.add(name!);
  if (operator === 'is not null') used.add('Not');
  return `${column}: ${text}`;
}
