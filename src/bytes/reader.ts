/** A bounds-checked reader over a byte range: every failure is a DecodeError that says where and what was expected. */
import { DecodeError } from '../errors.js';
import { type ByteCursor, readS32, readS33, readS64, readU32, readU64, skipS64 } from './leb128.js';

/** Fatal, and a byte-order mark is part of the name: names are compared byte for byte (core spec 5.2.4). */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class ByteReader implements ByteCursor {
  readonly bytes: Uint8Array;
  readonly end: number;
  pos: number;
  /** What is being read, for messages: "type section", "function 12". */
  readonly context: string;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length, context = '') {
    this.bytes = bytes;
    this.pos = start;
    this.end = end;
    this.context = context;
  }

  get remaining(): number {
    return this.end - this.pos;
  }

  get atEnd(): boolean {
    return this.pos >= this.end;
  }

  /** A DecodeError FTW_MALFORMED in this reader's context; throw it. */
  error(expected: string, found: string, offset = this.pos): DecodeError {
    const where = this.context === '' ? '' : `${this.context}: `;
    const details = { expected, found, ...(this.context === '' ? {} : { section: this.context }) };
    return new DecodeError('FTW_MALFORMED', offset, `${where}expected ${expected}, found ${found}`, details);
  }

  /** The next byte without consuming it. */
  peek(expected: string): number {
    if (this.pos >= this.end) throw this.error(expected, 'the end of the input');
    return this.bytes[this.pos]!;
  }

  u8(expected = 'a byte'): number {
    const byte = this.peek(expected);
    this.pos++;
    return byte;
  }

  /** Four bytes, little endian, unsigned. */
  u32le(expected = 'four bytes'): number {
    const at = this.skip(4, expected);
    const { bytes } = this;
    return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
  }

  u32(expected = 'a u32'): number {
    if (this.pos < this.end && this.bytes[this.pos]! < 0x80) return this.bytes[this.pos++]!;
    return this.leb(readU32, expected);
  }

  s32(expected = 'an s32'): number {
    return this.leb(readS32, expected);
  }

  s33(expected = 'an s33'): number {
    return this.leb(readS33, expected);
  }

  u64(expected = 'a u64'): bigint {
    return this.leb(readU64, expected);
  }

  s64(expected = 'an s64'): bigint {
    return this.leb(readS64, expected);
  }

  /** Checks and consumes a signed 64-bit integer without making a BigInt. */
  skipS64(expected = 'an s64'): void {
    this.leb(skipS64, expected);
  }

  /** Consumes `length` bytes and returns the position where they start. */
  skip(length: number, expected: string): number {
    if (length > this.end - this.pos) {
      throw this.error(`${expected} (${length} bytes)`, `only ${this.remaining} bytes before the end`);
    }
    const start = this.pos;
    this.pos += length;
    return start;
  }

  /**
   * The length of a vector whose entries take at least `entryBytesMin` bytes each: a count that cannot fit in what is
   * left fails here, so that callers may allocate by it.
   */
  count(what: string, entryBytesMin = 1): number {
    const at = this.pos;
    const count = this.u32(`the number of ${what}`);
    if (count * entryBytesMin > this.remaining) {
      throw this.error(`${count} ${what}`, `only ${this.remaining} bytes before the end`, at);
    }
    return count;
  }

  /** A length-prefixed UTF-8 name (core spec 5.2.4). */
  name(what: string): string {
    const length = this.u32(`the length of ${what}`);
    const start = this.skip(length, what);
    try {
      return utf8.decode(this.bytes.subarray(start, start + length));
    } catch {
      throw this.error(`${what} in UTF-8`, 'malformed UTF-8 encoding', start);
    }
  }

  private leb<T>(read: (cursor: ByteCursor) => T, expected: string): T {
    const start = this.pos;
    try {
      return read(this);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      const found = typeof error.details['found'] === 'string' ? error.details['found'] : 'the end of the input';
      throw this.error(expected, found, start);
    }
  }
}
