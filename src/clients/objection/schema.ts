/** Models as the project declares them: the class, its table and its identifier. Columns and keys are the database's, which migrations tell. */
import type { TSESTree } from '@typescript-eslint/types';
import type { SchemaPart, Table, UniqueKey, Unread } from '../../schema/model.ts';
import type { SourceFile } from '../../source/file.ts';
import { readSource } from '../common/source.ts';
import { eachNode, keyName, unwrap } from '../../source/syntax.ts';
import type { SchemaSource } from '../client.ts';
import { ID } from './handles.ts';

type Class = TSESTree.ClassDeclaration | TSESTree.ClassExpression;
type Text = string | readonly string[] | undefined;

const FOLDER = /(?:^|[\\/])(?:models?|entities|entity|domain|db|database|schemas?)[\\/]|(?:[Mm]odels?|\.entity|\.schema)\.[cm]?[jt]sx?$/;

/** `static tableName = 'users'`, `static get tableName() { return 'users'; }`, and the same of a list of texts. */
function staticText(node: Class, name: string): Text {
  for (const member of node.body.body) {
    if ((member.type !== 'PropertyDefinition' && member.type !== 'MethodDefinition') || !member.static || keyName(member.key, member.computed) !== name) continue;
    if (member.type === 'PropertyDefinition') return textOf(member.value);
    const returned = member.kind === 'get' && member.value.body?.body.find((one) => one.type === 'ReturnStatement');
    return returned && returned.type === 'ReturnStatement' ? textOf(returned.argument) : undefined;
  }
  return undefined;
}

function textOf(given: TSESTree.Node | null | undefined): Text {
  const node = given && unwrap(given);
  if (node?.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined;
  if (node?.type === 'TemplateLiteral' && node.quasis.length === 1) return node.quasis[0]!.value.cooked ?? undefined;
  if (node?.type !== 'ArrayExpression') return undefined;
  const all = node.elements.map((one) => textOf(one));
  return all.every((one): one is string => typeof one === 'string') ? all : undefined;
}

function tableFrom(node: Class, name: string, file: SourceFile): Table | undefined {
  const named = staticText(node, 'tableName');
  if (typeof named !== 'string' || named === '') return undefined;
  const place = { file: file.path, line: file.line(node.range[0]) };
  const id = staticText(node, 'idColumn') ?? 'id';
  const key: UniqueKey = { name: undefined, columns: typeof id === 'string' ? [id] : id, primary: true, place };
  const [schema, bare] = named.includes('.') ? named.split('.') : [undefined, named];
  return { name, dbName: bare!, schema, client: ID, columns: new Map(), keys: [key], relations: [], sideEffects: [], complete: false, place };
}

/** The name by which a class is known: its own, or its variable's. */
function nameOf(node: Class): string | undefined {
  if (node.id) return node.id.name;
  const { parent } = node;
  return parent.type === 'VariableDeclarator' && parent.id.type === 'Identifier' ? parent.id.name : undefined;
}

function read(files: readonly { readonly path: string; readonly text: string }[]): SchemaPart[] {
  const tables: Table[] = [];
  const unread: Unread[] = [];
  for (const { path, text } of files) {
    if (!/\btableName\b/.test(text) || !/\bextends\b/.test(text) || !/\bstatic\b/.test(text)) continue;
    const file = readSource(path, text, unread);
    if (!file) continue;
    eachNode(file.ast, (node) => {
      if ((node.type !== 'ClassDeclaration' && node.type !== 'ClassExpression') || !node.superClass) return;
      const name = nameOf(node);
      const table = name === undefined ? undefined : tableFrom(node, name, file);
      if (table) tables.push(table);
    });
  }
  return tables.length || unread.length ? [{ client: ID, dialect: undefined, tables, unread }] : [];
}

export const modelSource: SchemaSource = {
  matches: (path) => /\.[cm]?[jt]s$/.test(path) && !/\.(?:d|test|spec)\.[cm]?[jt]s$/.test(path) && FOLDER.test(path),
  read,
};
