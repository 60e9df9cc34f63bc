/** The registry of libraries. The only place, beside a client's own folder, where one is named. */
import type { Client } from './client.ts';
import { prisma } from './prisma/index.ts';
import { supabase } from './supabase/index.ts';
import { typeorm } from './typeorm/index.ts';

export const CLIENTS: readonly Client[] = [prisma, typeorm, supabase];
