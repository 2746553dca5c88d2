/**
 * One replica in this thread: the real guest on the real engine behind the real session, streams, output gate and gateway
 * port; only threads and sockets are missing. Whoever owns it decides what is acknowledged, and when it dies.
 */
import type { EngineLimits, Outcome, PreparedModule } from '../../engine/engine.js';
import { FtWasmError } from '../../errors.js';
import { type AdoptedStream, type GuestStreams, ReplicaPort } from '../../gateway/replica-port.js';
import type { HostClock, HostEntropy, StreamId } from '../../host/services.js';
import { Session } from '../../record/session.js';
import type { WasiConfig } from '../../wasi/config.js';
import { createWasi } from '../../wasi/wasi.js';
import type { ClientPort } from '../client-port.js';
import { Clients } from '../clients.js';
import { ControlBlock } from '../control.js';
import { Inbox } from '../guest/inbox.js';
import { Outbox } from '../guest/outbox.js';
import { StreamTable } from '../guest/streams.js';
import { OutputGate } from '../output-gate.js';
import { createRing, RingReader } from '../ring.js';
import { FromGuest, HeadWriter, MessageReader, SHUTDOWN_HOW, ToGuest } from '../ring-messages.js';
import { PumpedReader, PumpedWriter, RingFeed } from './pumped-ring.js';

const RING_BYTES = 1 << 20;
/** Short: a guest that asks again and again instead of sleeping logs all of its questions. */
const SLICE_FUEL = 100_000;
/** What a slice takes of the guest's time. */
const SLICE_MS = 1;

/** What all replicas of one service have in common. */
export interface SimulatedService {
  readonly prepared: PreparedModule;
  readonly limits: EngineLimits;
  readonly wasi: WasiConfig;
  readonly clock: HostClock;
  readonly entropy: HostEntropy;
}

/** A batch as the guest has packed it. */
export interface SimulatedBatch {
  readonly firstEvent: number;
  readonly lastEvent: number;
  readonly bytes: Uint8Array;
}

export interface ReplicaEvents {
  /** The guest sleeps for at most `ms`: the world may run. */
  sleep(ms: number): void;
  /** The guest has been busy for `ms`. */
  busy(ms: number): void;
  /** The guest has consumed its log and runs live. */
  live(streams: readonly AdoptedStream[]): void;
}

/** Clients come through the gateway only. */
const NO_LISTENERS: ClientPort = {
  bind: async () => {},
  serve: () => {},
  emit: () => {},
  consumed: () => {},
  addresses: [],
  connections: 0,
  drained: async () => {},
  close: () => {},
};

export class SimulatedReplica implements GuestStreams {
  readonly port: ReplicaPort;
  readonly gate: OutputGate;
  /** Logged and not taken by the owner yet. */
  readonly batches: SimulatedBatch[] = [];
  readonly #clients: Clients;
  readonly #events: ReplicaEvents;
  readonly #feed: RingFeed;
  readonly #reader: RingReader;
  readonly #control = new ControlBlock();
  readonly #head = new HeadWriter();
  readonly #message = new MessageReader();
  readonly #run: () => Outcome;

  constructor(service: SimulatedService, mode: 'live' | 'replay', events: ReplicaEvents) {
    this.#events = events;
    this.port = new ReplicaPort('simulated', this);
    this.#clients = new Clients(NO_LISTENERS, this.port);
    this.gate = new OutputGate(this.#clients, { write: (_fd, _bytes, done) => done?.() });
    const [toGuest, fromGuest] = [createRing(RING_BYTES), createRing(RING_BYTES)];
    this.#feed = new RingFeed(toGuest);
    this.#reader = new RingReader(fromGuest);
    this.#run = this.#connect(service, mode, toGuest, fromGuest);
  }

  /** Runs the guest until it ends or is stopped. */
  run(): Outcome {
    return this.#run();
  }

  /** Carries messages both ways; false if there was none. */
  pump(): boolean {
    const fed = this.#feed.flush();
    return this.#reader.drain((bytes) => this.#take(this.#message.load(bytes))) > 0 || fed;
  }

  /** The guest ends at its next look at the world. */
  stop(): void {
    this.#control.stop();
  }

  /**
   * The guest has ended: closes its streams, as an operating system would. False if all of them were closed. `epoch`: in which
   * it serves gateways if it has ended before it could go live; they know of streams that it has not heard of.
   */
  closeStreams(epoch: number): boolean {
    const served = this.port.live;
    if (!served) this.serve(epoch, []);
    const open = [...this.port.streams].filter(([, { ended }]) => ended !== 'close');
    for (const [stream] of open) this.port.end(stream, 'close');
    return open.length > 0 || !served;
  }

  batch(bytes: Uint8Array): void {
    this.#feed.send(this.#head.plain(ToGuest.Batch), bytes);
  }

  goLive(): void {
    this.#feed.send(this.#head.plain(ToGuest.GoLive));
  }

  /** Ends the guest's standard input. */
  endStdin(): void {
    this.#feed.send(this.#head.plain(ToGuest.Stdin));
  }

  /** Serves gateways from now on. */
  serve(epoch: number, streams: readonly AdoptedStream[]): void {
    this.#clients.guestLive(epoch, streams, Number.POSITIVE_INFINITY);
  }

  open(stream: StreamId, listener: number): void {
    this.#feed.send(this.#head.one(ToGuest.Open, stream, 0, listener));
  }

  data(stream: StreamId, bytes: Uint8Array): void {
    this.#feed.send(this.#head.one(ToGuest.Data, stream), bytes);
  }

  eof(stream: StreamId): void {
    this.#feed.send(this.#head.one(ToGuest.Eof, stream));
  }

  reset(stream: StreamId): void {
    this.#feed.send(this.#head.one(ToGuest.Reset, stream));
  }

  credit(stream: StreamId, bytes: number): void {
    this.#feed.send(this.#head.one(ToGuest.Credit, stream, 0, bytes));
  }

  #connect(service: SimulatedService, mode: 'live' | 'replay', to: SharedArrayBuffer, from: SharedArrayBuffer) {
    const { prepared, limits, wasi: config, clock, entropy } = service;
    const control = this.#control;
    const streams = new StreamTable(config.listeners ?? 0);
    const writer = new PumpedWriter(from, () => this.pump());
    const outbox = new Outbox(writer, control, streams, clock, { logging: true, live: mode === 'live' });
    const reader = new PumpedReader(to, (ms) => this.#events.sleep(ms));
    const inbox = new Inbox(reader, control, streams, outbox, clock);
    const session = new Session({ sink: outbox, ...(mode === 'replay' ? { source: inbox } : {}) });
    const services = { clock, entropy, network: inbox, stdin: inbox, waiter: inbox, barrier: inbox, output: outbox };
    const wasi = createWasi(config, services, session);
    const instance = prepared.instantiate({
      imports: wasi.imports,
      limits,
      sliceFuel: SLICE_FUEL,
      onSlice: () => {
        inbox.slice();
        if (this.port.live) this.#events.busy(SLICE_MS);
      },
    });
    wasi.bindMemory(() => instance.memory);
    session.onLive(() => {
      const open = wasi.state.descriptors.flatMap((descriptor) =>
        descriptor?.kind === 'stream' ? [{ stream: descriptor.stream, inputOffset: descriptor.inputOffset }] : [],
      );
      outbox.announceLive(streams.adopt(open));
    });
    return (): Outcome => {
      const started = instance.start();
      const outcome = started.kind === 'returned' ? instance.call('_start', []) : started;
      outbox.flush();
      return outcome;
    };
  }

  #take(message: MessageReader): undefined {
    switch (message.kind) {
      case FromGuest.Batch:
        this.batches.push({
          firstEvent: message.f64(0),
          lastEvent: message.f64(1),
          bytes: message.bytes(3).slice(),
        });
        break;
      case FromGuest.Stdio: {
        const fd = message.small === 1 ? 1 : 2;
        this.gate.push({ kind: 'stdio', fd, bytes: message.bytes(1).slice(), event: message.f64(0) });
        break;
      }
      case FromGuest.Send: {
        const bytes = message.bytes(2).slice();
        this.gate.push({ kind: 'send', stream: message.f64(0), bytes, event: message.f64(1) });
        break;
      }
      case FromGuest.Shutdown: {
        const how = SHUTDOWN_HOW[message.small] ?? 'both';
        this.gate.push({ kind: 'shutdown', stream: message.f64(0), how, event: message.f64(1) });
        break;
      }
      case FromGuest.Close:
        this.gate.push({ kind: 'close', stream: message.f64(0), event: message.f64(1) });
        break;
      case FromGuest.Consumed:
        this.#clients.consumed(message.f64(0), message.u32, message.f64(1));
        break;
      case FromGuest.Live:
        this.#events.live(JSON.parse(new TextDecoder().decode(message.bytes(0).slice())) as AdoptedStream[]);
        break;
      case FromGuest.StdinTaken:
        break;
      default:
        throw new FtWasmError('FTW_HOST', `the guest sent a message of kind ${message.kind}`);
    }
  }
}
