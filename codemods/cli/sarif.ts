/** SARIF 2.1.0, for code scanning: both ends of a race, its rewrite as a fix, and the weaknesses of CWE that it is. */
import { pathToFileURL } from 'node:url';
import { RULES } from '../../rules/index.ts';
import { docsUrl, NAME, NAMESPACE, VERSION } from '../../src/package.ts';
import { shown } from './files.ts';
import { adviceOf, type FormatContext, type ScanResult } from './formats.ts';
import type { Region, Report } from './findings.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
const ROOT = 'SRCROOT';
const WEAKNESSES = [
  { id: '362', name: 'Concurrent Execution using Shared Resource with Improper Synchronization (Race Condition)' },
  { id: '367', name: 'Time-of-check Time-of-use (TOCTOU) Race Condition' },
] as const;
/** Of these rules no read decides: the statements themselves are out of step. */
const WITHOUT_CHECK = new Set(['consistent-conflict-key', 'no-delete-then-insert', 'no-insert-catch-update', 'valid-conflict-target']);

const weaknessesOf = (rule: string) => WEAKNESSES.filter(({ id }) => id === '362' || !WITHOUT_CHECK.has(rule));

export function sarif({ reports, errors }: ScanResult, { cwd }: FormatContext): string {
  const rules = RULES.map((rule) => ({
    id: `${NAMESPACE}/${rule.name}`,
    name: rule.name,
    shortDescription: { text: `${rule.description[0]!.toUpperCase()}${rule.description.slice(1)}.` },
    helpUri: docsUrl(rule.name),
    defaultConfiguration: { level: 'warning' },
    properties: { tags: ['security', 'concurrency', 'database', ...weaknessesOf(rule.name).map(({ id }) => `external/cwe/cwe-${id}`)] },
    relationships: weaknessesOf(rule.name).map(({ id }) => ({ target: { id, toolComponent: { name: 'CWE', index: 0 } }, kinds: ['superset'] })),
  }));
  return `${JSON.stringify({
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [{
      tool: { driver: { name: NAMESPACE, fullName: NAME, semanticVersion: VERSION, version: VERSION, informationUri: `https://www.npmjs.com/package/${NAME}`, rules, supportedTaxonomies: [{ name: 'CWE', index: 0 }] } },
      taxonomies: [{
        name: 'CWE', organization: 'MITRE', informationUri: 'https://cwe.mitre.org/', isComprehensive: false,
        shortDescription: { text: 'The MITRE Common Weakness Enumeration.' },
        taxa: WEAKNESSES.map(({ id, name }) => ({ id, name: `CWE-${id}`, shortDescription: { text: name }, helpUri: `https://cwe.mitre.org/data/definitions/${id}.html` })),
      }],
      columnKind: 'utf16CodeUnits',
      originalUriBaseIds: { [ROOT]: { uri: `${pathToFileURL(cwd).href.replace(/\/$/, '')}/` } },
      invocations: [{
        executionSuccessful: errors.length === 0,
        toolExecutionNotifications: errors.map((one) => ({
          level: 'error', message: { text: one.message },
          locations: [{ physicalLocation: { artifactLocation: artifact(shown(one.path, cwd)), ...(one.line !== undefined && { region: { startLine: one.line } }) } }],
        })),
      }],
      results: reports.map((one) => resultOf(one, rules.findIndex((rule) => rule.name === one.rule))),
    }],
  }, undefined, 2)}\n`;
}

function resultOf(one: Report, ruleIndex: number): Record<string, unknown> {
  const { answer, read } = one;
  return {
    ruleId: `${NAMESPACE}/${one.rule}`,
    ruleIndex,
    level: 'warning',
    message: { text: `${one.message} ${adviceOf(answer)}` },
    locations: [{ physicalLocation: { artifactLocation: artifact(one.file), region: { ...region(one), snippet: { text: one.code } } } }],
    ...(read && { relatedLocations: [{ id: 1, message: { text: `\`${read.label}\` reads here; another call can run between this and the write.` }, physicalLocation: { artifactLocation: artifact(read.file), region: { startLine: read.line } } }] }),
    partialFingerprints: { 'dbRace/v1': one.fingerprint },
    taxa: weaknessesOf(one.rule).map(({ id }) => ({ id, toolComponent: { name: 'CWE', index: 0 } })),
    ...(answer.kind === 'rewrite' && {
      fixes: [{
        description: { text: [adviceOf(answer), ...answer.changes].join(' ') },
        artifactChanges: [{ artifactLocation: artifact(one.file), replacements: answer.replacements.map((edit) => ({ deletedRegion: region(edit), insertedContent: { text: edit.text } })) }],
      }],
    }),
    properties: { table: one.table, outcome: one.outcome, ...(one.key && { key: one.key }) },
  };
}

const region = ({ startLine, startColumn, endLine, endColumn }: Region): Region => ({ startLine, startColumn, endLine, endColumn });

/** Relative to the working directory; a file outside it by its own URI. */
function artifact(file: string): Record<string, string> {
  return /^(?:\/|[a-z]:)/i.test(file) ? { uri: pathToFileURL(file).href } : { uri: file.split('/').map(encodeURIComponent).join('/'), uriBaseId: ROOT };
}
