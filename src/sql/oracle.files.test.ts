/** Whole files as generators and people write them: the same statements as Postgres finds, each read as Postgres reads it. */
import { beforeAll, describe, expect, it } from 'vitest';
import { loadModule } from 'libpg-query';
import { definitionsOf, readStatements, sqlSource, statementsOf } from './index.ts';
import { ownDefinition, ownStatement, postgres, postgresDefinition, postgresStatement } from './oracle.test.help.ts';

beforeAll(() => loadModule());

const DUMP = `--
-- PostgreSQL database dump
--
SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);
CREATE FUNCTION public.touch() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  NEW.updated_at = now(); -- it's now
  RETURN NEW;
END;
$$;
ALTER FUNCTION public.touch() OWNER TO app;
CREATE TABLE public.accounts (
    id integer NOT NULL,
    email character varying(255) NOT NULL,
    plan text DEFAULT 'free'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    meta jsonb DEFAULT '{}'::jsonb,
    CONSTRAINT plan_known CHECK ((plan = ANY (ARRAY['free'::text, 'pro'::text])))
);
CREATE SEQUENCE public.accounts_id_seq AS integer START WITH 1 INCREMENT BY 1 NO MINVALUE NO MAXVALUE CACHE 1;
ALTER SEQUENCE public.accounts_id_seq OWNED BY public.accounts.id;
ALTER TABLE ONLY public.accounts ALTER COLUMN id SET DEFAULT nextval('public.accounts_id_seq'::regclass);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (id);
CREATE UNIQUE INDEX accounts_email ON public.accounts USING btree (lower((email)::text));
CREATE UNIQUE INDEX one_pro ON public.accounts USING btree (plan) WHERE (plan = 'pro'::text);
CREATE TRIGGER touch BEFORE UPDATE ON public.accounts FOR EACH ROW EXECUTE FUNCTION public.touch();
ALTER TABLE ONLY public.accounts ADD CONSTRAINT owner FOREIGN KEY (id) REFERENCES public.people(id) ON UPDATE CASCADE ON DELETE SET NULL;
`;

const MIGRATION = `-- CreateEnum
CREATE TYPE "Role" AS ENUM ('USER', 'ADMIN');

/*
  Warnings:
  - You are about to drop the column \`name\` on the \`User\` table; it's lost.
*/
-- CreateTable
CREATE TABLE "User" (
    "id" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "role" "Role" NOT NULL DEFAULT 'USER',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "tags" TEXT[] DEFAULT ARRAY[]::TEXT[],

    CONSTRAINT "User_pkey" PRIMARY KEY ("id")
);
-- AlterTable
ALTER TABLE "User" DROP COLUMN "name",
ADD COLUMN     "teamId" TEXT,
ALTER COLUMN "email" SET DATA TYPE VARCHAR(320);
CREATE UNIQUE INDEX "User_email_key" ON "User"("email");
CREATE UNIQUE INDEX "User_team" ON "User"("teamId", "role") WHERE "role" = 'ADMIN';
ALTER TABLE "User" ADD CONSTRAINT "User_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "Team"("id") ON DELETE SET NULL ON UPDATE CASCADE;
UPDATE "User" SET "teamId" = t.id FROM "Team" t WHERE t.slug = 'default' AND "User"."teamId" IS NULL;
DO $$ BEGIN CREATE TYPE status AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN NULL; END $$;
INSERT INTO "Team" ("id", "slug") VALUES (gen_random_uuid(), 'it''s; here') ON CONFLICT ("slug") DO NOTHING;
DELETE FROM "User" u USING "User" o WHERE u."email" = o."email" AND u."id" > o."id";
ALTER TABLE "User" ENABLE ROW LEVEL SECURITY;
CREATE POLICY "own rows" ON "User" FOR ALL TO authenticated USING (auth.uid()::text = id) WITH CHECK (true);
BEGIN; LOCK TABLE "User" IN EXCLUSIVE MODE; COMMIT;
DROP INDEX IF EXISTS "old_idx"; DROP TABLE "Old", "Older";
`;

const DEFINES = ['CreateStmt', 'IndexStmt', 'AlterTableStmt', 'RenameStmt', 'DropStmt'];
const STATES = ['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt'];

describe('files', () => {
  it.each([['a dump', DUMP, 7], ['a migration', MIGRATION, 11]])('%s', (_what, text, count) => {
    const trees = postgres(text)!;
    expect([...statementsOf(sqlSource(text), 'postgres')]).toHaveLength(trees.length);
    const definitions = [...definitionsOf(sqlSource(text), 'postgres')];
    const statements = readStatements(sqlSource(text), 'postgres');
    let compared = 0;
    for (const [index, tree] of trees.entries()) {
      const kind = Object.keys(tree)[0]!;
      // ALTER FUNCTION and ALTER SEQUENCE come as the same kind of tree and concern no table.
      if (DEFINES.includes(kind) && definitions[index]!.kind !== 'ignored') { expect(ownDefinition(definitions[index]!)).toBe(postgresDefinition(tree)); compared++; }
      if (STATES.includes(kind)) { expect(ownStatement(statements[index]!)).toBe(postgresStatement(tree)); compared++; }
    }
    expect(definitions.filter((one) => one.kind === 'unread')).toEqual([]);
    expect(compared).toBe(count);
  });
});
