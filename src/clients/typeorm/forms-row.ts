/**
 * The row after an upsert. An upsert resolves to no row, so it is either the entity that was written, where that holds all of it, or
 * looked up again.
 *
 * The entity holds all of the row where every column is written by the call; on Postgres also where RETURNING brings the rest, which
 * is measured to be right. On SQLite the ids that TypeORM puts into the entity are those of another row, so they are never used.
 * Otherwise the user's own look-up runs again, in the variant that throws: same columns, same class, and in a get-or-create what it
 * finds is what some serial order of the calls gives.
 */
import type { Assignment, Refusal } from '../../model.ts';
import type { Column } from '../../schema/model.ts';
import { unwrap } from '../../source/syntax.ts';
import type { FormContext, UpsertRequest } from '../forms.ts';
import { refuseForm } from '../common/refusal.ts';
import { invoke, isCreate, methodCall, outdent, type CallText } from './call-text.ts';
import { surely } from './forms-values.ts';

export interface RowAfterwards {
  readonly before: readonly string[];
  /** What the upsert is given instead of what the insert was. */
  readonly values?: string;
  readonly row: string;
  readonly changes: readonly string[];
}

export interface Written {
  readonly request: UpsertRequest;
  readonly call: CallText;
  /** All columns of the insert are written where the row is there. */
  readonly writesAll: boolean;
  /** The call fills in the entity that it is given. */
  readonly fillsIn: boolean;
}

/** Undefined where nobody reads the row. */
export function rowAfterwards({ request, call, writesAll, fillsIn }: Written, context: FormContext): RowAfterwards | Refusal | undefined {
  const { insert, read, wants, table } = request;
  const given = call.values ?? insert.rows?.[0]?.node;
  const variable = given && unwrap(given);
  if (variable?.type === 'Identifier' && context.usedAfter(variable)) {
    return refuseForm('read-later', `\`${variable.name}\` is used again, and where the row is there the call would fill in another id than it has.`);
  }
  if (wants === 'nothing') return undefined;
  if (!insert.result.some((one) => one.is === 'written' && !one.path.length)) return refuseForm('answers-differ', 'The insert resolves to an InsertResult where the look-up gives the row.');
  if (read?.columns) return refuseForm('projection-differs', 'The look-up fetches some columns only, the insert gives all.');
  if (read?.detail?.['on'] === 'builder' && /\bselect\(|\baddSelect\(|And(?:Select|Map)/.test(context.text(read.node))) return refuseForm('projection-differs', 'The look-up says itself what it fetches, the insert gives the row\'s own columns.');
  const relation = read?.includes?.[0] ?? table.relations.find((one) => one.eager)?.name;
  if (relation !== undefined) return refuseForm('relations', `The look-up fetches \`${relation}\` along, which a new row comes without.`);
  return (writesAll && fillsIn ? synthesised(request, call, context) : undefined) ?? readAgain(request, context);
}

/** `const preference = preferences.create({ … })`, which the upsert writes and code goes on with. */
function synthesised({ insert, table, key, into, freed, update }: UpsertRequest, call: CallText, context: FormContext): RowAfterwards | undefined {
  const columns = [...table.columns.values()];
  const row = insert.rows![0]!;
  const isGiven = (column: Column): boolean => row.assignments.some((one) => one.column === column.name && isPlain(one));
  const isReturned = (column: Column): boolean => context.dialect === 'postgres' && (column.default === 'generated-id' || (column.default === 'database' && column.defaultLiteral !== null));
  if (!call.values || !table.complete || row.spreads.length || columns.some((one) => one.hidden || !(isGiven(one) || isReturned(one)))) return undefined;
  // The found row has the key as the database gives it back.
  if (!key.columns.every((name) => SAME_IN_CODE.test(table.columns.get(name)?.type ?? ''))) return undefined;
  // Elsewhere columns with a default are looked up by the call itself, behind its insert.
  const looksUp = context.dialect !== 'postgres' && columns.some((one) => one.default !== 'none');
  const changes = looksUp && update ? [LATER] : [];
  const values = unwrap(call.values);
  if (values.type === 'Identifier' && insert.saved?.kind === 'object' && insert.saved.of) return { before: [], row: values.name, changes };
  const wanted = variableName(table.name);
  const name = into ?? (freed === wanted ? wanted : context.fresh(wanted));
  const text = outdent(isCreate(values) ? context.text(values) : invoke(call, 'create', context.text(call.values)), insert.node, context);
  return { before: [`const ${name} = ${text}`], values: name, row: name, changes };
}

function isPlain({ how, conditional, value }: Assignment): boolean {
  return how === 'set' && !conditional && value.kind !== 'function' && !(value.kind === 'literal' && value.value === undefined);
}

/** Column types whose values come back from every database as they were given. */
const SAME_IN_CODE = /^(?:varchar2?|character varying|nvarchar|text|string|uuid|enum|simple-enum|int|int2|int4|integer|smallint|mediumint|number|bool|boolean)$/;

const LATER = 'Where another call changes the row in between, the row given back is already the later one.';

function readAgain({ read, insert, update }: UpsertRequest, context: FormContext): RowAfterwards | Refusal {
  const text = read && read.verb === 'find' && !read.many && methodCall(read.node) ? surely(read, context) : undefined;
  if (text === undefined) return refuseForm('expression', 'An upsert does not give the row, and the look-up cannot be repeated behind it.');
  if ((insert.transaction || insert.detail?.['borrowed']) && context.dialect !== 'postgres' && context.dialect !== 'sqlite') return refuseForm('in-transaction', 'On MySQL the row could not be looked up again inside the transaction, which sees an old snapshot.');
  if (read!.transaction !== insert.transaction) return refuseForm('other-transaction', 'The look-up and the insert run in different transactions.');
  return {
    before: [], row: `await ${text}`,
    changes: ['The row is looked up behind the statement; where another call deletes it in between, the look-up throws EntityNotFoundError.', ...(update ? [LATER] : [])],
  };
}

const RESERVED = new Set(['class', 'default', 'delete', 'enum', 'export', 'function', 'import', 'package', 'return', 'switch', 'case', 'interface', 'void', 'with', 'new', 'in', 'do', 'if', 'for', 'let', 'static', 'yield', 'await', 'private', 'public', 'protected', 'this', 'super', 'null', 'true', 'false', 'try', 'throw', 'var', 'while', 'typeof', 'continue', 'break', 'catch', 'const', 'debugger', 'else', 'extends', 'finally', 'implements', 'instanceof']);

/** `AgentPresence` → `agentPresence`. */
function variableName(entity: string): string {
  const name = entity.charAt(0).toLowerCase() + entity.slice(1).replace(/Entity$/, '');
  return RESERVED.has(name) ? `${name}Row` : name;
}
