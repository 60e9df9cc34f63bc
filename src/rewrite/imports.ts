/** Imports that a rewrite leaves without a user go with it. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Edit } from '../model.ts';
import type { SourceFile } from '../source/file.ts';
import { keyName } from '../source/syntax.ts';
import { quoteOf, removal } from './text.ts';

/** Edits that remove the import specifiers of which every mention lies in what `edits` replace and none in what they put there. */
export function unusedImports(file: SourceFile, edits: readonly Edit[]): Edit[] {
  return file.ast.body.flatMap((statement) => (statement.type === 'ImportDeclaration' && statement.specifiers.length ? withoutUnused(statement, file, edits) : []));
}

function withoutUnused(statement: TSESTree.ImportDeclaration, file: SourceFile, edits: readonly Edit[]): Edit[] {
  const unused = statement.specifiers.filter((one) => isLeftUnused(one, file, edits));
  if (!unused.length) return [];
  if (unused.length === statement.specifiers.length) return [removal(statement, file)];
  // `import a, { b }`: cutting one of both kinds means new braces, which nobody asked for.
  if (statement.specifiers.some((one) => one.type !== 'ImportSpecifier')) return [];
  const named = statement.specifiers;
  const kept = named.findLastIndex((one) => !unused.includes(one));
  const cut = (start: number, end: number): Edit => ({ start, end, text: '' });
  const inside = unused.filter((one) => named.indexOf(one) < kept).map((one) => cut(one.range[0], named[named.indexOf(one) + 1]!.range[0]));
  return kept === named.length - 1 ? inside : [...inside, cut(named[kept]!.range[1], named.at(-1)!.range[1])];
}

function isLeftUnused(specifier: TSESTree.ImportClause, file: SourceFile, edits: readonly Edit[]): boolean {
  const references = file.variable(specifier.local)?.references ?? [];
  const isGone = references.length > 0 && references.every(({ identifier: { range } }) => edits.some((edit) => edit.start <= range[0] && range[1] <= edit.end));
  const name = new RegExp(`(?<![\\w$.])${specifier.local.name.replace(/\$/g, '\\$')}(?![\\w$])`);
  return isGone && !edits.some((edit) => name.test(edit.text));
}

/** Names of a module for the file to use: as it imports them already, or with the edits that import them; undefined where it cannot. */
export function importing(file: SourceFile, names: readonly string[], module: string): { readonly names: readonly string[]; readonly edits: readonly Edit[] } | undefined {
  const declarations = file.ast.body.filter((one) => one.type === 'ImportDeclaration');
  const own = declarations.filter((one) => one.source.value === module && one.importKind !== 'type');
  const specifiers = own.flatMap((one) => one.specifiers.filter((each) => each.type === 'ImportSpecifier'));
  const known = names.map((name) => specifiers.find((one) => one.importKind !== 'type' && one.imported.type === 'Identifier' && one.imported.name === name)?.local.name);
  const required = names.map((name, index) => known[index] ?? requiredAs(file, name, module));
  if (required.every((one) => one !== undefined)) return { names: required, edits: [] };
  const missing = [...new Set(names.filter((_, index) => known[index] === undefined))];
  const locals = names.map((name, index) => known[index] ?? name);
  // A name that stands for something else anywhere in the file is left to people, and so are modules that import nothing.
  if (!declarations.length || missing.some((name) => new RegExp(`(?<![\\w$.])${name}(?![\\w$])`).test(file.text))) return undefined;
  const last = own.findLast((one) => one.specifiers.length > 0 && one.specifiers.every((each) => each.type === 'ImportSpecifier'))?.specifiers.at(-1);
  if (last) return { names: locals, edits: [{ start: last.range[1], end: last.range[1], text: missing.map((one) => `, ${one}`).join('') }] };
  const before = declarations.findLast((one) => one.source.value === module) ?? declarations.at(-1);
  const quote = quoteOf(file.text);
  const end = before!.range[1];
  return { names: locals, edits: [{ start: end, end, text: `\nimport { ${missing.join(', ')} } from ${quote}${module}${quote}${file.text[end - 1] === ';' ? ';' : ''}` }] };
}

/** `const { raw } = require('objection');` at the top of the module. */
function requiredAs(file: SourceFile, name: string, module: string): string | undefined {
  for (const statement of file.ast.body) {
    if (statement.type !== 'VariableDeclaration' || statement.kind !== 'const') continue;
    for (const { id, init } of statement.declarations) {
      if (id.type !== 'ObjectPattern' || init?.type !== 'CallExpression' || init.callee.type !== 'Identifier' || init.callee.name !== 'require') continue;
      const [source] = init.arguments;
      if (source?.type !== 'Literal' || source.value !== module) continue;
      const found = id.properties.find((one) => one.type === 'Property' && keyName(one.key, one.computed) === name);
      if (found?.type === 'Property' && found.value.type === 'Identifier') return found.value.name;
    }
  }
  return undefined;
}
