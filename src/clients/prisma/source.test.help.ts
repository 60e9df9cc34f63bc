/** For tests: what the operations of a text are, through the trace, with a small schema in the catalogue. */
import type { Operation } from '../../model.ts';
import { catalogueOf } from '../../schema/catalogue.ts';
import type { Dialect } from '../../schema/model.ts';
import { parseSource } from '../../source/parse.ts';
import { traceFile, type Trace } from '../../trace/index.ts';
import { prisma } from './index.ts';
import { schemaSource } from './schema.ts';

export const SCHEMA = `
datasource db { provider = "postgresql" }
enum Role { ADMIN MEMBER }
model User {
  id        Int       @id @default(autoincrement())
  email     String    @unique
  name      String?
  hits      Int       @default(0)
  tags      String[]
  meta      Json?
  role      Role      @default(MEMBER)
  teamId    Int?
  updatedAt DateTime  @updatedAt @map("updated_at")
  deletedAt DateTime?
  team      Team?     @relation(fields: [teamId], references: [id])
  members   Member[]
  links     Link[]
  @@map("users")
}
model Team { id Int @id @default(autoincrement())
  slug String @unique
  users User[]
  members Member[] }
model Member {
  userId Int
  teamId Int
  role   String
  user User @relation(fields: [userId], references: [id])
  team Team @relation(fields: [teamId], references: [id])
  @@id([userId, teamId])
  @@unique([teamId, role], name: "seat")
}
model Link { id String @id @default(uuid())
  userId Int
  url String
  user User @relation(fields: [userId], references: [id])
  @@unique([userId, url]) }
`;

export interface Setting { readonly version?: number; readonly dialect?: Dialect; readonly schema?: string | undefined }

export function tracesOf(text: string, { version = 7, dialect = 'postgres', schema = SCHEMA }: Setting = {}): readonly Trace[] {
  const catalogue = catalogueOf(schema === '' ? [] : schemaSource.read([{ path: 'schema.prisma', text: schema }]), []);
  const surroundings = { clients: [prisma], catalogue, dialect, version: () => version, resolve: () => undefined };
  return traceFile(parseSource('case.ts', text), surroundings);
}

export function operationsOf(text: string, setting?: Setting): readonly Operation[] {
  return tracesOf(text, setting).flatMap((trace) => trace.operations);
}
