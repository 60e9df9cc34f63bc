/**
 * One function for a row with several keys. Run on 7.10 with Postgres: `updateManyAndReturn` (from 6.2 on) is one UPDATE that gives nothing
 * where the row has gone, and none of these calls names a conflict target, so that a partial index is asked for like any other.
 */
import type { Operation, Refusal } from '../../model.ts';
import { unwrap } from '../../source/syntax.ts';
import { literalText, member, partialTests } from '../common/alternative-keys.ts';
import { isRefused, refuseForm } from '../common/refusal.ts';
import type { AlternativeKeysForm, AlternativeKeysRequest, FormContext, NeededImport, PartialTest, WriteParts } from '../forms.ts';
import { callText } from './call-text.ts';

const VALUES: Readonly<Record<string, string>> = { create: 'data', update: 'data', updateMany: 'data', upsert: 'create' };

export function parts(write: Operation): WriteParts | Refusal {
  const text = callText(write);
  const given = text?.properties.get(VALUES[text.method.name] ?? '');
  if (!text || !given) return refuseForm('argument', 'The argument of the call is no object literal, or it is none of `create`, `update`, `updateMany` and `upsert`.');
  if (write.includes?.length) return refuseForm('row-shape', `\`${write.includes[0]}\` is fetched along, which the function does not do.`);
  if (text.properties.has('omit')) return refuseForm('row-shape', '`omit` leaves columns out, which the function does not do.');
  if (text.properties.has('select') && !write.columns) return refuseForm('row-shape', 'Which columns `select` asks for was not understood.');
  const update = text.properties.get('update');
  const changed = update && unwrap(update.value);
  const isEmpty = changed?.type === 'ObjectExpression' && !changed.properties.length;
  return { handle: text.handle, values: given.value, ...(update && { set: isEmpty ? 'nothing' as const : update.value }), gives: text.method.name === 'updateMany' ? 'nothing' : 'row' };
}

export function alternativeKeys(request: AlternativeKeysRequest, context: FormContext): AlternativeKeysForm | Refusal {
  const { table, id, keys, columns, handleType, writes } = request;
  const { dialect, quote, typescript } = context;
  if (dialect !== 'postgres') return refuseForm(dialect ? 'no-form' : 'dialect-unknown', 'The function was proven on Postgres only; where the schema does not say that it is one, name it in settings[\'db-race\'].dialect.');
  const [major, minor] = [context.version('@prisma/client') ?? context.version('prisma'), context.version('@prisma/client', 'minor') ?? context.version('prisma', 'minor')];
  if (major === undefined || major < 6 || (major === 6 && (minor ?? 0) < 2)) return refuseForm('version', 'It needs `updateManyAndReturn`, which Prisma has from version 6.2 on.');
  const partial = partialTests(request, dialect);
  if (isRefused(partial)) return partial;
  const call = callText(writes[0]!)!;
  const model = unwrap(call.call.callee);
  const accessor = model.type === 'MemberExpression' && unwrap(model.object).type === 'MemberExpression' ? unwrap(model.object) : undefined;
  if (accessor?.type !== 'MemberExpression' || accessor.computed || accessor.property.type !== 'Identifier') return refuseForm('shape', 'The model is reached in a way that the function cannot copy.');
  const own = `prisma.${accessor.property.name}`;
  const select = columns === undefined ? '' : `, select: { ${[...new Set([id, ...columns])].map((one) => `${one}: true`).join(', ')} }`;
  const find = new Map(keys.map(({ name, key }) => {
    const tests = [...key.columns.map((column) => `${column}: ${member('row', column, quote)}`), ...(partial.get(name) ?? []).map((one) => condition(one, quote))];
    return [name, `${own}.findFirst({ where: { ${tests.join(', ')} }${select} })`] as const;
  }));
  // The namespace stands beside the class, also in a generated client.
  const known = request.imported('Prisma') ?? request.imported('PrismaClient');
  const namespace: NeededImport = { ...(known ?? { from: '@prisma/client' }), name: 'Prisma', type: true };
  const client: NeededImport = { ...(known ?? { from: '@prisma/client' }), name: 'PrismaClient', type: true };
  const { local: _, ...plain } = namespace;
  const { local: __, ...plainClient } = client;
  return {
    kind: 'alternative-keys', id: 'prisma-alternative-keys', errors: 'thrown',
    handle: { name: 'prisma', type: handleType?.text ?? 'PrismaClient' },
    row: `Prisma.${table.name}CreateManyInput`, values: `Prisma.${table.name}UncheckedUpdateManyInput`,
    imports: [plain, ...(handleType?.imports ?? [plainClient])],
    find, partial,
    update: `(await ${own}.updateManyAndReturn({ where: { ${id}: known.${id} }, data: values${select} }))[0]`,
    insert: `await ${own}.create({ data: row${select} })`,
    violation: `${typescript ? '(error as { code?: unknown })' : 'error'}.code === ${quote}P2002${quote}`,
    requires: [{ id: 'dialect', text: 'the database is Postgres', state: 'proven' }], changes: [],
  };
}

function condition({ column, operator, value }: PartialTest, quote: string): string {
  switch (operator) {
    case '=': return `${column}: ${literalText(value, quote)}`;
    case '!=': return `${column}: { not: ${literalText(value, quote)} }`;
    case 'is null': return `${column}: null`;
    case 'is not null': return `${column}: { not: null }`;
  }
}
