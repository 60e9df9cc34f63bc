/** ALTER TABLE, action by action. */
import type { Cursor } from './cursor.ts';
import { isConstraint, readColumn, readConstraint, readDefault, readGenerated } from './ddl-columns.ts';
import type { Definition, TableAction } from './ddl-model.ts';
import { readType } from './expression.ts';

type AlterTable = Omit<Extract<Definition, { kind: 'alter table' }>, 'start' | 'end'>;

export function readAlterTable(cursor: Cursor): AlterTable | undefined {
  cursor.take('IF', 'EXISTS');
  cursor.take('ONLY');
  const table = cursor.table();
  if (!table) return undefined;
  cursor.take('*');
  const actions: TableAction[] = [];
  for (const part of cursor.list()) {
    const { at } = part;
    const read = readAction(part);
    if (read && part.done) actions.push(...read);
    else actions.push({ kind: 'unread', text: part.text(at) });
  }
  return { kind: 'alter table', table, actions };
}

const IGNORED: readonly TableAction[] = [{ kind: 'ignored' }];

function readAction(part: Cursor): readonly TableAction[] | undefined {
  switch (part.token.key) {
    case 'ADD': part.advance(); return readAdd(part);
    case 'DROP': part.advance(); return readDropped(part);
    case 'ALTER': part.advance(); return readAlterColumn(part);
    case 'RENAME': part.advance(); return readRename(part);
    case 'MODIFY': case 'CHANGE': return readReplaced(part);
    case 'ENABLE': case 'DISABLE': case 'FORCE': case 'NO': {
      const enabled = part.is('ENABLE');
      const concerned = part.take('ENABLE', 'ROW', 'LEVEL', 'SECURITY') || part.take('DISABLE', 'ROW', 'LEVEL', 'SECURITY');
      part.at = part.end;
      return concerned ? [{ kind: 'row security', enabled }] : IGNORED;
    }
    case 'SET': {
      part.advance();
      if (!part.take('SCHEMA')) { part.at = part.end; return IGNORED; }
      const schema = part.name();
      return schema === undefined ? undefined : [{ kind: 'schema', schema }];
    }
    // A partition of the same columns and keys; the owner; a validated constraint; storage; MySQL's table options.
    case 'OWNER': case 'VALIDATE': case 'ATTACH': case 'DETACH': case 'CLUSTER': case 'REPLICA': case 'RESET': case 'INHERIT': case 'COMMENT': case 'ENGINE': case 'AUTO_INCREMENT': case 'CONVERT': case 'DEFAULT':
    case 'CHARACTER': case 'COLLATE': case 'ROW_FORMAT': case 'LOCK': case 'ALGORITHM': case 'CHARSET': case 'WITH': case 'WITHOUT': case 'ORDER':
      part.at = part.end;
      return IGNORED;
    default: return undefined;
  }
}

function readAdd(part: Cursor): readonly TableAction[] | undefined {
  if (part.is('PARTITION')) { part.at = part.end; return IGNORED; }
  const explicit = part.take('COLUMN');
  part.take('IF', 'NOT', 'EXISTS');
  if (!explicit && isConstraint(part)) {
    const constraint = readConstraint(part);
    return constraint && [{ kind: 'add constraint', constraint }];
  }
  // MySQL: ADD COLUMN (a int, b int).
  const inner = part.is('(') ? part.inner() : undefined;
  const columns = inner ? [...inner.list()].map((one) => ({ column: readColumn(one), done: one.done })) : [{ column: readColumn(part), done: true }];
  const actions: TableAction[] = [];
  for (const { column, done } of columns) {
    if (!column || !done) return undefined;
    actions.push({ kind: 'add column', column });
  }
  return actions;
}

function readDropped(part: Cursor): readonly TableAction[] | undefined {
  const tail = (action: TableAction): readonly TableAction[] => { part.take('CASCADE'); part.take('RESTRICT'); return [action]; };
  if (part.take('PRIMARY', 'KEY')) return [{ kind: 'drop primary key' }];
  if (part.is('PARTITION')) { part.at = part.end; return IGNORED; }
  const constraint = part.take('CONSTRAINT') || part.take('CHECK');
  const foreign = !constraint && part.take('FOREIGN', 'KEY');
  const index = !constraint && !foreign && (part.peek().kind === 'word' || part.peek().kind === 'quoted') && (part.take('INDEX') || part.take('KEY'));
  if (!constraint && !foreign && !index) part.take('COLUMN');
  part.take('IF', 'EXISTS');
  const name = part.name();
  if (name === undefined) return undefined;
  return tail(constraint || foreign ? { kind: 'drop constraint', name } : index ? { kind: 'drop index', name } : { kind: 'drop column', name });
}

function readAlterColumn(part: Cursor): readonly TableAction[] | undefined {
  if (part.is('CONSTRAINT') || part.is('INDEX') || part.is('CHECK')) { part.at = part.end; return IGNORED; }
  part.take('COLUMN');
  const name = part.name();
  if (name === undefined) return undefined;
  if (part.take('SET', 'NOT', 'NULL')) return [{ kind: 'nullable', name, nullable: false }];
  if (part.take('DROP', 'NOT', 'NULL')) return [{ kind: 'nullable', name, nullable: true }];
  if (part.take('SET', 'DEFAULT')) return [{ kind: 'default', name, default: readDefault(part) }];
  if (part.take('DROP', 'DEFAULT')) return [{ kind: 'default', name, default: undefined }];
  if (part.take('DROP', 'IDENTITY')) { part.take('IF', 'EXISTS'); return [{ kind: 'default', name, default: undefined }]; }
  if (part.take('DROP', 'EXPRESSION')) { part.take('IF', 'EXISTS'); return [{ kind: 'default', name, default: undefined }]; }
  if (part.take('ADD', 'GENERATED')) return [{ kind: 'default', name, default: readGenerated(part) }];
  if (part.take('SET', 'DATA', 'TYPE') || part.take('TYPE')) {
    const type = readType(part);
    if (part.take('COLLATE')) part.path();
    if (part.take('USING')) part.at = part.end;
    return type && [{ kind: 'type', name, type: type.name, array: type.array }];
  }
  if (part.is('SET') || part.is('RESET') || part.is('RESTART')) { part.at = part.end; return IGNORED; }
  return undefined;
}

function readRename(part: Cursor): readonly TableAction[] | undefined {
  if (part.take('TO') || part.take('AS')) { const to = part.table(); return to && to.name !== '' ? [{ kind: 'rename', to: to.name }] : undefined; }
  const key = part.take('CONSTRAINT') || part.take('INDEX') || (part.is('KEY') && part.peek().key !== 'TO' && part.take('KEY'));
  if (!key) part.take('COLUMN');
  const from = part.name();
  const to = part.take('TO') ? part.name() : undefined;
  if (from === undefined || to === undefined) return undefined;
  return [{ kind: key ? 'rename constraint' : 'rename column', from, to }];
}

/** MySQL: `MODIFY [COLUMN] a type …`, `CHANGE [COLUMN] a b type …`. */
function readReplaced(part: Cursor): readonly TableAction[] | undefined {
  const changes = part.advance().key === 'CHANGE';
  part.take('COLUMN');
  const from = changes ? part.name() : undefined;
  const column = readColumn(part);
  return column && [{ kind: 'replace column', name: from ?? column.name, column }];
}

