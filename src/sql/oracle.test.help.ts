/**
 * What Postgres' own parser (libpg-query) and this reader say of a statement, in one notation that tests can compare. The condition
 * is brought into disjunctive form here a second time, from Postgres' tree.
 */
import { parseSync } from 'libpg-query';
import type { ColumnDefinition, Constraint, Definition, Operand, Predicate, Statement, TableAction } from './index.ts';

/** A node of Postgres' tree. */
export type Tree = { readonly [key: string]: Tree } & { readonly length?: number };
const list = (tree: Tree | undefined): Tree[] => (Array.isArray(tree) ? tree as unknown as Tree[] : []);
const str = (tree: Tree | undefined): string => String(tree as unknown as string);
const name = (tree: Tree): string => str(tree['String']?.['sval']);

/** The statements that Postgres reads; undefined where it rejects the text. */
export function postgres(text: string): Tree[] | undefined {
  try { return (parseSync(text) as unknown as { stmts: { stmt: Tree }[] }).stmts.map((one) => one.stmt); } catch { return undefined; }
}

interface Arms { readonly arms: readonly (readonly string[])[]; readonly complete: boolean }
const UNREAD: Arms = { arms: [], complete: false };

const both = (one: Arms, other: Arms): Arms => ({
  arms: !one.arms.length ? other.arms : !other.arms.length ? one.arms : one.arms.flatMap((a) => other.arms.map((b) => [...a, ...b])), complete: one.complete && other.complete,
});
const either = (one: Arms, other: Arms): Arms => ({ arms: one.arms.length && other.arms.length ? [...one.arms, ...other.arms] : [], complete: one.complete && other.complete });

function column(node: Tree | undefined): string | undefined {
  if (node?.['TypeCast']) return column(node['TypeCast']['arg']);
  const fields = list(node?.['ColumnRef']?.['fields']);
  return fields.length && fields.every((one) => one['String']) ? fields.map(name).slice(-2).join('.') : undefined;
}

function kind(node: Tree | undefined): string {
  if (!node) return '';
  if (node['TypeCast']) {
    const type = name(list(node['TypeCast']['typeName']?.['names']).at(-1)!);
    return type === 'interval' ? 'call' : kind(node['TypeCast']['arg']);
  }
  if (node['A_Const']) return 'literal';
  if (node['ParamRef']) return `parameter ${str(node['ParamRef']['number'])}`;
  if (node['ColumnRef']) { const path = column(node); return path === undefined ? 'all' : path.startsWith('excluded.') ? `inserted ${path.slice(9)}` : `column ${path}`; }
  if (node['FuncCall'] || node['SQLValueFunction']) return 'call';
  if (node['CoalesceExpr'] || node['MinMaxExpr']) return 'call';
  if (node['SetToDefault']) return 'default';
  if (node['A_Expr']) return 'operation';
  if (node['List'] || node['RowExpr'] || node['A_ArrayExpr']) return 'list';
  if (node['SubLink']) return 'query';
  return 'text';
}

const FLIP: Readonly<Record<string, string>> = { '<': '>', '>': '<', '<=': '>=', '>=': '<=', '=': '=', '!=': '!=' };
const NEGATE: Readonly<Record<string, string>> = { '=': '!=', '!=': '=', '<': '>=', '>=': '<', '>': '<=', '<=': '>', in: 'not in', 'not in': 'in', 'is null': 'is not null', 'is not null': 'is null' };

export function conditionOf(node: Tree | undefined, negated = false): Arms {
  if (!node) return { arms: [], complete: true };
  const make = (left: Tree | undefined, operator: string, right: Tree | undefined): Arms => {
    const wanted = negated ? NEGATE[operator] ?? 'other' : operator;
    const own = column(left);
    if (own !== undefined) return { arms: [[`${own} ${wanted} ${kind(right)}`]], complete: true };
    const other = column(right);
    return other !== undefined && FLIP[wanted] ? { arms: [[`${other} ${FLIP[wanted]} ${kind(left)}`]], complete: true } : UNREAD;
  };
  if (node['BoolExpr']) {
    const { boolop } = node['BoolExpr'];
    const args = list(node['BoolExpr']['args']);
    if (str(boolop) === 'NOT_EXPR') return conditionOf(args[0], !negated);
    const parts = args.map((one) => conditionOf(one, negated));
    return parts.reduce((str(boolop) === 'AND_EXPR') === !negated ? both : either);
  }
  if (node['NullTest']) return make(node['NullTest']['arg'], str(node['NullTest']['nulltesttype']) === 'IS_NULL' ? 'is null' : 'is not null', { A_Const: {} as Tree } as unknown as Tree);
  if (node['BooleanTest']) return str(node['BooleanTest']['booltesttype']).includes('NOT') || negated ? UNREAD : make(node['BooleanTest']['arg'], '=', { A_Const: {} as Tree } as unknown as Tree);
  if (node['SubLink'] && str(node['SubLink']['subLinkType']) === 'ANY_SUBLINK' && !node['SubLink']['operName']) return make(node['SubLink']['testexpr'], 'in', node);
  if (node['ColumnRef']) return { arms: [[`${column(node)} = literal`]], complete: true };
  if (node['A_Expr']) {
    const { lexpr, rexpr } = node['A_Expr'];
    const operator = name(list(node['A_Expr']['name'])[0]!);
    switch (str(node['A_Expr']['kind'])) {
      case 'AEXPR_OP': return ['=', '<', '>', '<=', '>='].includes(operator) ? make(lexpr, operator, rexpr) : operator === '<>' ? make(lexpr, '!=', rexpr) : make(lexpr, operator === '@>' ? 'contains' : 'other', rexpr);
      case 'AEXPR_IN': return make(lexpr, operator === '=' ? 'in' : 'not in', rexpr);
      case 'AEXPR_OP_ANY': return operator === '=' ? make(lexpr, 'in', rexpr) : UNREAD;
      case 'AEXPR_OP_ALL': return operator === '<>' ? make(lexpr, 'not in', rexpr) : UNREAD;
      case 'AEXPR_LIKE': case 'AEXPR_ILIKE': return make(lexpr, operator.startsWith('!') ? 'other' : 'like', rexpr);
      case 'AEXPR_DISTINCT': return make(lexpr, '!=', rexpr);
      case 'AEXPR_NOT_DISTINCT': return make(lexpr, '=', rexpr);
      case 'AEXPR_BETWEEN': {
        const own = column(lexpr);
        const [low, high] = list(rexpr?.['List']?.['items']);
        return own === undefined || negated ? UNREAD : { arms: [[`${own} >= ${kind(low)}`, `${own} <= ${kind(high)}`]], complete: true };
      }
      default: return UNREAD;
    }
  }
  return UNREAD;
}

const relation = (tree: Tree | undefined): string => (tree ? `${tree['schemaname'] ? `${str(tree['schemaname'])}.` : ''}${str(tree['relname'])}${tree['alias'] ? ` ${str(tree['alias']['aliasname'])}` : ''}` : '');
const show = (arms: Arms): string => `${arms.arms.map((arm) => arm.join(' & ')).join(' | ')}${arms.complete ? '' : ' …'}`;

/** Postgres' reading of SELECT, INSERT, UPDATE and DELETE. */
export function postgresStatement(stmt: Tree): string {
  const select = stmt['SelectStmt'];
  if (select) {
    const lock = list(select['lockingClause'])[0]?.['LockingClause'];
    return `select ${relation(list(select['fromClause'])[0]?.['RangeVar'])} where ${show(conditionOf(select['whereClause']))} lock ${lock ? str(lock['strength']).slice(7).toLowerCase() : ''} ${lock ? str(lock['waitPolicy'] ?? 'LockWaitBlock' as unknown as Tree) : ''}`.trim();
  }
  const insert = stmt['InsertStmt'];
  if (insert) {
    const rows = list(insert['selectStmt']?.['SelectStmt']?.['valuesLists']).map((row) => list(row['List']?.['items']).map(kind).join());
    const conflict = insert['onConflictClause'];
    const infer = conflict?.['infer'];
    const action = conflict ? (str(conflict['action']) === 'ONCONFLICT_NOTHING' ? 'ignore' : 'update') : '';
    const elements = list(infer?.['indexElems']).map((one) => one['IndexElem']!);
    return `insert ${relation(insert['relation'])} (${list(insert['cols']).map((one) => str(one['ResTarget']!['name'])).join()}) ${rows.join(';')} conflict ${action} (${elements.filter((one) => one['name']).map((one) => str(one['name'])).join()})${elements.some((one) => one['expr']) ? ' expression' : ''} ${infer?.['conname'] ? str(infer['conname']) : ''} ${infer?.['whereClause'] ? 'partial' : ''} set ${setOf(conflict?.['targetList'])} where ${conflict?.['whereClause'] ? show(conditionOf(conflict['whereClause'])) : ''} returning ${insert['returningClause'] ? 'yes' : 'no'}`;
  }
  const update = stmt['UpdateStmt'];
  if (update) return `update ${relation(update['relation'])} set ${setOf(update['targetList'])} from ${list(update['fromClause']).map((one) => relation(one['RangeVar'])).join()} where ${show(conditionOf(update['whereClause']))} returning ${update['returningClause'] ? 'yes' : 'no'}`;
  const remove = stmt['DeleteStmt'];
  if (remove) return `delete ${relation(remove['relation'])} using ${list(remove['usingClause']).map((one) => relation(one['RangeVar'])).join()} where ${show(conditionOf(remove['whereClause']))} returning ${remove['returningClause'] ? 'yes' : 'no'}`;
  return Object.keys(stmt)[0]!;
}

const setOf = (tree: Tree | undefined): string => list(tree).map((one) => `${str(one['ResTarget']!['name'])}=${kind(one['ResTarget']!['val'])}`).join();

function ownKind(operand: Operand): string {
  switch (operand.kind) {
    case 'parameter': return `parameter ${operand.index + 1}`;
    case 'column': return `column ${operand.column.qualifier === undefined ? '' : `${operand.column.qualifier}.`}${operand.column.name}`;
    case 'inserted': return `inserted ${operand.column}`;
    default: return operand.kind;
  }
}
const ownArms = (predicate: Predicate): string => show({
  arms: predicate.arms.map((arm) => arm.map((one) => `${one.column.qualifier === undefined ? '' : `${one.column.qualifier}.`}${one.column.name} ${one.operator} ${ownKind(one.operand)}`)), complete: predicate.complete,
});
const ownTable = (table: { schema: string | undefined; name: string; alias: string | undefined } | undefined): string => (table ? `${table.schema === undefined ? '' : `${table.schema}.`}${table.name}${table.alias === undefined ? '' : ` ${table.alias}`}` : '');

/** This reader's. */
export function ownStatement(statement: Statement): string {
  const set = (columns: readonly { column: string; operand: Operand }[]): string => columns.map((one) => `${one.column}=${ownKind(one.operand)}`).join();
  switch (statement.kind) {
    case 'select': {
      const { lock } = statement;
      return `select ${ownTable(statement.from)} where ${ownArms(statement.predicate)} lock ${lock ? lock.strength.replaceAll(' ', '') : ''} ${lock ? (lock.skipLocked ? 'LockWaitSkip' : lock.noWait ? 'LockWaitError' : 'LockWaitBlock') : ''}`.trim();
    }
    case 'insert': {
      const { conflict } = statement;
      return `insert ${ownTable(statement.table)} (${(statement.columns ?? []).join()}) ${(statement.rows ?? []).map((row) => row.map(ownKind).join()).join(';')} conflict ${conflict?.action ?? ''} (${(conflict?.target ?? []).join()})${conflict?.expression ? ' expression' : ''} ${conflict?.constraint ?? ''} ${conflict?.targetWhere === undefined ? '' : 'partial'} set ${set(conflict?.set ?? [])} where ${conflict?.predicate ? ownArms(conflict.predicate) : ''} returning ${statement.returning ? 'yes' : 'no'}`;
    }
    case 'update': return `update ${ownTable(statement.table)} set ${set(statement.set)} from ${statement.from.map(ownTable).join()} where ${ownArms(statement.predicate)} returning ${statement.returning ? 'yes' : 'no'}`;
    case 'delete': return `delete ${ownTable(statement.table)} using ${statement.using.map(ownTable).join()} where ${ownArms(statement.predicate)} returning ${statement.returning ? 'yes' : 'no'}`;
    default: return statement.kind;
  }
}

// --------------------------------------------------------------------------------------------------------------- DDL

const keyText = (primary: boolean, keyName: string | undefined, columns: readonly string[], deferrable: boolean, nulls: boolean): string => `${primary ? 'primary' : 'unique'} ${keyName ?? ''}(${columns.join()})${deferrable ? ' deferrable' : ''}${nulls ? ' nulls' : ''}`;

function constraints(trees: readonly Tree[], own: string | undefined): string[] {
  const found: string[] = [];
  for (const one of trees.map((tree) => tree['Constraint']!)) {
    const type = str(one['contype']);
    const named = one['conname'] ? str(one['conname']) : undefined;
    // Attributes of the constraint before them.
    if (type === 'CONSTR_ATTR_DEFERRABLE' || type === 'CONSTR_ATTR_DEFERRED') { const last = found.at(-1); if (last && !last.endsWith('deferrable') && !last.startsWith('foreign')) found[found.length - 1] = `${last} deferrable`; continue; }
    if (type === 'CONSTR_PRIMARY' || type === 'CONSTR_UNIQUE') {
      const index = one['indexname'];
      const keys = own === undefined ? list(one['keys']).map(name) : [own];
      found.push(keyText(type === 'CONSTR_PRIMARY', named ?? (index ? str(index) : undefined), index ? [] : keys, one['deferrable'] !== undefined || one['initdeferred'] !== undefined, one['nulls_not_distinct'] !== undefined));
    } else if (type === 'CONSTR_FOREIGN') found.push(`foreign (${own ?? list(one['fk_attrs']).map(name).join()}) ${relation(one['pktable'])}(${list(one['pk_attrs']).map(name).join()})`);
  }
  return found;
}

function columnText(tree: Tree): string {
  const all = list(tree['constraints']);
  const has = (type: string): boolean => all.some((one) => str(one['Constraint']!['contype']) === type);
  const serial = /serial/.test(list(tree['typeName']?.['names']).map(name).join());
  const notNull = has('CONSTR_NOTNULL') || has('CONSTR_PRIMARY') || serial ? 'not null' : has('CONSTR_NULL') ? 'null' : '';
  const sequence = all.some((one) => JSON.stringify(one['Constraint']!['raw_expr']?.['FuncCall']?.['funcname'] ?? '').includes('nextval'));
  const given = has('CONSTR_IDENTITY') || serial || sequence ? 'identity' : has('CONSTR_GENERATED') ? 'generated' : has('CONSTR_DEFAULT') ? 'default' : '';
  return `${str(tree['colname'])}${tree['typeName']?.['arrayBounds'] ? '[]' : ''} ${notNull} ${given} ${constraints(all, str(tree['colname'])).join(' ')}`.replace(/\s+/g, ' ').trim();
}

/** Postgres' reading of CREATE TABLE, CREATE INDEX, ALTER TABLE and DROP. */
export function postgresDefinition(stmt: Tree): string {
  const create = stmt['CreateStmt'];
  if (create) {
    const elements = list(create['tableElts']);
    return `create ${relation(create['relation'])} ${[...elements.filter((one) => one['ColumnDef']).map((one) => columnText(one['ColumnDef']!)), ...constraints(elements.filter((one) => one['Constraint']), undefined)].join('; ')}`;
  }
  const index = stmt['IndexStmt'];
  if (index) {
    const parts = list(index['indexParams']).map((one) => one['IndexElem']!);
    return index['unique'] ? `index ${index['idxname'] ? str(index['idxname']) : ''} ${relation(index['relation'])} (${parts.filter((one) => one['name']).map((one) => str(one['name'])).join()})${parts.some((one) => one['expr']) ? ' expression' : ''}${index['nulls_not_distinct'] ? ' nulls' : ''}${index['whereClause'] ? ' partial' : ''}` : 'plain index';
  }
  const alter = stmt['AlterTableStmt'];
  if (alter) return `alter ${relation(alter['relation'])} ${list(alter['cmds']).map((one) => command(one['AlterTableCmd']!)).join('; ')}`;
  const rename = stmt['RenameStmt'];
  if (rename) return `rename ${str(rename['renameType'])} ${relation(rename['relation'])} ${rename['subname'] ? str(rename['subname']) : ''} ${str(rename['newname'])}`;
  const drop = stmt['DropStmt'];
  if (drop) return `drop ${str(drop['removeType'])} ${list(drop['objects']).map((one) => list(one['List']?.['items']).map(name).join('.')).join()}`;
  return Object.keys(stmt)[0]!;
}

function command(tree: Tree): string {
  const type = str(tree['subtype']);
  const subject = tree['name'] ? str(tree['name']) : '';
  switch (type) {
    case 'AT_AddColumn': return `add ${columnText(tree['def']!['ColumnDef']!)}`;
    case 'AT_DropColumn': return `drop ${subject}`;
    case 'AT_AddConstraint': return `constraint ${constraints([tree['def']!], undefined).join()}`.trim();
    case 'AT_DropConstraint': return `drop constraint ${subject}`;
    case 'AT_SetNotNull': return `not null ${subject}`;
    case 'AT_DropNotNull': return `null ${subject}`;
    case 'AT_ColumnDefault': return `default ${subject} ${tree['def'] ? 'set' : 'none'}`;
    case 'AT_AlterColumnType': return `type ${subject}`;
    case 'AT_EnableRowSecurity': return 'security true';
    case 'AT_DisableRowSecurity': return 'security false';
    default: return 'ignored';
  }
}

const ownConstraint = (one: Constraint): string[] => (one.kind === 'key' ? [keyText(one.primary, one.name, one.columns, one.deferrable, one.nullsNotDistinct)] : one.kind === 'foreign key' ? [`foreign (${one.columns.join()}) ${ownTable(one.target)}(${one.references.join()})`] : []);
const ownColumn = (one: ColumnDefinition): string => `${one.name}${one.array ? '[]' : ''} ${one.nullable === false ? 'not null' : one.nullable ? 'null' : ''} ${one.default === undefined ? '' : one.default.kind === 'literal' || one.default.kind === 'expression' ? 'default' : one.default.kind} ${one.constraints.flatMap(ownConstraint).join(' ')}`.replace(/\s+/g, ' ').trim();

function ownAction(action: TableAction): string {
  switch (action.kind) {
    case 'add column': return `add ${ownColumn(action.column)}`;
    case 'drop column': return `drop ${action.name}`;
    case 'add constraint': return `constraint ${ownConstraint(action.constraint).join()}`.trim();
    case 'drop constraint': return `drop constraint ${action.name}`;
    case 'nullable': return `${action.nullable ? '' : 'not '}null ${action.name}`;
    case 'default': return `default ${action.name} ${action.default ? 'set' : 'none'}`;
    case 'type': return `type ${action.name}`;
    case 'row security': return `security ${action.enabled}`;
    case 'unread': return `unread ${action.text}`;
    default: return 'ignored';
  }
}

/** This reader's. */
export function ownDefinition(one: Definition): string {
  switch (one.kind) {
    case 'create table': return `create ${ownTable(one.table)} ${[...one.columns.map(ownColumn), ...one.constraints.flatMap(ownConstraint), ...one.unread.map((text) => `unread ${text}`)].join('; ')}`;
    case 'create index': return one.unique ? `index ${one.name ?? ''} ${ownTable(one.table)} (${one.columns.join()})${one.expression ? ' expression' : ''}${one.nullsNotDistinct ? ' nulls' : ''}${one.where === undefined ? '' : ' partial'}` : 'plain index';
    case 'alter table': {
      const [first] = one.actions;
      if (first?.kind === 'rename') return `rename OBJECT_TABLE ${ownTable(one.table)}  ${first.to}`;
      if (first?.kind === 'rename column') return `rename OBJECT_COLUMN ${ownTable(one.table)} ${first.from} ${first.to}`;
      if (first?.kind === 'rename constraint') return `rename OBJECT_TABCONSTRAINT ${ownTable(one.table)} ${first.from} ${first.to}`;
      return `alter ${ownTable(one.table)} ${one.actions.map(ownAction).join('; ')}`;
    }
    case 'rename index': return `rename OBJECT_INDEX ${one.from}  ${one.to}`;
    case 'drop table': return `drop OBJECT_TABLE ${one.tables.map(ownTable).join()}`;
    case 'drop index': return `drop OBJECT_INDEX ${one.indexes.map(ownTable).join()}`;
    case 'ignored': return 'plain index';
    default: return one.kind;
  }
}
