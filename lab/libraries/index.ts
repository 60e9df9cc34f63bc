import { join } from 'node:path';
import type { LibrarySetup } from '../model.ts';
import type { Library } from './library.ts';

/** Where a project's Prisma schema lies. */
export const PRISMA_SCHEMA = 'prisma/schema.prisma';

/** Libraries are loaded when a scenario asks for them: nobody has all of them. */
export async function openLibrary(setup: LibrarySetup, project: string): Promise<Library> {
  switch (setup.name) {
    case 'typeorm': return (await import('./typeorm.ts')).typeorm(setup);
    case 'prisma': return (await import('./prisma.ts')).prisma(join(project, setup.schema));
    case 'drizzle': return (await import('./drizzle.ts')).drizzle(setup);
    case 'sequelize': return (await import('./sequelize.ts')).sequelize(setup);
    case 'knex': return (await import('./knex.ts')).knex();
    case 'mikroorm': return (await import('./mikroorm.ts')).mikroorm(setup);
    case 'kysely': return (await import('./kysely.ts')).kysely();
    case 'sql': return (await import('./sql.ts')).sql(setup);
    case 'supabase': return (await import('./supabase.ts')).supabase(setup);
  }
}

/** What a Prisma project's files get when they import `@prisma/client`. */
export async function prismaPackages(schema: string): Promise<Record<string, string>> {
  const { prismaClient } = await import('./prisma.ts');
  return { '@prisma/client': join(await prismaClient(schema), 'index.js') };
}
