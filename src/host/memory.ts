/** In-memory services for tests and simulations: time that is told, entropy from a seed, clients driven by hand. */
import type {
  HostBarrier,
  HostClock,
  HostEntropy,
  HostInput,
  HostNetwork,
  HostServices,
  HostWaiter,
  OutputSink,
  StreamId,
} from './services.js';

/** A clock that moves only when told to. */
export class ManualClock implements HostClock {
  constructor(
    public realtime = 1_700_000_000_000_000_000n,
    public monotonic = 5_000_000_000n,
  ) {}

  realtimeNs(): bigint {
    return this.realtime;
  }

  monotonicNs(): bigint {
    return this.monotonic;
  }

  advance(ns: bigint): void {
    this.realtime += ns;
    this.monotonic += ns;
  }
}

/** Bytes of a linear congruential generator: equal for equal seeds, good for nothing else. */
export class SeededEntropy implements HostEntropy {
  #state: number;

  constructor(seed = 1) {
    this.#state = seed >>> 0;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => {
      this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
      return this.#state >>> 24;
    });
  }
}

interface FakeStream {
  input: Uint8Array;
  ended: boolean;
  reset: boolean;
  window: number;
}

/** Client connections whose clients are method calls of the test. */
export class MemoryNetwork implements HostNetwork {
  readonly #pending: StreamId[][];
  readonly #streams = new Map<StreamId, FakeStream>();
  #nextStream = 1;

  constructor(readonly listenerCount = 1) {
    this.#pending = Array.from({ length: listenerCount }, () => []);
  }

  /** A client connects; the guest may send it `window` bytes. */
  connect(listener = 0, window = 1 << 20): StreamId {
    const id = this.#nextStream++;
    this.#streams.set(id, { input: new Uint8Array(0), ended: false, reset: false, window });
    this.#pending[listener]!.push(id);
    return id;
  }

  /** The client sends. */
  push(stream: StreamId, bytes: Uint8Array | string): void {
    const added = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
    const fake = this.#get(stream);
    const input = new Uint8Array(fake.input.length + added.length);
    input.set(fake.input);
    input.set(added, fake.input.length);
    fake.input = input;
  }

  /** The client has finished sending. */
  end(stream: StreamId): void {
    this.#get(stream).ended = true;
  }

  reset(stream: StreamId): void {
    this.#get(stream).reset = true;
  }

  setWindow(stream: StreamId, bytes: number): void {
    this.#get(stream).window = bytes;
  }

  pendingAccepts(listener: number): number {
    return this.#pending[listener]?.length ?? 0;
  }

  accept(listener: number): StreamId | undefined {
    return this.#pending[listener]?.shift();
  }

  readable(stream: StreamId): number {
    return this.#get(stream).input.length;
  }

  ended(stream: StreamId): boolean {
    return this.#get(stream).ended;
  }

  isReset(stream: StreamId): boolean {
    return this.#streams.get(stream)?.reset ?? true;
  }

  receive(stream: StreamId, max: number, peek = false): Uint8Array {
    const fake = this.#get(stream);
    const bytes = fake.input.subarray(0, max);
    if (!peek) fake.input = fake.input.subarray(bytes.length);
    return bytes;
  }

  writable(stream: StreamId): number {
    return this.#get(stream).window;
  }

  #get(stream: StreamId): FakeStream {
    return this.#streams.get(stream) ?? { input: new Uint8Array(0), ended: true, reset: true, window: 0 };
  }
}

/** Standard input from chunks; `undefined` in between means "nothing there yet". */
export class MemoryInput implements HostInput {
  readonly #chunks: Uint8Array[] = [];
  closed = false;
  isFile = false;

  constructor(text = '') {
    if (text !== '') this.push(text);
  }

  push(text: string): void {
    this.#chunks.push(new TextEncoder().encode(text));
  }

  read(max: number): Uint8Array | undefined {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return this.closed ? new Uint8Array(0) : undefined;
    if (chunk.length > max) this.#chunks.unshift(chunk.subarray(max));
    return chunk.subarray(0, max);
  }
}

/** Runs a script instead of sleeping: each wait takes the next step, and one too many is a test's mistake. */
export class ScriptedWaiter implements HostWaiter {
  readonly deadlines: (bigint | undefined)[] = [];
  readonly steps: ((deadlineNs: bigint | undefined) => void)[] = [];
  waitedForLogNs = 0n;

  wait(deadlineNs: bigint | undefined): void {
    this.deadlines.push(deadlineNs);
    const step = this.steps.shift();
    if (step === undefined) throw new Error('the guest blocked, but nothing more is going to happen');
    step(deadlineNs);
  }
}

export type MemoryOutputRecord =
  | { kind: 'stdio'; fd: 1 | 2; text: string; event: number }
  | { kind: 'send'; stream: StreamId; text: string; event: number }
  | { kind: 'shutdown'; stream: StreamId; how: 'read' | 'write' | 'both'; event: number }
  | { kind: 'close'; stream: StreamId; event: number };

/** Keeps every output, as text. */
export class MemoryOutput implements OutputSink {
  readonly records: MemoryOutputRecord[] = [];

  stdio(fd: 1 | 2, bytes: Uint8Array, event: number): void {
    this.records.push({ kind: 'stdio', fd, text: decode(bytes), event });
  }

  send(stream: StreamId, bytes: Uint8Array, event: number): void {
    this.records.push({ kind: 'send', stream, text: decode(bytes), event });
  }

  shutdown(stream: StreamId, how: 'read' | 'write' | 'both', event: number): void {
    this.records.push({ kind: 'shutdown', stream, how, event });
  }

  close(stream: StreamId, event: number): void {
    this.records.push({ kind: 'close', stream, event });
  }
}

/** Lets everything through and keeps what was waited for. */
export class OpenBarrier implements HostBarrier {
  readonly events: number[] = [];

  waitReleased(event: number): void {
    this.events.push(event);
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

export interface MemoryServices extends HostServices {
  readonly clock: ManualClock;
  readonly network: MemoryNetwork;
  readonly stdin: MemoryInput;
  readonly waiter: ScriptedWaiter;
  readonly output: MemoryOutput;
  readonly barrier: OpenBarrier;
}

export function memoryServices(listeners = 1, seed = 1): MemoryServices {
  return {
    clock: new ManualClock(),
    entropy: new SeededEntropy(seed),
    network: new MemoryNetwork(listeners),
    stdin: new MemoryInput(),
    waiter: new ScriptedWaiter(),
    output: new MemoryOutput(),
    barrier: new OpenBarrier(),
  };
}
