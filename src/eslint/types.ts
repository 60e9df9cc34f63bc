/**
 * Types where typed linting is on: the checker's answer in the words of a declared type. Nothing of `typescript` is loaded; the
 * objects that parser services hand out are asked for their names and declarations only.
 */
import type { TSESLint, TSESTree } from '@typescript-eslint/utils';
import type { DeclaredType } from '../source/types.ts';

/** What is used of the checker's objects. */
interface TypeSymbol { readonly name: string; readonly declarations?: readonly { getSourceFile(): { readonly fileName: string } }[] }
interface CheckedType {
  readonly symbol?: TypeSymbol;
  readonly aliasSymbol?: TypeSymbol;
  readonly aliasTypeArguments?: readonly CheckedType[];
  readonly types?: readonly CheckedType[];
  isUnion?(): boolean;
  getBaseTypes?(): readonly CheckedType[] | undefined;
}
interface Services {
  readonly program: { getTypeChecker(): { getTypeArguments(type: CheckedType): readonly CheckedType[] } };
  getTypeAtLocation(node: TSESTree.Node): CheckedType;
}

/** Type arguments of type arguments say nothing that a client asks for. */
const MAX_DEPTH = 3;

/** Undefined without type information (no program, or a parser that gives none). */
export function typesOf(sourceCode: Readonly<TSESLint.SourceCode>): ((node: TSESTree.Node) => DeclaredType | undefined) | undefined {
  const services = sourceCode.parserServices as Partial<Services> | undefined;
  if (!services?.program || typeof services.getTypeAtLocation !== 'function') return undefined;
  const checker = services.program.getTypeChecker();
  const known = new Map<TSESTree.Node, DeclaredType | undefined>();
  return (node) => {
    if (!known.has(node)) known.set(node, read(services.getTypeAtLocation!(node), node, checker, 0));
    return known.get(node);
  };
}

function read(type: CheckedType, node: TSESTree.Node, checker: ReturnType<Services['program']['getTypeChecker']>, depth: number): DeclaredType | undefined {
  const inner = (types: readonly CheckedType[] | undefined): DeclaredType[] => (depth < MAX_DEPTH ? (types ?? []).flatMap((one) => read(one, node, checker, depth + 1) ?? []) : []);
  if (type.isUnion?.() && type.types && !type.aliasSymbol) {
    const args = inner(type.types);
    return args.length === 1 ? args[0] : args.length ? { name: '|', from: undefined, args, node, resolved: true } : undefined;
  }
  const symbol = type.aliasSymbol ?? type.symbol;
  if (!symbol || symbol.name.startsWith('__')) return undefined;
  const from = packageOf(symbol);
  const args = inner(type.aliasSymbol ? type.aliasTypeArguments : argumentsOf(type, checker));
  const own: DeclaredType = { name: symbol.name, from, args, node, resolved: true };
  // A class of the project that extends a library's (`class PrismaService extends PrismaClient`) is one of these.
  const bases = from === undefined && depth < MAX_DEPTH ? inner(basesOf(type)) : [];
  return bases.length ? { name: '&', from: undefined, args: [own, ...bases], node, resolved: true } : own;
}

function argumentsOf(type: CheckedType, checker: ReturnType<Services['program']['getTypeChecker']>): readonly CheckedType[] {
  try {
    return checker.getTypeArguments(type) ?? [];
  } catch {
    // Only references have arguments; the checker's own test for them needs its enums.
    return [];
  }
}

function basesOf(type: CheckedType): readonly CheckedType[] {
  try {
    return type.getBaseTypes?.() ?? [];
  } catch {
    return [];
  }
}

/** The package that declares a symbol: `typeorm`, `@prisma/client` (also for what it generates); undefined for the project's own. */
function packageOf(symbol: TypeSymbol): string | undefined {
  const path = symbol.declarations?.[0]?.getSourceFile().fileName.replaceAll('\\', '/');
  const inside = path === undefined ? -1 : path.lastIndexOf('/node_modules/');
  if (path === undefined || inside < 0) return undefined;
  const [scope, name] = path.slice(inside + '/node_modules/'.length).split('/');
  if (scope === '.prisma') return '@prisma/client';
  return scope?.startsWith('@') ? `${scope}/${name}` : scope;
}
