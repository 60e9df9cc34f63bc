/** Parsing without a host: oxc's tree, completed to what ESLint hands to rules (parents, scopes). */
import { analyze, type ScopeManager } from '@typescript-eslint/scope-manager';
import type { TSESTree } from '@typescript-eslint/types';
import { parseSync } from 'oxc-parser';
import { SourceFile, type Node } from './file.ts';

/** Text that cannot be parsed: where and why, in words for a user. */
export class ParseFailure extends Error {
  readonly line: number;
  constructor(path: string, line: number, reason: string) {
    super(`${path}:${line}: ${reason}`);
    this.line = line;
    this.name = 'ParseFailure';
  }
}

/** Larger files are generated or data; no one writes races in them by hand. In UTF-16 code units. */
export const MAX_FILE_LENGTH = 2_000_000;

/** @throws ParseFailure when the text is too long, binary, or has a syntax error that leaves no tree. */
export function parseSource(path: string, text: string): SourceFile {
  if (text.length > MAX_FILE_LENGTH) throw new ParseFailure(path, 1, `the file has ${text.length} characters; files over ${MAX_FILE_LENGTH} are not read.`);
  const result = parseSync(path, text, { astType: 'ts', preserveParens: false, range: true, sourceType: 'unambiguous', ...(/\.[cm]?js$/.test(path) && { lang: 'jsx' as const }) });
  const failure = result.errors.find((error) => error.severity === 'Error');
  if (failure) {
    // A NUL within a string is text; in a file that makes no sense it is the reason.
    if (text.includes('\0')) throw new ParseFailure(path, 1, 'the file is binary.');
    const offset = failure.labels[0]?.start ?? 0;
    throw new ParseFailure(path, text.slice(0, offset).split('\n').length, failure.message);
  }
  const ast = result.program as unknown as TSESTree.Program;
  addParents(ast);
  ast.comments = result.comments.map((one) => ({ type: one.type, value: one.value, range: [one.start, one.end] })) as unknown as TSESTree.Comment[];
  let scopes: ScopeManager | undefined;
  // Without the names of the language's libraries: nobody asks for them, and there are thousands.
  return new SourceFile(path, text, ast, () => (scopes ??= analyze(ast, { sourceType: 'module', lib: [] })));
}

/** Iterative: generated code nests deeper than the stack. */
function addParents(root: TSESTree.Program): void {
  const pending: Node[] = [root];
  for (let node = pending.pop(); node; node = pending.pop()) {
    for (const key in node) {
      if (key === 'parent') continue;
      const child = (node as unknown as Record<string, unknown>)[key];
      if (Array.isArray(child)) {
        for (const one of child) if (isNode(one)) { (one as { parent?: Node }).parent = node; pending.push(one); }
      } else if (isNode(child)) {
        (child as { parent?: Node }).parent = node;
        pending.push(child);
      }
    }
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string' && Array.isArray((value as Node).range);
}
