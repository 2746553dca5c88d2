/**
 * What reaches the guest thread: client stream events while live, log batches while replaying, control messages always.
 * Everything that can block the guest blocks here, on the ring.
 */
import { GuestStop } from '../../engine/engine.js';
import { LogFormatError } from '../../errors.js';
import type {
  HostBarrier,
  HostClock,
  HostInput,
  HostNetwork,
  HostWaiter,
  StreamId,
  Ticket,
} from '../../host/services.js';
import { decodeBatch } from '../../log/codec.js';
import type { Entry } from '../../log/entry.js';
import type { LogSource } from '../../record/session.js';
import type { ControlBlock } from '../control.js';
import type { RingReader } from '../ring.js';
import { MessageReader, ToGuest } from '../ring-messages.js';
import { type Background, NO_BACKGROUND } from './background.js';
import type { Outbox } from './outbox.js';
import type { Answer } from './protocol.js';
import type { StreamTable } from './streams.js';

/** The I/O thread hears of taken input in steps of this many bytes: small traffic costs no message at all. */
const CONSUMED_STEP_BYTES = 32 * 1024;
/** A sleeping guest looks at the stop flag at least this often, in ms. */
const WAIT_MS_MAX = 1000;

export class Inbox implements HostNetwork, HostWaiter, HostBarrier, HostInput, LogSource {
  readonly listenerCount: number;
  readonly #ring: RingReader;
  readonly #streams: StreamTable;
  readonly #outbox: Outbox;
  readonly #control: ControlBlock;
  readonly #clock: HostClock;
  readonly #message = new MessageReader();
  readonly #stdin: Uint8Array[] = [];
  readonly #answers = new Map<Ticket, Answer>();
  #stdinEnded = false;
  #entries: readonly Entry[] = [];
  #nextEntry = 0;
  readonly #batches: Uint8Array[] = [];
  #goLive = false;
  #logEnded = false;
  /** Bytes of standard input taken and not yet reported; undefined until the guest has asked for input. */
  #stdinTaken: number | undefined;
  /** The last event when bytes were taken from a stream: until the next, they are in no log. */
  #takenBehind = -1;
  /** Something has come since {@link wait} returned last: whoever looks at several things one by one may have missed it. */
  #hasNews = false;
  /** Questions without an answer. */
  #asked = 0;
  /** Since when the log has nothing more for the guest. */
  #waitingSinceNs: bigint | undefined;
  waitedForLogNs = 0n;
  /** The first batch may begin with entries that are part of the state that was restored. */
  #mayOverlap = false;
  /** Gets the time that the guest waits. */
  background: Background = NO_BACKGROUND;
  /** Whether the session could make the call under way again. */
  isCallWhole: () => boolean = () => false;

  constructor(ring: RingReader, control: ControlBlock, streams: StreamTable, outbox: Outbox, clock: HostClock) {
    this.listenerCount = streams.listenerCount;
    this.#ring = ring;
    this.#control = control;
    this.#streams = streams;
    this.#outbox = outbox;
    this.#clock = clock;
  }

  /**
   * The next logged entry; blocks while the log is empty (R7). Behind the last one, once told so: 'live' (R6), or 'end' of a
   * recording. Throws LogFormatError for a batch that is damaged or missing.
   */
  next(): Entry | 'live' | 'end' {
    for (;;) {
      if (this.#nextEntry < this.#entries.length) {
        this.background.beforeEntry(this.#entries[this.#nextEntry].counter, this.#canStopCall());
        return this.#takeEntry();
      }
      const batch = this.#batches.shift();
      if (batch !== undefined) {
        const decoded = decodeBatch(batch);
        this.#entries = decoded.entries;
        this.#nextEntry = this.#firstDue(decoded.firstEvent, decoded.lastEvent);
        if (this.#nextEntry < this.#entries.length) this.#outbox.continueFrom(decoded.lastEvent, decoded.lastCounter);
        continue;
      }
      if (this.#goLive) return this.#leaveLog();
      if (this.#logEnded) {
        this.background.beforeEntry(Number.POSITIVE_INFINITY, this.#canStopCall());
        return 'end';
      }
      if (this.#receive() === 0) {
        this.#outbox.flush();
        this.#waitingSinceNs ??= this.#clock.monotonicNs();
        this.#sleep(WAIT_MS_MAX);
      }
    }
  }

  #leaveLog(): 'live' {
    if (this.#waitingSinceNs !== undefined) this.waitedForLogNs = this.#clock.monotonicNs() - this.#waitingSinceNs;
    return 'live';
  }

  pendingAccepts(listener: number): number {
    this.#receive();
    return this.#streams.pendingAccepts(listener);
  }

  accept(listener: number): StreamId | undefined {
    return this.#streams.accept(listener);
  }

  readable(stream: StreamId): number {
    const readable = this.#streams.readable(stream);
    if (readable > 0) return readable;
    this.#receive();
    return this.#streams.readable(stream);
  }

  ended(stream: StreamId): boolean {
    return this.#streams.ended(stream);
  }

  isReset(stream: StreamId): boolean {
    return this.#streams.isReset(stream);
  }

  writable(stream: StreamId): number {
    const writable = this.#streams.writable(stream);
    if (writable > 0) return writable;
    this.#receive();
    return this.#streams.writable(stream);
  }

  receive(stream: StreamId, max: number, peek = false): Uint8Array {
    const bytes = this.#streams.receive(stream, max, peek);
    if (!peek) this.#takenBehind = this.#outbox.lastEvent;
    const taken = this.#streams.takenAtLeast(stream, CONSUMED_STEP_BYTES);
    if (taken > 0) this.#outbox.consumed(stream, taken);
    return bytes;
  }

  read(max: number): Uint8Array | undefined {
    this.#receive();
    const first = this.#stdin.shift();
    if (first === undefined) {
      this.#reportStdin(0);
      return this.#stdinEnded ? new Uint8Array(0) : undefined;
    }
    if (first.length > max) this.#stdin.unshift(first.subarray(max));
    const taken = first.subarray(0, max);
    this.#reportStdin(taken.length);
    return taken;
  }

  wait(deadlineNs: bigint | undefined): void {
    this.#outbox.flush();
    while (!this.#takeNews()) {
      const leftMs = deadlineNs === undefined ? WAIT_MS_MAX : Number(deadlineNs - this.#clock.monotonicNs()) / 1e6;
      if (leftMs <= 0) return;
      this.#sleep(Math.min(leftMs, WAIT_MS_MAX));
    }
  }

  /** A question goes out. */
  asked(): void {
    this.#asked++;
  }

  /** What a question came to, once; undefined while it is under way. */
  takeAnswer(ticket: Ticket): Answer | undefined {
    this.#receive();
    const answer = this.#answers.get(ticket);
    if (answer !== undefined) this.#asked--;
    this.#answers.delete(ticket);
    return answer;
  }

  waitReleased(event: number): void {
    this.#outbox.flush();
    this.#control.waitReleased(event);
    this.#stopIfAsked();
  }

  /** Called at each slice of a computing guest, so that stop, throttle and its gathered entries do not wait for a host call. */
  slice(): void {
    // While replaying, batches stay in the ring: that is what bounds the backup's log (R7).
    if (this.#outbox.live) this.#receive();
    this.#outbox.flush();
    this.#stopIfAsked();
  }

  /** Input is read from the outside world only as the guest asks for it, so that a guest that does not leaves it alone. */
  #reportStdin(bytes: number): void {
    const first = this.#stdinTaken === undefined;
    const taken = (this.#stdinTaken ?? 0) + bytes;
    const due = first || taken >= CONSUMED_STEP_BYTES;
    if (due) this.#outbox.stdinTaken(taken);
    this.#stdinTaken = due ? 0 : taken;
  }

  /** The guest goes on at a restored position, which need not be the end of a batch. */
  continueFrom(event: number, counter: number): void {
    this.#outbox.continueFrom(event, counter);
    this.#control.setExecuted(counter, event);
    this.#mayOverlap = true;
  }

  /** Index of the entry that comes next in a batch. */
  #firstDue(firstEvent: number, lastEvent: number): number {
    const expected = this.#outbox.loggedEvents + 1;
    if (firstEvent === expected) return 0;
    if (this.#mayOverlap && firstEvent < expected) {
      this.#mayOverlap = lastEvent < expected;
      return Math.min(expected - firstEvent, lastEvent + 1 - firstEvent);
    }
    throw new LogFormatError(`the log goes on with event ${firstEvent} where event ${expected} is due`, {
      expected,
      found: firstEvent,
    });
  }

  #takeEntry(): Entry {
    const entry = this.#entries[this.#nextEntry++];
    this.#waitingSinceNs = undefined;
    const left = this.#entries.length - this.#nextEntry;
    this.#control.setExecuted(entry.counter, this.#outbox.loggedEvents - left);
    return entry;
  }

  #sleep(ms: number): void {
    this.#stopIfAsked();
    const restMs = this.background.idle(this.#canStopCall());
    if (restMs > 0) this.#ring.wait(Math.min(ms, restMs));
    this.#stopIfAsked();
  }

  /** Whether the host call that waits here has left no trace yet, so that it can be dropped and made again. */
  #canStopCall(): boolean {
    return this.isCallWhole() && this.#asked === 0 && this.#takenBehind !== this.#outbox.lastEvent;
  }

  #stopIfAsked(): void {
    if (this.#control.stopped) throw new GuestStop({ kind: 'waiting' });
  }

  #takeNews(): boolean {
    this.#receive();
    const had = this.#hasNews;
    this.#hasNews = false;
    return had;
  }

  #receive(): number {
    if (!this.#ring.hasMessage) return 0;
    this.#hasNews = true;
    return this.#ring.drain((bytes) => this.#take(this.#message.load(bytes)));
  }

  #take(message: MessageReader): undefined {
    switch (message.kind) {
      case ToGuest.Open:
        this.#streams.open(message.f64(0), message.u32);
        break;
      case ToGuest.Data:
        this.#streams.data(message.f64(0), message.bytes(1));
        break;
      case ToGuest.Eof:
        this.#streams.end(message.f64(0));
        break;
      case ToGuest.Reset:
        this.#streams.reset(message.f64(0));
        break;
      case ToGuest.Credit:
        this.#streams.credit(message.f64(0), message.u32);
        break;
      case ToGuest.Stdin:
        this.#takeStdin(message.bytes(0).slice());
        break;
      case ToGuest.Batch:
        this.#batches.push(message.bytes(0).slice());
        break;
      case ToGuest.GoLive:
        this.#goLive = true;
        break;
      case ToGuest.Stop:
        this.#control.stop();
        break;
      case ToGuest.Answer:
        this.#answer(message.f64(0), JSON.parse(new TextDecoder().decode(message.bytes(1).slice())) as Answer);
        break;
      case ToGuest.LogEnd:
        this.#logEnded = true;
        break;
      case ToGuest.Look:
        break;
    }
  }

  #answer(ticket: Ticket, answer: Answer): void {
    if ('stream' in answer) this.#streams.connected(answer.stream);
    this.#answers.set(ticket, answer);
  }

  #takeStdin(bytes: Uint8Array): void {
    if (bytes.length === 0) this.#stdinEnded = true;
    else this.#stdin.push(bytes);
  }
}
