/**
 * One guest with everything it needs on this machine: its thread, its client listeners, its way out and its counters.
 * Shared by solo services and replicas; whether and when outputs are released is the owner's business.
 */
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DEFAULT_LIMITS } from '../../engine/engine.js';
import { type AdoptedStream, ReplicaPort } from '../../gateway/replica-port.js';
import type { StreamId } from '../../host/services.js';
import { INJECT_VERSION } from '../../inject/options.js';
import { parseAddress } from '../../transport/address.js';
import { Clients } from '../clients.js';
import type { GuestInit, GuestReport, StateDigest } from '../guest/protocol.js';
import type { Manifest } from '../manifest.js';
import type { GuestOptions, ServiceStats } from '../options.js';
import { OutputGate } from '../output-gate.js';
import type { CaptureEvents } from '../ports.js';
import { StdinFlow } from '../stdin-flow.js';
import { ClientListeners } from './client-listeners.js';
import { Dialer } from './dialer.js';
import { type GuestConfig, loadGuestConfig, manifestOf } from './guest-config.js';
import { GuestThread } from './guest-thread.js';
import { StreamStdio } from './process-stdio.js';
import { readModule } from './read-module.js';

/** Instructions between two looks at the control block: a few milliseconds of compiled code. */
const SLICE_FUEL = 5_000_000;

/** What a guest host tells its owner, in guest order. */
export interface GuestHooks extends Partial<CaptureEvents> {
  onBatch(firstEvent: number, lastEvent: number, counter: number, batch: Uint8Array): void;
  onLive(streams: readonly AdoptedStream[]): void;
  onReport(report: GuestReport): void;
  onStateDigest?(digest: StateDigest): void;
  onReplayed?(event: number, packedArguments: Uint8Array): void;
  onStdinFailed?(error: Error): void;
}

/** How a guest is run, besides what its options say. */
export interface GuestMode extends Pick<GuestInit, 'logging' | 'digestEvery' | 'captureAt' | 'tellsArguments'> {
  /** Whether its state may be asked for, or is given to it; default: true. */
  readonly mayBeCaptured?: boolean;
  /** Whether another replica relies on what this one has written to shared storage. */
  readonly replicated?: boolean;
  /** Default: argv[0]. */
  readonly service?: string;
  /** What its snapshots are of, where that does not follow from the options (a recording and a snapshot have their own). */
  readonly manifest?: Manifest;
  /** The guest's configuration, where it does not come from the options (a recording has its own). */
  readonly guest?: GuestConfig;
}

interface Counters {
  logBytes: number;
  report: GuestReport | undefined;
}

interface Parts extends Pick<GuestHost, 'guest' | 'listeners' | 'clients' | 'gate' | 'manifest' | 'name'> {
  readonly config: GuestConfig;
  readonly module: Uint8Array;
  readonly counters: Counters;
  readonly stdin: StdinFlow;
  readonly dialer: Dialer;
  readonly onStdinFailed: GuestHooks['onStdinFailed'];
}

export class GuestHost {
  readonly guest: GuestThread;
  readonly listeners: ClientListeners;
  readonly clients: Clients;
  readonly gate: OutputGate;
  readonly manifest: Manifest;
  /** argv[0], and the default name of the service. */
  readonly name: string;
  /** What the guest was given. */
  readonly config: GuestConfig;
  readonly module: Uint8Array;
  readonly #counters: Counters;
  readonly #stdin: StdinFlow;
  readonly #dialer: Dialer;
  readonly #onStdinFailed: GuestHooks['onStdinFailed'];

  private constructor(parts: Parts) {
    this.guest = parts.guest;
    this.listeners = parts.listeners;
    this.clients = parts.clients;
    this.gate = parts.gate;
    this.manifest = parts.manifest;
    this.name = parts.name;
    this.config = parts.config;
    this.module = parts.module;
    this.#counters = parts.counters;
    this.#stdin = parts.stdin;
    this.#dialer = parts.dialer;
    this.#onStdinFailed = parts.onStdinFailed;
  }

  /** Reads and prepares the module; the guest does not run yet. Rejects with the error of whatever is wrong with it. */
  static async open(options: GuestOptions, how: GuestMode, hooks: GuestHooks): Promise<GuestHost> {
    const bytes = typeof options.module === 'string' ? await readModule(options.module) : options.module;
    const name = options.name ?? (typeof options.module === 'string' ? basename(options.module) : 'guest.wasm');
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const wasi = how.guest ?? (await loadGuestConfig(options, name));
    const stdin = new StdinFlow();
    const counters: Counters = { logBytes: 0, report: undefined };
    // Client events reach a guest that exists only after the listeners do; none comes before `serve`.
    let guest: GuestThread | undefined;
    const events = {
      open: (stream: StreamId, listener: number) => guest?.clients.open(stream, listener),
      data: (stream: StreamId, data: Uint8Array) => guest?.clients.data(stream, data),
      eof: (stream: StreamId) => guest?.clients.eof(stream),
      reset: (stream: StreamId) => guest?.clients.reset(stream),
      credit: (stream: StreamId, credit: number) => guest?.clients.credit(stream, credit),
      burstEnd: () => guest?.clients.burstEnd(),
    };
    const addresses = (options.tcplisten ?? []).map((text) => parseAddress(text, 'tcplisten'));
    const listeners = new ClientListeners(addresses, events);
    const dialer = new Dialer({
      adopt: (socket, adopted) => listeners.adopt(socket, adopted),
      answer: (ticket, answer) => guest?.answer(ticket, answer),
    });
    const clients = new Clients(listeners, new ReplicaPort(how.service ?? name, events, addresses.length));
    const gate = new OutputGate(clients, new StreamStdio(options.stdio));
    const created = await GuestThread.create(
      {
        module: bytes,
        engine: options.engine ?? 'compiled',
        cacheDirectory: options.cacheDirectory,
        limits,
        wasi: wasi.config,
        logging: how.logging,
        sliceFuel: SLICE_FUEL,
        fuelMax: options.fuel,
        digestEvery: how.digestEvery,
        ...(how.captureAt === undefined ? {} : { captureAt: how.captureAt }),
        ...(how.tellsArguments === undefined ? {} : { tellsArguments: how.tellsArguments }),
        stdinIsFile: options.stdinIsFile ?? options.stdin === undefined,
        mayBeCaptured: how.mayBeCaptured ?? true,
        isService: how.replicated === true || addresses.length > 0,
        mayConnect: options.allowConnect ?? false,
        files: { roots: wasi.sharedRoots, durable: how.replicated ?? false },
      },
      {
        onBatch: (first, last, counter, batch) => {
          counters.logBytes += batch.length;
          hooks.onBatch(first, last, counter, batch);
        },
        onOutput: (output) => gate.push(output),
        onConsumed: (stream, consumed, event) => clients.consumed(stream, consumed, event),
        onStdinTaken: (taken) => stdin.taken(taken),
        onAsk: (ticket, question) => dialer.ask(ticket, question),
        onStateDigest: (digest) => hooks.onStateDigest?.(digest),
        onReplayed: (event, packed) => hooks.onReplayed?.(event, packed),
        onLive: (streams) => hooks.onLive(streams),
        onReport: (report) => {
          counters.report = report;
          hooks.onReport(report);
        },
        onState: (capture, piece, last) => hooks.onState?.(capture, piece, last),
        onCaptured: (capture, event, counter, cost) => hooks.onCaptured?.(capture, event, counter, cost),
        onCaptureFailed: (capture, reason, retry) => hooks.onCaptureFailed?.(capture, reason, retry),
        onBurstEnd: () => {},
      },
      options.onProgress,
    );
    guest = created.guest;
    gate.onReleased((event) => created.guest.release(event));
    const manifest = manifestOf(options, limits, wasi, created.prepared.hash);
    const identity = { moduleHash: created.prepared.hash, rewriterVersion: String(INJECT_VERSION) };
    guest.identify({ ...identity, manifest: how.manifest ?? manifest });
    return new GuestHost({
      guest,
      listeners,
      clients,
      gate,
      manifest,
      name,
      counters,
      config: wasi,
      module: bytes,
      stdin,
      dialer,
      onStdinFailed: hooks.onStdinFailed,
    });
  }

  /**
   * Feeds `stdin` to the guest as it asks for it, then ends its standard input; ends it at once without `stdin`. Never
   * rejects: to the guest, input that cannot be read has ended.
   */
  async feedStdin(stdin: AsyncIterable<Uint8Array> | undefined): Promise<void> {
    const flow = this.#stdin;
    try {
      if (stdin === undefined) return;
      await flow.wanted;
      for await (const chunk of stdin) {
        if (chunk.length === 0) continue;
        this.guest.stdin(chunk);
        await flow.given(chunk.length);
      }
    } catch (error) {
      this.#onStdinFailed?.(error as Error);
    } finally {
      this.guest.stdin(new Uint8Array(0));
    }
  }

  stats(epoch: number): ServiceStats {
    const { report, logBytes } = this.#counters;
    const position = report === undefined || report.kind === 'fault' ? this.guest.executed : report.position;
    const ended = report?.kind === 'outcome' ? report : undefined;
    return {
      instructions: ended?.outcome.counter ?? position.counter,
      entries: position.event,
      logBytes,
      outputBytes: this.gate.stats.bytes,
      heldBytes: this.gate.heldBytes,
      connections: this.listeners.connections + this.clients.gateways.streams.size,
      epoch,
      ...(ended === undefined ? {} : { hostCalls: ended.hostCalls, digest: ended.digest }),
    };
  }

  /** Closes every socket, after clients had a chance to take what was released, and ends the thread, but not within `quietMs`. */
  async close(quietMs = 0): Promise<void> {
    const ended = quietMs === 0 ? this.guest.close() : delay(quietMs).then(() => this.guest.close());
    if (quietMs === 0) await ended;
    this.#dialer.close();
    await this.listeners.drained();
    this.listeners.close();
    await ended;
  }
}
