/**
 * One guest's life on its thread: engine, session and WASI wired to the rings, run to an outcome. Pure: clock, entropy and
 * shared storage of this host are passed in, everything else comes through the rings.
 */
import type { EngineInstance, Outcome, PreparedModule } from '../../engine/engine.js';
import { DivergenceError, FtWasmError, LinkError } from '../../errors.js';
import type { AdoptedStream } from '../../gateway/replica-port.js';
import type { HostFiles } from '../../host/files.js';
import type { HostClock, HostEntropy } from '../../host/services.js';
import { Session } from '../../record/session.js';
import type { WasiState } from '../../wasi/state.js';
import { createWasi } from '../../wasi/wasi.js';
import { ControlBlock } from '../control.js';
import { RingReader, RingWriter } from '../ring.js';
import { GuestDialer } from './dialer.js';
import { Inbox } from './inbox.js';
import { Outbox } from './outbox.js';
import { callPlace, trapPlace } from './places.js';
import type { GuestInit, GuestReport, RunTotals, StateDigest } from './protocol.js';
import { DigestSchedule, memoryDigest } from './state-digests.js';
import { StreamTable } from './streams.js';

/** What of this host the guest's thread may use directly. */
export interface GuestWorld {
  readonly clock: HostClock;
  readonly entropy: HostEntropy;
  readonly files?: HostFiles;
}

/** A guest that is linked and ready to run. */
export class GuestRun {
  readonly #init: GuestInit;
  readonly #prepared: PreparedModule;
  readonly #instance: EngineInstance;
  readonly #session: Session;
  readonly #outbox: Outbox;

  /** Links the module. Throws LinkError naming every import that nothing provides; runs no guest code. */
  constructor(init: GuestInit, world: GuestWorld, prepared: PreparedModule) {
    const { outbox, inbox, streams } = connect(init, world);
    const session = new Session({ sink: outbox, ...(init.mode === 'replay' ? { source: inbox } : {}) });
    const dialer = init.mayConnect ? { dialer: new GuestDialer(inbox, outbox) } : {};
    const services = {
      ...world,
      ...dialer,
      network: inbox,
      stdin: inbox,
      waiter: inbox,
      barrier: inbox,
      output: outbox,
    };
    const wasi = createWasi(init.wasi, services, session);
    const { digestEvery = 0 } = init;
    const digests = new DigestSchedule(digestEvery);
    const instance = prepared.instantiate({
      imports: wasi.imports,
      limits: init.limits,
      sliceFuel: digestEvery > 0 ? Math.min(init.sliceFuel, digestEvery) : init.sliceFuel,
      onSlice: (counter) => {
        if (digests.isDue(counter)) outbox.stateDigest(this.#stateDigest(counter));
        inbox.slice();
      },
      ...(init.fuelMax === undefined ? {} : { fuelMax: init.fuelMax }),
    });
    wasi.bindMemory(() => memoryOf(instance));
    session.onLive(() => outbox.announceLive(streams.adopt(openStreams(wasi.state))));
    this.#init = init;
    this.#prepared = prepared;
    this.#instance = instance;
    this.#session = session;
    this.#outbox = outbox;
  }

  /** Runs the guest to its end and reports that on the ring. Blocks the calling thread for all that time. */
  run(): void {
    this.#outbox.report(this.#execute());
  }

  #execute(): GuestReport {
    const { module } = this.#init;
    try {
      const outcome = runCommand(this.#instance, this.#prepared);
      const place = trapPlace(outcome, module);
      return { kind: 'outcome', outcome: printable(outcome), ...(place && { place }), ...this.#totals() };
    } catch (error) {
      if (error instanceof DivergenceError) {
        const place = callPlace(this.#instance, error, module);
        const { message, details } = error;
        return { kind: 'diverged', message, details, ...(place && { place }), ...this.#totals() };
      }
      if (error instanceof FtWasmError) return { kind: 'fault', code: error.code, message: error.message };
      // Not an operating error: a bug in this program, so the stack is worth its lines in the log.
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { kind: 'fault', code: 'FTW_HOST', message };
    }
  }

  #totals(): RunTotals {
    const { position, hostCalls, digest } = this.#session;
    const wanted = this.#init.digestEvery !== undefined;
    return {
      position,
      digest: digest.hex(),
      hostCalls,
      outputBytes: this.#outbox.outputBytes,
      ...(wanted ? { memoryDigest: memoryDigest(this.#instance.memory) } : {}),
    };
  }

  #stateDigest(counter: number): StateDigest {
    const { event, digest } = this.#session;
    return { counter, event, digest: digest.hex(), memory: memoryDigest(this.#instance.memory) };
  }
}

function connect(init: GuestInit, { clock }: GuestWorld) {
  const control = new ControlBlock(init.control);
  const streams = new StreamTable(init.wasi.listeners ?? 0);
  const options = { logging: init.logging, live: init.mode === 'live' };
  const outbox = new Outbox(new RingWriter(init.fromGuest), control, streams, clock, options);
  return { streams, outbox, inbox: new Inbox(new RingReader(init.toGuest), control, streams, outbox, clock) };
}

/**
 * A WASI command: its start function if any, then `_start` (WASI application ABI).
 * @throws LinkError if it has neither, as a reactor: it would do nothing, and seem to have succeeded
 */
function runCommand(instance: EngineInstance, prepared: PreparedModule): Outcome {
  const started = instance.start();
  const hasEntry = prepared.exports.some(({ name, kind }) => kind === 'func' && name === '_start');
  if (started.kind === 'returned' && hasEntry) return instance.call('_start', []);
  // Entering a start function counts.
  if (started.counter > 0) return started;
  throw new LinkError('the module is no WASI command: it has neither a _start export nor a start function');
}

/** Client streams that the guest holds, from the replicated state. */
function openStreams(state: WasiState): AdoptedStream[] {
  return state.descriptors.flatMap((descriptor) => {
    if (descriptor?.kind !== 'stream') return [];
    const { stream, inputOffset, outputOffset } = descriptor;
    return [{ stream, inputOffset, outputOffset }];
  });
}

function memoryOf(instance: EngineInstance) {
  const { memory } = instance;
  if (memory === undefined) throw new FtWasmError('FTW_LINK', 'the guest called a WASI function, but has no memory');
  return memory;
}

/** Results may be bigint, which JSON cannot carry; a command has none. */
function printable(outcome: Outcome): Outcome {
  return outcome.kind === 'returned' ? { ...outcome, values: [] } : outcome;
}
