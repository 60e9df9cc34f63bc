/** What rewrites of one file share: its text and style, the trace, and the client that writes the form. */
import type { FormContext } from '../clients/forms.ts';
import type { Client } from '../clients/client.ts';
import type { Operation, Race } from '../model.ts';
import type { SourceFile } from '../source/file.ts';
import type { Trace, Surroundings } from '../trace/index.ts';
import type { Node } from '../value/terms.ts';
import { enclosingFunction } from '../source/syntax.ts';
import { importing } from './imports.ts';
import { eachNode, editedRange, indentAt, indentUnit, quoteOf } from './text.ts';

export interface RewriteContext {
  readonly race: Race;
  readonly trace: Trace;
  readonly file: SourceFile;
  readonly surroundings: Surroundings;
  /** The client of the write. */
  readonly client: Client | undefined;
  readonly forms: FormContext;
  /** ';' or '': as the file ends its statements. */
  readonly semicolon: string;
}

export function contextFor(race: Race, trace: Trace, surroundings: Surroundings): RewriteContext {
  const { file } = trace;
  return {
    race, trace, file, surroundings,
    client: surroundings.clients.find((one) => one.id === race.write.client),
    forms: formContext(file, race.write, surroundings),
    semicolon: endsStatements(file) ? ';' : '',
  };
}

function formContext(file: SourceFile, write: Operation, surroundings: Surroundings): FormContext {
  const { text } = file;
  return {
    dialect: write.dialect ?? surroundings.dialect,
    version: surroundings.version,
    text: (node) => file.slice(node),
    edited: (node, edits) => editedRange(text, node.range[0], node.range[1], edits),
    quote: quoteOf(text),
    typescript: /\.[cm]?tsx?$/.test(file.path),
    imported: (name) => importedValue(file, name),
    importing: (names, module) => importing(file, names, module),
    fresh: (name) => freshName(enclosingFunction(write.node) ?? file.ast, name),
    usedAfter: (node) => usedAfter(file, node),
    indent: (node) => indentAt(text, node.range[0]),
    unit: indentUnit(text),
  };
}

function importedValue(file: SourceFile, name: string): string | undefined {
  for (const statement of file.ast.body) {
    if (statement.type !== 'ImportDeclaration' || statement.importKind === 'type') continue;
    for (const one of statement.specifiers) {
      if (one.type === 'ImportSpecifier' && one.importKind !== 'type' && one.imported.type === 'Identifier' && one.imported.name === name) return one.local.name;
    }
  }
  return undefined;
}

/** In a loop that its variable outlives, every use comes after every other. */
function usedAfter(file: SourceFile, node: Node): boolean {
  const variable = node.type === 'Identifier' ? file.variable(node) : undefined;
  if (!variable) return true;
  const born = variable.defs[0]?.node.range[0] ?? 0;
  for (let at = node.parent; at && at.range[0] > born; at = at.parent) {
    if (/^(?:For|While|DoWhile)/.test(at.type) || /Function/.test(at.type)) return variable.references.some((one) => one.identifier.range[0] !== node.range[0]);
  }
  return variable.references.some((one) => one.identifier.range[0] > node.range[1]);
}

const namesOf = new WeakMap<Node, ReadonlySet<string>>();

/** Every name in a function that is no property, its own and those that it takes from outside. */
function names(root: Node): ReadonlySet<string> {
  const known = namesOf.get(root);
  if (known) return known;
  const found = new Set<string>();
  eachNode(root, (one) => {
    if (one.type !== 'Identifier' && one.type !== 'JSXIdentifier') return;
    const { parent } = one;
    const isProperty = (parent.type === 'MemberExpression' && parent.property === one && !parent.computed) || (parent.type === 'Property' && parent.key === one && !parent.computed && !parent.shorthand);
    if (!isProperty) found.add(one.name);
  });
  namesOf.set(root, found);
  return found;
}

function freshName(root: Node, name: string): string {
  const taken = names(root);
  const isTaken = (candidate: string): boolean => taken.has(candidate);
  if (!isTaken(name)) return name;
  for (let index = 2; ; index++) if (!isTaken(`${name}${index}`)) return `${name}${index}`;
}

/** Whether statements of this file end with semicolons: what most expression statements and declarations do. */
function endsStatements(file: SourceFile): boolean {
  let balance = 0;
  const count = (node: Node): void => {
    if (/^(?:ExpressionStatement|VariableDeclaration|ImportDeclaration|ReturnStatement)$/.test(node.type)) balance += file.text[node.range[1] - 1] === ';' ? 1 : -1;
  };
  for (const statement of file.ast.body) count(statement);
  return balance === 0 ? (file.text.match(/;\s*$/gm)?.length ?? 0) > 0 : balance > 0;
}
