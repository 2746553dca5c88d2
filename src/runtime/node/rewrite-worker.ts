/** Entry of a thread that takes part in rewriting one module. */
import { parentPort } from 'node:worker_threads';
import { invariant } from '../../errors.js';
import { type RewriteJob, takeRanges } from '../../inject/index.js';

invariant(parentPort !== null, 'this module is the entry of a worker thread');
const port = parentPort;
port.once('message', (job: RewriteJob) => port.postMessage(takeRanges(job)));
