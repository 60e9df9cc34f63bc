/**
 * Which imports, types and names stand for a Supabase client.
 */
import type { Evidence, Value } from '../../model.ts';
import type { ClientContext, DeclaredType } from '../client.ts';
import { clientHandle } from './state.ts';

export const PACKAGES: readonly string[] = [
  '@supabase/supabase-js', '@supabase/ssr', '@supabase/postgrest-js', '@supabase/auth-helpers-nextjs', '@supabase/auth-helpers-react',
  '@supabase/auth-helpers-sveltekit', '@supabase/auth-helpers-remix', '@supabase/auth-helpers-shared', '@nuxtjs/supabase',
];

/** Also `npm:@supabase/…`, `jsr:@supabase/…@2` and `https://esm.sh/@supabase/supabase-js@2`, as edge functions import it. */
const LIBRARY = /(?:^|[/:])@supabase\/(?:supabase-js|ssr|postgrest-js|auth-helpers-[a-z]+)(?:@|\/|$)/;
/** Functions and classes of the libraries that make a client: `createClient`, `createServerComponentClient`, `SupabaseClient` …. */
const MAKERS = /^(?:create\w*Client|createSupabase\w*|useSupabaseClient|SupabaseClient|PostgrestClient)$/;
/**
 * Names that app modules give a client or what makes one. Narrow on purpose: a module named after Supabase also exports query
 * helpers (`getUserFromSupabase`), which must be followed into their bodies and are no client.
 */
const PART = '(?:Server|Browser|Admin|Service|ServiceRole|Route|RouteHandler|Handler|Action|Client|Component|Pages|Middleware|Edge|Typed|Public|Anon|Role|Ssr|SSR|SSG)';
const OWN_NAME = new RegExp(`^(?:(?:create|get|use|make|init|build|new)?${PART}*[sS]upabase${PART}*|(?:create|get|use|make)${PART}*Client|${PART}+Client)$`);
const CLIENT_TYPES = new Set(['SupabaseClient', 'PostgrestClient', 'TypedSupabaseClient']);

/** `import { createClient } from '@supabase/supabase-js'` and the app's own `@/utils/supabase/server`. */
export function importedValue(source: string, name: string, context: ClientContext): Value | undefined {
  if (LIBRARY.test(source)) return MAKERS.test(name) ? client(context, 'declaration') : undefined;
  if (!/supabase/i.test(source) || source.startsWith('@supabase/')) return undefined;
  return name === 'default' ? (/supabase[^/]*$|supabase\/(?:client|server|admin|index)[^/]*$/i.test(source) ? client(context, 'name') : undefined)
    : isClientName(name) ? client(context, 'name') : undefined;
}

/** `SupabaseClient<Database>`, `ReturnType<typeof createClient>`. */
export function declaredValue(type: DeclaredType, context: ClientContext): Value | undefined {
  const inner = type.args[0];
  if (inner && /^(?:ReturnType|Awaited|Promise|NonNullable|Readonly)$/.test(type.name)) return declaredValue(inner, context);
  if (type.from === undefined) return CLIENT_TYPES.has(type.name) ? client(context, 'declaration') : undefined;
  if (LIBRARY.test(type.from)) return CLIENT_TYPES.has(type.name) || MAKERS.test(type.name) ? client(context, type.resolved ? 'type' : 'declaration') : undefined;
  // The app's own alias of the type, or of a maker in `typeof`.
  const named = CLIENT_TYPES.has(type.name) || (/supabase/i.test(type.from) && isClientName(type.name));
  return named ? client(context, 'declaration') : undefined;
}

export const isClientName = (name: string): boolean => OWN_NAME.test(name) || OWN_NAME.test(name[0]?.toLowerCase() + name.slice(1));

/** `ctx.supabase`, `event.locals.supabase`, `this.supabaseAdmin`, `supabase()`: the last name of the receiver as written. */
export function namesClient(receiverText: string): boolean {
  const last = /(?:^|[.\s(#])([A-Za-z_$][\w$]*)[!?)]*(?:\(\s*\))?\)*$/.exec(receiverText.trim())?.[1];
  return last !== undefined && /supabase/i.test(last) && isClientName(last.replace(/^[_$]+/, ''));
}

const client = (context: ClientContext, evidence: Evidence) => clientHandle(context, { schema: undefined, evidence });
