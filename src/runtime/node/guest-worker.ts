/** Entry of the guest thread: prepares the module, says so, and runs it when told. */
import { parentPort, workerData } from 'node:worker_threads';
import type { PreparedModule } from '../../engine/engine.js';
import { FtWasmError, invariant } from '../../errors.js';
import { nodeClock } from '../../host/node/clock.js';
import { nodeEntropy } from '../../host/node/entropy.js';
import { SharedFiles } from '../../host/node/shared-files.js';
import type { SnapshotHeader } from '../../snapshot/index.js';
import { deflate } from '../../snapshot/node/deflate.js';
import { PROVIDED } from '../../wasi/wasi.js';
import type { GuestCommand, GuestInit, PreparedReport, RunMode } from '../guest/protocol.js';
import { Restoring } from '../guest/restored.js';
import { FailedRun, GuestRun, type GuestWorld } from '../guest/run.js';
import { CaptureThread } from './capture-thread.js';
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
  const { files } = init;
  const storage = files && { files: new SharedFiles(files.roots, files) };
  const captureSource = new CaptureThread(init);
  const makers = init.isService ? { captureSource, markingSource: captureSource.marking } : {};
  const world = { clock: nodeClock, entropy: nodeEntropy, ...makers, ...storage };
  const guest = new StartingGuest(world, prepared);
  port.on('message', (command: GuestCommand) => guest.obey(command));
  port.postMessage({ ok: true, hash: prepared.hash } satisfies PreparedReport);
}

/** A guest that can be linked, and will be started: at its beginning, or where another one was captured. */
class StartingGuest {
  readonly #restoring = new Restoring(deflate);

  constructor(
    private readonly world: GuestWorld,
    private readonly prepared: PreparedModule,
  ) {
    // A module that does not link is refused before anybody relies on it; what it is started with is not known yet.
    const withoutFiles = { ...init, wasi: { ...init.wasi, preopens: [] } };
    const header = { moduleHash: prepared.hash, rewriterVersion: '', manifest: {} };
    new GuestRun(withoutFiles, world, prepared, { mode: 'live', header });
  }

  obey(command: GuestCommand): void {
    if ('restore' in command) this.#restoring.push(command.restore);
    else this.#start(command.start, command.header).run();
  }

  #start(mode: RunMode, header: SnapshotHeader): { run(): void } {
    const { prepared, world } = this;
    try {
      const restored = this.#restoring.isEmpty ? {} : { restored: this.#restoring.finish(header, prepared) };
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
