/** The registry of libraries. The only place, beside a client's own folder, where one is named. */
import type { Client } from './client.ts';
import { mongoose } from './mongoose/index.ts';
import { drizzle } from './drizzle/index.ts';
import { knex } from './knex/index.ts';
import { kysely } from './kysely/index.ts';
import { mikroorm } from './mikroorm/index.ts';
import { objection } from './objection/index.ts';
import { prisma } from './prisma/index.ts';
import { rawSql } from './raw-sql/index.ts';
import { sequelize } from './sequelize/index.ts';
import { supabase } from './supabase/index.ts';
import { typeorm } from './typeorm/index.ts';

export const CLIENTS: readonly Client[] = [prisma, typeorm, supabase, drizzle, mongoose, knex, objection, kysely, rawSql, sequelize, mikroorm];
