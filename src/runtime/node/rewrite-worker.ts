/** Entry of a thread that takes part in rewriting modules. */
import { parentPort } from 'node:worker_threads';
import { invariant } from '../../errors.js';
import { type RewriteJob, takeRanges } from '../../inject/index.js';

invariant(parentPort !== null, 'this module is the entry of a worker thread');
const port = parentPort;
port.on('message', (job: RewriteJob) => port.postMessage(takeRanges(job)));
