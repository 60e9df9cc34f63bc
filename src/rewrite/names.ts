/**
 * Whether every name still means what it meant after the edits: the edited text is parsed, and each identifier must be bound as before.
 * It catches what a look at two branches misses: closures over a variable that is gone, declarations moved into a block that has the name
 * already, reads in front of a declaration.
 */
import type { Edit, Refusal } from '../model.ts';
import type { SourceFile, Variable } from '../source/file.ts';
import { parseSource } from '../source/parse.ts';
import type { Node } from '../value/terms.ts';
import { refuse } from './refusals.ts';
import { editedRange, eachNode } from './text.ts';

/** Names that every host has, which a rewrite may use where the code did not. */
const BUILT_IN: ReadonlySet<string> = new Set(['Array', 'Error', 'JSON', 'Number', 'Object', 'Promise', 'String', 'console', 'undefined']);

/** Why the edits cannot be made, or undefined when each name keeps its meaning. */
export function brokenNames(file: SourceFile, edits: readonly Edit[]): Refusal | undefined {
  const text = editedRange(file.text, 0, file.text.length, edits);
  const after = parsed(file.path, text);
  // A file that only its host can read (a component with a script in it) is not looked at.
  if (!after) return parsed(file.path, file.text) && refuse('shape', 'The rewritten code would not parse.');
  const places = new Places(edits);
  const was = identifiersOf(file);
  const is = identifiersOf(after);
  const globals = new Set(was.filter((one) => !one.variable).map((one) => one.name));
  const before = new Map(was.map((one) => [one.start, one]));
  for (const one of is) {
    const name = `\`${one.name}\``;
    if (!one.variable) {
      if (!globals.has(one.name) && !BUILT_IN.has(one.name)) return refuse('name-lost', `${name} would no longer be declared at line ${after.line(one.start)} of the rewritten code.`);
      continue;
    }
    if (isDeclaredTwice(one.variable)) return refuse('name-taken', `${name} is declared twice in one block of the rewritten code.`);
    if (isReadEarly(one, places)) return refuse('name-lost', `${name} would be read before it is declared.`);
    const origin = places.original(one.start);
    const declared = originOf(one.variable, places);
    if (origin === undefined) {
      // Text that was put in place: its names come from what was replaced there, unless it declares them itself.
      const meant = was.filter((each) => each.name === one.name && places.isReplaced(each.start)).map((each) => startOf(each.variable));
      if (meant.some((each) => (declared === undefined ? each !== undefined && !places.isReplaced(each) : each !== declared))) return refuse('name-taken', `${name} means two things in the code that would become one.`);
      continue;
    }
    const old = before.get(origin)?.variable;
    const oldStart = startOf(old);
    if (oldStart === undefined) return refuse('name-taken', `${name} would mean another variable.`);
    // A declaration that was replaced may only come back in what replaces it.
    const same = declared === undefined ? places.isReplaced(oldStart) : declared === oldStart;
    if (!same) return refuse('name-taken', `${name} would mean another variable at line ${after.line(one.start)} of the rewritten code.`);
  }
  return undefined;
}

function parsed(path: string, text: string): SourceFile | undefined {
  try {
    return parseSource(path, text);
  } catch {
    return undefined;
  }
}

interface Named { readonly name: string; readonly start: number; readonly variable: Variable | undefined; readonly node: Node }

/** Identifiers that are looked up in scopes: no property names, no labels. */
function identifiersOf(file: SourceFile): Named[] {
  const found: Named[] = [];
  eachNode(file.ast, (node) => {
    if (node.type !== 'Identifier' && node.type !== 'JSXIdentifier') return;
    const variable = file.variable(node);
    if (variable || isReference(node)) found.push({ name: node.name, start: node.range[0], variable, node });
  });
  return found;
}

function isReference(node: Node): boolean {
  const { parent } = node;
  if (node.type !== 'Identifier' || !parent) return false;
  switch (parent.type) {
    case 'MemberExpression': return parent.object === node || parent.computed;
    case 'Property': return parent.value === node || parent.computed;
    case 'CallExpression': case 'NewExpression': case 'AwaitExpression': case 'ReturnStatement': case 'ThrowStatement': case 'BinaryExpression': case 'LogicalExpression': case 'UnaryExpression':
    case 'ConditionalExpression': case 'TemplateLiteral': case 'SpreadElement': case 'ArrayExpression': case 'ExpressionStatement': case 'IfStatement': case 'AssignmentExpression': return true;
    case 'VariableDeclarator': return parent.init === node;
    default: return false;
  }
}

const startOf = (variable: Variable | undefined): number | undefined => variable?.identifiers[0]?.range[0];

/** Where in the original text a variable of the edited one is declared; undefined: in what was put in place. */
function originOf(variable: Variable, places: Places): number | undefined {
  const start = startOf(variable);
  return start === undefined ? undefined : places.original(start);
}

function isDeclaredTwice({ defs }: Variable): boolean {
  const kinds = defs.map((def) => (def.type === 'Variable' ? (def.parent?.kind ?? 'var') : def.type));
  return kinds.length > 1 && kinds.some((one) => one === 'const' || one === 'let');
}

/** A use in front of a `let` or `const` of an edit, with no function between that could run later. */
function isReadEarly({ start, variable, node }: Named, places: Places): boolean {
  const declaration = variable!.identifiers[0];
  const [def] = variable!.defs;
  if (!declaration || def?.type !== 'Variable' || def.parent?.kind === 'var' || node === (declaration as Node) || places.original(declaration.range[0]) !== undefined) return false;
  const init = def.node.init as Node | null;
  return start < declaration.range[0] || (init !== null && init.range[0] <= start && start < init.range[1]);
}

/** Offsets of the edited text and of the original, in both directions. */
class Places {
  /** In order: the original's [start, end), and where its replacement starts and ends. */
  readonly #edits: readonly { readonly start: number; readonly end: number; readonly from: number; readonly to: number }[];

  constructor(edits: readonly Edit[]) {
    let shift = 0;
    this.#edits = [...edits].sort((a, b) => a.start - b.start || a.end - b.end).map(({ start, end, text }) => {
      const from = start + shift;
      shift += text.length - (end - start);
      return { start, end, from, to: from + text.length };
    });
  }

  /** Undefined for what an edit put in place. */
  original(offset: number): number | undefined {
    let shift = 0;
    for (const { end, from, to } of this.#edits) {
      if (offset < from) break;
      if (offset < to) return undefined;
      shift = end - to;
    }
    return offset + shift;
  }

  isReplaced(offset: number): boolean {
    return this.#edits.some(({ start, end }) => start <= offset && offset < end);
  }
}
