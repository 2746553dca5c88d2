/** Threads that rewrite the bodies of a large module beside the one that prepares it, and end when that is done. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { RewriteHelper, RewriteHelpers } from '../../engine/compiled/index.js';
import type { DoneRange, RewriteJob } from '../../inject/index.js';

/** Beyond that, what only one thread can do takes longer than the rest. */
const THREADS_MAX = 3;

/** One thread for each processor but that of the caller. */
export const rewriteThreads: RewriteHelpers = {
  // Each thread's V8 has to compile the rewriter for itself: with 6 MB of code (CPython) nothing was gained.
  codeBytesMin: 16 << 20,
  start: () => new RewriteThreads(Math.min(THREADS_MAX, availableParallelism() - 1)),
};

class RewriteThreads implements RewriteHelper {
  readonly #workers: readonly Worker[];

  constructor(count: number) {
    this.#workers = Array.from({ length: count }, () => {
      const worker = new Worker(new URL('./rewrite-worker.js', import.meta.url));
      // A thread that fails ends, which is what `help` listens for.
      worker.on('error', () => {});
      worker.unref();
      return worker;
    });
  }

  readonly help = async (job: RewriteJob): Promise<DoneRange[]> => {
    const done = await Promise.all(this.#workers.map((worker) => ask(worker, job)));
    return done.flat();
  };

  close(): void {
    for (const worker of this.#workers) void worker.terminate();
  }
}

/** Resolves when the thread has done what it could: only then nobody writes into the job's memory any more. */
function ask(worker: Worker, job: RewriteJob): Promise<readonly DoneRange[]> {
  return new Promise((resolve) => {
    const onExit = () => resolve([]);
    worker.once('exit', onExit);
    worker.once('message', (done: readonly DoneRange[]) => {
      worker.off('exit', onExit);
      resolve(done);
    });
    worker.ref();
    worker.postMessage(job);
  });
}
