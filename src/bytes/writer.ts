/** A growable byte buffer with the encodings of the WebAssembly binary format. */
import { invariant } from '../errors.js';
import { writeS32, writeS64, writeU32, writeU32Padded, writeU64 } from './leb128.js';

const utf8 = new TextEncoder();
const SIZE_FIELD_BYTES = 5;

export class ByteWriter {
  private buffer: Uint8Array;
  private used = 0;

  /**
   * `room`: expected size in bytes; a good guess saves copies, a bad one costs only those. Or where to write, as long as it
   * fits there.
   */
  constructor(room: number | Uint8Array = 1024) {
    this.buffer = typeof room === 'number' ? new Uint8Array(Math.max(16, room)) : room;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.used;
  }

  /** What was written so far; a view, valid until the next write. */
  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.used);
  }

  u8(value: number): void {
    if (this.used === this.buffer.length) this.grow(1);
    this.buffer[this.used++] = value;
  }

  u32le(value: number): void {
    this.ensure(4);
    const { buffer, used } = this;
    buffer[used] = value;
    buffer[used + 1] = value >>> 8;
    buffer[used + 2] = value >>> 16;
    buffer[used + 3] = value >>> 24;
    this.used = used + 4;
  }

  u32(value: number): void {
    if (this.used + SIZE_FIELD_BYTES > this.buffer.length) this.grow(SIZE_FIELD_BYTES);
    if (value >>> 0 < 0x80) this.buffer[this.used++] = value;
    else this.used = writeU32(this.buffer, this.used, value);
  }

  s32(value: number): void {
    this.ensure(SIZE_FIELD_BYTES);
    this.used = writeS32(this.buffer, this.used, value);
  }

  /** An opcode of one byte and its only immediate, unsigned: what most injected instructions are. */
  op(opcode: number, immediate: number): void {
    const at = this.used;
    if (at + 1 + SIZE_FIELD_BYTES > this.buffer.length) this.grow(1 + SIZE_FIELD_BYTES);
    const { buffer } = this;
    buffer[at] = opcode;
    if (immediate >>> 0 < 0x80) {
      buffer[at + 1] = immediate;
      this.used = at + 2;
    } else this.used = writeU32(buffer, at + 1, immediate);
  }

  /** The same with a signed immediate. */
  constant(opcode: number, value: number): void {
    const at = this.used;
    if (at + 1 + SIZE_FIELD_BYTES > this.buffer.length) this.grow(1 + SIZE_FIELD_BYTES);
    this.buffer[at] = opcode;
    this.used = writeS32(this.buffer, at + 1, value);
  }

  u64(value: bigint): void {
    this.ensure(10);
    this.used = writeU64(this.buffer, this.used, value);
  }

  s64(value: bigint): void {
    this.ensure(10);
    this.used = writeS64(this.buffer, this.used, value);
  }

  /** A u32 in exactly five bytes, to be replaced by {@link patchU32}. Returns its position. */
  u32Padded(value: number): number {
    this.ensure(SIZE_FIELD_BYTES);
    const at = this.used;
    this.used = writeU32Padded(this.buffer, at, value);
    return at;
  }

  /** Overwrites a field made by {@link u32Padded}. */
  patchU32(at: number, value: number): void {
    invariant(at + SIZE_FIELD_BYTES <= this.used, 'patch of a field that was not written');
    writeU32Padded(this.buffer, at, value);
  }

  /** Appends `source[start, end)`. Short ranges are copied byte by byte: a view object would cost more than the copy. */
  copy(source: Uint8Array, start = 0, end = source.length): void {
    const length = end - start;
    this.ensure(length);
    if (length > 32) {
      this.buffer.set(source.subarray(start, end), this.used);
      this.used += length;
      return;
    }
    const { buffer } = this;
    let used = this.used;
    for (let at = start; at < end; at++) buffer[used++] = source[at]!;
    this.used = used;
  }

  /** Appends all that another one holds. */
  append({ buffer, used }: ByteWriter): void {
    this.ensure(used);
    if (used > 32) this.buffer.set(buffer.subarray(0, used), this.used);
    else for (let at = 0; at < used; at++) this.buffer[this.used + at] = buffer[at]!;
    this.used += used;
  }

  /** A length-prefixed UTF-8 name. */
  name(text: string): void {
    const encoded = utf8.encode(text);
    this.u32(encoded.length);
    this.copy(encoded);
  }

  /** Begins a size-prefixed region; hand the mark to {@link closeSized}. Regions nest. */
  openSized(): number {
    return this.u32Padded(0);
  }

  /** Ends the region: writes its size in minimal form and moves the content up against it. */
  closeSized(mark: number): void {
    const start = mark + SIZE_FIELD_BYTES;
    const contentStart = writeU32(this.buffer, mark, this.used - start);
    if (contentStart === start) return;
    this.buffer.copyWithin(contentStart, start, this.used);
    this.used -= start - contentStart;
  }

  /** The written bytes in a buffer of their own; the writer must not be used afterwards. */
  finish(): Uint8Array {
    return this.used === this.buffer.length ? this.buffer : this.buffer.slice(0, this.used);
  }

  /** Takes back everything after the first `length` bytes; `truncate(0)` makes the writer ready for reuse. */
  truncate(length: number): void {
    invariant(length <= this.used, 'truncation past the end of what was written');
    this.used = length;
  }

  /**
   * The buffer itself, with room for `extra` more bytes at `length`, for loops that write bytes on their own; they report
   * how far they came with {@link advanceTo}. Valid until the next other write.
   */
  reserve(extra: number): Uint8Array {
    this.ensure(extra);
    return this.buffer;
  }

  /** Sets `length` after writes into the buffer that {@link reserve} gave. */
  advanceTo(length: number): void {
    invariant(length >= this.used && length <= this.buffer.length, 'advance beyond what was reserved');
    this.used = length;
  }

  private ensure(extra: number): void {
    if (this.used + extra > this.buffer.length) this.grow(extra);
  }

  private grow(extra: number): void {
    const bigger = new Uint8Array(Math.max(this.buffer.length * 2, this.used + extra));
    bigger.set(this.buffer.subarray(0, this.used));
    this.buffer = bigger;
  }
}
