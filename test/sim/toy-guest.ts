/**
 * A guest thread in small: the toy program behind a real Session and a real stream table, run a few host calls at a time.
 * What it tells the I/O thread (batches, outputs, taken input, going live) travels in guest order and takes a moment, so a
 * process that is killed loses what was under way.
 */
import { DivergenceError } from '../../src/errors.js';
import type { AdoptedStream, GuestStreams } from '../../src/gateway/replica-port.js';
import type { StreamId } from '../../src/host/services.js';
import { decodeBatch, encodeBatch } from '../../src/log/codec.js';
import { type Entry, POSITION_ZERO, type Position } from '../../src/log/entry.js';
import { type LogSource, Session } from '../../src/record/session.js';
import { StreamTable } from '../../src/runtime/guest/streams.js';
import type { Output } from '../../src/runtime/held-outputs.js';
import type { CaptureEvents, GuestControl } from '../../src/runtime/ports.js';
import { SafetyError } from './checker.js';
import type { Host } from './host.js';
import type { Random } from './random.js';
import { ToyCapture } from './toy-capture.js';
import { BLOCKED, ToyHost } from './toy-host.js';
import { type HostCall, ToyProgram } from './toy-program.js';
import { importHistory } from './toy-state.js';

/** What the guest's owner hears, in guest order. */
export interface ToyGuestEvents {
  batch(firstEvent: number, lastEvent: number, counter: number, batch: Uint8Array): void;
  output(output: Output): void;
  consumed(stream: StreamId, bytes: number, event: number): void;
  live(streams: readonly AdoptedStream[]): void;
  /** The guest has ended: by itself, or because it was told to stop. */
  exit(stopped: boolean): void;
  /** The guest has come to `event`, live or replaying. */
  logged(entry: Entry, event: number): void;
}

export interface ToyGuestOptions {
  /** It exits after so many requests. */
  readonly requestsMax: number;
  readonly events: ToyGuestEvents;
  readonly captureEvents: CaptureEvents;
  /** Captures say that they are of the event before. */
  readonly captureOffByOne?: boolean;
}

/** A session and the calls that go through it. */
interface Machine {
  readonly session: Session;
  readonly calls: ToyHost;
}

export class ToyGuest implements GuestControl, GuestStreams, LogSource {
  readonly program: ToyProgram;
  throttle = 0;
  /** How much slower than others it is. */
  slowness = 1;
  readonly capturing: ToyCapture;
  readonly #host: Host;
  readonly #random: Random;
  readonly #events: ToyGuestEvents;
  readonly #streams = new StreamTable(1);
  #machine: Machine | undefined;
  readonly #run: Generator<HostCall, void, number>;
  #next: IteratorResult<HostCall, void> | undefined;
  /** From the log, not replayed yet. */
  readonly #entries: { readonly entry: Entry; readonly event: number }[] = [];
  /** Everything logged or replayed. */
  readonly #history: Entry[] = [];
  readonly #pieces: Uint8Array[] = [];
  /** Comes to the position of a restored state: what it does was done elsewhere already. */
  #restoring = false;
  #goLive = false;
  #live = false;
  #stopped = false;
  #paused = false;
  #turnPending = false;
  /** Logged and not on its way to the I/O thread yet. */
  #gathered: Entry[] = [];
  #batchEvent = 0;
  #batchCounter = 0;
  readonly #outbox: (() => void)[] = [];
  #outboxMoving = false;

  constructor(host: Host, random: Random, { requestsMax, events, captureEvents, captureOffByOne }: ToyGuestOptions) {
    this.#host = host;
    this.#random = random;
    this.#events = events;
    this.program = new ToyProgram(requestsMax);
    this.#run = this.program.run();
    const capturable = {
      history: this.#history,
      isOver: () => this.#stopped,
      fixPosition: () => this.#fixPosition(),
      tell: (message: () => void) => this.#tell(message),
    };
    this.capturing = new ToyCapture(host, random, capturable, captureEvents, captureOffByOne ?? false);
  }

  get executed(): Position {
    return this.#machine?.session.position ?? POSITION_ZERO;
  }

  /** Connections that the guest has not closed. */
  get openStreams(): number {
    return this.program.descriptors.filter((descriptor) => descriptor !== undefined).length;
  }

  get paused(): boolean {
    return this.#paused;
  }

  set paused(value: boolean) {
    this.#paused = value;
    if (!value) this.#wake();
  }

  start(mode: 'live' | 'replay'): void {
    if (this.#machine !== undefined) throw new SafetyError(`${this.#host.name} was started twice`);
    this.#live = mode === 'live';
    this.#machine = this.#assemble();
    this.#settle();
    this.#wake();
  }

  restore(piece: Uint8Array): void {
    if (this.#machine !== undefined) throw new SafetyError(`${this.#host.name} was given state while it runs`);
    this.#pieces.push(piece);
  }

  capture(capture: number): void {
    this.capturing.begin(capture);
  }

  cancelCapture(capture: number): void {
    this.capturing.cancel(capture);
  }

  stateCredit(capture: number, bytes: number): void {
    this.capturing.credit(capture, bytes);
  }

  batch(bytes: Uint8Array): void {
    const { entries, firstEvent } = decodeBatch(bytes);
    this.#entries.push(...entries.map((entry, at) => ({ entry, event: firstEvent + at })));
    this.#wake();
  }

  goLive(): void {
    this.#goLive = true;
    this.#wake();
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#tell(() => this.#events.exit(true));
  }

  async close(): Promise<void> {}

  open(stream: StreamId, listener: number): void {
    this.#streams.open(stream, listener);
    this.#wake();
  }

  data(stream: StreamId, bytes: Uint8Array): void {
    this.#streams.data(stream, bytes);
    this.#wake();
  }

  eof(stream: StreamId): void {
    this.#streams.end(stream);
    this.#wake();
  }

  reset(stream: StreamId): void {
    this.#streams.reset(stream);
    this.#wake();
  }

  credit(stream: StreamId, bytes: number): void {
    this.#streams.credit(stream, bytes);
    this.#wake();
  }

  /** The log, for the session while it replays. */
  next(): Entry | 'live' {
    // The first batch behind a state may begin with events that it has already.
    while ((this.#entries[0]?.event ?? Number.POSITIVE_INFINITY) <= this.#batchEvent) this.#entries.shift();
    const entry = this.#entries.shift()?.entry;
    if (entry !== undefined) {
      this.#batchEvent++;
      this.#batchCounter = entry.counter;
      this.#history.push(entry);
      this.#events.logged(entry, this.#batchEvent);
      return entry;
    }
    if (this.#goLive) return 'live';
    throw BLOCKED;
  }

  #assemble(): Machine {
    const session = new Session({
      sink: { append: (entry) => this.#append(entry) },
      ...(this.#live ? {} : { source: this }),
    });
    session.onLive(() => this.#announceLive());
    const hostEvents = {
      output: (output: Output) => this.#output(output),
      consumed: (stream: StreamId, bytes: number, event: number) =>
        this.#tell(() => this.#events.consumed(stream, bytes, event)),
    };
    return { session, calls: new ToyHost(this.program, session, this.#streams, hostEvents, this.#random) };
  }

  /** Comes to where the state it was given was captured. */
  #settle(): void {
    const restored = importHistory(this.#pieces);
    const numbered = restored.map((entry, at) => ({ entry, event: at + 1 }));
    const log = this.#entries.splice(0, Number.POSITIVE_INFINITY, ...numbered);
    this.#restoring = true;
    while (this.executed.event < restored.length && this.#step());
    this.#restoring = false;
    this.#entries.push(...log);
    if (this.executed.event !== restored.length) throw new SafetyError(`${this.#host.name} was not restored`);
  }

  #fixPosition(): Position {
    this.#flush();
    return { event: this.#batchEvent, counter: this.#batchCounter };
  }

  #wake(): void {
    if (this.#turnPending || this.#machine === undefined) return;
    this.#turnPending = true;
    const delayMs =
      this.#random.between(0.05, this.#random.chance(0.05) ? 12 : 1.5) * (1 + 4 * this.throttle) * this.slowness;
    this.#host.scheduler.after(delayMs, () =>
      this.#host.whenRunning(() => {
        this.#turnPending = false;
        if (!this.#paused) this.#turn();
      }),
    );
  }

  /** Some host calls, until the guest blocks. */
  #turn(): void {
    for (let left = this.#random.whole(1, 25); left > 0; left--) {
      if (this.#stopped || !this.#step()) {
        this.#flush();
        return;
      }
      if (this.#random.chance(0.15)) this.#flush();
    }
    this.#flush();
    this.#wake();
  }

  /** One host call; false if the guest blocks or has ended. */
  #step(): boolean {
    this.#next ??= this.#run.next();
    if (this.#next.done) return this.#exit();
    try {
      const result = (this.#machine as Machine).calls.call(this.#next.value);
      this.#next = this.#run.next(result);
      return true;
    } catch (error) {
      if (error === BLOCKED) return false;
      if (error instanceof DivergenceError) throw new SafetyError(`${this.#host.name} diverged: ${error.message}`);
      throw error;
    }
  }

  #exit(): boolean {
    this.#stopped = true;
    this.#flush();
    this.#tell(() => this.#events.exit(false));
    return false;
  }

  #append(entry: Entry): void {
    this.#gathered.push(entry);
    this.#history.push(entry);
    this.#events.logged(entry, this.#batchEvent + this.#gathered.length);
  }

  #flush(): void {
    const last = this.#gathered.at(-1);
    if (last === undefined) return;
    const first = this.#batchEvent + 1;
    const batch = encodeBatch(first, this.#batchCounter, this.#gathered);
    this.#batchEvent += this.#gathered.length;
    this.#batchCounter = last.counter;
    this.#gathered = [];
    const [lastEvent, counter] = [this.#batchEvent, this.#batchCounter];
    this.#tell(() => this.#events.batch(first, lastEvent, counter, batch));
  }

  #announceLive(): void {
    this.#live = true;
    const streams = this.program.descriptors.flatMap((descriptor) => (descriptor === undefined ? [] : [descriptor]));
    const adopted = this.#streams.adopt(
      streams.map(({ stream, inputOffset, outputOffset }) => ({ stream, inputOffset, outputOffset })),
    );
    this.#tell(() => this.#events.live(adopted));
  }

  #output(output: Output): void {
    if (this.#restoring) return;
    if (output.kind === 'send') this.#streams.sent(output.stream, output.bytes.length);
    if (output.kind === 'close') this.#streams.forget(output.stream);
    // While replaying, only what a gateway may ask for after a failover goes to the I/O thread.
    if (this.#live || output.kind !== 'stdio') this.#tell(() => this.#events.output(output));
  }

  #tell(message: () => void): void {
    this.#outbox.push(message);
    if (this.#outboxMoving) return;
    this.#outboxMoving = true;
    this.#host.scheduler.after(this.#random.between(0, 0.3), () =>
      this.#host.whenRunning(() => {
        this.#outboxMoving = false;
        for (const told of this.#outbox.splice(0)) told();
      }),
    );
  }
}
