/** Threads that rewrite the bodies of a large module beside the one that prepares it, and end when that is done. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { RewriteHelper, RewriteHelpers } from '../../engine/compiled/index.js';
import type { DoneRange, RewriteHelp, ScannedRange } from '../../inject/index.js';
import type { RewriteAnswer, RewriteTask, RewriteTaskJob } from './rewrite-worker.js';

/** Beyond that, what only one thread can do takes longer than the rest. */
const THREADS_MAX = 3;

/** One thread for each processor but that of the caller. */
export const rewriteThreads: RewriteHelpers = {
  // Each thread's V8 has to compile the rewriter for itself: with 6 MB of code (CPython) nothing was gained.
  codeBytesMin: 16 << 20,
  start: () => new RewriteThreads(Math.min(THREADS_MAX, availableParallelism() - 1)),
};

class RewriteThreads implements RewriteHelper {
  readonly #threads: readonly RewriteThread[];

  constructor(count: number) {
    this.#threads = Array.from({ length: count }, () => new RewriteThread());
  }

  readonly help: RewriteHelp = {
    scan: async (scan) => (await this.#all<ScannedRange>({ scan })).flat(),
    rewrite: async (rewrite) => (await this.#all<DoneRange>({ rewrite })).flat(),
  };

  close(): void {
    for (const thread of this.#threads) thread.close();
  }

  #all<Done>(job: RewriteTaskJob): Promise<(readonly Done[])[]> {
    return Promise.all(this.#threads.map((thread) => thread.ask<Done>(job)));
  }
}

class RewriteThread {
  readonly #worker: Worker;
  #asked = 0;

  constructor() {
    const worker = new Worker(new URL('./rewrite-worker.js', import.meta.url));
    // A thread that fails ends, which is what `ask` listens for.
    worker.on('error', () => {});
    worker.unref();
    this.#worker = worker;
  }

  /** Resolves when the thread has done what it could: only then nobody writes into the job's memory any more. */
  ask<Done>(job: RewriteTaskJob): Promise<readonly Done[]> {
    const worker = this.#worker;
    const id = this.#asked++;
    return new Promise((resolve) => {
      const settle = (done: readonly Done[]) => {
        worker.off('exit', onExit).off('message', onMessage);
        resolve(done);
      };
      const onExit = () => settle([]);
      const onMessage = (answer: RewriteAnswer) => {
        if (answer.id === id) settle(answer.done as readonly Done[]);
      };
      worker.on('exit', onExit).on('message', onMessage);
      worker.ref();
      worker.postMessage({ id, ...job } satisfies RewriteTask);
    });
  }

  close(): void {
    void this.#worker.terminate();
  }
}
