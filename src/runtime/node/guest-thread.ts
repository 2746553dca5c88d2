/** The I/O thread's handle on a guest thread: starts the worker, owns both rings, turns messages into calls. */
import { Worker } from 'node:worker_threads';
import { FtWasmError, invariant } from '../../errors.js';
import type { AdoptedStream } from '../../gateway/replica-port.js';
import type { StreamId, Ticket } from '../../host/services.js';
import type { Position } from '../../log/entry.js';
import type { SnapshotHeader } from '../../snapshot/index.js';
import { ControlBlock } from '../control.js';
import type {
  Answer,
  GuestCommand,
  GuestInit,
  GuestReport,
  PreparedReport,
  Question,
  RunMode,
  StateDigest,
} from '../guest/protocol.js';
import type { Output } from '../held-outputs.js';
import type { CaptureCost, CaptureEvents, GuestControl } from '../ports.js';
import { createRing, RingReader, RingWriter } from '../ring.js';
import { FromGuest, HeadWriter, MessageReader, SHUTDOWN_HOW, ToGuest } from '../ring-messages.js';
import { RingQueue } from '../ring-queue.js';
import { Slab } from '../slab.js';
import { ClientInput } from './client-input.js';

/** Why a capture fails when the guest's report follows at once. */
export const GUEST_ENDED = 'the guest has ended';

/**
 * A replaying guest that has run out of log sleeps this long at least, in ms: nobody waits for it, and waking it for each batch
 * would cost more than acknowledging the batch does. Going live wakes it at once.
 */
const REPLAY_WAKE_MS = 2;

const TO_GUEST_BYTES = 4 << 20;
const FROM_GUEST_BYTES = 8 << 20;

type Prepared = Extract<PreparedReport, { ok: true }>;

/** What the guest thread tells its owner; all callbacks run on the I/O thread, in guest order. */
export interface GuestEvents extends Partial<CaptureEvents> {
  onBatch(firstEvent: number, lastEvent: number, counter: number, batch: Uint8Array): void;
  onOutput(output: Output): void;
  /** The guest has taken `bytes` of input from `stream`, as of `event`. */
  onConsumed(stream: StreamId, bytes: number, event: number): void;
  /** The guest has taken so many bytes of standard input since the last call; the first call asks for input. */
  onStdinTaken(bytes: number): void;
  onAsk(ticket: Ticket, question: Question): void;
  onStateDigest(digest: StateDigest): void;
  /** The log has answered the call of entry number `event`. */
  onReplayed(event: number, packedArguments: Uint8Array): void;
  /** The log is consumed and the guest runs live, with these gateway streams open. */
  onLive(streams: readonly AdoptedStream[]): void;
  /** The run is over; nothing follows. */
  onReport(report: GuestReport): void;
  /** A burst of messages has been handled: a good moment to write out what it caused. */
  onBurstEnd(): void;
}

export class GuestThread implements GuestControl {
  /** Takes what clients send to a live guest. */
  readonly clients: ClientInput;
  readonly #worker: Worker;
  readonly #control = new ControlBlock();
  readonly #reader: RingReader;
  readonly #queue: RingQueue;
  readonly #events: GuestEvents;
  readonly #head = new HeadWriter();
  readonly #message = new MessageReader();
  readonly #slab = new Slab();
  #reported = false;
  #closed = false;
  #waking = false;
  /** A replaying guest goes on, and what it has sent meanwhile is taken. */
  readonly #wake = (): void => {
    this.#waking = false;
    if (this.#closed) return;
    this.#queue.publish();
    this.#pump();
  };
  #looking = false;
  #header: SnapshotHeader | undefined;
  /** Number of the last capture. */
  #captures = 0;
  /** The owner's name for it, while it is under way. */
  #captureUnderWay: number | undefined;

  private constructor(init: Omit<GuestInit, 'toGuest' | 'fromGuest' | 'control'>, events: GuestEvents) {
    const toGuest = createRing(TO_GUEST_BYTES);
    const fromGuest = createRing(FROM_GUEST_BYTES);
    this.#events = events;
    this.#reader = new RingReader(fromGuest);
    this.#queue = new RingQueue(new RingWriter(toGuest));
    this.clients = new ClientInput(this.#queue);
    const workerData: GuestInit = { ...init, toGuest, fromGuest, control: this.#control.buffer };
    this.#worker = new Worker(new URL('./guest-entry.js', import.meta.url), {
      workerData,
      // Guests recurse as deep as their own limit allows; V8's must be far above it (design.md section 5).
      resourceLimits: { stackSizeMb: 64 },
    });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('the guest thread ended without a report')));
  }

  /** Starts a worker and prepares the module in it. Rejects with the engine's own error (DecodeError, LinkError ...). */
  static async create(
    init: Omit<GuestInit, 'toGuest' | 'fromGuest' | 'control'>,
    events: GuestEvents,
    onProgress?: (done: number, total: number) => void,
  ): Promise<{ guest: GuestThread; prepared: Prepared }> {
    const guest = new GuestThread(init, events);
    try {
      const prepared = await guest.#prepare(onProgress);
      return { guest, prepared };
    } catch (error) {
      await guest.close();
      throw error;
    }
  }

  /** What snapshots of this guest are of; must be told before {@link start}. */
  identify(header: SnapshotHeader): void {
    this.#header = header;
  }

  /** Before {@link start}: the next piece of a state to go on from. */
  restore(piece: Uint8Array): void {
    this.#command({ restore: piece });
  }

  /** Lets the guest run. A state that cannot be restored shows as a report of a fault. */
  start(mode: RunMode): void {
    invariant(this.#header !== undefined, 'a guest was started before it was identified');
    this.#command({ start: mode, header: this.#header });
    this.#listen();
  }

  /** See {@link GuestControl.capture}. */
  capture(capture: number): void {
    if (this.#reported) {
      queueMicrotask(() => this.#events.onCaptureFailed?.(capture, GUEST_ENDED, false));
      return;
    }
    this.#captures++;
    this.#captureUnderWay = capture;
    this.#control.wantCapture(this.#captures);
    this.#look();
  }

  cancelCapture(capture: number): void {
    if (this.#captureUnderWay !== capture) return;
    this.#captureUnderWay = undefined;
    this.#control.wantCapture(0);
    this.#look();
  }

  stateCredit(capture: number, bytes: number): void {
    if (capture !== this.#captureUnderWay) return;
    this.#control.addStateCredit(bytes);
    this.#lookSoon();
  }

  get executed(): Position {
    return this.#control.executed;
  }

  /** Bytes that wait because the guest does not take them fast enough. */
  get queuedBytes(): number {
    return this.#queue.queuedBytes;
  }

  set throttle(level: number) {
    this.#control.throttle = level;
  }

  /** The guest's thread may act on what it logged up to `event`. */
  release(event: number): void {
    this.#control.release(event);
  }

  set paused(value: boolean) {
    this.#control.paused = value;
  }

  batch(bytes: Uint8Array): void {
    this.#queue.send(this.#head.plain(ToGuest.Batch), bytes);
    this.#queue.publishQuietly();
    if (this.#waking) return;
    this.#waking = true;
    setTimeout(this.#wake, REPLAY_WAKE_MS);
  }

  goLive(): void {
    this.#queue.send(this.#head.plain(ToGuest.GoLive));
    this.#queue.publish();
  }

  /** Nothing follows the last batch: a guest that asks for another entry has left its recording. */
  endLog(): void {
    this.#queue.send(this.#head.plain(ToGuest.LogEnd));
    this.#queue.publish();
  }

  /** What the guest has asked by {@link GuestEvents.onAsk}. */
  answer(ticket: Ticket, answer: Answer): void {
    this.#queue.send(this.#head.one(ToGuest.Answer, ticket), new TextEncoder().encode(JSON.stringify(answer)));
    this.#queue.publish();
  }

  /** Standard input; an empty array means its end. */
  stdin(bytes: Uint8Array): void {
    this.#queue.send(this.#head.plain(ToGuest.Stdin), bytes);
    this.#queue.publish();
  }

  /**
   * Asks the guest to end at its next host call or slice; `onReport` follows. Nothing that clients send reaches it from now on.
   * One that sleeps may go on sleeping for `sleepMs`.
   */
  stop(sleepMs = 0): void {
    this.clients.end();
    this.#control.stop();
    this.#queue.send(this.#head.plain(ToGuest.Stop));
    if (sleepMs === 0) this.#queue.publish();
    else setTimeout(this.#wake, sleepMs);
  }

  /** Ends the thread at once. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker.terminate();
  }

  #command(command: GuestCommand): void {
    this.#worker.postMessage(command);
  }

  /** A guest that waits for room in the ring finds it only behind the burst that is being taken. */
  #lookSoon(): void {
    if (this.#looking) return;
    this.#looking = true;
    queueMicrotask(() => {
      this.#looking = false;
      this.#look();
    });
  }

  /** The guest is to look at the control block. */
  #look(): void {
    this.#queue.send(this.#head.plain(ToGuest.Look));
    this.#queue.publish();
  }

  #prepare(onProgress?: (done: number, total: number) => void): Promise<Prepared> {
    return new Promise((resolve, reject) => {
      this.#worker.on('message', (message: PreparedReport | { progress: [number, number] }) => {
        if ('progress' in message) onProgress?.(...message.progress);
        else if (message.ok) resolve(message);
        else reject(new FtWasmError(message.code, message.message, message.details));
      });
      this.#worker.once('error', reject);
    });
  }

  #listen(): void {
    if (this.#closed) return;
    this.#reader.onMessage(() => {
      this.#pump();
      this.#listen();
    });
  }

  #pump(): void {
    const count = this.#reader.drain((bytes) => this.#take(this.#message.load(bytes)));
    if (count > 0) this.#events.onBurstEnd();
  }

  #take(message: MessageReader): undefined {
    switch (message.kind) {
      case FromGuest.Batch:
        this.#events.onBatch(message.f64(0), message.f64(1), message.f64(2), message.bytes(3).slice());
        break;
      case FromGuest.Stdio: {
        const fd = message.small === 1 ? 1 : 2;
        this.#events.onOutput({ kind: 'stdio', fd, bytes: this.#slab.copy(message.bytes(1)), event: message.f64(0) });
        break;
      }
      case FromGuest.Send: {
        const bytes = this.#slab.copy(message.bytes(2));
        this.#events.onOutput({ kind: 'send', stream: message.f64(0), bytes, event: message.f64(1) });
        break;
      }
      case FromGuest.Shutdown: {
        const how = SHUTDOWN_HOW[message.small];
        this.#events.onOutput({ kind: 'shutdown', stream: message.f64(0), how, event: message.f64(1) });
        break;
      }
      case FromGuest.Close:
        this.#events.onOutput({ kind: 'close', stream: message.f64(0), event: message.f64(1) });
        break;
      case FromGuest.Consumed:
        this.#events.onConsumed(message.f64(0), message.u32, message.f64(1));
        break;
      case FromGuest.StdinTaken:
        this.#events.onStdinTaken(message.u32);
        break;
      case FromGuest.Ask:
        this.#events.onAsk(message.f64(0), jsonOf(message, 1) as Question);
        break;
      case FromGuest.StateDigest:
        this.#events.onStateDigest(jsonOf(message) as StateDigest);
        break;
      case FromGuest.Replayed:
        this.#events.onReplayed(message.f64(0), message.bytes(1).slice());
        break;
      case FromGuest.Live:
        this.#events.onLive(jsonOf(message) as AdoptedStream[]);
        break;
      case FromGuest.State:
        this.#state(message.u32, message.bytes(0), message.small === 1);
        break;
      case FromGuest.Captured: {
        const capture = this.#captureOf(message.u32);
        const cost = jsonOf(message, 2) as CaptureCost;
        if (capture !== undefined) this.#events.onCaptured?.(capture, message.f64(0), message.f64(1), cost);
        break;
      }
      case FromGuest.CaptureFailed: {
        const capture = this.#captureOf(message.u32);
        if (capture !== undefined) this.#captureFails(capture, new TextDecoder().decode(message.bytes(0).slice()));
        break;
      }
      case FromGuest.Report:
        this.#report(jsonOf(message) as GuestReport);
        break;
    }
  }

  /** The capture of that number, if the owner still wants it. */
  #captureOf(number: number): number | undefined {
    return number === this.#captures ? this.#captureUnderWay : undefined;
  }

  #state(number: number, piece: Uint8Array, last: boolean): void {
    const capture = this.#captureOf(number);
    if (capture === undefined) return;
    if (last) this.#captureUnderWay = undefined;
    else this.#lookSoon();
    this.#events.onState?.(capture, piece, last);
  }

  #captureFails(capture: number, reason: string): void {
    this.#captureUnderWay = undefined;
    this.#events.onCaptureFailed?.(capture, reason, false);
  }

  #report(report: GuestReport): void {
    if (this.#reported) return;
    this.#reported = true;
    if (this.#captureUnderWay !== undefined) this.#captureFails(this.#captureUnderWay, GUEST_ENDED);
    this.#events.onReport(report);
  }

  #fail(error: Error): void {
    if (this.#closed) return;
    // A report may still be in the ring: the thread publishes it before it ends.
    this.#pump();
    this.#report({ kind: 'fault', code: 'FTW_HOST', message: `the guest thread failed: ${error.message}` });
  }
}

function jsonOf(message: MessageReader, fields: 0 | 1 | 2 = 0): unknown {
  return JSON.parse(new TextDecoder().decode(message.bytes(fields).slice()));
}
