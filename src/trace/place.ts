/** Where a race is reported, and how its ends are named in a sentence. */
import type { Operation } from '../model.ts';
import type { SourceFile } from '../source/file.ts';
import { sourceFile } from '../source/modules.ts';
import type { Node } from '../value/terms.ts';
import type { Trace } from './index.ts';

/**
 * On the write when it stands in this file and computes what it writes; on the call, in the innermost function that holds both
 * ends, when the called function only passes values through or lies in another file.
 */
export function placeOf(read: Operation | undefined, write: Operation, trace: Trace): Node {
  let common = 0;
  while (read && common < write.frames.length && common < read.frames.length && write.frames[common]!.call === read.frames[common]!.call) common++;
  // Without a read to hold on to, and where both lie in one called function of this file, the write speaks for itself.
  // A callback that an outer call was given belongs to the text around that call, whoever runs it.
  const calls = write.frames.slice(common).filter((one) => !write.frames.some((outer) => outer !== one && isWithin(one.callee, outer.call)));
  const isHere = write.file === trace.file.path;
  if (isHere && (!calls.length || computes(write, trace.file) || !read)) return write.verbNode ?? write.node;
  const call = calls.find((one) => one.file === trace.file.path) ?? write.frames.findLast((one) => one.file === trace.file.path);
  return call?.call ?? write.verbNode ?? write.node;
}

/**
 * Both ends lie in one function of another file that this file calls: they are reported there, and not once more in every caller. The
 * call that counts is the last one that stands here, behind however many helpers of this file.
 */
export function isElsewhere(read: Operation | undefined, write: Operation, trace: Trace): boolean {
  const here = trace.file.path;
  if (!read) return false;
  // `publish()` of another file, which calls helpers of this one for both ends.
  let shared = 0;
  while (shared < write.frames.length && shared < read.frames.length && write.frames[shared]!.call === read.frames[shared]!.call) shared++;
  const holder = (operation: Operation): string => operation.frames[shared]?.file ?? operation.file;
  if (shared > 0 && holder(read) !== here && holder(write) !== here) return true;
  if (read.file === here || write.file === here) return false;
  const left = (operation: Operation): Node | undefined => operation.frames.findLast((one) => one.file === here)?.call;
  return left(read) !== undefined && left(read) === left(write);
}

function isWithin(node: Node, outer: Node): boolean {
  for (let at: Node | undefined = node; at; at = at.parent) if (at === outer) return true;
  return false;
}

/** The row is made here: some column is written with more than a parameter of the function. */
function computes(write: Operation, file: SourceFile): boolean {
  return (write.rows ?? []).some((row) => row.assignments.some((one) => {
    const node = one.node?.type === 'Property' ? one.node.value : one.node;
    return node !== undefined && !passesThrough(node, file);
  }));
}

/** A value as it came in, or a fallback for it: `params.severity || 'low'`, `options?.data ?? {}`. */
function passesThrough(node: Node, file: SourceFile, depth = 0): boolean {
  const passes = (one: Node): boolean => passesThrough(one, file, depth);
  if (node.type === 'LogicalExpression' && node.operator !== '&&') return passes(node.left) && (node.right.type === 'Literal' || node.right.type === 'ObjectExpression' && !node.right.properties.length || passes(node.right));
  if (node.type === 'ChainExpression' || node.type === 'TSAsExpression' || node.type === 'TSNonNullExpression') return passes(node.expression);
  // A variable of the function is what it was made of.
  const made = node.type === 'Identifier' && depth < 3 ? file.variable(node)?.defs[0]?.node as Node | undefined : undefined;
  if (made?.type === 'VariableDeclarator' && made.id.type === 'Identifier' && made.init && made.init.type === 'ObjectExpression') return passesThrough(made.init, file, depth + 1);
  return node.type === 'Identifier' || node.type === 'MemberExpression' || node.type === 'SpreadElement';
}

/** "line 12", or "user-store.ts:41" when it lies in another file. */
export function lineOf(operation: Operation, trace: Trace): string {
  // Trees that no host parsed have offsets only.
  const at = operation.node.range[0];
  if (operation.file === trace.file.path) return `line ${trace.file.line(at)}`;
  const name = operation.file.split(/[\\/]/).at(-1)!;
  const file = sourceFile(operation.file);
  return file ? `${name}:${file.line(at)}` : name;
}

/**
 * Where a report on `node` starts: at the method's name when the call that says what is done stands further down in a chain, on a
 * line of its own; people look there, and the line above is where they write a comment about it.
 */
export function startOf(node: Node, { read, write }: { readonly read: Operation | undefined; readonly write: Operation }, text: string): number {
  const start = node.range[0];
  const callee = (node === write.verbNode || node === read?.verbNode) && node.type === 'CallExpression' ? node.callee : undefined;
  if (callee?.type !== 'MemberExpression' || !text.slice(start, callee.property.range[0]).includes('\n')) return start;
  return callee.property.range[0];
}
