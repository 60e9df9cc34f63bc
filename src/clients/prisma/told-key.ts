/**
 * How a handler tells that exactly one key was violated, by version: `meta.target` (5), the driver adapter's `constraint` (7: the
 * index's name, on SQLite its columns). Version 6 has either, depending on an engine that code does not show, and is refused
 * where more than one key can be violated.
 */
import type { Refusal, Requirement } from '../../model.ts';
import type { Table, UniqueKey } from '../../schema/model.ts';
import type { FormContext, ViolationForm, ViolationRequest } from '../forms.ts';
import { callText } from './call-text.ts';

const CAUSE = ['meta', 'driverAdapterError', 'cause', 'constraint'];

export function violationForm({ write, table, key, others, error }: ViolationRequest, context: FormContext): ViolationForm | Refusal {
  const version = context.version('@prisma/client') ?? context.version('prisma');
  const isOnly = others !== 'unknown' && others.length === 0;
  const tells = isOnly ? '' : keyTest(table, key, error, version, context);
  if (typeof tells !== 'string') return tells;
  const namespace = context.imported('Prisma');
  const known = namespace ? `${error} instanceof ${namespace}.PrismaClientKnownRequestError && ${error}.code` : context.typescript ? `(${error} as { code?: unknown }).code` : `${error}?.code`;
  const requires: Requirement[] = version === undefined ? [{ id: 'version', text: 'Prisma is of version 5, 6 or 7', state: 'unknown' }] : [];
  return {
    kind: 'form', id: 'prisma-p2002', test: `${known} === ${context.quote}P2002${context.quote}${tells ? ` && ${tells}` : ''}`, requires, changes: [],
    savepoint: (call) => (version !== undefined && version >= 7 ? nested(write, call, context) : undefined),
  };
}

function keyTest(table: Table, key: UniqueKey, error: string, version: number | undefined, context: FormContext): string | Refusal {
  const { dialect, quote } = context;
  const refusal = (reason: string): Refusal => ({ kind: 'refusal', id: 'key-not-told', reason });
  if (version === 5 && dialect === 'postgres') return equalColumns(error, ['meta', 'target'], key, context);
  if (version === undefined || version < 7) return refusal('Several keys can be violated, and how this version of Prisma tells which was not measured for this engine.');
  if (dialect === 'sqlite') return equalColumns(error, [...CAUSE, 'fields'], key, context);
  if (dialect !== 'postgres') return refusal('Several keys can be violated, and how the database tells which was not measured.');
  const name = indexName(table, key);
  return `${cast(error, [...CAUSE, 'index'], 'string', context)} === ${quote}${name}${quote}`;
}

function equalColumns(error: string, path: readonly string[], key: UniqueKey, context: FormContext): string {
  const { quote } = context;
  return `${cast(error, path, 'string[]', context)}?.join() === ${quote}${key.columns.join()}${quote}`;
}

/** `(error as { meta?: { target?: string[] } }).meta?.target`. */
function cast(error: string, path: readonly string[], type: string, { typescript }: FormContext): string {
  if (!typescript) return `${error}?.${path.join('?.')}`;
  const shape = path.reduceRight((inner, part) => `{ ${part}?: ${inner} }`, type);
  return `(${error} as ${shape}).${path.join('?.')}`;
}

/** The name that the schema gives the index, else the one that Prisma's migrations give it. */
function indexName(table: Table, key: UniqueKey): string {
  if (key.name !== undefined) return key.name;
  if (key.primary) return `${table.dbName}_pkey`;
  return `${table.dbName}_${key.columns.map((column) => table.columns.get(column)?.dbName ?? column).join('_')}_key`.slice(0, 63);
}

/** `tx.$transaction((nested) => nested.user.create(…))`: a savepoint, from version 7 on. */
function nested(write: ViolationRequest['write'], call: string, context: FormContext): string | undefined {
  const text = callText(write);
  const handle = text && context.text(text.handle);
  if (handle === undefined || !call.startsWith(`${handle}.`)) return undefined;
  const name = context.fresh('nested');
  return `${handle}.$transaction((${name}) => ${name}${call.slice(handle.length)})`;
}
