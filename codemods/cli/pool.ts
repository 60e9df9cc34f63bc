/** Many files, by this process alone or by workers; what comes out does not depend on how many there are. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Host } from './run.ts';
import { taskOf, type Job, type TaskResult } from './tasks.ts';
import { Progress } from './terminal.ts';

export interface Chunk { readonly first: number; readonly paths: readonly string[] }
export interface Answered { readonly first: number; readonly results: readonly TaskResult[] }

export interface Outcome<T> {
  /** In the order of the paths. */
  readonly results: readonly T[];
  /** Ctrl-C: `results` are incomplete. */
  readonly stopped: boolean;
}

/** Neighbours share what they import, so that a worker reads it once. */
const CHUNK = 24;
/** Each worker reads the schema and what its files import for itself: with fewer files than this, one more does not pay. */
const FILES_A_WORKER = 400;
/** More of them cost more memory than they save time. */
const MAX_WORKERS = 4;
/** In milliseconds; so often a run in this process listens to Ctrl-C. */
const LISTEN = 40;

/** Source files are run by tests, without a compiler that a worker could use. */
const BUILT = import.meta.url.endsWith('.js');

/** How many workers serve so many files; 1: none but this process. */
export function workersFor(files: number, asked?: number): number {
  if (!BUILT) return 1;
  return asked ?? Math.max(1, Math.min(MAX_WORKERS, availableParallelism() - 1, Math.floor(files / FILES_A_WORKER)));
}

/** @param lost what stands for a file whose worker ended over it. */
export async function runAll<T extends TaskResult>(paths: readonly string[], job: Job, { host, workers, lost }: { host: Host; workers: number; lost: (path: string, reason: string) => T }): Promise<Outcome<T>> {
  const progress = new Progress(host.err, paths.length);
  const signal = { stopped: false, onStop: (): void => undefined };
  const onSignal = (): void => {
    // Whoever asks twice does not want to wait.
    if (signal.stopped) process.exit(130);
    signal.stopped = true;
    signal.onStop();
  };
  process.on('SIGINT', onSignal);
  try {
    const results = workers > 1 ? await byWorkers(paths, job, workers, progress, signal, lost) : await alone(paths, job, progress, signal);
    return { results: results as T[], stopped: signal.stopped };
  } finally {
    process.off('SIGINT', onSignal);
    progress.end();
  }
}

interface Signal { stopped: boolean; onStop: () => void }

async function alone(paths: readonly string[], job: Job, progress: Progress, signal: Signal): Promise<TaskResult[]> {
  const task = await taskOf(job);
  const results: TaskResult[] = [];
  let heard = Date.now();
  for (const path of paths) {
    if (Date.now() - heard > LISTEN) {
      await new Promise((done) => { setImmediate(done); });
      heard = Date.now();
    }
    if (signal.stopped) break;
    results.push(task(path));
    progress.step();
  }
  return results;
}

async function byWorkers(paths: readonly string[], job: Job, count: number, progress: Progress, signal: Signal, lost: (path: string, reason: string) => TaskResult): Promise<TaskResult[]> {
  const results = new Array<TaskResult>(paths.length);
  const chunks: Chunk[] = [];
  for (let first = 0; first < paths.length; first += CHUNK) chunks.push({ first, paths: paths.slice(first, first + CHUNK) });
  let next = 0;
  const running = new Set<Worker>();
  signal.onStop = () => { for (const one of running) void one.terminate(); };
  /** One after another, until no chunk is left; a worker that ends over a chunk is followed by another. */
  const serve = (): Promise<void> => new Promise((done) => {
    if (signal.stopped || next >= chunks.length) { done(); return; }
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: job });
    running.add(worker);
    let current: Chunk | undefined;
    let reason = 'it ended without a word';
    const hand = (): void => {
      current = signal.stopped ? undefined : chunks[next++];
      if (current) worker.postMessage(current);
      else void worker.terminate();
    };
    worker.on('message', ({ first, results: made }: Answered) => {
      made.forEach((one, at) => { results[first + at] = one; progress.step(); });
      hand();
    });
    worker.on('error', (error) => { reason = error.message; });
    worker.on('exit', () => {
      running.delete(worker);
      if (current && !signal.stopped) {
        // One of its files was too much: each gets a worker of its own chunk, so that only that one is lost.
        if (current.paths.length > 1) chunks.push(...current.paths.map((path, at) => ({ first: current!.first + at, paths: [path] })));
        else { results[current.first] = lost(current.paths[0]!, reason); progress.step(); }
      }
      void serve().then(done);
    });
    hand();
  });
  await Promise.all(Array.from({ length: Math.min(count, chunks.length) }, serve));
  return results.filter((one) => one !== undefined);
}
