/** The reader against @mrleebo/prisma-ast, a parser of the whole language, over schemas written by hand and made by chance. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Attribute, Block, Field, Schema } from '@mrleebo/prisma-ast';
import { describe, expect, it } from 'vitest';
import type { Column, SchemaPart, Table } from '../../schema/model.ts';
import { schemaSource } from './schema.ts';

// The oracle's own parser needs what Node 20 does not have.
const missing = Object as unknown as { groupBy?: unknown };
missing.groupBy ??= (items: Iterable<unknown>, keyOf: (item: unknown, index: number) => PropertyKey) => {
  const groups: Record<PropertyKey, unknown[]> = Object.create(null) as Record<PropertyKey, unknown[]>;
  [...items].forEach((item, index) => { (groups[keyOf(item, index)] ??= []).push(item); });
  return groups;
};
const { getSchema } = await import('@mrleebo/prisma-ast');

const read = (...texts: string[]): SchemaPart => {
  const parts = schemaSource.read(texts.map((text, index) => ({ path: `prisma/schema/${index}.prisma`, text })));
  expect(parts).toHaveLength(1);
  return parts[0]!;
};
const table = (part: SchemaPart, name: string): Table => part.tables.find((one) => one.name === name)!;
const keys = (one: Table): string[] => one.keys.map((key) => [key.primary ? 'id' : 'unique', key.columns.join('+'), key.alias ?? '', key.name ?? '', key.where ?? ''].join(' ').trimEnd());

const TRICKY = `
// datasource db { provider = "mysql" }
datasource db {
  provider = "postgresql" // the url moved to a config file
  schemas  = ["base", "shop"]
}
generator client { provider = "prisma-client" output = "../generated" }

/// A user { with braces }
model User {
  id         Int       @id @default(autoincrement()) /* inline */
  email      String    @unique(map: "users_email_unique") @db.VarChar(255)
  /// "quoted" // and slashes
  home       String    @default("https://example.org/{x}") @map("home_url")
  bio        String    @default("say \\"hi\\" // not a comment")
  role       Role      @default(MEMBER)
  active     Boolean   @default(true)
  score      Float     @default(-1.5)
  tags       String[]  @default([])
  place      Unsupported("geometry(Point, 4326)")?
  token      String    @default(dbgenerated("gen_random_uuid()")) @db.Uuid
  managerId  Int?
  manager    User?     @relation("Managed", fields: [managerId], references: [id], onDelete: SetNull)
  reports    User[]    @relation("Managed")
  written    Post[]    @relation("Author")
  reviewed   Post[]    @relation(name: "Reviewer")
  groups     Group[]
  createdAt  DateTime  @default(now())
  updatedAt  DateTime  @updatedAt
  deletedAt  DateTime?

  @@unique([email, managerId])
  @@unique(fields: [role, home], name: "roleHome", map: "role_home_key")
  @@unique([
    active(sort: Desc),
    score
  ])
  @@index([role, active], type: Hash)
  @@map("users")
  @@schema("base")
}

model Post { id String @id @default(cuid())
  authorId   Int
  reviewerId Int?
  author     User  @relation("Author", fields: [authorId], references: [id])
  reviewer   User? @relation("Reviewer", fields: [reviewerId], references: [id])
  slug       String
    @unique
  @@unique([authorId, slug], where: raw("reviewer_id IS NULL"))
  @@schema("shop")
}
model Group { a Int
 b Int
 users User[]
 @@id([a, b], name: "pair") @@schema("shop") }
model Hidden { id Int @id
  @@ignore }
view Summary { id Int @unique
  total Int }
enum Role { ADMIN @map("admin")
  MEMBER
  @@map("roles") }
`;

describe('hand-written schemas', () => {
  const part = read(TRICKY);
  const user = table(part, 'User');

  it('reads models, views, names and dialect', () => {
    expect(part.unread).toEqual([]);
    expect(part.dialect).toBe('postgres');
    expect(part.tables.map((one) => `${one.schema}.${one.dbName} ${one.complete}`)).toEqual(['base.users true', 'shop.Post true', 'shop.Group true', 'undefined.Summary true']);
    expect(user.place).toEqual({ file: 'prisma/schema/0.prisma', line: 10 });
  });

  it('reads columns', () => {
    const column = (name: string): Column => user.columns.get(name)!;
    expect([...user.columns.keys()]).toEqual(['id', 'email', 'home', 'bio', 'role', 'active', 'score', 'tags', 'place', 'token', 'managerId', 'createdAt', 'updatedAt', 'deletedAt']);
    expect(column('id')).toEqual({ name: 'id', dbName: 'id', type: 'int', nullable: false, default: 'generated-id' });
    expect(column('home')).toMatchObject({ dbName: 'home_url', defaultLiteral: 'https://example.org/{x}' });
    expect(column('bio').defaultLiteral).toBe('say "hi" // not a comment');
    expect(['role', 'active', 'score'].map((name) => column(name).defaultLiteral)).toEqual(['MEMBER', true, -1.5]);
    expect(column('tags')).toMatchObject({ structured: true, default: 'database' });
    expect(column('place')).toMatchObject({ type: 'unsupported', nullable: true });
    expect(column('token').default).toBe('database');
    expect(column('updatedAt')).toMatchObject({ updatedAt: true, default: 'client' });
    expect(column('deletedAt')).toMatchObject({ deletedAt: true, nullable: true, default: 'none' });
    expect(table(part, 'Post').columns.get('id')!.default).toBe('client');
  });

  it('reads keys with their names in code and database', () => {
    expect(keys(user)).toEqual([
      'id id  users_pkey', 'unique email  users_email_unique', 'unique email+managerId email_managerId users_email_managerId_key',
      'unique role+home roleHome role_home_key', 'unique active+score active_score users_active_score_key',
    ]);
    expect(keys(table(part, 'Post'))).toEqual(['id id  Post_pkey', 'unique slug  Post_slug_key', 'unique authorId+slug authorId_slug Post_authorId_slug_key reviewer_id IS NULL']);
    expect(keys(table(part, 'Group'))).toEqual(['id a+b pair Group_pkey']);
  });

  it('reads relations from both sides', () => {
    const relations = (one: Table): string[] => one.relations.map((each) => `${each.name} ${each.target}${each.many ? '[]' : ''} ${each.columns}=${each.references} ~${each.inverse}`);
    expect(relations(user)).toEqual(['manager User managerId=id ~reports', 'reports User[] = ~manager', 'written Post[] = ~author', 'reviewed Post[] = ~reviewer', 'groups Group[] = ~users']);
    expect(relations(table(part, 'Post'))).toEqual(['author User authorId=id ~written', 'reviewer User reviewerId=id ~reviewed']);
  });

  it('knows the dialects that were measured, and no others', () => {
    const dialect = (provider: string) => read(`datasource db { provider = ${provider} }\nmodel A { id Int @id }`).dialect;
    expect(['"postgresql"', '"postgres"', '"mysql"', '"sqlite"', '"cockroachdb"', '"sqlserver"', '"mongodb"', 'env("PROVIDER")'].map(dialect)).toEqual(['postgres', 'postgres', 'mysql', 'sqlite', undefined, undefined, undefined, undefined]);
    expect(table(read('datasource db { provider = "mysql" }\nmodel A { id Int @id\n text String @unique(length: 10) }'), 'A').keys).toMatchObject([{ name: 'PRIMARY' }, { columns: [], expression: true }]);
  });
});

describe('files', () => {
  it('reads a schema of several files as one', () => {
    const part = read('datasource db { provider = "sqlite" }', 'model A { id Int @id\n bs B[] }', 'model B { id Int @id\n aId Int\n a A @relation(fields: [aId], references: [id]) }');
    expect(part.dialect).toBe('sqlite');
    expect(table(part, 'A').relations).toMatchObject([{ name: 'bs', target: 'B', inverse: 'a' }]);
    expect(table(part, 'B').place.file).toBe('prisma/schema/2.prisma');
  });

  it('keeps schemas apart that have a datasource each, and leaves generated copies out', () => {
    const one = (path: string, text: string) => ({ path, text });
    const parts = schemaSource.read([
      one('a/prisma/schema.prisma', 'datasource db { provider = "mysql" }'), one('a/prisma/models/user.prisma', 'model User { id Int @id }'),
      one('b/prisma/schema.prisma', 'datasource db { provider = "sqlite" }\nmodel Other { id Int @id }'), one('b/generated/prisma/schema.prisma', 'datasource db { provider = "sqlite" }\nmodel Stale { id Int @id }'),
    ]);
    expect(parts.map((part) => `${part.dialect} ${part.tables.map((each) => each.name)}`)).toEqual(['mysql User', 'sqlite Other']);
  });

  it('reads what it can of broken text and says what it could not', () => {
    const part = read(`datasource db { provider = "sqlite" }
modle Typo { id Int @id }
model A {
  id Int @id
  what is this?? ((
  name String @unique
  other Missing @default(x
  @@unique([nope])
  @@strange
}
model B { id Int @id
  a String @unique

model C { id Int @id }
???`);
    expect(part.tables.map((one) => `${one.name} ${one.complete} ${keys(one)}`)).toEqual(['A false id id,unique name  A_name_key,unique nope  A_nope_key', 'B true id id,unique a  B_a_key', 'C true id id']);
    expect(part.unread.map((one) => `${one.place.line} ${one.reason}`).sort()).toEqual([
      '11 its closing brace is missing', '15 no block of a known kind starts here', '2 no block of a known kind starts here', '5 the field is not understood', '7 the field is not understood',
      '8 there is no field `nope`', '9 the attribute is not known',
    ]);
  });

  it('never throws', () => {
    for (let at = 0; at < TRICKY.length; at += 3) {
      expect(() => schemaSource.read([{ path: 'a.prisma', text: TRICKY.slice(0, at) }])).not.toThrow();
      expect(() => schemaSource.read([{ path: 'a.prisma', text: TRICKY.slice(0, at) + TRICKY.slice(at + 7) }])).not.toThrow();
    }
  });
});

// ------------------------------------------------------------------------------------------------------- the oracle

/** What the other parser says of a model, in the few words that both have. */
interface Facts { readonly columns: string[]; readonly relations: string[]; readonly keys: string[] }

function factsOf(schema: Schema, block: Block & { type: 'model' | 'view' }): Facts {
  const blocks = schema.list.filter((one): one is Block & { type: 'model' | 'view' } => one.type === 'model' || one.type === 'view');
  const names = new Set(blocks.map((one) => one.name));
  const args = (one: { args?: Attribute['args'] }, key?: string): unknown => one.args?.map((arg) => arg.value).map((value) => (typeof value === 'object' && value !== null && 'type' in value && value.type === 'keyValue' ? { key: value.key, value: value.value } : { key: undefined, value })).find((arg) => arg.key === key)?.value;
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value.replace(/^"|"$/g, '') : undefined);
  const list = (value: unknown): string[] => ((value as { args?: unknown[] } | undefined)?.args ?? []).map((one) => (typeof one === 'string' ? one : (one as { name: string }).name));
  const columns: string[] = [];
  const relations: string[] = [];
  const found: string[] = [];
  for (const field of block.properties.filter((one): one is Field => one.type === 'field')) {
    const type = typeof field.fieldType === 'string' ? field.fieldType : field.fieldType.name;
    const attribute = (name: string) => field.attributes?.find((one) => one.name === name && !one.group);
    if (names.has(type)) {
      const relation = attribute('relation') as unknown as Attribute | undefined;
      relations.push(`${field.name} ${type} ${field.array ?? false} ${relation ? list(args(relation, 'fields')) : ''}=${relation ? list(args(relation, 'references')) : ''}`);
      continue;
    }
    const map = attribute('map') as unknown as Attribute | undefined;
    columns.push(`${field.name} ${map ? text(args(map)) : field.name} ${type.toLowerCase()} ${field.optional ?? false} ${field.array ?? false} ${attribute('default') !== undefined}`);
    for (const kind of ['id', 'unique']) {
      const key = attribute(kind) as unknown as Attribute | undefined;
      if (key) found.push(`${kind} ${field.name} ${text(args(key, 'map')) ?? ''}`.trimEnd());
    }
  }
  for (const one of block.properties.filter((each) => each.type === 'attribute')) {
    if (one.name !== 'id' && one.name !== 'unique') continue;
    found.push(`${one.name} ${list(args(one, 'fields') ?? args(one)).join('+')} ${text(args(one, 'map')) ?? ''}`.trimEnd());
  }
  return { columns, relations, keys: found };
}

function own(one: Table): Facts {
  const listed = (column: Column): boolean => column.structured === true && column.type !== 'json';
  return {
    columns: [...one.columns.values()].map((column) => `${column.name} ${column.dbName} ${column.type} ${column.nullable} ${listed(column)} ${column.default !== 'none' && !column.updatedAt && !(listed(column) && column.default === 'database')}`),
    relations: one.relations.map((each) => `${each.name} ${each.target} ${each.many} ${each.columns}=${each.references}`),
    keys: one.keys.map((key) => `${key.primary ? 'id' : 'unique'} ${key.columns.join('+')} ${key.name ?? ''}`.trimEnd()),
  };
}

/** Numbers that are the same in every run. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => { state = (state * 1103515245 + 12345) % 2147483648; return Math.floor((state / 2147483648) * below); };
}

function schemaBy(seed: number): string {
  const roll = chance(seed);
  const pick = <T>(from: readonly T[]): T => from[roll(from.length)]!;
  const models = Array.from({ length: 2 + roll(4) }, (_, index) => `Model${index}`);
  const space = (): string => ' '.repeat(1 + roll(3));
  const body = models.map((name, index) => {
    const lines: string[] = [];
    const compound = roll(3) === 0;
    const scalars = Array.from({ length: 3 + roll(4) }, (_, at) => `f${at}`);
    scalars.forEach((field, at) => {
      const type = pick(['String', 'Int', 'BigInt', 'Boolean', 'DateTime', 'Json', 'Decimal', 'Float', 'Bytes', 'Kind']);
      const attributes = [
        ...(at === 0 && !compound ? [pick(['@id', `@id(map: "pk_${index}")`])] : []),
        ...(roll(4) === 0 && at > 0 ? [pick(['@unique', `@unique(map: "u_${index}_${at}")`])] : []),
        ...(roll(3) === 0 ? [`@map("c_${at}")`] : []),
        ...(roll(3) === 0 ? [pick(['@default("a, (b) // c")', '@default(autoincrement())', '@default(dbgenerated("f(1, \'x\')"))', '@default(cuid(2))', '@default(12)'])] : []),
        ...(roll(4) === 0 ? [pick(['@db.VarChar(10)', '@db.Decimal(10, 2)'])] : []),
      ];
      const suffix = at > 0 && roll(3) === 0 ? '?' : '';
      if (roll(5) === 0) lines.push('/// documented { [ (');
      lines.push(`${field}${space()}${type}${suffix}${space()}${attributes.join(space())}${roll(5) === 0 ? ' // trailing @unique' : ''}`);
    });
    if (index > 0) {
      const target = pick(models.slice(0, index));
      lines.push(`r Int${pick(['', '?'])}`, `rel ${target}? @relation(${pick(['', `"n${index}", `])}fields: [r], references: [f0]${pick(['', ', onDelete: Cascade'])})`);
    }
    for (let later = index + 1; later < models.length; later++) if (roll(2)) lines.push(`list${later} ${models[later]}[]`);
    const inner = (): string => pick([`[${pick(scalars)}, ${scalars.at(-1)}]`, `[ ${scalars[1]}(sort: Desc) , ${scalars[2]} ]`]);
    if (compound) lines.push(pick([`@@id([${scalars[0]}, ${scalars[1]}])`, `@@id(fields: [${scalars[0]}, ${scalars[2]}], map: "pkc_${index}")`]));
    if (roll(2)) lines.push(pick([`@@unique(${inner()})`, `@@unique(fields: ${inner()}, map: "uc_${index}")`, `@@unique(${inner()}, name: "alias${index}")`]));
    if (roll(2)) lines.push(`@@index([${scalars[1]}])`);
    if (roll(2)) lines.push(`@@map("t_${index}")`);
    return `${pick(['model', 'model', 'view'])} ${name} {\n  ${lines.join(pick(['\n', '\n\n', '\n  ']))}\n}`;
  });
  return ['enum Kind {\n  A\n  B @map("b")\n}', ...body].join('\n\n');
}

/** The other parser gives no dialect's default names: without a datasource neither does this reader. */
function compare(text: string): void {
  const schema = getSchema(text);
  const part = schemaSource.read([{ path: 'schema.prisma', text }])[0]!;
  expect(part.unread).toEqual([]);
  const expected = schema.list.filter((one): one is Block & { type: 'model' | 'view' } => one.type === 'model' || one.type === 'view')
    .filter((one) => !one.properties.some((each) => each.type === 'attribute' && each.name === 'ignore'));
  expect(part.tables.map((one) => one.name)).toEqual(expected.map((one) => one.name));
  for (const block of expected) expect(own(table(part, block.name)), text).toEqual(factsOf(schema, block));
}

describe('the reader and the oracle', () => {
  const withoutDatasource = (text: string): string => text.replace(/^datasource[^}]*\}/m, '');

  it('agree on schemas written by hand', () => {
    const fixtures = join(import.meta.dirname, '../../../fixtures');
    const files = readdirSync(fixtures, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.prisma') && !path.includes('node_modules'));
    expect(files.length).toBeGreaterThan(5);
    for (const path of files) compare(withoutDatasource(readFileSync(join(fixtures, path), 'utf8')));
  });

  it('agree on schemas made by chance', () => {
    for (let seed = 1; seed <= 250; seed++) compare(schemaBy(seed));
  });
});
