/**
 * One guest's life on its thread: engine, session and WASI wired to the rings, run to an outcome. Pure: clock, entropy and
 * shared storage of this host are passed in, everything else comes through the rings.
 */
import type { EngineInstance, InstanceOptions, Outcome, PreparedModule } from '../../engine/engine.js';
import type { EngineState } from '../../engine/state.js';
import { DivergenceError, FtWasmError, LinkError } from '../../errors.js';
import type { AdoptedStream } from '../../gateway/replica-port.js';
import type { HostFiles } from '../../host/files.js';
import type { HostClock, HostEntropy } from '../../host/services.js';
import type { CallArgs, CallInfo } from '../../record/call.js';
import { Session } from '../../record/session.js';
import type { SnapshotHeader } from '../../snapshot/index.js';
import { exportContents, exportWithoutContents } from '../../wasi/snapshot.js';
import type { WasiState } from '../../wasi/state.js';
import { createWasi } from '../../wasi/wasi.js';
import { ControlBlock } from '../control.js';
import { RingReader, RingWriter } from '../ring.js';
import type { CaptureSource } from './ahead.js';
import type { CaptureParts, GuestCapture } from './capture.js';
import { GuestDialer } from './dialer.js';
import { Inbox } from './inbox.js';
import type { MarkingSource } from './marking.js';
import { Outbox } from './outbox.js';
import { callPlace, trapPlace } from './places.js';
import type { GuestInit, GuestReport, RunMode, RunTotals, StateDigest } from './protocol.js';
import type { RestoredState, RunSection } from './restored.js';
import { DigestSchedule, memoryDigest } from './state-digests.js';
import { StreamTable } from './streams.js';

/** What of this host the guest's thread may use directly. */
export interface GuestWorld {
  readonly clock: HostClock;
  readonly entropy: HostEntropy;
  readonly files?: HostFiles;
  /** Code in which the guest notes what it writes; without it, copies of a running guest look at all of its memory. */
  readonly markingSource?: MarkingSource;
  /** What captures need, made ahead; without it, they are made in the pause. */
  readonly captureSource?: CaptureSource;
  /** What copies its state while it runs; without it, nobody can ask for that. */
  readonly captures?: (parts: CaptureParts) => GuestCapture;
  /** Packs the arguments of calls that the log answers, where somebody wants to see them. */
  readonly packArguments?: (call: CallInfo, args: CallArgs, memory: Uint8Array) => Uint8Array;
  /** Its ends of the rings, where they are not made here. */
  readonly rings?: { readonly toGuest: RingReader; readonly fromGuest: RingWriter };
}

/** How a run begins. */
export interface GuestStart {
  readonly mode: RunMode;
  /** What snapshots of it are of. */
  readonly header: SnapshotHeader;
  /** Where it goes on; at its beginning without. */
  readonly restored?: RestoredState;
}

/** A guest that is linked and ready to run. */
export class GuestRun {
  readonly #init: GuestInit;
  readonly #prepared: PreparedModule;
  readonly #instance: EngineInstance;
  readonly #session: Session;
  readonly #outbox: Outbox;
  readonly #capture: GuestCapture | undefined;
  readonly #continues: boolean;
  #stage: RunSection['stage'];

  /**
   * Links the module. Throws LinkError naming every import that nothing provides, FTW_SNAPSHOT when what is to be restored
   * does not fit; runs no guest code.
   */
  constructor(init: GuestInit, world: GuestWorld, prepared: PreparedModule, start: GuestStart) {
    const { mode, header, restored } = start;
    const { control, outbox, inbox, streams } = connect(init, world, mode);
    const source = mode === 'replay' ? { source: inbox } : {};
    const session = new Session({ sink: outbox, ...source, ...(restored && { resume: restored.session }) });
    const dialer = init.mayConnect ? { dialer: new GuestDialer(inbox, outbox) } : {};
    const services = {
      ...world,
      ...dialer,
      network: inbox,
      stdin: { read: (max: number) => inbox.read(max), isFile: init.stdinIsFile ?? false },
      waiter: inbox,
      barrier: inbox,
      output: outbox,
    };
    const wasi = createWasi(init.wasi, services, session, restored?.wasi);
    const { digestEvery = 0 } = init;
    const digests = new DigestSchedule(digestEvery, restored?.engine.counter);
    const sliceFuel = sliceOf(init, restored?.engine.counter);
    const options: InstanceOptions = {
      imports: wasi.imports,
      limits: init.limits,
      sliceFuel,
      onSlice: (counter) => {
        if (digests.isDue(counter)) outbox.stateDigest(this.#stateDigest(counter));
        control.setExecuted(counter, session.event);
        this.#capture?.slice(counter);
        inbox.slice();
      },
      onStanding: (stands) => this.#capture?.onStanding(stands),
      ...(init.fuelMax === undefined ? {} : { fuelMax: init.fuelMax }),
    };
    const instance = restored
      ? prepared.restore!({ ...restored.engine, sliceEnd: firstSliceEnd(init, restored.engine, sliceFuel) }, options)
      : prepared.instantiate(options);
    wasi.bindMemory(() => memoryOf(instance));
    const { packArguments } = world;
    if (packArguments !== undefined) {
      session.onReplayed((call, args) =>
        outbox.replayed(session.event, packArguments(call, args, memoryOf(instance).bytes)),
      );
    }
    session.onLive(() => outbox.announceLive(streams.adopt(openStreams(wasi.state))));
    if (restored !== undefined) {
      inbox.continueFrom(restored.session.event, restored.engine.counter);
      outbox.outputBytes = restored.run.outputBytes;
    }
    this.#init = init;
    this.#prepared = prepared;
    this.#instance = instance;
    this.#session = session;
    this.#outbox = outbox;
    this.#continues = restored !== undefined;
    this.#stage = restored?.run.stage ?? 'start';
    this.#capture = world.captures?.({
      ...{ instance, outbox, control, header, clock: world.clock, captureAt: init.captureAt },
      ...{ markingSource: world.markingSource, captureSource: world.captureSource },
      pageSeed: () => new DataView(world.entropy.bytes(8).slice().buffer).getBigInt64(0),
      position: () => ({ event: session.event, counter: instance.counter }),
      files: () => exportContents(wasi.state),
      sections: () => ({
        wasi: exportWithoutContents(wasi.state),
        session: session.state(),
        run: { stage: this.#stage, outputBytes: outbox.outputBytes } satisfies RunSection,
        guest: describeGuest(init),
      }),
    });
    if (this.#capture !== undefined) {
      outbox.background = this.#capture;
      inbox.background = this.#capture;
    }
    inbox.isCallWhole = () => session.isCallWhole;
  }

  /** Runs the guest to its end and reports that on the ring. Blocks the calling thread for all that time. */
  run(): void {
    this.#outbox.report(this.#execute());
  }

  #execute(): GuestReport {
    const { module } = this.#init;
    try {
      const outcome = this.#runCommand();
      const place = trapPlace(outcome, module);
      return { kind: 'outcome', outcome: printable(outcome), ...(place && { place }), ...this.#totals() };
    } catch (error) {
      if (error instanceof DivergenceError) {
        const place = callPlace(this.#instance, error, module);
        const { message, details } = error;
        return { kind: 'diverged', message, details, ...(place && { place }), ...this.#totals() };
      }
      return faultOf(error);
    }
  }

  /**
   * A WASI command: its start function if any, then `_start` (WASI application ABI).
   * @throws LinkError if it has neither, as a reactor: it would do nothing, and seem to have succeeded
   */
  #runCommand(): Outcome {
    const instance = this.#instance;
    const hasEntry = this.#prepared.exports.some(({ name, kind }) => kind === 'func' && name === '_start');
    const first = this.#finish(this.#continues ? instance.resume!() : instance.start());
    if (this.#stage === 'main') return first;
    if (first.kind === 'returned' && hasEntry) {
      this.#stage = 'main';
      return this.#finish(instance.call('_start', []));
    }
    // Entering a start function counts; a segment that does not fit is a trap before.
    if (first.kind !== 'returned' || first.counter > 0) return first;
    throw new LinkError('the module is no WASI command: it has neither a _start export nor a start function');
  }

  /** Captures are no end: the guest goes on. */
  #finish(first: Outcome): Outcome {
    let outcome = first;
    while (outcome.kind === 'captured') {
      this.#capture?.take();
      outcome = this.#instance.resume!();
    }
    return outcome;
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

/** Instructions between two looks at the world; the first one must not miss the place of a capture. */
function sliceOf({ captureAt, digestEvery = 0, sliceFuel }: GuestInit, from = 0): number {
  const usual = digestEvery > 0 ? Math.min(sliceFuel, digestEvery) : sliceFuel;
  return captureAt === undefined ? usual : Math.max(1, captureAt - from);
}

/** Where the restored guest looks up first: where it would have, if that is not far. */
function firstSliceEnd({ captureAt }: GuestInit, { counter, sliceEnd }: EngineState, sliceFuel: number): number {
  return captureAt ?? Math.min(sliceEnd, counter + sliceFuel);
}

/** A guest that cannot be run, for a reason that is known only now. */
export class FailedRun {
  constructor(
    private readonly init: GuestInit,
    private readonly world: GuestWorld,
    private readonly error: unknown,
  ) {}

  /** Reports that on the ring. */
  run(): void {
    connect(this.init, this.world, 'live').outbox.report(faultOf(this.error));
  }
}

function connect(init: GuestInit, { clock, rings }: GuestWorld, mode: RunMode) {
  const control = new ControlBlock(init.control);
  const streams = new StreamTable(init.wasi.listeners ?? 0);
  const writer = rings?.fromGuest ?? new RingWriter(init.fromGuest);
  const outbox = new Outbox(writer, control, streams, clock, { logging: init.logging, live: mode === 'live' });
  const inbox = new Inbox(rings?.toGuest ?? new RingReader(init.toGuest), control, streams, outbox, clock);
  return { control, streams, outbox, inbox };
}

function faultOf(error: unknown): GuestReport {
  if (error instanceof FtWasmError) return { kind: 'fault', code: error.code, message: error.message };
  // Not an operating error: a bug in this program, so the stack is worth its lines in the log.
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { kind: 'fault', code: 'FTW_HOST', message };
}

/** How the guest was started, as a recording's header says it; its files are part of the WASI state, as they are now. */
function describeGuest({ engine, fuelMax, limits, module, wasi }: GuestInit) {
  const preopens = (wasi.preopens ?? []).map((preopen) => ({ ...preopen, entries: [] }));
  return {
    ...{ engine, limits, fuel: fuelMax ?? null, wasi: { ...wasi, preopens } },
    module: { path: null, size: module.length, embedded: false },
  };
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
