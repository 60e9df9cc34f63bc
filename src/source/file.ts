/**
 * A parsed file as the engine sees it, whoever parsed it: ESLint hands over its own tree and scopes, imported files and the
 * command line go through `parse.ts`. Absent optional fields may be null or undefined: test with `== null`.
 */
import type { Scope, ScopeManager } from '@typescript-eslint/scope-manager';
import type { TSESTree } from '@typescript-eslint/types';
import type { DeclaredType } from './types.ts';

export type Node = TSESTree.Node;
export type Variable = Scope['variables'][number];

/** An imported binding: `import { a as b } from 'm'` is { source: 'm', name: 'a' }; also `require`d ones. */
export interface ImportedBinding { readonly source: string; readonly name: string; readonly node: Node }

export class SourceFile {
  readonly path: string;
  readonly text: string;
  readonly ast: TSESTree.Program;
  /** With typed linting: what the checker says of an expression's type, in the words of a declared one. */
  readonly typeAt: ((node: Node) => DeclaredType | undefined) | undefined;
  readonly #scopes: () => ScopeManager;
  #resolved: Map<Node, Variable> | undefined;
  #lineStarts: number[] | undefined;
  #exports: Map<string, ExportedBinding> | undefined;

  constructor(path: string, text: string, ast: TSESTree.Program, scopes: () => ScopeManager, typeAt?: (node: Node) => DeclaredType | undefined) {
    this.path = path;
    this.text = text;
    this.ast = ast;
    this.#scopes = scopes;
    this.typeAt = typeAt;
  }

  /** The variable that an identifier refers to or declares; undefined for globals and property names. */
  variable(node: Node): Variable | undefined {
    this.#resolved ??= this.#resolve();
    return this.#resolved.get(node);
  }

  #resolve(): Map<Node, Variable> {
    const found = new Map<Node, Variable>();
    for (const scope of this.#scopes().scopes) {
      for (const variable of scope.variables) {
        for (const identifier of variable.identifiers) found.set(identifier as Node, variable);
      }
      for (const reference of scope.references) {
        // `Promise`, `Map`: the scope manager knows the language's own names as variables that nobody defined.
        if (reference.resolved?.defs.length) found.set(reference.identifier as Node, reference.resolved as Variable);
      }
    }
    return found;
  }

  /** 1-based line of an offset. */
  line(offset: number): number {
    if (!this.#lineStarts) {
      this.#lineStarts = [0];
      for (let at = this.text.indexOf('\n'); at >= 0; at = this.text.indexOf('\n', at + 1)) this.#lineStarts.push(at + 1);
    }
    let [low, high] = [0, this.#lineStarts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#lineStarts[middle]! <= offset) low = middle; else high = middle;
    }
    return low + 1;
  }

  /** All comments, in order; their `range` is what counts. */
  get comments(): readonly TSESTree.Comment[] {
    return this.ast.comments ?? [];
  }

  slice(node: Node): string {
    return this.text.slice(node.range[0], node.range[1]);
  }

  /** The exported bindings, by exported name; `export *` sources under '*<source>'. */
  get exports(): ReadonlyMap<string, ExportedBinding> {
    return (this.#exports ??= collectExports(this.ast));
  }
}

/** What an export stands for: a local node, or a name of another module. */
export type ExportedBinding =
  | { readonly kind: 'local'; readonly node: Node }
  | { readonly kind: 'from'; readonly source: string; readonly name: string };

function moduleName(node: TSESTree.Identifier | TSESTree.StringLiteral): string {
  return node.type === 'Identifier' ? node.name : node.value;
}

function collectExports(ast: TSESTree.Program): Map<string, ExportedBinding> {
  const found = new Map<string, ExportedBinding>();
  for (const statement of ast.body) {
    if (statement.type === 'ExportNamedDeclaration') {
      for (const specifier of statement.specifiers) {
        const name = moduleName(specifier.exported as TSESTree.Identifier);
        if (statement.source) found.set(name, { kind: 'from', source: statement.source.value, name: moduleName(specifier.local as TSESTree.Identifier) });
        else found.set(name, { kind: 'local', node: specifier.local });
      }
      const declaration = statement.declaration;
      if (!declaration) continue;
      if (declaration.type === 'VariableDeclaration') {
        for (const one of declaration.declarations) for (const id of boundIdentifiers(one.id)) found.set(id.name, { kind: 'local', node: id });
      } else if ('id' in declaration && declaration.id?.type === 'Identifier') {
        found.set(declaration.id.name, { kind: 'local', node: declaration.id });
      }
    } else if (statement.type === 'ExportDefaultDeclaration') {
      found.set('default', { kind: 'local', node: statement.declaration });
    } else if (statement.type === 'ExportAllDeclaration') {
      if (statement.exported) found.set(moduleName(statement.exported), { kind: 'from', source: statement.source.value, name: '*' });
      else found.set(`*${statement.source.value}`, { kind: 'from', source: statement.source.value, name: '*' });
    } else if (statement.type === 'ExpressionStatement' && statement.expression.type === 'AssignmentExpression') {
      collectCommonJs(statement.expression, found);
    }
  }
  return found;
}

/** `module.exports = …`, `module.exports = { a, b }`, `exports.a = …`, `module.exports.a = …`. */
function collectCommonJs(node: TSESTree.AssignmentExpression, found: Map<string, ExportedBinding>): void {
  const { left, right } = node;
  if (left.type !== 'MemberExpression' || left.computed || left.property.type !== 'Identifier') return;
  const isModuleExports = (one: Node): boolean =>
    one.type === 'MemberExpression' && one.object.type === 'Identifier' && one.object.name === 'module' && one.property.type === 'Identifier' && one.property.name === 'exports';
  if (isModuleExports(left)) {
    found.set('default', { kind: 'local', node: right });
    if (right.type !== 'ObjectExpression') return;
    for (const property of right.properties) {
      if (property.type === 'Property' && !property.computed && property.key.type === 'Identifier') found.set(property.key.name, { kind: 'local', node: property.value });
    }
  } else if (isModuleExports(left.object) || (left.object.type === 'Identifier' && left.object.name === 'exports')) {
    found.set(left.property.name, { kind: 'local', node: right });
  }
}

/** All identifiers that a pattern binds. */
export function boundIdentifiers(pattern: Node): TSESTree.Identifier[] {
  switch (pattern.type) {
    case 'Identifier': return [pattern];
    case 'AssignmentPattern': return boundIdentifiers(pattern.left);
    case 'RestElement': return boundIdentifiers(pattern.argument);
    case 'ArrayPattern': return pattern.elements.flatMap((one) => (one ? boundIdentifiers(one) : []));
    case 'ObjectPattern': return pattern.properties.flatMap((one) => boundIdentifiers(one.type === 'Property' ? one.value : one));
    case 'TSParameterProperty': return boundIdentifiers(pattern.parameter);
    default: return [];
  }
}
