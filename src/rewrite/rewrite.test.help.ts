/** For tests: what becomes of a function, in a small Prisma project. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { rewriteSource, type RewriteResult } from '../../codemods/index.ts';

const SCHEMA = `
model User {
  id      String   @id @default(cuid())
  email   String   @unique
  name    String?
  hits    Int      @default(0)
  profile Profile?
}
model Profile { id String @id @default(cuid())
  userId String @unique
  bio String?
  user User @relation(fields: [userId], references: [id]) }
model Nick { id Int @id @default(autoincrement())
  nick String? @unique }
model Seller { id Int @id @default(autoincrement())
  email String @unique
  handle String @unique }
model Slot { room String
  hour Int
  owner String?
  @@unique([room, hour], name: "roomHour") }
`;

export interface Setting { readonly provider?: 'postgresql' | 'mysql' | 'sqlite'; readonly file?: string; readonly accept?: readonly string[] }

/** The whole text through all rules. */
export function rewrite(text: string, { provider = 'postgresql', file = 'case.ts', accept = [] }: Setting = {}): RewriteResult {
  const folder = mkdtempSync(join(tmpdir(), 'db-race-rewrite-'));
  onTestFinished(() => { rmSync(folder, { recursive: true, force: true }); });
  mkdirSync(join(folder, 'prisma'));
  writeFileSync(join(folder, 'prisma', 'schema.prisma'), `datasource db {\n  provider = "${provider}"\n}\n${SCHEMA}`);
  writeFileSync(join(folder, 'package.json'), '{ "dependencies": { "@prisma/client": "~7.10.0" } }');
  return rewriteSource(text, { filename: file, cwd: folder, accept });
}

const HEAD = "import type { PrismaClient } from '@prisma/client';\n";

/** The body of `async function f(prisma, email, name)`, rewritten; or the id of the reason why it is left. */
export function bodyOf(body: string, setting?: Setting): string {
  const open = 'export async function f(prisma: PrismaClient, email: string, name: string) {\n';
  const { text, refused, rewritten } = rewrite(`${HEAD}${open}${body.trim()}\n}\n`, setting);
  if (refused.length) return refused.map((one) => one.id).join();
  if (!rewritten.length) return 'no report';
  return text.slice(HEAD.length + open.length).replace(/\n\}\n$/, '').replace(/^  /gm, '').trim();
}
