/**
 * Which of some kinds of things a file shows, itself or through all that it imports or that stands behind its interfaces, one bit each.
 * Judged by text alone, and every file is looked at once, whoever imports it.
 */
import { readFileSync, statSync } from 'node:fs';
import { now as clock } from './clock.ts';
import { resolvePath } from './modules.ts';
import { filesBehind, portsIn } from './ports.ts';
import { sourcesIn } from './reach.ts';

/** Tells which kinds a text shows. The same object for the same question: what was told of files is kept by it. */
export interface Marks { of(text: string): number }

/** How long an answer about an imported file counts as fresh in a long-lived editor process, in milliseconds. */
const FRESH = 5000;

interface Facts { readonly stamp: string; readonly own: number; readonly sources: readonly string[]; readonly ports: readonly string[] }
interface Known { readonly facts: Map<string, Facts>; readonly answers: Map<string, { readonly all: number; readonly at: number }> }

const kept = new WeakMap<Marks, Known>();

/** What `text`, which stands at `path`, shows, with what it imports where imports are followed. */
export function marksOf(text: string, path: string, marks: Marks, follows: boolean): number {
  let all = marks.of(text);
  if (!follows) return all;
  const known = kept.get(marks) ?? { facts: new Map(), answers: new Map() };
  kept.set(marks, known);
  for (const target of targetsOf({ sources: sourcesIn(text), ports: portsIn(text) }, path)) all |= behind(target, marks, known);
  return all;
}

interface Visit { readonly path: string; readonly number: number; readonly targets: readonly string[]; next: number; low: number; all: number }

/** Files that import each other in a ring show the same; rings are found as Tarjan does, without recursion, for chains of imports are long. */
function behind(start: string, marks: Marks, { facts, answers }: Known): number {
  const now = clock();
  const told = (path: string): number | undefined => { const one = answers.get(path); return one && now - one.at < FRESH ? one.all : undefined; };
  const before = told(start);
  if (before !== undefined) return before;
  const open = new Map<string, Visit>();
  const ring: Visit[] = [];
  const path: Visit[] = [];
  let count = 0;
  const enter = (file: string): void => {
    const found = factsOf(file, marks, facts);
    const visit: Visit = { path: file, number: count, targets: targetsOf(found, file), next: 0, low: count++, all: found.own };
    open.set(file, visit);
    ring.push(visit);
    path.push(visit);
  };
  enter(start);
  for (let at = path.at(-1); at; at = path.at(-1)) {
    const target = at.targets[at.next++];
    if (target !== undefined) {
      const known = told(target);
      const entered = open.get(target);
      if (known !== undefined) at.all |= known;
      else if (entered) at.low = Math.min(at.low, entered.number);
      else enter(target);
      continue;
    }
    path.pop();
    const parent = path.at(-1);
    if (at.low === at.number) {
      const members = ring.splice(ring.indexOf(at));
      const all = members.reduce((sum, one) => sum | one.all, 0);
      for (const one of members) { open.delete(one.path); answers.set(one.path, { all, at: now }); }
      at.all = all;
    }
    if (parent) { parent.low = Math.min(parent.low, at.low); parent.all |= at.all; }
  }
  return told(start) ?? 0;
}

function targetsOf({ sources, ports }: Pick<Facts, 'sources' | 'ports'>, file: string): string[] {
  return [...sources.flatMap((one) => resolvePath(one, file) ?? []), ...ports.flatMap((one) => filesBehind(one, file))];
}

const NOTHING: Facts = { stamp: '', own: 0, sources: [], ports: [] };

/** An imported file that cannot be read is followed by nobody. */
function factsOf(path: string, marks: Marks, facts: Map<string, Facts>): Facts {
  try {
    const { mtimeMs, size } = statSync(path);
    const stamp = `${mtimeMs}:${size}`;
    const before = facts.get(path);
    if (before?.stamp === stamp) return before;
    const text = readFileSync(path, 'utf8');
    const made = { stamp, own: marks.of(text), sources: sourcesIn(text), ports: portsIn(text) };
    facts.set(path, made);
    return made;
  } catch {
    return NOTHING;
  }
}
