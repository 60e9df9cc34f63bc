/**
 * Replacing a set in one transaction behind a lock: the owner's row, read `pessimistic_write`, or an advisory lock on Postgres. A
 * transaction alone leaves both sets on Postgres and deadlocks on MySQL (measured).
 */
import type { Edit, Node, Operation, Refusal } from '../../model.ts';
import { keyName, unwrap } from '../../source/syntax.ts';
import type { FormContext, ReplaceSetRequest, TransactionForm } from '../forms.ts';
import type { On } from './handles.ts';
import { isInsideCall } from '../common/nodes.ts';
import { refuseForm } from '../common/refusal.ts';

const PATH = /^(?:this|[\w$]+)(?:\.#?[\w$]+)*$/;

export function replaceSet({ remove, insert, table, scope, parent }: ReplaceSetRequest, context: FormContext): TransactionForm | Refusal {
  const { dialect, quote } = context;
  if (dialect === undefined) return refuseForm('dialect-unknown', 'How a lock is taken depends on the database: name it in settings[\'db-race\'].dialect.');
  if (dialect === 'sqlite') return refuseForm('no-form', 'SQLite has no lock that a transaction could take first; it lets one transaction write at a time.');
  if (isInsideCall(insert.node, 'transaction')) return refuseForm('in-transaction', 'The delete and the insert run inside a transaction, on a handle outside it; use the transaction\'s own.');
  const inner = /(?<![\w$.])manager(?![\w$])/.test(scopeOfNames(remove, insert, context)) ? context.fresh('manager') : 'manager';
  const [removing, inserting] = [onManager(remove, inner, context), onManager(insert, inner, context)];
  if (!removing || !inserting) return refuseForm('shape', 'The delete or the insert is not made on a handle that can be named twice.');
  const lock = lockOf({ table, scope, parent }, inner, context);
  if (typeof lock !== 'string') return lock;
  const isRow = lock.includes('pessimistic_write');
  return {
    kind: 'transaction', id: `typeorm-replace-${isRow ? 'parent' : 'advisory'}`,
    title: 'Replace the set in one transaction, behind a lock',
    open: `${removing.owner}.transaction(${quote}READ COMMITTED${quote}, async (${inner}) => {`,
    lock: `await ${lock}`,
    close: '})',
    edits: [removing.edit, inserting.edit],
    requires: [{ id: 'dialect', text: `the database is ${dialect === 'postgres' ? 'Postgres' : 'MySQL'}`, state: 'proven' }],
    changes: [
      'Nobody sees the set without rows, a failed insert leaves the old one, and calls for one owner wait for each other.',
      isRow ? `Other updates of the \`${parent!.table.name}\` row wait as well.` : 'Other code that writes these rows must take the same advisory lock.',
    ],
  };
}

const scopeOfNames = (remove: Operation, insert: Operation, context: FormContext): string => `${context.text(remove.node)} ${context.text(insert.node)}`;

/** What the transaction is started on, and the edit that puts the call on its manager. */
function onManager(operation: Operation, inner: string, context: FormContext): { readonly owner: string; readonly edit: Edit } | undefined {
  const on = operation.detail?.['on'] as On | undefined;
  const call = unwrap(operation.node);
  if (call.type !== 'CallExpression' || on === undefined || on === 'raw' || on === 'row' || on === 'class') return undefined;
  const receiver = on === 'builder' ? builderOwner(call) : receiverOf(call);
  if (!receiver) return undefined;
  const replace = (node: Node, text: string): Edit => ({ start: node.range[0], end: node.range[1], text });
  const target = unwrap(receiver);
  // `dataSource.getRepository(Tool)`: the same repository of the manager.
  if (target.type === 'CallExpression') {
    const callee = unwrap(target.callee);
    if (callee.type !== 'MemberExpression' || keyName(callee.property, callee.computed) !== 'getRepository' || !PATH.test(context.text(callee.object))) return undefined;
    return { owner: context.text(callee.object), edit: replace(callee.object, inner) };
  }
  const text = context.text(receiver);
  if (!PATH.test(text)) return undefined;
  const isRepository = on === 'repository' || (on === 'builder' && !operation.detail?.['entityNode'] && !/(?:manager|dataSource|connection|ds)$/i.test(text));
  return isRepository ? { owner: `${text}.manager`, edit: replace(receiver, `${inner}.withRepository(${text})`) } : { owner: text, edit: replace(receiver, inner) };
}

function receiverOf(call: Node): Node | undefined {
  const callee = call.type === 'CallExpression' ? unwrap(call.callee) : undefined;
  return callee?.type === 'MemberExpression' ? callee.object : undefined;
}

/** `dataSource` in `dataSource.createQueryBuilder().delete().from(Tool)…`. */
function builderOwner(call: Node): Node | undefined {
  for (let at: Node | undefined = call; at?.type === 'CallExpression';) {
    const callee: Node = unwrap(at.callee);
    if (callee.type !== 'MemberExpression') return undefined;
    if (keyName(callee.property, callee.computed) === 'createQueryBuilder') return callee.object;
    at = unwrap(callee.object);
  }
  return undefined;
}

function lockOf({ table, scope, parent }: Pick<ReplaceSetRequest, 'table' | 'scope' | 'parent'>, inner: string, context: FormContext): string | Refusal {
  const { quote, dialect } = context;
  const entity = parent && context.imported(parent.table.name);
  if (parent && entity !== undefined) {
    const where = parent.text === parent.column ? parent.column : `${parent.column}: ${parent.text}`;
    return `${inner}.findOne(${entity}, { where: { ${where} }, lock: { mode: ${quote}pessimistic_write${quote} } })`;
  }
  if (dialect === 'postgres') {
    const owner = [...scope.values()].map((text) => `\${${text}}`).join(':');
    return `${inner}.query(${quote}SELECT pg_advisory_xact_lock(hashtextextended($1, 0))${quote}, [\`${table.dbName}:${owner}\`])`;
  }
  return refuseForm('no-lock', parent ? `\`${parent.table.name}\`, the row to lock, is not imported here as a value.` : `No relation of \`${table.name}\` says which row owns the set, so there is no row to lock.`);
}
