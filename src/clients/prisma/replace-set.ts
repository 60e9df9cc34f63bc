/**
 * Replacing a set in one transaction behind a lock. A transaction alone leaves both sets on Postgres (measured), whatever its
 * level below serializable; READ COMMITTED is named because under REPEATABLE READ the second caller still sees the rows from before
 * the lock was given to it.
 */
import type { Node, Operation, Refusal } from '../../model.ts';
import type { Table } from '../../schema/model.ts';
import { unwrap } from '../../source/syntax.ts';
import { refuseForm } from '../common/refusal.ts';
import type { FormContext, ReplaceSetRequest, TransactionForm } from '../forms.ts';
import { isInsideCall } from '../common/nodes.ts';

const PATH = /^(?:this|[\w$]+)(?:\.#?[\w$]+)*$/;

export function replaceSet({ remove, insert, table, scope, parent }: ReplaceSetRequest, context: FormContext): TransactionForm | Refusal {
  const { dialect, quote } = context;
  if (dialect === undefined) return refuseForm('dialect-unknown', 'How a lock is taken depends on the database: name it in settings[\'db-race\'].dialect.');
  if (dialect === 'sqlite') return refuseForm('no-form', 'SQLite has no lock that a transaction could take first; it lets one transaction write at a time.');
  const [removing, inserting] = [handleOf(remove), handleOf(insert)];
  if (!removing || !inserting || context.text(removing) !== context.text(inserting) || !PATH.test(context.text(removing))) return refuseForm('shape', 'The delete and the insert are not made on one client that can be named twice.');
  if (remove.lent || insert.lent) return refuseForm('in-transaction', `\`${context.text(removing)}\` may be a transaction's client, which opens none of its own.`);
  if (isInsideCall(insert.node, '$transaction')) return refuseForm('in-transaction', 'The delete and the insert run inside a transaction, on the client outside it; use the transaction\'s own.');
  const inner = /(?<![\w$.])tx(?![\w$])/.test(context.text(remove.node) + context.text(insert.node)) ? context.fresh('tx') : 'tx';
  const lock = lockOf({ table, scope, parent }, inner, context);
  if (typeof lock !== 'string') return lock;
  return {
    kind: 'transaction', id: `prisma-replace-${lock.includes('FOR UPDATE') ? 'parent' : 'advisory'}`,
    title: 'Replace the set in one transaction, behind a lock',
    open: `${context.text(removing)}.$transaction(async (${inner}) => {`,
    lock: `await ${lock}`,
    close: `}, { isolationLevel: ${quote}ReadCommitted${quote} })`,
    edits: [removing, inserting].map((one) => ({ start: one.range[0], end: one.range[1], text: inner })),
    requires: [{ id: 'dialect', text: `the database is ${dialect === 'postgres' ? 'Postgres' : 'MySQL'}`, state: 'proven' }],
    changes: [
      'Nobody sees the set without rows, a failed insert leaves the old one, and calls for one owner wait for each other.',
      lock.includes('FOR UPDATE') ? `Other updates of the \`${parent!.table.name}\` row wait as well.` : 'Other code that writes these rows must take the same advisory lock.',
      'The transaction is given up after the client\'s timeout (5 seconds, unless set otherwise).',
    ],
  };
}

/** `prisma` in `prisma.user.deleteMany(…)`. */
function handleOf(operation: Operation): Node | undefined {
  const call = unwrap(operation.node);
  const callee = call.type === 'CallExpression' ? unwrap(call.callee) : undefined;
  const model = callee?.type === 'MemberExpression' ? unwrap(callee.object) : undefined;
  return model?.type === 'MemberExpression' && !model.computed ? model.object : undefined;
}

function lockOf({ table, scope, parent }: Pick<ReplaceSetRequest, 'table' | 'scope' | 'parent'>, inner: string, context: FormContext): string | Refusal {
  const isPostgres = context.dialect === 'postgres';
  if (parent && (context.version('@prisma/client') ?? 7) >= 7) {
    const name = (text: string): string => (isPostgres ? `"${text.replaceAll('"', '""')}"` : `\\\`${text}\\\``);
    const column = parent.table.columns.get(parent.column)?.dbName ?? parent.column;
    return `${inner}.$queryRaw\`SELECT 1 FROM ${qualified(parent.table, name)} WHERE ${name(column)} = \${${parent.text}} FOR UPDATE\``;
  }
  // Older engines bind parameters with a type, and a uuid column is not compared with text.
  if (!isPostgres) return refuseForm('no-lock', `No relation of \`${table.name}\` says which row owns the set, so there is no row to lock.`);
  const owner = [...scope.values()].map((text) => `\${${text}}`).join(':');
  return `${inner}.$executeRaw\`SELECT pg_advisory_xact_lock(hashtextextended(\${\`${table.dbName}:${owner}\`}, 0))\``;
}

function qualified(table: Table, name: (text: string) => string): string {
  return table.schema === undefined || table.schema === 'public' ? name(table.dbName) : `${name(table.schema)}.${name(table.dbName)}`;
}
