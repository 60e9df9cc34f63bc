/** One function for a row with several keys. Run on 0.45 with node-postgres: each builder is one statement, and none names a conflict target. */
import type { Node, Operation, Refusal } from '../../model.ts';
import { contains, eachNode, keyName, unwrap } from '../../source/syntax.ts';
import { literalText, member, partialTests } from '../common/alternative-keys.ts';
import { isRefused, refuseForm } from '../common/refusal.ts';
import type { AlternativeKeysForm, AlternativeKeysRequest, FormContext, PartialTest, WriteParts } from '../forms.ts';
import { stepsOf } from './chain.ts';
import { ID } from './handles.ts';

const KNOWN = /^(?:insert|values|update|set|where|returning|onConflictDoUpdate|onConflictDoNothing)$/;

export function parts(write: Operation): WriteParts | Refusal {
  const steps = stepsOf(write.node);
  const start = steps.get('insert') ?? steps.get('update');
  const values = (steps.get('values') ?? steps.get('set'))?.arguments[0];
  const callee = start && unwrap(start.callee);
  const odd = [...steps.keys()].find((name) => !KNOWN.test(name));
  if (odd !== undefined || !values || values.type === 'SpreadElement' || callee?.type !== 'MemberExpression' || !contains(write.node, callee)) return refuseForm('expression', `The builder does not stand at one place${odd === undefined ? '' : `, or \`.${odd}()\` cannot be carried over to the function`}.`);
  if (hasSql(values)) return refuseForm('update-differs', 'A value is written in SQL, which may name what only this statement has.');
  const conflict = steps.get('onConflictDoUpdate') ?? steps.get('onConflictDoNothing');
  const set = conflict && setOf(conflict.arguments[0], steps.has('onConflictDoNothing'));
  if (set !== undefined && isRefused(set)) return set;
  return { handle: callee.object, values, ...(set !== undefined && { set: set as WriteParts['set'] & {} }), gives: steps.has('returning') ? 'rows' : 'nothing' };
}

function setOf(given: Node | undefined, ignores: boolean): Node | 'nothing' | Refusal {
  const object = given && unwrap(given);
  if (object?.type !== 'ObjectExpression') return ignores ? refuseForm('expression', 'The conflict clause names no key.') : refuseForm('argument', 'The conflict clause is no object literal.');
  let set: Node | undefined;
  for (const one of object.properties) {
    const name = one.type === 'Property' ? keyName(one.key, one.computed) : undefined;
    if (one.type !== 'Property' || (name !== 'target' && name !== 'set')) return refuseForm('argument', `The conflict clause has \`${name ?? '…'}\`, which the function does not have.`);
    if (name === 'set') set = one.value;
  }
  if (ignores) return 'nothing';
  if (!set || hasSql(set)) return refuseForm('update-differs', 'What a conflict writes is SQL, which may name the row that was not inserted.');
  return set;
}

function hasSql(node: Node): boolean {
  let found = false;
  eachNode(node, (one) => { if (one.type === 'TaggedTemplateExpression') found = true; });
  return found;
}

export function alternativeKeys(request: AlternativeKeysRequest, context: FormContext): AlternativeKeysForm | Refusal {
  const { table, id, keys, columns, handleType, writes } = request;
  const { dialect, quote, typescript } = context;
  if (table.client !== ID) return refuseForm('schema-unknown', `\`${table.name}\` is declared elsewhere, so the names of its columns in code are not known.`);
  if (dialect !== 'postgres') return refuseForm(dialect ? 'no-form' : 'dialect-unknown', 'The function was proven on Postgres only; where the schema does not say that it is one, name it in settings[\'db-race\'].dialect.');
  if (!handleType) return refuseForm('handle-unknown', 'What the statements are made on has no type that the function could name: annotate it, or import it.');
  const partial = partialTests(request, dialect);
  if (isRefused(partial)) return partial;
  const start = stepsOf(writes[0]!.node).get('insert')?.arguments[0];
  const named = start?.type === 'Identifier' ? request.imported(start.name) : undefined;
  if (!named || start?.type !== 'Identifier') return refuseForm('shape', `The table \`${table.name}\` is not imported by its name where it is written.`);
  const own = start.name;
  const fields = columns === undefined ? '' : `{ ${[...new Set([id, ...columns])].map((one) => `${one}: ${member(own, one, quote)}`).join(', ')} }`;
  const find = new Map(keys.map(({ name, key }) => {
    const tests = [...key.columns.map((column) => `eq(${member(own, column, quote)}, ${member('row', column, quote)})`), ...(partial.get(name) ?? []).map((one) => condition(one, own, quote))];
    return [name, `db.select(${fields}).from(${own}).where(${tests.length > 1 ? `and(${tests.join(', ')})` : tests[0]!}).limit(1).then(([found]) => found)`] as const;
  }));
  const texts = [...find.values()].join();
  const operators = ['eq', ...['and', 'ne', 'isNull', 'isNotNull'].filter((one) => texts.includes(`${one}(`))];
  // Since 0.44 the driver's error stands under `cause`.
  const wraps = (context.version('drizzle-orm') ?? 0) > 0 || (context.version('drizzle-orm', 'minor') ?? 0) >= 44;
  const code = wraps ? ['cause', 'code'] : ['code'];
  const error = typescript ? `(error as ${code.reduceRight((inner, one) => `{ ${one}?: ${inner} }`, 'unknown')})` : 'error';
  return {
    kind: 'alternative-keys', id: 'drizzle-alternative-keys', errors: 'thrown',
    handle: { name: 'db', type: handleType.text }, row: `typeof ${own}.$inferInsert`, values: `Partial<typeof ${own}.$inferInsert>`,
    imports: [...handleType.imports, { ...named, type: false }, ...operators.map((name) => ({ name, from: 'drizzle-orm', type: false }))],
    find, partial,
    update: `(await db.update(${own}).set(values).where(eq(${member(own, id, quote)}, known.${id})).returning(${fields}))[0]`,
    insert: `(await db.insert(${own}).values(row).returning(${fields}))[0]${typescript ? '!' : ''}`,
    violation: `${error}.${code.join('?.')} === ${quote}23505${quote}`,
    requires: [{ id: 'dialect', text: 'the database is Postgres', state: 'proven' }], changes: [],
  };
}

function condition({ column, operator, value }: PartialTest, table: string, quote: string): string {
  const own = member(table, column, quote);
  switch (operator) {
    case '=': return `eq(${own}, ${literalText(value, quote)})`;
    case '!=': return `ne(${own}, ${literalText(value, quote)})`;
    case 'is null': return `isNull(${own})`;
    case 'is not null': return `isNotNull(${own})`;
  }
}
