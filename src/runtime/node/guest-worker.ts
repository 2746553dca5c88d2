/** The guest thread: prepares the module, says so, and runs it when told. */
import { parentPort, workerData } from 'node:worker_threads';
import type { PreparedModule } from '../../engine/engine.js';
import { FtWasmError, invariant } from '../../errors.js';
import { nodeClock } from '../../host/node/clock.js';
import { nodeEntropy } from '../../host/node/entropy.js';
import type { SnapshotHeader } from '../../snapshot/index.js';
import { PROVIDED } from '../../wasi/wasi.js';
import type { CaptureParts } from '../guest/capture.js';
import type { GuestCommand, GuestInit, PreparedReport, RunMode } from '../guest/protocol.js';
import type { Restoring } from '../guest/restored.js';
import { FailedRun, GuestRun, type GuestWorld } from '../guest/run.js';
import { createEngine } from './engines.js';

invariant(parentPort !== null, 'this module is the entry of a worker thread');
const port = parentPort;
const init = workerData as GuestInit;

async function prepare(): Promise<void> {
  const engine = await createEngine(init.engine, init.cacheDirectory);
  const prepared = await engine.prepare(
    init.module,
    (done, total) => port.postMessage({ progress: [done, total] }),
    PROVIDED,
  );
  const { restoring, ...captures } = init.mayBeCaptured ? await captureParts() : {};
  const world = { clock: nodeClock, entropy: nodeEntropy, ...captures, ...(await sharedFiles()), ...(await tellers()) };
  const guest = new StartingGuest(world, prepared, restoring);
  port.on('message', (command: GuestCommand) => guest.obey(command));
  port.postMessage({ ok: true, hash: prepared.hash } satisfies PreparedReport);
}

/** What takes a guest's state and gives one back: a program that runs alone does without. */
async function captureParts() {
  const [{ GuestCapture }, { Restoring }, { deflate }, { CaptureThread }] = await Promise.all([
    import('../guest/capture.js'),
    import('../guest/restored.js'),
    import('../../snapshot/node/deflate.js'),
    import('./capture-thread.js'),
  ]);
  const captureSource = new CaptureThread(init);
  const makers = init.isService ? { captureSource, markingSource: captureSource.marking } : {};
  const captures = (parts: CaptureParts) => new GuestCapture(parts);
  return { ...makers, captures, restoring: new Restoring(deflate) };
}

async function sharedFiles() {
  const { files } = init;
  if (files === undefined || files.roots.every((root) => root === undefined)) return {};
  const { SharedFiles } = await import('../../host/node/shared-files.js');
  return { files: new SharedFiles(files.roots, files) };
}

async function tellers() {
  if (init.tellsArguments !== true) return {};
  const { packArguments } = await import('../guest/replayed-call.js');
  return { packArguments };
}

/** A guest that can be linked, and will be started: at its beginning, or where another one was captured. */
class StartingGuest {
  constructor(
    private readonly world: GuestWorld,
    private readonly prepared: PreparedModule,
    private readonly restoring: Restoring | undefined,
  ) {
    // A module that does not link is refused before anybody relies on it; what it is started with is not known yet.
    const withoutFiles = { ...init, wasi: { ...init.wasi, preopens: [] } };
    const header = { moduleHash: prepared.hash, rewriterVersion: '', manifest: {} };
    new GuestRun(withoutFiles, world, prepared, { mode: 'live', header });
  }

  obey(command: GuestCommand): void {
    if ('restore' in command) this.restoring?.push(command.restore);
    else this.#start(command.start, command.header).run();
  }

  #start(mode: RunMode, header: SnapshotHeader): { run(): void } {
    const { prepared, restoring, world } = this;
    try {
      const restored =
        restoring === undefined || restoring.isEmpty ? {} : { restored: restoring.finish(header, prepared) };
      return new GuestRun(init, world, prepared, { mode, header, ...restored });
    } catch (error) {
      return new FailedRun(init, world, error);
    }
  }
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
