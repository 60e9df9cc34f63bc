import { describe, expect, it } from 'vitest';
import type { Operation } from '../../model.ts';
import type { Catalogue, Dialect, Table } from '../../schema/model.ts';
import { parseSource } from '../../source/parse.ts';
import { traceFile } from '../../trace/index.ts';
import type { FormContext, UpsertForm, UpsertRequest } from '../forms.ts';
import { forms } from './forms.ts';
import { typeorm } from './index.ts';
import { entitySource } from './schema.ts';

const ENTITIES = `import { Column, Entity, JoinColumn, ManyToOne, OneToMany, PrimaryColumn, PrimaryGeneratedColumn, Unique, UpdateDateColumn } from 'typeorm';
@Entity() export class Setting { @PrimaryColumn() scope: string; @PrimaryColumn() name: string; @Column() value: string; }
@Entity() export class Tool { @PrimaryGeneratedColumn() id: number; @Column({ unique: true }) code: string; @Column({ default: '' }) label: string; @Column({ nullable: true }) place: string | null; @OneToMany(() => Part, (part) => part.tool) parts: Part[]; }
@Entity() export class Part { @PrimaryGeneratedColumn() id: number; @Column({ unique: true }) number: string; @Unique('UQ_part_bar') @Column() bar: string; @ManyToOne(() => Tool, { eager: true, nullable: false }) @JoinColumn() tool: Tool; }
@Entity() export class Member { @PrimaryGeneratedColumn('uuid') id: string; @Column({ unique: true }) email: string; @Column() name: string; @UpdateDateColumn() changedAt: Date; }
@Entity() export class Secret { @PrimaryColumn() name: string; @Column({ select: false }) value: string; }
@Entity() export class Born { @PrimaryColumn() name: string; @Column() color: string = 'grey'; }
@Entity() export class Camel { @PrimaryColumn() userName: string; @Column() lastName: string; @Column({ name: 'years' }) age: number; }
@Entity() export class Big { @PrimaryColumn({ type: 'bigint' }) id: string; @Column() n: number; }`;

interface Setup { readonly dialect?: Dialect | undefined; readonly strategy?: boolean }

function traced(body: string, { dialect, strategy }: Setup) {
  const source = strategy ? [{ path: 'data-source.ts', text: "import { DataSource } from 'typeorm'; new DataSource({ namingStrategy: new SnakeNamingStrategy() });" }] : [];
  const tables = entitySource.read([{ path: 'all.entity.ts', text: ENTITIES }, ...source]).flatMap((one) => one.tables);
  const catalogue: Catalogue = { dialect, tables, find: (_, name) => tables.find((one) => one.name === name), unread: [], files: [] };
  const names = tables.map((one) => one.name);
  const text = `import { type Repository, type EntityManager, QueryFailedError } from 'typeorm';\nimport { ${names.join(', ')} } from './all.entity.ts';\n`
    + `export async function run(${names.map((one) => `${one.toLowerCase()}s: Repository<${one}>`).join(', ')}, manager: EntityManager, a: string, b: string, c: string) {\n${body}\n}`;
  const file = parseSource('case.ts', text);
  const operations = traceFile(file, { clients: [typeorm], catalogue, dialect, version: () => 1, resolve: () => undefined }).flatMap((one) => one.operations);
  const context: FormContext = {
    dialect, version: (name) => (name === 'typeorm' ? 1 : undefined), text: (node) => file.slice(node), quote: "'", typescript: true, unit: '  ', indent: () => '',
    edited: (node, edits) => [...edits].sort((x, y) => y.start - x.start).reduce((all, one) => all.slice(0, one.start - node.range[0]) + one.text + all.slice(one.end - node.range[0]), file.slice(node)),
    imported: (name) => (names.includes(name) ? name : undefined), importing: () => undefined, fresh: (name) => name, usedAfter: () => false,
  };
  return { operations, context };
}

/** The form for the look-up, the insert and (between them) the update of a body. */
function form(body: string, setup: Setup & { wants?: 'row' | 'nothing'; others?: UpsertRequest['others'] } = {}): string {
  const { operations, context } = traced(body, { dialect: 'postgres', ...setup });
  const [read, ...writes] = operations;
  const insert = writes.at(-1)!;
  const table = insert.table.table!;
  const columns = read!.predicate!.arms[0]!.map((one) => one.column);
  const key = table.keys.find((one) => one.columns.length === columns.length && columns.every((column) => one.columns.includes(column)))!;
  const keyText = new Map(key.columns.map((column, index) => [column, 'abc'[index]!]));
  const made = forms.upsert!({ insert, read, table, key, keyText, update: writes.length > 1 ? writes[0] : undefined, wants: setup.wants ?? 'nothing', others: setup.others ?? [] }, context);
  return 'reason' in made ? made.id : shown(made);
}

const shown = ({ before, call, row }: UpsertForm): string => [...before, call, ...(row === undefined ? [] : [row])].join('; ');
const LOOK = 'const row = await tools.findOneBy({ code: a });';

describe('upsert', () => {
  it('keeps the call and names the key', () => {
    expect(form(`${LOOK} await tools.insert({ code: a });`)).toBe("tools.upsert({ code: a }, ['code'])");
    expect(form(`const row = await manager.findOneBy(Tool, { code: a }); await manager.save(manager.create(Tool, { code: a }));`)).toBe("manager.upsert(Tool, manager.create(Tool, { code: a }), ['code'])");
    expect(form(`const row = await settings.findOneBy({ scope: a, name: b }); await settings.update({ scope: a, name: b }, { value: c }); await settings.save({ scope: a, name: b, value: c });`)).toBe("settings.upsert({ scope: a, name: b, value: c }, ['scope', 'name'])");
  });

  it('writes only what the update writes', () => {
    expect(form(`${LOOK} await tools.update(row.id, { label: b }); await tools.insert({ code: a, label: b, place: c });`)).toBe("tools.createQueryBuilder().insert().values({ code: a, label: b, place: c }).orUpdate(['label'], ['code']).execute()");
    expect(form(`${LOOK} await tools.update(row.id, { label: c }); await tools.insert({ code: a, label: b });`)).toBe('update-differs');
    expect(form(`${LOOK} await tools.update(row.id, { place: b }); await tools.insert({ code: a });`)).toBe('update-differs');
    expect(form(`${LOOK} await tools.increment({ code: a }, 'id', 1); await tools.insert({ code: a, label: b });`)).toBe('update-differs');
  });

  it('takes the clock of both branches for one', () => {
    expect(form(`${LOOK} await tools.update(row.id, { place: new Date().toISOString() }); await tools.insert({ code: a, place: new Date().toISOString() });`)).toBe("tools.upsert({ code: a, place: new Date().toISOString() }, ['code'])");
    expect(form(`${LOOK} await tools.update(row.id, { place: crypto.randomUUID() }); await tools.insert({ code: a, place: crypto.randomUUID() });`)).toBe('update-differs');
  });

  it('leaves a row alone, and aims at its key where another could be violated', () => {
    expect(form(`${LOOK} await tools.insert({ code: a, label: b });`)).toBe('tools.createQueryBuilder().insert().values({ code: a, label: b }).orIgnore().execute()');
    expect(form('const row = await parts.findOneBy({ number: a }); await parts.insert({ number: a, bar: b });', { others: 'unknown' })).toBe("parts.createQueryBuilder().insert().values({ number: a, bar: b }).orUpdate(['number'], ['number']).execute()");
    expect(form('const row = await members.findOneBy({ email: a }); await members.insert({ email: a, name: b });', { others: 'unknown' })).toBe('updated-at');
    expect(form('const row = await borns.findOneBy({ name: a }); await borns.save(borns.create({ name: a }));')).toBe('borns.createQueryBuilder().insert().values(borns.create({ name: a })).orIgnore().execute()');
  });

  it('gives the entity that holds the whole row, else looks it up again', () => {
    expect(form('const row = await settings.findOneBy({ scope: a, name: b }); await settings.update({ scope: a, name: b }, { value: c }); await settings.save({ scope: a, name: b, value: c });', { wants: 'row' }))
      .toBe("const setting = settings.create({ scope: a, name: b, value: c }); settings.upsert(setting, ['scope', 'name']); setting");
    const member = 'const row = await members.findOneBy({ email: a }); row.name = b; await members.save(row); await members.save({ email: a, name: b });';
    expect(form(member, { wants: 'row' })).toBe("const member = members.create({ email: a, name: b }); members.upsert(member, ['email']); member");
    expect(form(member, { wants: 'row', dialect: 'sqlite' })).toBe('updated-at');
    expect(form(`${LOOK} await tools.save({ code: a });`, { wants: 'row' })).toBe("tools.upsert({ code: a }, ['code']); await tools.findOneByOrFail({ code: a })");
    expect(form('const row = await bigs.findOneBy({ id: a }); await bigs.update({ id: a }, { n: 1 }); await bigs.save({ id: a, n: 1 });', { wants: 'row' })).toBe("bigs.upsert({ id: a, n: 1 }, ['id']); await bigs.findOneByOrFail({ id: a })");
    expect(form('const row = await secrets.findOneBy({ name: a }); await secrets.update({ name: a }, { value: b }); await secrets.save({ name: a, value: b });', { wants: 'row' })).toBe("secrets.upsert({ name: a, value: b }, ['name']); await secrets.findOneByOrFail({ name: a })");
  });

  it('refuses a row with relations, of some columns, or of an InsertResult', () => {
    expect(form('const row = await parts.findOneBy({ number: a }); await parts.save({ number: a, bar: b });', { wants: 'row' })).toBe('relations');
    expect(form('const row = await tools.findOne({ where: { code: a }, relations: { parts: true } }); await tools.save({ code: a });', { wants: 'row' })).toBe('relations');
    expect(form('const row = await tools.findOne({ where: { code: a }, select: { id: true } }); await tools.save({ code: a });', { wants: 'row' })).toBe('projection-differs');
    expect(form(`${LOOK} await tools.insert({ code: a });`, { wants: 'row' })).toBe('answers-differ');
    expect(form("const row = await tools.findOne({ where: { code: a }, cache: true }); await tools.save({ code: a });", { wants: 'row' })).toBe('expression');
    expect(form(`${LOOK} await tools.save({ code: a, parts: [] });`)).toBe('relations');
    expect(form(`${LOOK} await tools.save({ code: a }, { reload: false });`)).toBe('save-options');
    expect(form(`${LOOK} await tools.save({ id: 7, code: a });`)).toBe('save-by-id');
  });

  it('never has an entity filled in on SQLite, nor anything with a generated id on MySQL', () => {
    expect(form(`${LOOK} await tools.insert({ code: a });`, { dialect: 'sqlite' })).toBe("tools.createQueryBuilder().insert().values({ code: a }).orIgnore().updateEntity(false).execute()");
    expect(form(`${LOOK} await tools.insert({ code: a });`, { dialect: 'mysql' })).toBe('mysql-generated-id');
    expect(form('const row = await secrets.findOneBy({ name: a }); await secrets.insert({ name: a });', { dialect: 'mysql' })).toBe("secrets.upsert({ name: a }, ['name'])");
    expect(form('const row = await secrets.findOneBy({ name: a }); await secrets.insert({ name: a });', { dialect: 'mysql', others: 'unknown' })).toBe('mysql-second-key');
    expect(form('const row = await secrets.findOneBy({ name: a }); await secrets.insert({ name: a, value: b });', { dialect: 'mysql' })).toBe('no-form');
  });

  it('puts clauses into a builder chain', () => {
    const chain = `${LOOK} await manager.createQueryBuilder().insert().into(Tool).values({ code: a }).execute();`;
    expect(form(chain)).toBe('manager.createQueryBuilder().insert().into(Tool).values({ code: a }).orIgnore().execute()');
    expect(form(chain, { others: 'unknown' })).toBe("manager.createQueryBuilder().insert().into(Tool).values({ code: a }).orUpdate(['code'], ['code']).execute()");
  });

  it('names columns as the database does', () => {
    const some = (column: string): string => `const row = await camels.findOneBy({ userName: a }); await camels.update({ userName: a }, { ${column}: b }); await camels.insert({ userName: a, lastName: b, age: b });`;
    expect(form(some('age'))).toBe("camels.createQueryBuilder().insert().values({ userName: a, lastName: b, age: b }).orUpdate(['years'], ['userName']).execute()");
    expect(form(some('age'), { strategy: true })).toBe('names-unknown');
    expect(form('const row = await camels.findOneBy({ userName: a }); await camels.insert({ userName: a });', { strategy: true })).toBe("camels.upsert({ userName: a }, ['userName'])");
  });

  it('refuses snapshots that do not have the row', () => {
    const inside = (level: string) => `await manager.transaction(${level}async (inner) => { const row = await inner.findOneBy(Tool, { code: a }); await inner.insert(Tool, { code: a }); });`;
    expect(form(inside("'REPEATABLE READ', "))).toBe('isolation');
    expect(form(inside(''))).toBe("inner.upsert(Tool, { code: a }, ['code'])");
  });
});

describe('violations', () => {
  const table = (operation: Operation): Table => operation.table.table!;
  const test = (body: string, column: string, setup: Setup & { others?: 'unknown' } = {}): string => {
    const { operations: [insert], context } = traced(body, { dialect: 'postgres', ...setup });
    const key = table(insert!).keys.find((one) => one.columns.join() === column)!;
    const made = forms.violation!({ write: insert!, table: table(insert!), key, others: setup.others ?? [], error: 'error' }, context);
    return 'reason' in made ? made.id : made.test;
  };

  it('tests the code, and the key where there are several', () => {
    expect(test('await tools.insert({ code: a });', 'code')).toBe("(error as { code?: unknown } | null)?.code === '23505'");
    expect(test('await tools.insert({ code: a });', 'code', { dialect: 'sqlite' })).toBe("(error as { message?: string } | null)?.message?.includes('UNIQUE constraint failed')");
    expect(test('await parts.insert({ number: a, bar: b });', 'number', { others: 'unknown' })).toBe('key-not-told');
    expect(test('await parts.insert({ number: a, bar: b });', 'number', { others: 'unknown', dialect: 'sqlite' }))
      .toBe("(error as { message?: string } | null)?.message?.includes('UNIQUE constraint failed') && (error as { message?: string } | null)?.message?.endsWith(': part.number')");
    expect(test('await settings.insert({ scope: a, name: b, value: c });', 'scope,name', { dialect: 'mysql' })).toBe("(error as { code?: unknown } | null)?.code === 'ER_DUP_ENTRY'");
    expect(test('await settings.save({ scope: a, name: b, value: c });', 'scope,name')).toBe('save-may-update');
    expect(test('await tools.insert({ code: a });', 'code', { dialect: 'mysql' })).toBe('mysql-generated-id');
    expect(test('await tools.insert({ code: a });', 'code', { dialect: undefined })).toBe('dialect-unknown');
  });

  it('nests a manager\'s call in a savepoint', () => {
    const { operations: [insert], context } = traced('await manager.insert(Tool, { code: a });', { dialect: 'postgres' });
    const made = forms.violation!({ write: insert!, table: table(insert!), key: table(insert!).keys[1]!, others: [], error: 'error' }, context);
    expect('savepoint' in made && made.savepoint?.('manager.insert(Tool, { code: a })')).toBe('manager.transaction((nested) => nested.insert(Tool, { code: a }))');
  });
});

describe('answers to a violation', () => {
  const update = (body: string, wants: 'row' | 'nothing' = 'nothing'): string | undefined => {
    const { operations, context } = traced(body, { dialect: 'postgres' });
    const one = operations.at(-1)!;
    const key = one.table.table!.keys.find((each) => each.columns.join() === 'code')!;
    return forms.updateByKey!(one, { key, table: one.table.table!, keyText: new Map([['code', 'a']]), wants }, context);
  };

  it('finds the row by the key and reads nothing of what was found', () => {
    expect(update(`${LOOK} await tools.update(row.id, { label: b });`)).toBe('tools.update({ code: a }, { label: b })');
    expect(update(`${LOOK} row.label = b; row.place = c.trim(); await tools.save(row);`)).toBe('tools.update({ code: a }, { label: b, place: c.trim() })');
    expect(update(`${LOOK} await manager.increment(Tool, { id: row.id }, 'id', 2);`)).toBe("manager.increment(Tool, { code: a }, 'id', 2)");
    expect(update(`${LOOK} row.label = b; await tools.save(row);`, 'row')).toBe('tools.update({ code: a }, { label: b }).then(() => tools.findOneByOrFail({ code: a }))');
    expect(update(`${LOOK} row.label += b; await tools.save(row);`)).toBeUndefined();
  });
});
