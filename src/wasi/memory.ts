/** Guest memory with bounds checks: a bad pointer ends the call with EFAULT and never traps or throws to the guest. */
import type { GuestMemory } from '../engine/engine.js';
import { ERRNO } from './abi.js';
import { fail } from './failure.js';

/** Most buffers that one scatter/gather call uses (IOV_MAX of Linux); what lies in others is left for the next call. */
const IOVECS_MAX = 1024;
const IOVEC_BYTES = 8;

/** Fatal: names that are not UTF-8 are refused with EILSEQ, as preview1 strings are UTF-8. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The buffers of one scatter/gather call, as addresses in {@link memory}: views are made only where they are needed. */
export interface Iovecs {
  readonly memory: Uint8Array;
  readonly pointers: readonly number[];
  /** In bytes, none of them zero. */
  readonly lengths: readonly number[];
  /** Sum of the lengths. */
  readonly total: number;
}

const EMPTY_MEMORY: GuestMemory = { bytes: new Uint8Array(0), view: new DataView(new ArrayBuffer(0)) };

export class GuestBytes {
  bytes: Uint8Array = EMPTY_MEMORY.bytes;
  view: DataView = EMPTY_MEMORY.view;
  #writes: GuestMemory['hostWrites'];
  #get: () => GuestMemory | undefined = () => undefined;

  bind(get: () => GuestMemory | undefined): void {
    this.#get = get;
  }

  /** Takes the current view; called at the start of each host call, because the guest may have grown its memory. */
  refresh(): void {
    const memory = this.#get() ?? EMPTY_MEMORY;
    this.bytes = memory.bytes;
    this.view = memory.view;
    this.#writes = memory.hostWrites;
    this.#writes?.begin();
  }

  /** Fails with EFAULT unless `[pointer, pointer + length)` lies in memory. Nothing is written that was not checked. */
  check(pointer: number, length: number): void {
    if (pointer + length > this.bytes.length) fail(ERRNO.FAULT);
    this.#writes?.range(pointer, length);
  }

  slice(pointer: number, length: number): Uint8Array {
    this.check(pointer, length);
    return this.bytes.subarray(pointer, pointer + length);
  }

  u32(pointer: number): number {
    this.check(pointer, 4);
    return this.view.getUint32(pointer, true);
  }

  setU16(pointer: number, value: number): void {
    this.check(pointer, 2);
    this.view.setUint16(pointer, value, true);
  }

  setU32(pointer: number, value: number): void {
    this.check(pointer, 4);
    this.view.setUint32(pointer, value, true);
  }

  setU64(pointer: number, value: bigint): void {
    this.check(pointer, 8);
    this.view.setBigUint64(pointer, value, true);
  }

  /** A UTF-8 string; EILSEQ if it is not, EINVAL if it contains a NUL. */
  string(pointer: number, length: number): string {
    const bytes = this.slice(pointer, length);
    if (bytes.includes(0)) fail(ERRNO.INVAL);
    try {
      return utf8.decode(bytes);
    } catch {
      return fail(ERRNO.ILSEQ);
    }
  }

  /** Reads `count` (pointer, length) pairs. EINVAL for a total that a u32 cannot report. */
  iovecs(pointer: number, count: number): Iovecs {
    this.check(pointer, count * IOVEC_BYTES);
    const pointers: number[] = [];
    const lengths: number[] = [];
    let total = 0;
    const end = pointer + count * IOVEC_BYTES;
    for (let at = pointer; at < end && lengths.length < IOVECS_MAX; at += IOVEC_BYTES) {
      const length = this.view.getUint32(at + 4, true);
      if (length === 0) continue;
      const start = this.view.getUint32(at, true);
      this.check(start, length);
      pointers.push(start);
      lengths.push(length);
      total += length;
    }
    if (total > 0xffffffff) fail(ERRNO.INVAL);
    return { memory: this.bytes, pointers, lengths, total };
  }
}

/** Copies `source` into the buffers, in order; it must fit. */
export function scatter(iovecs: Iovecs, source: Uint8Array): void {
  const { memory, pointers, lengths } = iovecs;
  let at = 0;
  for (let index = 0; at < source.length; index++) {
    const length = lengths[index]!;
    const rest = source.length - at;
    memory.set(at === 0 && rest <= length ? source : source.subarray(at, at + length), pointers[index]!);
    at += Math.min(length, rest);
  }
}

/** The first `length` bytes of the buffers, as one array: a view if a single buffer holds them, else a copy. */
export function gather(iovecs: Iovecs, length = iovecs.total): Uint8Array {
  const { memory, pointers, lengths } = iovecs;
  if (lengths.length > 0 && lengths[0]! >= length) return memory.subarray(pointers[0]!, pointers[0]! + length);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (let index = 0; at < length; index++) {
    const start = pointers[index]!;
    const part = memory.subarray(start, start + Math.min(lengths[index]!, length - at));
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
