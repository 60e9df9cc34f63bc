/**
 * What is written is held against a schema: the parts of SARIF 2.1.0 that are used here, stricter than the standard's own, which
 * allows them to be left out. With SARIF_SCHEMA=<path of sarif-schema-2.1.0.json> that one is asked as well.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RULES } from '../../rules/index.ts';
import { HEAD, race, sandbox, type Sandbox } from './cli.test.help.ts';

/** ESLint's own validator: what it needs is installed with it. */
interface Validator { compile(schema: object): ((data: unknown) => boolean) & { errors?: unknown } ; addMetaSchema(schema: object): void }
const require = createRequire(createRequire(import.meta.url).resolve('eslint/package.json'));
const Ajv = require('ajv') as new (options: object) => Validator;

const text = { type: 'string', minLength: 1 };
const whole = { type: 'integer', minimum: 1 };
const strict = (properties: Record<string, object>, optional: readonly string[] = []) => ({ type: 'object', properties, required: Object.keys(properties).filter((one) => !optional.includes(one)), additionalProperties: false });
const list = (items: object, minItems = 0) => ({ type: 'array', items, minItems });
const message = strict({ text });
const region = (optional: readonly string[]) => strict({ startLine: whole, startColumn: whole, endLine: whole, endColumn: whole, snippet: strict({ text }) }, optional);
const artifact = strict({ uri: { type: 'string', format: 'uri-reference', pattern: '^[^\\\\ ]+$' }, uriBaseId: { enum: ['SRCROOT'] } }, ['uriBaseId']);
const location = (optional: readonly string[]) => strict({ physicalLocation: strict({ artifactLocation: artifact, region: region(optional) }, optional.includes('startLine') ? ['region'] : []) });
const taxon = strict({ id: { enum: ['362', '367'] }, toolComponent: strict({ name: { enum: ['CWE'] }, index: { enum: [0] } }) });
const ends = ['startColumn', 'endLine', 'endColumn', 'snippet'];
const SCHEMA = strict({
  $schema: { type: 'string', format: 'uri' }, version: { enum: ['2.1.0'] },
  runs: list(strict({
    tool: strict({ driver: strict({
      name: text, fullName: text, semanticVersion: { type: 'string', pattern: '^\\d+\\.\\d+\\.\\d+' }, version: text, informationUri: { type: 'string', format: 'uri' },
      rules: list(strict({
        id: { type: 'string', pattern: '^db-race/' }, name: text, shortDescription: message, helpUri: { type: 'string', format: 'uri' }, defaultConfiguration: strict({ level: { enum: ['warning'] } }),
        properties: strict({ tags: { ...list(text, 4), uniqueItems: true } }), relationships: list(strict({ target: taxon, kinds: list({ enum: ['superset'] }, 1) }), 1),
      }), RULES.length),
      supportedTaxonomies: list(strict({ name: text, index: { enum: [0] } }), 1),
    }) }),
    taxonomies: list(strict({ name: text, organization: text, informationUri: { type: 'string', format: 'uri' }, isComprehensive: { enum: [false] }, shortDescription: message, taxa: list(strict({ id: text, name: text, shortDescription: message, helpUri: { type: 'string', format: 'uri' } }), 2) }), 1),
    columnKind: { enum: ['utf16CodeUnits'] },
    originalUriBaseIds: strict({ SRCROOT: strict({ uri: { type: 'string', format: 'uri', pattern: '^file:.*/$' } }) }),
    invocations: list(strict({ executionSuccessful: { type: 'boolean' }, toolExecutionNotifications: list(strict({ level: { enum: ['error'] }, message, locations: list(location(['startLine', ...ends]), 1) })) }), 1),
    results: list(strict({
      ruleId: text, ruleIndex: { type: 'integer', minimum: 0, maximum: RULES.length - 1 }, level: { enum: ['warning'] }, message, locations: { ...list(location([]), 1), maxItems: 1 },
      relatedLocations: list({ ...strict({ id: whole, message, physicalLocation: strict({ artifactLocation: artifact, region: region(ends) }) }) }, 1),
      partialFingerprints: { type: 'object', additionalProperties: text, minProperties: 1 }, taxa: list(taxon, 1),
      fixes: list(strict({ description: message, artifactChanges: list(strict({ artifactLocation: artifact, replacements: list(strict({ deletedRegion: region(['snippet']), insertedContent: strict({ text: { type: 'string' } }) }), 1) }), 1) }), 1),
      properties: strict({ table: { type: 'string' }, outcome: text, key: list(text, 1) }, ['key']),
    }, ['relatedLocations', 'fixes'])),
  }), 1),
});

let box: Sandbox;
beforeAll(() => {
  box = sandbox({
    'src/users.ts': HEAD + race('one') + race('two', 'phone'), 'src/ümlaut & blank.ts': HEAD + race(),
    'src/broken.ts': `${HEAD}prisma.user.create(;`, 'src/binary.ts': new Uint8Array([0, 1]),
    'src/upsert.ts': `${HEAD}export const put = (email: string, phone: string) => prisma.user.upsert({ where: { email }, create: { email, phone }, update: {} });\n`,
  });
});
afterAll(() => box.remove());

const written = async (...args: string[]): Promise<unknown> => JSON.parse((await box.run(['scan', '--format', 'sarif', ...args])).out);
const problems = (schema: object, data: unknown): unknown => {
  const ajv = new Ajv({ schemaId: 'auto', allErrors: true });
  if (JSON.stringify(schema).includes('json-schema.org/draft-04')) ajv.addMetaSchema(require('ajv/lib/refs/json-schema-draft-04.json') as object);
  const validate = ajv.compile(schema);
  return validate(data) ? [] : validate.errors;
};

describe('SARIF', () => {
  it('fits the schema: with findings, fixes, unread files, and with none', async () => {
    const all = await written() as { runs: [{ results: { fixes?: unknown; relatedLocations?: unknown }[] }] };
    expect(problems(SCHEMA, all)).toEqual([]);
    expect(all.runs[0].results).toHaveLength(4);
    expect(all.runs[0].results.filter((one) => one.fixes)).toHaveLength(3);
    expect(all.runs[0].results.filter((one) => one.relatedLocations)).toHaveLength(3);
    expect(problems(SCHEMA, await written('src/users.ts', '--rule', 'no-count-then-insert'))).toEqual([]);
    expect(problems(SCHEMA, { ...all, version: '2.0.0' })).not.toEqual([]);
  });

  const official = process.env['SARIF_SCHEMA'];
  it.skipIf(!official)('fits the schema of the standard', async () => {
    const schema = JSON.parse(readFileSync(official!, 'utf8')) as object;
    expect(problems(schema, await written())).toEqual([]);
    expect(problems(schema, { version: '2.1.0', runs: [{}] })).not.toEqual([]);
  });
});
