/**
 * `migrate --interactive`: one race at a time, accepted or skipped by a person. Nothing is written here; what was accepted comes back
 * as changes, so that an interrupted run leaves every file as it was.
 */
import type { Offer } from '../rewrite.ts';
import { Rewriting } from '../rewrite.ts';
import { applyEdits } from '../edits.ts';
import { coloured, unifiedDiff } from './diff.ts';
import { story } from './explain.ts';
import { readSource } from './files.ts';
import { failureOf } from './findings.ts';
import { hashOf, isText, notUtf8, type Change, type Plan, type PlanOptions } from './plan.ts';
import { paintOf, widthOf, type Host } from './run.ts';
import { Keyboard } from './keyboard.ts';
import { counted, wrap } from './terminal.ts';

type Answer = 'accept' | 'skip' | 'explain' | 'file' | 'quit' | 'help' | 'interrupt';

const ANSWERS: Readonly<Record<string, Answer>> = { a: 'accept', y: 'accept', s: 'skip', n: 'skip', e: 'explain', f: 'file', q: 'quit', '?': 'help', h: 'help', '\u0003': 'interrupt', '\u0004': 'quit' };
const HELP = [
  'a, y  accept this rewrite', 's, n  skip it', 'e     explain it: the two calls step by step, the key, what changes', 'f     skip the rest of this file',
  'q     ask no more; what was accepted is written', 'Ctrl-C ends at once and writes nothing',
];

export interface Chosen extends Plan {
  /** Ctrl-C, or the terminal is gone: nothing is to be written. */
  readonly interrupted: boolean;
  /** Offers that a person left alone. */
  readonly skipped: number;
}

interface Asking { readonly host: Host; readonly keyboard: Keyboard; readonly options: PlanOptions; readonly total: number }

/** Asks about every rewrite of the planned files, those that rest on an unproven condition included. */
export async function choose(plan: Plan, options: PlanOptions, host: Host): Promise<Chosen> {
  const paths = [...new Set([...plan.changes, ...plan.refused.filter((one) => one.id === 'needs-accept')].map((one) => one.path))].sort();
  const total = plan.changes.reduce((sum, one) => sum + one.rewritten.length, 0) + plan.refused.filter((one) => one.id === 'needs-accept').length;
  const changes: Change[] = [];
  const errors = [...plan.errors];
  let [skipped, asked] = [0, 0];
  let ended: 'quit' | 'interrupt' | undefined;
  if (total) host.out.write(`${counted(total, 'race')} can be rewritten in ${counted(paths.length, 'file')}. Nothing is written before the last answer; ? lists the keys.\n`);
  const keyboard = new Keyboard(host.in!);
  try {
    for (const path of paths) {
      const known = plan.changes.find((one) => one.path === path);
      const read = readSource(path);
      if ('message' in read) { errors.push(read); continue; }
      const mark = read.mark ? '\ufeff' : '';
      if (!isText(mark + read.text, read.bytes)) { errors.push(notUtf8(path)); continue; }
      if (known && hashOf(read.bytes) !== known.hash) { errors.push({ path, message: 'the file changed while this ran; run the command again.' }); continue; }
      try {
        const run = new Rewriting(read.text, { ...options, filename: path });
        const file = known?.file ?? plan.refused.find((one) => one.path === path)!.file;
        const one = await chooseIn(run, file, asked, { host, keyboard, options, total });
        asked += one.asked;
        skipped += one.skipped;
        if (one.accepted.length) changes.push({ path, file, hash: hashOf(read.bytes), before: mark + read.text, after: mark + run.file.text, rewritten: one.accepted.map(({ entry }) => entry) });
        ended = one.ended;
      } catch (error) {
        errors.push(failureOf(error, path));
      }
      if (ended) break;
    }
  } finally {
    keyboard.close();
  }
  const refused = plan.refused.filter((one) => one.id !== 'needs-accept');
  return { changes: ended === 'interrupt' ? [] : changes, refused, errors, interrupted: ended === 'interrupt', skipped: skipped + (ended === 'quit' ? Math.max(0, total - asked) : 0) };
}

async function chooseIn(run: Rewriting, file: string, before: number, asking: Asking): Promise<{ accepted: Offer[]; asked: number; skipped: number; ended?: 'quit' | 'interrupt' }> {
  const accepted: Offer[] = [];
  const left = new Set<string>();
  for (;;) {
    const offer = run.look().offers.find((one) => !left.has(one.entry.id));
    const count = { accepted, asked: accepted.length + left.size, skipped: left.size };
    if (!offer) return count;
    const answer = await ask(offer, run, file, before + count.asked + 1, asking);
    if (answer === 'quit' || answer === 'interrupt') return { ...count, ended: answer };
    if (answer === 'accept') accepted.push(...run.apply([offer]));
    else left.add(offer.entry.id);
    if (answer === 'file') {
      const rest = run.look().offers.filter((one) => !left.has(one.entry.id)).length;
      return { accepted, asked: accepted.length + left.size + rest, skipped: left.size + rest };
    }
  }
}

async function ask(offer: Offer, run: Rewriting, file: string, at: number, { host, keyboard, options, total }: Asking): Promise<Exclude<Answer, 'explain' | 'help'>> {
  const paint = paintOf(host);
  const width = widthOf(host);
  const { entry, finding, unproven } = offer;
  const lines = [
    '', `${paint.bold(`${file}:${entry.line}`)}  ${paint.yellow(entry.rule)}  ${paint.dim(`(${at} of ${Math.max(at, total)})`)}`, wrap(finding.message, width, '  '), '',
    coloured(unifiedDiff(file, run.file.text, applyEdits(run.file.text, offer.edits)), paint).trimEnd(), '',
    wrap(`${entry.title.replace(/\.$/, '')}.`, width, '  '), ...entry.changes.map((one) => wrap(`Changes: ${one}`, width, '  ')),
    ...unproven.map((one) => paint.yellow(wrap(`Not proven: ${one.text.replace(/\.$/, '')}. To accept is to vouch for it (${one.id}).`, width, '  '))),
  ];
  host.out.write(`${lines.join('\n')}\n`);
  for (;;) {
    host.out.write(paint.bold('[a]ccept, [s]kip, [e]xplain, [f]ile skip, [q]uit, ? '));
    const key = await keyboard.next();
    const answer = key === undefined ? 'interrupt' : ANSWERS[key.toLowerCase()];
    host.out.write(`${answer === undefined ? '' : answer}\n`);
    if (answer === 'explain') host.out.write(`${story(finding, run.file, { cwd: options.cwd, paint, width }).join('\n')}\n\n`);
    else if (answer === 'help' || answer === undefined) host.out.write(`${HELP.map((line) => `  ${line}`).join('\n')}\n`);
    else return answer;
  }
}
