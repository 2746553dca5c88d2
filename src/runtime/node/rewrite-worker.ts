/** Entry of a thread that takes part in rewriting modules. */
import { parentPort } from 'node:worker_threads';
import { invariant } from '../../errors.js';
import {
  type DoneRange,
  type RewriteJob,
  type ScanJob,
  type ScannedRange,
  takeRanges,
  takeScans,
} from '../../inject/index.js';

/** What the thread is asked to do, */
export type RewriteTaskJob = { readonly scan: ScanJob } | { readonly rewrite: RewriteJob };

/** under a number that its answer repeats. */
export type RewriteTask = { readonly id: number } & RewriteTaskJob;

export type RewriteAnswer = { readonly id: number; readonly done: readonly ScannedRange[] | readonly DoneRange[] };

invariant(parentPort !== null, 'this module is the entry of a worker thread');
const port = parentPort;
port.on('message', (task: RewriteTask) => {
  const done = 'scan' in task ? takeScans(task.scan) : takeRanges(task.rewrite);
  port.postMessage({ id: task.id, done } satisfies RewriteAnswer);
});
