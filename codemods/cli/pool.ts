/** Many files, by this process alone or by workers; what comes out does not depend on how many there are. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { holdClock } from '../../src/source/clock.ts';
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
  try {
    return (workers > 1 ? await byWorkers(paths, job, workers, progress, lost) : { results: await alone(paths, job, progress), stopped: false }) as Outcome<T>;
  } finally {
    progress.end();
  }
}

/**
 * Nobody listens to Ctrl-C here: a listener is heard only between two files, and one of them may take seconds. The system ends the
 * process at once, and nothing was written yet.
 */
async function alone(paths: readonly string[], job: Job, progress: Progress): Promise<TaskResult[]> {
  const task = await taskOf(job);
  const release = holdClock();
  try {
    return paths.map((path) => {
      const result = task(path);
      progress.step();
      return result;
    });
  } finally {
    release();
  }
}

async function byWorkers(paths: readonly string[], job: Job, count: number, progress: Progress, lost: (path: string, reason: string) => TaskResult): Promise<Outcome<TaskResult>> {
  const results = new Array<TaskResult>(paths.length);
  const chunks: Chunk[] = [];
  for (let first = 0; first < paths.length; first += CHUNK) chunks.push({ first, paths: paths.slice(first, first + CHUNK) });
  let next = 0;
  const running = new Set<Worker>();
  let stopped = false;
  const onSignal = (): void => {
    // Whoever asks twice does not want to wait.
    if (stopped) process.exit(130);
    stopped = true;
    for (const one of running) void one.terminate();
  };
  /** One after another, until no chunk is left; a worker that ends over a chunk is followed by another. */
  const serve = (): Promise<void> => new Promise((done) => {
    if (stopped || next >= chunks.length) { done(); return; }
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: job });
    running.add(worker);
    let current: Chunk | undefined;
    let reason = 'it ended without a word';
    const hand = (): void => {
      current = stopped ? undefined : chunks[next++];
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
      if (current && !stopped) {
        // One of its files was too much: each gets a worker of its own chunk, so that only that one is lost.
        if (current.paths.length > 1) chunks.push(...current.paths.map((path, at) => ({ first: current!.first + at, paths: [path] })));
        else { results[current.first] = lost(current.paths[0]!, reason); progress.step(); }
      }
      void serve().then(done);
    });
    hand();
  });
  process.on('SIGINT', onSignal);
  try {
    await Promise.all(Array.from({ length: Math.min(count, chunks.length) }, serve));
  } finally {
    process.off('SIGINT', onSignal);
  }
  return { results: results.filter((one) => one !== undefined), stopped };
}
