/**
 * `migrate --verify`: the changed files type-checked with each tsconfig that holds them, before and after; a rewrite that adds an error
 * is taken back. Nothing is on disk yet: the compiler is shown the new texts.
 */
import { rewriteSource, type Rewritten } from '../rewrite.ts';
import { shown, type FileError } from './files.ts';
import type { Change, Plan, PlanOptions, RefusedIn } from './plan.ts';
import { counted } from './terminal.ts';
import { Checker, type CompileError } from './typecheck.ts';

/** A longer list is no help. */
const MAX_NAMED = 5;

export interface Verified extends Plan {
  /** For people: what was checked, with what, and what could not be. */
  readonly notes: readonly string[];
}

/** The texts of one plan under way; a file whose rewrites were all taken back is left out. */
class Trial {
  readonly #options: PlanOptions;
  #changes: readonly Change[];

  constructor(changes: readonly Change[], options: PlanOptions) {
    this.#changes = changes;
    this.#options = options;
  }

  get changes(): readonly Change[] { return this.#changes; }

  texts(): ReadonlyMap<string, string> { return new Map(this.#changes.map((one) => [one.path, one.after])); }

  /** The text of one file with this rewrite alone. */
  alone(change: Change, rewrite: Rewritten): ReadonlyMap<string, string> {
    return new Map([[change.path, this.#with(change, [rewrite])?.after ?? change.before]]);
  }

  drop(path: string, ids: ReadonlySet<string>): void {
    this.#changes = this.#changes.flatMap((one) => {
      if (one.path !== path) return [one];
      const made = this.#with(one, one.rewritten.filter(({ id }) => !ids.has(id)));
      return made ? [made] : [];
    });
  }

  #with(change: Change, kept: readonly Rewritten[]): Change | undefined {
    if (!kept.length) return undefined;
    const mark = change.before.startsWith('\ufeff') ? '\ufeff' : '';
    // Whoever chose these has vouched for what they rest on.
    const accept = [...this.#options.accept ?? [], ...kept.flatMap((one) => one.requires.map(({ id }) => id))];
    const { text, rewritten } = rewriteSource(change.before.slice(mark.length), { ...this.#options, filename: change.path, accept, only: new Set(kept.map(({ id }) => id)) });
    return rewritten.length ? { ...change, after: mark + text, rewritten } : undefined;
  }
}

export async function verify(plan: Plan, options: PlanOptions, cwd: string): Promise<Verified> {
  const checker = new Checker();
  const { groups, apart } = await checker.group(plan.changes.map((one) => one.path));
  const refused: RefusedIn[] = [...plan.refused];
  const errors: FileError[] = [...plan.errors];
  const notes: string[] = [];
  const trial = new Trial(plan.changes, options);
  for (const { config, paths } of groups) {
    const name = shown(config, cwd);
    try {
      const project = await checker.open(config);
      const taken = takeBack(project, trial, new Set(paths), (change, rewrite, error) => {
        refused.push({ rule: rewrite.rule, line: rewrite.line, id: 'adds-type-error', reason: `The rewritten code would not type-check (${name}): ${shown(error.path, cwd)}: TS${error.code}: ${error.message}`, file: change.file, path: change.path });
      });
      const before = project.errorsBefore;
      notes.push(`Type-checked ${counted(paths.length, 'changed file')} with ${name}: ${taken ? `${counted(taken, 'rewrite')} taken back` : 'no new error'}${before ? ` (${counted(before, 'error')} there before, in the files that were looked at)` : ''}.`);
    } catch (error) {
      errors.push({ path: config, message: `its files could not be type-checked (${(error as Error).message.split('\n')[0]}); run again without --verify, or mend it.` });
      for (const path of paths) trial.drop(path, new Set(trial.changes.find((one) => one.path === path)?.rewritten.map(({ id }) => id)));
    }
  }
  if (apart.length) notes.push(`Not type-checked, because no tsconfig.json or jsconfig.json holds ${apart.length === 1 ? 'it' : 'them'}: ${apart.slice(0, MAX_NAMED).map((one) => shown(one, cwd)).join(', ')}${apart.length > MAX_NAMED ? ` and ${apart.length - MAX_NAMED} more` : ''}.`);
  return { changes: trial.changes, refused, errors, notes };
}

type Project = Awaited<ReturnType<Checker['open']>>;

/** @returns how many rewrites were taken back, so that the rest adds no error. */
function takeBack(project: Project, trial: Trial, paths: ReadonlySet<string>, note: (change: Change, rewrite: Rewritten, error: CompileError) => void): number {
  const own = () => trial.changes.filter((one) => paths.has(one.path));
  const errorsNow = () => project.added(trial.texts(), paths);
  let [taken, errors] = [0, errorsNow()];
  if (!errors.length) return 0;
  const drop = (change: Change, rewrites: readonly Rewritten[], error: CompileError): void => {
    for (const one of rewrites) note(change, one, error);
    taken += rewrites.length;
    trial.drop(change.path, new Set(rewrites.map(({ id }) => id)));
  };
  // One at a time, on top of the code as it was.
  for (const change of own()) {
    if (!project.concerns(change.path, errors)) continue;
    for (const rewrite of change.rewritten) {
      const [error] = project.added(trial.alone(change, rewrite), new Set([change.path]));
      if (error) drop(change, [rewrite], error);
    }
  }
  // What errs only together: whole files, those with the errors first, until none is left.
  for (errors = errorsNow(); errors.length; errors = errorsNow()) {
    const left = own();
    const change = left.find((one) => errors.some(({ path }) => path === one.path)) ?? left.find((one) => project.concerns(one.path, errors)) ?? left[0];
    if (!change) return taken;
    drop(change, change.rewritten, errors[0]!);
  }
  return taken;
}
