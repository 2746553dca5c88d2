/** Entry of the guest thread: prepares the module, says so, and runs it when told. */
import { parentPort, workerData } from 'node:worker_threads';
import { FtWasmError, invariant } from '../../errors.js';
import { nodeClock } from '../../host/node/clock.js';
import { nodeEntropy } from '../../host/node/entropy.js';
import { SharedFiles } from '../../host/node/shared-files.js';
import type { GuestInit, PreparedReport } from '../guest/protocol.js';
import { GuestRun } from '../guest/run.js';
import { createEngine } from './engines.js';

invariant(parentPort !== null, 'this module is the entry of a worker thread');
const port = parentPort;
const init = workerData as GuestInit;

async function prepare(): Promise<void> {
  const engine = createEngine(init.engine);
  const prepared = await engine.prepare(init.module, (done, total) => port.postMessage({ progress: [done, total] }));
  const { files } = init;
  const storage = files && { files: new SharedFiles(files.roots, files) };
  const guest = new GuestRun(init, { clock: nodeClock, entropy: nodeEntropy, ...storage }, prepared);
  port.once('message', () => guest.run());
  port.postMessage({ ok: true, hash: prepared.hash } satisfies PreparedReport);
}

prepare().catch((error: unknown) => {
  const known = error instanceof FtWasmError;
  const report: PreparedReport = {
    ok: false,
    code: known ? error.code : 'FTW_HOST',
    message: error instanceof Error ? error.message : String(error),
    details: known ? { ...error.details } : {},
  };
  port.postMessage(report);
});
