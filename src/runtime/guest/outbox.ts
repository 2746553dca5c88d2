/**
 * What leaves the guest thread: log batches and outputs. Entries gather here and travel as one batch when the guest
 * blocks, when there are many, or when the oldest has waited long enough; outputs ride in the same burst.
 */
import type { AdoptedStream } from '../../gateway/replica-port.js';
import { gatewayOf } from '../../gateway/stream-id.js';
import type { HostClock, OutputSink, StreamId, Ticket } from '../../host/services.js';
import { encodeBatch } from '../../log/codec.js';
import type { Entry, LoggedValue, Position } from '../../log/entry.js';
import type { LogSink } from '../../record/session.js';
import type { ControlBlock } from '../control.js';
import type { CaptureCost } from '../ports.js';
import type { RingWriter } from '../ring.js';
import { FromGuest, HeadWriter, SHUTDOWN_HOW, type ShutdownHow } from '../ring-messages.js';
import { type Background, NO_BACKGROUND } from './background.js';
import type { Question, StateDigest } from './protocol.js';
import type { StreamTable } from './streams.js';

/** A batch leaves at this many entries, bytes of results, or nanoseconds of age, whichever comes first. */
const BATCH_ENTRIES_MAX = 128;
const BATCH_BYTES_MAX = 64 * 1024;
const BATCH_AGE_NS = 200_000n;
/** Longest single pause that lag control puts into the guest, in ms: short, so that slowing down is smooth. */
const THROTTLE_PAUSE_MS = 5;
/** Of a state and everything else in the ring, before another piece: sending so many takes about half a millisecond. */
const STATE_BYTES_AHEAD_MAX = 512 << 10;

export interface OutboxOptions {
  /** Whether entries are logged at all (replication or recording). */
  readonly logging: boolean;
}

export class Outbox implements OutputSink, LogSink {
  readonly #head = new HeadWriter();
  readonly #ring: RingWriter;
  readonly #control: ControlBlock;
  readonly #streams: StreamTable;
  readonly #clock: HostClock;
  readonly #options: OutboxOptions;
  #entries: Entry[] = [];
  #bytes = 0;
  #since = 0n;
  #event: number;
  #counter: number;
  #resumed: bigint;
  /** Whether somebody may wait for what was written since the last flush, even while this replica replays. */
  #urgent = false;
  /** Bytes that the guest has written to stdio and streams, whether or not they left. */
  outputBytes = 0;
  /** False while this replica replays: outputs are counted by the WASI state, but do not leave (R2). */
  live: boolean;
  /** Gets its turn when the guest has come to a good place. */
  background: Background = NO_BACKGROUND;

  constructor(
    ring: RingWriter,
    control: ControlBlock,
    streams: StreamTable,
    clock: HostClock,
    options: OutboxOptions & { live: boolean },
  ) {
    this.#ring = ring;
    this.#control = control;
    this.#streams = streams;
    this.#clock = clock;
    this.#options = options;
    this.live = options.live;
    this.#event = 0;
    this.#counter = 0;
    this.#resumed = clock.monotonicNs();
  }

  /** Where the log stands when a replayed log ends and this replica begins to write its own. */
  continueFrom(event: number, counter: number): void {
    this.#event = event;
    this.#counter = counter;
  }

  /** Event number of the last entry that has left (live) or arrived (replaying). */
  get loggedEvents(): number {
    return this.#event;
  }

  /** Number of the last entry that was logged, gathered ones included. */
  get lastEvent(): number {
    return this.#event + this.#entries.length;
  }

  append(entry: Entry): void {
    this.#control.setExecuted(entry.counter, this.#event + this.#entries.length + 1);
    if (!this.#options.logging) {
      this.#event++;
      return;
    }
    if (this.#entries.length === 0) this.#since = this.#clock.monotonicNs();
    this.#entries.push(entry);
    this.#bytes += 16 + sizeOf(entry.result);
    if (this.#entries.length >= BATCH_ENTRIES_MAX || this.#bytes >= BATCH_BYTES_MAX || this.#isOld()) this.flush();
  }

  /** Whether the oldest entry has waited long enough: a busy guest that never blocks must not hold up its clients. */
  #isOld(): boolean {
    // Asking the clock costs more than appending, so only every eighth entry does.
    return this.#entries.length % 8 === 0 && this.#clock.monotonicNs() - this.#since >= BATCH_AGE_NS;
  }

  /** Ships the gathered entries, publishes everything written, and obeys pause and throttle. */
  flush(): void {
    if (this.#entries.length > 0) {
      const entries = this.#entries;
      const batch = encodeBatch(this.#event + 1, this.#counter, entries);
      const first = this.#event + 1;
      this.#event += entries.length;
      this.#counter = entries[entries.length - 1].counter;
      this.#ring.writeBlocking(this.#head.three(FromGuest.Batch, first, this.#event, this.#counter), batch);
      this.#entries = [];
      this.#bytes = 0;
    }
    // What a backup retains is looked at when the next batch comes.
    if (this.live || this.#urgent) this.#ring.publish();
    else this.#ring.publishQuietly();
    this.#urgent = false;
    this.#control.waitWhilePaused();
    this.#throttle();
    this.background.tick();
  }

  /** Makes everything written so far visible to the I/O thread. */
  publish(): void {
    this.#ring.publish();
  }

  stdio(fd: 1 | 2, bytes: Uint8Array, event: number): void {
    this.outputBytes += bytes.length;
    this.#urgent = true;
    this.#ring.writeBlocking(this.#head.one(FromGuest.Stdio, event, fd), bytes);
  }

  send(stream: StreamId, bytes: Uint8Array, event: number): void {
    this.outputBytes += bytes.length;
    this.#streams.sent(stream, bytes.length);
    if (this.#leaves(stream)) this.#ring.writeBlocking(this.#head.two(FromGuest.Send, stream, event), bytes);
  }

  shutdown(stream: StreamId, how: ShutdownHow, event: number): void {
    const small = SHUTDOWN_HOW.indexOf(how);
    if (this.#leaves(stream)) this.#ring.writeBlocking(this.#head.two(FromGuest.Shutdown, stream, event, small));
  }

  close(stream: StreamId, event: number): void {
    this.#streams.forget(stream);
    if (this.#leaves(stream)) this.#ring.writeBlocking(this.#head.two(FromGuest.Close, stream, event));
  }

  /** Tells the I/O thread that the guest took input, so that it lets the client send more. */
  consumed(stream: StreamId, bytes: number): void {
    // The entry of the call that takes them comes next: before that is acknowledged, a successor may need them again.
    const event = this.#event + this.#entries.length + 1;
    this.#ring.writeBlocking(this.#head.two(FromGuest.Consumed, stream, event, 0, bytes));
  }

  /** Tells the I/O thread that the guest took standard input, or wants some. */
  stdinTaken(bytes: number): void {
    this.#ring.writeBlocking(this.#head.plain(FromGuest.StdinTaken, 0, bytes));
  }

  /** Asks the I/O thread for something that takes its time. */
  ask(ticket: Ticket, question: Question): void {
    const body = new TextEncoder().encode(JSON.stringify(question));
    this.#ring.writeBlocking(this.#head.one(FromGuest.Ask, ticket), body);
  }

  stateDigest(digest: StateDigest): void {
    this.#urgent = true;
    const body = new TextEncoder().encode(JSON.stringify(digest));
    this.#ring.writeBlocking(this.#head.plain(FromGuest.StateDigest), body);
  }

  /** A call that the log answered: its entry's number, its arguments packed. */
  replayed(event: number, packed: Uint8Array): void {
    this.#ring.writeBlocking(this.#head.one(FromGuest.Replayed, event), packed);
  }

  /** Whether a piece of a state may be written: outputs must not wait until much of it has been taken and sent. */
  get hasRoomForState(): boolean {
    return this.#ring.pending <= STATE_BYTES_AHEAD_MAX;
  }

  state(capture: number, piece: Uint8Array, last: boolean): void {
    this.#ring.writeBlocking(this.#head.plain(FromGuest.State, last ? 1 : 0, capture), piece);
  }

  /** The state of capture is that of this place among batches and outputs. */
  captured(capture: number, { event, counter }: Position, cost: CaptureCost): void {
    const body = new TextEncoder().encode(JSON.stringify(cost));
    this.#ring.writeBlocking(this.#head.two(FromGuest.Captured, event, counter, 0, capture), body);
  }

  captureFailed(capture: number, reason: string): void {
    this.#ring.writeBlocking(this.#head.plain(FromGuest.CaptureFailed, 0, capture), new TextEncoder().encode(reason));
    this.#ring.publish();
  }

  /** Tells the I/O thread that this replica now runs live, with these streams open. */
  announceLive(streams: readonly AdoptedStream[]): void {
    this.live = true;
    this.#ring.writeBlocking(this.#head.plain(FromGuest.Live), new TextEncoder().encode(JSON.stringify(streams)));
    this.#ring.publish();
  }

  /** The last message of a run: how it ended, as JSON. */
  report(report: unknown): void {
    this.flush();
    // The arguments of a call that diverged may be 64 bits wide, which JSON cannot carry as a number.
    const text = JSON.stringify(report, (_key, value) => (typeof value === 'bigint' ? String(value) : value));
    this.#ring.writeBlocking(this.#head.plain(FromGuest.Report), new TextEncoder().encode(text));
    this.#ring.publish();
  }

  /** While replaying, only what a gateway may ask for after a failover goes to the I/O thread. */
  #leaves(stream: StreamId): boolean {
    return this.live || gatewayOf(stream) !== undefined;
  }

  /** Sleeps so that the guest runs for (1 - level) of the time since the last call (R8). */
  #throttle(): void {
    const level = this.#control.throttle;
    if (level > 0) {
      const ranMs = Number(this.#clock.monotonicNs() - this.#resumed) / 1e6;
      const pauseMs = Math.min(THROTTLE_PAUSE_MS, (ranMs * level) / (1 - level));
      if (pauseMs >= 0.05) this.#control.sleep(pauseMs);
    }
    this.#resumed = this.#clock.monotonicNs();
  }
}

function sizeOf(value: LoggedValue): number {
  if (value instanceof Uint8Array) return value.length;
  if (typeof value === 'string') return value.length;
  if (!Array.isArray(value)) return 8;
  let size = 0;
  for (const item of value) size += sizeOf(item);
  return size;
}
