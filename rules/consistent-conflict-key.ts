/**
 * One table that is upserted by different keys in different places of the project.
 *
 * Two places that mean the same row look for it in different ways. Run at the same time, each can find nothing by its own key, insert,
 * and then fail on the other's key; or they update two different rows, and what belongs to one ends up mixed.
 *
 * ```ts
 * // reported in both files
 * await supabase.from('users').upsert(user, { onConflict: 'fid' });            // register.ts
 * await supabase.from('users').upsert(user, { onConflict: 'primary_address' }); // onboard.ts
 *
 * // fine: one helper, one key, called from both
 * await upsertUser(user);
 * ```
 *
 * Reported are the places of the rarer key, each key once a file: forty places that agree need no report each because one does not.
 * Where no key is the rarer one, all are. `db-race unify-upserts` gives all places one function.
 *
 * Upserts count, and so do the forms made of two statements: insert, catch the violation, update; update, and insert what was missing;
 * look up, then update or insert. In the editor and on the command line the nearest package around the file is looked through; with
 * `settings['db-race'].followImports` set to false, the file alone.
 *
 * Left alone: rows that can never meet, since each leaves the other's key empty or the predicate of one partial index rules out the other's
 * rows, keys that name the same columns, tests, seeds and migrations, conflict clauses for any key, and tables listed in the
 * option `tables`.
 */
import { defineRule, type PlacedKey } from '../src/rule.ts';
import { conflictSites, mayMeet, siteRows, tableName, type ConflictSite } from '../src/trace/conflict-sites.ts';
import { doubtsAbout } from '../src/trace/evidence.ts';
import { doubt, list } from '../src/wording.ts';

/** More places make a message that nobody reads. */
const MAX_PLACES = 4;

/** More places go by this key than by any that differs. */
function isUsual(key: string, all: readonly PlacedKey[], others: readonly PlacedKey[]): boolean {
  const count = (wanted: string): number => new Set(all.filter((one) => one.key === wanted).map((one) => `${one.file}:${one.line}`)).size;
  return others.every((one) => count(one.key) < count(key));
}

/** No earlier place of the file has the same key. */
function isFirst(file: string, line: number, key: string, all: readonly PlacedKey[]): boolean {
  return !all.some((one) => one.file === file && one.key === key && one.line < line);
}

export default defineRule<{ readonly tables: readonly string[] }>({
  name: 'consistent-conflict-key',
  description: 'require one conflict key for each table in the whole project',
  messages: {
    differs: '`{{table}}` is upserted by {{key}} here, and {{places}}. Two concurrent calls that mean the same row can miss each other, and one fails on the other\'s key or writes into another row. Use one key in all places, best in one function that they all call (`db-race unify-upserts`).{{doubt}}',
  },
  options: {
    schema: {
      type: 'object', additionalProperties: false,
      properties: { tables: { type: 'array', items: { type: 'string' }, uniqueItems: true, description: 'Tables that may be upserted by several keys.' } },
    },
    defaults: { tables: [] },
  },
  *find(trace, { options, pairs, project }) {
    const isListed = ({ write: { table } }: ConflictSite): boolean => options.tables.includes(table.name) || (table.table !== undefined && [table.table.name, table.table.dbName].some((one) => options.tables.includes(one)));
    for (const site of conflictSites(trace, pairs)) {
      if (isListed(site)) continue;
      const [table, rows] = [tableName(site), siteRows(site)];
      const { key } = rows;
      const all = project.conflictSites(site).filter((one) => one.table === table);
      const others = all.filter((one) => one.key !== key && mayMeet(rows, one));
      if (!others.length || isUsual(key, all, others) || !isFirst(trace.file.path, trace.file.line(site.node.range[0]), key, all)) continue;
      const { write } = site;
      const open = doubtsAbout(undefined, write);
      const places = [...new Map(others.map((one) => [`${one.file}:${one.line}`, one])).values()];
      yield {
        messageId: 'differs', node: site.node,
        data: {
          table: write.table.table?.name ?? write.table.name, key: list(site.key), doubt: doubt(open),
          places: places.slice(0, MAX_PLACES).map((one) => `by ${list(one.columns)} at ${one.file === trace.file.path ? `line ${one.line}` : `${one.shown}:${one.line}`}`).join(', ') + (places.length > MAX_PLACES ? ` and ${places.length - MAX_PLACES} more` : ''),
        },
        race: { read: undefined, write, open, outcome: 'unknown', intent: { kind: 'upsert', write, problem: 'key', columns: site.key, elsewhere: places.map(({ file, line, columns }) => ({ file, line, columns })) } },
      };
    }
  },
});
