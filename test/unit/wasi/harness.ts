/** A guest without code: a memory, a session and the call table, driven by calling host functions directly. */
import type { GuestMemory, HostWrites } from '../../../src/engine/engine.js';
import { type MemoryServices, memoryServices } from '../../../src/host/memory.js';
import type { HostServices } from '../../../src/host/services.js';
import type { Entry } from '../../../src/log/entry.js';
import { type LogSource, Session } from '../../../src/record/session.js';
import type { WasiConfig } from '../../../src/wasi/config.js';
import type { WasiState } from '../../../src/wasi/state.js';
import { CALL_TABLE } from '../../../src/wasi/table.js';
import { createWasi, type Wasi } from '../../../src/wasi/wasi.js';

const PAGE_BYTES = 65536;

export interface HarnessOptions {
  readonly config?: WasiConfig;
  readonly services?: HostServices;
  /** Replay these entries first; 'live' behind the last one. */
  readonly log?: readonly Entry[];
  /** The import module whose functions are called; preview1 without it. */
  readonly module?: string;
  /** Continue from a snapshot. */
  readonly state?: WasiState;
}

/** A log that says 'live' behind its last entry. */
export function sourceOf(entries: readonly Entry[]): LogSource {
  let next = 0;
  return { next: () => entries[next++] ?? 'live' };
}

export class Harness {
  readonly services: HostServices;
  readonly entries: Entry[] = [];
  readonly session: Session;
  readonly wasi: Wasi;
  readonly bytes = new Uint8Array(2 * PAGE_BYTES);
  readonly view = new DataView(this.bytes.buffer);
  counter = 0;
  /** Where the last call said that it may write: starts and ends. */
  readonly announced: [start: number, end: number][] = [];
  readonly #module: string;
  /** Next free byte for {@link alloc}. */
  #top = 1024;
  readonly #functions = new Map<string, (...args: (number | bigint)[]) => number>();

  constructor(options: HarnessOptions = {}) {
    this.#module = options.module ?? 'wasi_snapshot_preview1';
    this.services = options.services ?? memoryServices();
    const sink = { append: (entry: Entry) => this.entries.push(entry) };
    this.session = new Session(options.log === undefined ? { sink } : { sink, source: sourceOf(options.log) });
    this.wasi = createWasi(options.config ?? { listeners: 1 }, this.services, this.session, options.state);
    const hostWrites: HostWrites = {
      begin: () => {
        this.announced.length = 0;
      },
      range: (start, bytes) => void this.announced.push([start, start + bytes]),
    };
    const memory: GuestMemory = { bytes: this.bytes, view: this.view, hostWrites };
    this.wasi.bindMemory(() => memory);
  }

  /** The fakes behind {@link services}, when the test did not bring its own. */
  get fakes(): MemoryServices {
    return this.services as MemoryServices;
  }

  /** Calls a WASI function; each call is ten instructions further on. */
  call(name: string, ...args: (number | bigint)[]): number {
    this.counter += 10;
    return this.#function(name, args.length)(
      ...args.map((arg) => (typeof arg === 'number' ? arg | 0 : arg)),
      this.counter,
    );
  }

  alloc(length: number): number {
    const at = this.#top;
    this.#top += (length + 15) & ~15;
    return at;
  }

  /** Puts bytes into memory and returns their address and length. */
  put(text: string | Uint8Array): [pointer: number, length: number] {
    const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
    const at = this.alloc(bytes.length);
    this.bytes.set(bytes, at);
    return [at, bytes.length];
  }

  /** One iovec over `[pointer, pointer + length)`; returns its address and the count 1. */
  iovec(pointer: number, length: number): [pointer: number, count: number] {
    const at = this.alloc(8);
    this.view.setUint32(at, pointer, true);
    this.view.setUint32(at + 4, length, true);
    return [at, 1];
  }

  /** An iovec over a copy of `text`. */
  source(text: string): [pointer: number, count: number] {
    return this.iovec(...this.put(text));
  }

  u16(pointer: number): number {
    return this.view.getUint16(pointer, true);
  }

  u32(pointer: number): number {
    return this.view.getUint32(pointer, true);
  }

  u64(pointer: number): bigint {
    return this.view.getBigUint64(pointer, true);
  }

  text(pointer: number, length: number): string {
    return new TextDecoder().decode(this.bytes.subarray(pointer, pointer + length));
  }

  /** Some names have several signatures, told apart by their length. */
  #function(name: string, arity: number): (...args: (number | bigint)[]) => number {
    const key = `${name}/${arity}`;
    let found = this.#functions.get(key);
    if (found === undefined) {
      const fullName = `${this.#module}.${name}`;
      const row = CALL_TABLE.find((one) => one.name === fullName && one.params.length === arity);
      if (row === undefined) throw new Error(`no call ${fullName} with ${arity} arguments`);
      found = this.wasi.imports.resolve(this.#module, name, row.type) as (...args: (number | bigint)[]) => number;
      this.#functions.set(key, found);
    }
    return found;
  }
}
