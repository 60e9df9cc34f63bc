/** One of the workers: files in, results out, each as plain data. */
import { parentPort, workerData } from 'node:worker_threads';
import { holdClock } from '../../src/source/clock.ts';
import type { Answered, Chunk } from './pool.ts';
import { taskOf, type Job } from './tasks.ts';

// It ends with the run.
holdClock();
const task = taskOf(workerData as Job);
parentPort!.on('message', (chunk: Chunk) => {
  void task.then((run) => parentPort!.postMessage({ first: chunk.first, results: chunk.paths.map(run) } satisfies Answered));
});
