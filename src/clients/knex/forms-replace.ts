/**
 * Replacing a set in one transaction behind a lock: the owner's row, read `forUpdate`, or an advisory lock on Postgres. A transaction
 * alone leaves both sets on Postgres, and on MySQL's default level deadlocks where a set is empty (measured).
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Edit, Operation, Refusal } from '../../model.ts';
import { unwrap } from '../../source/syntax.ts';
import { isInsideCall } from '../common/nodes.ts';
import { refuseForm as refusal } from '../common/refusal.ts';
import type { FormContext, ReplaceSetRequest, TransactionForm } from '../forms.ts';
import { builderOf, chainOf } from './chain.ts';

const PATH = /^(?:this|[\w$]+)(?:\.#?[\w$]+)*$/;

export function replaceSet({ remove, insert, table, scope, parent }: ReplaceSetRequest, context: FormContext): TransactionForm | Refusal {
  const { dialect, quote } = context;
  if (dialect === undefined) return refusal('dialect-unknown', 'How a lock is taken depends on the database: name it in settings[\'db-race\'].dialect.');
  if (dialect === 'sqlite') return refusal('no-form', 'SQLite has no lock that a transaction could take first; it lets one transaction write at a time.');
  if (remove.transaction || insert.transaction || isInsideCall(insert.node, 'transaction')) return refusal('in-transaction', 'The delete and the insert run inside a transaction already: take a lock on the row that owns the set as its first statement, at READ COMMITTED.');
  const [removing, inserting] = [handleOf(remove, context), handleOf(insert, context)];
  if (!removing || !inserting || removing.text !== inserting.text || !PATH.test(removing.text)) return refusal('shape', 'The delete and the insert are not made on one handle that can be named twice.');
  const inner = context.fresh('trx');
  const lock = lockOf({ table, scope, parent }, inner, context);
  if (typeof lock !== 'string') return lock;
  const isRow = lock.includes('forUpdate');
  return {
    kind: 'transaction', id: `knex-replace-${isRow ? 'parent' : 'advisory'}`, title: 'Replace the set in one transaction, behind a lock',
    open: `${removing.text}.transaction(async (${inner}) => {`, lock: `await ${lock}`, close: `}, { isolationLevel: ${quote}read committed${quote} })`,
    edits: [removing, inserting].map(({ start, end }): Edit => ({ start, end, text: inner })),
    requires: [{ id: 'dialect', text: `the database is ${dialect === 'postgres' ? 'Postgres' : 'MySQL'}`, state: 'proven' }],
    changes: [
      'Nobody sees the set without rows, a failed insert leaves the old one, and calls for one owner wait for each other.',
      'An insert of no rows, which Knex refuses, leaves the old set as well.',
      isRow ? `Other updates of the \`${parent!.table.name}\` row wait as well.` : 'Other code that writes these rows must take the same advisory lock.',
      ...(/^[\w$]+$/.test(removing.text) && context.imported(removing.text) === undefined ? ['Where it is given the handle of a transaction, it runs at that one\'s level, and keeps the lock until that ends.'] : []),
    ],
  };
}

/** The connection in `knex('tags')…`, `this.db.from('tags')…`. */
function handleOf(operation: Operation, context: FormContext): { readonly text: string; readonly start: number; readonly end: number } | undefined {
  const chain = builderOf(operation) && chainOf(operation.node, context);
  if (!chain) return undefined;
  let at: TSESTree.Node = unwrap(operation.node);
  while (at.type === 'CallExpression') {
    const callee: TSESTree.Node = unwrap(at.callee);
    const inner = callee.type === 'MemberExpression' ? unwrap(callee.object) : undefined;
    if (inner?.type === 'CallExpression') { at = inner; continue; }
    const [start] = callee.range;
    return context.text(callee).startsWith(chain.handle) ? { text: chain.handle, start, end: start + chain.handle.length } : undefined;
  }
  return undefined;
}

function lockOf({ table, scope, parent }: Pick<ReplaceSetRequest, 'table' | 'scope' | 'parent'>, inner: string, context: FormContext): string | Refusal {
  const { quote, dialect } = context;
  if (parent && /^\w+$/.test(parent.table.dbName) && parent.table.schema === undefined) {
    return `${inner}(${quote}${parent.table.dbName}${quote}).where({ ${parent.text === parent.column ? parent.column : `${parent.column}: ${parent.text}`} }).forUpdate().first(${quote}${parent.column}${quote})`;
  }
  if (dialect === 'postgres') {
    const owner = [...scope.values()].map((text) => `\${${text}}`).join(':');
    return `${inner}.raw(${quote}SELECT pg_advisory_xact_lock(hashtextextended(?, 0))${quote}, [\`${table.dbName}:${owner}\`])`;
  }
  return refusal('no-lock', `No relation of \`${table.name}\` says which row owns the set, so there is no row to lock.`);
}
