import type { Client } from 'pg';
import type { InnerGates } from '../schedule/stage.ts';

/**
 * First halves of the advisory locks that hold calls inside database functions: the way in and the way out of a gate; the second half is
 * the call's number. Two, because a call that has passed one lock could be at its next gate before the lock is held again.
 */
const [IN, OUT] = [7301, 7302] as const;

/** Condition on a row of pg_locks: it is a wait at a gate. */
export const AT_GATE = `locktype = 'advisory' and classid in (${IN}, ${OUT}) and not granted`;

const GATE = `
create schema db_race_lab;
create function db_race_lab.gate() returns void language plpgsql set search_path = pg_catalog as $$
declare call text := substring(current_setting('application_name') from '^db-race call (\\d+)$');
begin
  if call is null then return; end if;
  perform pg_advisory_lock(${IN}, call::int);
  perform pg_advisory_unlock(${IN}, call::int);
  perform pg_advisory_lock(${OUT}, call::int);
  perform pg_advisory_unlock(${OUT}, call::int);
end $$;
grant usage on schema db_race_lab to public;`;

/**
 * Puts a gate before every statement of the database's PL/pgSQL functions, so that calls of them interleave like any others: a function is
 * one statement to its caller and several to the server. The gate is an advisory lock that the control connection holds. Trigger
 * functions stay as they are; functions in SQL too: their statements run as one.
 */
export async function placeInnerGates(control: Client): Promise<InnerGates | undefined> {
  const { rows } = await control.query<{ definition: string; body: string }>(
    `select pg_get_functiondef(p.oid) as definition, p.prosrc as body from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
     where l.lanname = 'plpgsql' and p.prokind in ('f', 'p') and p.prorettype <> 'trigger'::regtype and p.prorettype <> 'event_trigger'::regtype and n.nspname not in ('pg_catalog', 'information_schema')`);
  if (!rows.length) return undefined;
  await control.query(GATE);
  for (const { definition, body } of rows) await control.query(definition.replace(body, () => withGates(body)));
  const waiting = async (lock: number): Promise<ReadonlySet<number>> => new Set((await control.query<{ call: number }>(
    `select objid::int as call from pg_locks where ${AT_GATE} and classid = ${lock} and database = (select oid from pg_database where datname = current_database())`)).rows.map((one) => one.call));
  const release = (lock: number, call: number) => control.query(`select pg_advisory_unlock(${lock}, ${call}); select pg_advisory_lock(${lock}, ${call})`);
  return {
    close: async (calls) => void (await control.query(calls.flatMap((call) => [IN, OUT].map((lock) => `select pg_advisory_lock(${lock}, ${call})`)).join('; '))),
    open: async () => void (await control.query('select pg_advisory_unlock_all()')),
    arrived: () => waiting(IN),
    // The call stands first in the line for the lock that is let go; the control connection has it back once the call is through.
    async pass(call) {
      await release(IN, call);
      while (!(await waiting(OUT)).has(call));
      await release(OUT, call);
    },
  };
}

const TOKEN = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"[^"]*"|(\$\w*\$)[\s\S]*?\1|[A-Za-z_]\w*|;/g;

/** A PL/pgSQL body with a call of the gate at the start of each block and after each statement. */
export function withGates(body: string): string {
  let result = '';
  let copied = 0;
  let [declaring, blocks, cases, ending] = [false, 0, 0, false];
  for (const { 0: token, index } of body.matchAll(TOKEN)) {
    const word = token.toLowerCase();
    if (token === ';') {
      if (ending && cases === 0) blocks--;
      ending = false;
      if (declaring || blocks < 1) continue;
    } else if (ending && (word === 'if' || word === 'loop' || word === 'case')) {
      ending = false;
      continue;
    } else if (word === 'declare') {
      declaring = true;
      continue;
    } else if (word === 'begin') {
      declaring = false;
      blocks++;
    } else if (word === 'case') {
      cases++;
      continue;
    } else if (word === 'end') {
      // It ends a CASE, or, unless IF or LOOP follows, a block.
      if (cases > 0) cases--;
      else {
        ending = true;
        continue;
      }
      ending = /^\s+case\b/i.test(body.slice(index + token.length));
      continue;
    } else continue;
    const end = index + token.length;
    result += `${body.slice(copied, end)} perform db_race_lab.gate();`;
    copied = end;
  }
  return result + body.slice(copied);
}
