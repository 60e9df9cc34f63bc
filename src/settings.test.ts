import { describe, expect, it } from 'vitest';
import type { Client } from './clients/client.ts';
import { CLIENTS } from './clients/index.ts';
import { defineClient, parseSettings, SettingsError } from './settings.ts';

const own: Client = { id: 'own-layer', name: 'Own layer', packages: ['@acme/data'], words: { reads: ['load'], writes: ['store'] }, call: () => undefined };

describe('settings', () => {
  it('have defaults when nothing is given', () => {
    expect(parseSettings(undefined)).toEqual({ clients: undefined, extraClients: [], dialect: undefined, schema: undefined, uniqueKeys: [], followImports: true, locks: [], transactions: [], handles: new Map() });
  });

  it('are the same object for the same and for equal input, whatever the hash of the presets', () => {
    const raw = { dialect: 'mysql', schemaHash: 'a' };
    expect(parseSettings(raw)).toBe(parseSettings(raw));
    expect(parseSettings({ dialect: 'mysql', schemaHash: 'b' })).toBe(parseSettings(raw));
    expect(parseSettings({ dialect: 'sqlite' })).not.toBe(parseSettings(raw));
  });

  it('keep what is given', () => {
    const raw = { clients: [CLIENTS[0]!.id, 'own-layer'], extraClients: [own], dialect: 'sqlite', schema: 'db/*.sql', uniqueKeys: ['users( email )'], followImports: false, locks: ['withLock', 'this.mutex.run'], transactions: ['runSerializable'], handles: { 'ctx.db': CLIENTS[0]!.id } };
    expect(parseSettings(raw)).toEqual({ ...raw, schema: ['db/*.sql'], uniqueKeys: [{ table: 'users', columns: ['email'], text: 'users(email)' }], handles: new Map([['ctx.db', CLIENTS[0]!.id]]) });
    expect(parseSettings({ schema: false }).schema).toBe(false);
  });

  it.each([
    ['nothing but objects', 5, "settings['db-race']: expected an object, got 5."],
    ['unknown settings', { dialects: 'mysql' }, "settings['db-race'].dialects: there is no such setting; known are 'clients', "],
    ['unknown dialects', { dialect: 'oracle' }, "settings['db-race'].dialect: expected one of 'postgres', 'mysql', 'sqlite', got 'oracle'."],
    ['unknown clients', { clients: ['no-such'] }, `settings['db-race'].clients[0]: expected one of '${CLIENTS[0]!.id}', `],
    ['clients that are no array', { clients: 'all' }, "settings['db-race'].clients: expected an array of strings, got 'all'."],
    ['schemas of the wrong kind', { schema: true }, "settings['db-race'].schema: expected a path, an array of paths, or false, got true."],
    ['empty paths', { schema: ['a.sql', ''] }, "settings['db-race'].schema[1]: expected a string that is not empty, got ''."],
    ['unique keys without columns', { uniqueKeys: ['users'] }, "settings['db-race'].uniqueKeys[0]: expected a table and its columns, such as 'users(email)' or 'user_roles(user_id, role_id)', got 'users'."],
    ['followImports other than boolean', { followImports: 'no' }, "settings['db-race'].followImports: expected true or false, got 'no'."],
    ['locks that are no names', { locks: ['withLock()'] }, "settings['db-race'].locks[0]: expected a name as code writes it, such as 'withLock' or 'locks.run', got 'withLock()'."],
    ['handles of unknown libraries', { handles: { db: 'no-such' } }, "settings['db-race'].handles['db']: expected one of "],
    ['clients that were not defined', { extraClients: [{ id: 'x' }] }, "settings['db-race'].extraClients[0].name: expected the library's name"],
    ['clients under an id in use', { extraClients: [{ ...own, id: CLIENTS[0]!.id }] }, `settings['db-race'].extraClients[0].id: '${CLIENTS[0]!.id}' is taken`],
  ])('reject %s', (_, raw, message) => {
    expect(() => parseSettings(raw)).toThrow(SettingsError);
    expect(() => parseSettings(raw)).toThrow(message);
  });
});

describe('defineClient', () => {
  it('returns the client that it was given', () => {
    expect(defineClient(own)).toBe(own);
  });

  it.each([
    [{ ...own, id: 'Own Layer' }, 'defineClient(client).id: '],
    [{ ...own, words: { reads: [], writes: [] } }, 'defineClient(client).words.writes: expected at least one method that writes.'],
    [{ ...own, call: undefined }, 'defineClient(client).call: expected a function, got undefined.'],
    [{ ...own, shape: () => undefined }, 'defineClient(client).shapeMethods: expected a Set'],
  ])('says what is wrong with a client (%#)', (client, message) => {
    expect(() => defineClient(client as Client)).toThrow(message);
  });
});
