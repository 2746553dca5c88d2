/**
 * A tiny preview1 host in memory, for testing guests without the runtime: scripted connections, a clock that stands still
 * until told otherwise, random bytes from a counter. The guest runs synchronously; whenever it has nothing left to do it
 * is inside poll_oneoff, and there the script gets its turn.
 */
import { readFileSync } from 'node:fs';
import { type WasmImports, type WasmMemory, WebAssembly } from '../../src/engine/compiled/webassembly.js';

const ERRNO = { success: 0, again: 6, badf: 8, connreset: 15 } as const;
const EVENT_CLOCK = 0;
const EVENT_WRITE = 2;
const SUBSCRIPTION_BYTES = 48;
const EVENT_BYTES = 32;
const FILETYPE_SOCKET_STREAM = 6;
const LISTENER_FD = 3;
const NS_PER_MS = 1_000_000n;

/** Ends the guest from inside a host call. */
class Stop extends Error {}

/** The client's side of one scripted connection. */
export class FakeConnection {
  /** Bytes that the guest can still send before it would block; the script may lower and raise it. */
  window = Number.POSITIVE_INFINITY;
  /** Most bytes that one sock_recv returns. */
  receiveMax = Number.POSITIVE_INFINITY;
  closedByGuest = false;
  reset = false;
  finished = false;
  readonly incoming: Uint8Array[] = [];
  private readonly outgoing: Uint8Array[] = [];

  /** Queues bytes for the guest; a string stands for its Latin-1 bytes. */
  send(data: string | Uint8Array): void {
    this.incoming.push(typeof data === 'string' ? Buffer.from(data, 'latin1') : data);
  }

  /** Takes what the guest has sent since the last time, as a Latin-1 string. */
  received(): string {
    return this.receivedBytes().toString('latin1');
  }

  receivedBytes(): Buffer {
    return Buffer.concat(this.outgoing.splice(0));
  }

  accept(bytes: Uint8Array): void {
    this.outgoing.push(bytes);
    this.window -= bytes.length;
  }

  /** Takes up to `max` bytes for sock_recv. */
  take(max: number): Uint8Array {
    const first = this.incoming[0];
    if (first === undefined) return new Uint8Array();
    const length = Math.min(first.length, max, this.receiveMax);
    if (length === first.length) this.incoming.shift();
    else this.incoming[0] = first.subarray(length);
    return first.subarray(0, length);
  }

  get readable(): boolean {
    return this.incoming.length > 0 || this.finished || this.reset;
  }
}

/** What a test's script does: each `yield` lets the guest run until it is idle. */
export type Script = (host: FakeHost) => Generator<void, void, void>;

export class FakeHost {
  /** Realtime in nanoseconds. */
  now = 1_700_000_000_000n * NS_PER_MS;
  /** How often each host call was made. */
  readonly calls: Record<string, number> = {};
  readonly stderr: string[] = [];
  exitCode: number | undefined;
  /** Subscriptions that all polls together had. */
  subscriptionsPolled = 0;

  private readonly waiting: FakeConnection[] = [];
  private readonly connections = new Map<number, FakeConnection>();
  private readonly script: Generator<void, void, void>;
  private readonly memory: WasmMemory;
  private readonly start: () => void;
  private entropy = 0;

  constructor(
    wasmPath: string,
    script: Script,
    private readonly listeners = 1,
  ) {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(wasmPath)), {
      wasi_snapshot_preview1: this.imports(),
    });
    this.memory = instance.exports['memory'] as WasmMemory;
    this.start = instance.exports['_start'] as () => void;
    this.script = script(this);
  }

  /** Runs the guest until the script ends or the guest exits. */
  run(): void {
    try {
      this.start();
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
    }
  }

  connect(): FakeConnection {
    const connection = new FakeConnection();
    this.waiting.push(connection);
    return connection;
  }

  advanceMs(ms: number): void {
    this.now += BigInt(ms) * NS_PER_MS;
  }

  get openConnections(): number {
    return this.connections.size;
  }

  get memoryBytes(): number {
    return this.memory.buffer.byteLength;
  }

  private get view(): DataView {
    return new DataView(this.memory.buffer);
  }

  private bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, address >>> 0, length);
  }

  private imports(): WasmImports[string] {
    const calls: Record<string, (...args: never[]) => number> = {
      clock_time_get: (_id: number, _precision: bigint, result: number) => {
        this.view.setBigUint64(result, this.now, true);
        return ERRNO.success;
      },
      random_get: (address: number, length: number) => {
        for (let i = 0; i < length; i++) this.bytes(address, length)[i] = this.entropy += 37;
        return ERRNO.success;
      },
      fd_fdstat_get: (fd: number, result: number) => {
        if (fd >= LISTENER_FD + this.listeners) return ERRNO.badf;
        this.bytes(result, 24).fill(0)[0] = FILETYPE_SOCKET_STREAM;
        return ERRNO.success;
      },
      fd_fdstat_set_flags: () => ERRNO.success,
      fd_close: (fd: number) => this.close(fd),
      fd_write: (_fd: number, vectors: number) => this.write(vectors),
      sock_accept: (_fd: number, _flags: number, result: number) => this.accept(result),
      sock_recv: (fd: number, vectors: number, _n: number, _f: number, length: number) =>
        this.receive(fd, vectors, length),
      sock_send: (fd: number, vectors: number, _n: number, _f: number, length: number) =>
        this.send(fd, vectors, length),
      poll_oneoff: (list: number, events: number, count: number, ready: number) =>
        this.poll(list, events, count, ready),
      proc_exit: (code: number) => {
        this.exitCode = code;
        throw new Stop();
      },
    };
    for (const [name, call] of Object.entries(calls)) {
      calls[name] = (...args) => {
        this.calls[name] = (this.calls[name] ?? 0) + 1;
        return call(...args);
      };
    }
    return calls;
  }

  private close(fd: number): number {
    const connection = this.connections.get(fd);
    if (connection === undefined) return ERRNO.badf;
    connection.closedByGuest = true;
    this.connections.delete(fd);
    return ERRNO.success;
  }

  private write(vectors: number): number {
    const address = this.view.getUint32(vectors, true);
    this.stderr.push(Buffer.from(this.bytes(address, this.view.getUint32(vectors + 4, true))).toString());
    return ERRNO.success;
  }

  private accept(result: number): number {
    const connection = this.waiting.shift();
    if (connection === undefined) return ERRNO.again;
    let fd = LISTENER_FD + this.listeners;
    while (this.connections.has(fd)) fd++;
    this.connections.set(fd, connection);
    this.view.setUint32(result, fd, true);
    return ERRNO.success;
  }

  private receive(fd: number, vectors: number, result: number): number {
    const connection = this.connections.get(fd);
    if (connection === undefined) return ERRNO.badf;
    if (connection.reset) return ERRNO.connreset;
    if (!connection.readable) return ERRNO.again;
    const address = this.view.getUint32(vectors, true);
    const data = connection.take(this.view.getUint32(vectors + 4, true));
    this.bytes(address, data.length).set(data);
    this.view.setUint32(result, data.length, true);
    return ERRNO.success;
  }

  private send(fd: number, vectors: number, result: number): number {
    const connection = this.connections.get(fd);
    if (connection === undefined) return ERRNO.badf;
    if (connection.reset) return ERRNO.connreset;
    const length = Math.min(this.view.getUint32(vectors + 4, true), connection.window);
    if (length <= 0) return ERRNO.again;
    connection.accept(this.bytes(this.view.getUint32(vectors, true), length).slice());
    this.view.setUint32(result, length, true);
    return ERRNO.success;
  }

  private poll(list: number, events: number, count: number, ready: number): number {
    this.subscriptionsPolled += count;
    let found = this.collect(list, events, count);
    while (found === 0) {
      // Idle: the script acts, then everything is looked at again.
      if (this.script.next().done) throw new Stop();
      found = this.collect(list, events, count);
    }
    this.view.setUint32(ready, found, true);
    return ERRNO.success;
  }

  private collect(list: number, events: number, count: number): number {
    let found = 0;
    for (let i = 0; i < count; i++) {
      const subscription = (list >>> 0) + i * SUBSCRIPTION_BYTES;
      const tag = this.view.getUint8(subscription + 8);
      if (!(tag === EVENT_CLOCK ? this.isDue(subscription) : this.isReady(subscription, tag))) continue;
      const event = (events >>> 0) + found++ * EVENT_BYTES;
      this.bytes(event, EVENT_BYTES).fill(0);
      this.view.setBigUint64(event, this.view.getBigUint64(subscription, true), true);
      this.view.setUint8(event + 10, tag);
    }
    return found;
  }

  private isDue(subscription: number): boolean {
    const timeout = this.view.getBigUint64(subscription + 24, true);
    const absolute = (this.view.getUint16(subscription + 40, true) & 1) === 1;
    return absolute ? timeout <= this.now : timeout === 0n;
  }

  private isReady(subscription: number, tag: number): boolean {
    const fd = this.view.getUint32(subscription + 16, true);
    if (fd < LISTENER_FD + this.listeners) return this.waiting.length > 0;
    const connection = this.connections.get(fd);
    if (connection === undefined) return true;
    return tag === EVENT_WRITE ? connection.window > 0 || connection.reset : connection.readable;
  }
}
