/**
 * LEB128 integers as WebAssembly defines them (core spec 5.2.2): at most ceil(N/7) bytes, and the unused bits of the
 * last byte must be zero (unsigned) or copies of the sign (signed). Non-minimal encodings within that are legal.
 */
import { DecodeError } from '../errors.js';

/** Anything with a position in a byte buffer: {@link ByteReader} is one. `end` is exclusive. */
export interface ByteCursor {
  readonly bytes: Uint8Array;
  pos: number;
  readonly end: number;
}

function truncated(cursor: ByteCursor, type: string): never {
  const expected = `a ${type} LEB128 integer`;
  throw new DecodeError('FTW_MALFORMED', cursor.end, `expected ${expected}, found the end of the input`, { expected });
}

function overlong(cursor: ByteCursor, type: string, why: string): never {
  const expected = `a ${type} LEB128 integer`;
  throw new DecodeError('FTW_MALFORMED', cursor.pos - 1, `expected ${expected}, found ${why}`, {
    expected,
    found: why,
  });
}

const TOO_LONG = 'an integer representation that is too long';
const TOO_LARGE = 'an integer that is too large (unused bits are set)';

/** Unsigned 32-bit. @throws DecodeError FTW_MALFORMED */
export function readU32(cursor: ByteCursor): number {
  const { bytes, end } = cursor;
  let pos = cursor.pos;
  if (pos >= end) truncated(cursor, 'u32');
  let byte = bytes[pos++]!;
  let result = byte & 0x7f;
  for (let shift = 7; byte >= 0x80; shift += 7) {
    cursor.pos = pos;
    if (pos >= end) truncated(cursor, 'u32');
    byte = bytes[pos++]!;
    if (shift === 28 && byte > 0x0f) {
      cursor.pos = pos;
      overlong(cursor, 'u32', byte >= 0x80 ? TOO_LONG : TOO_LARGE);
    }
    result |= (byte & 0x7f) << shift;
  }
  cursor.pos = pos;
  return result >>> 0;
}

/** Signed 32-bit. @throws DecodeError FTW_MALFORMED */
export function readS32(cursor: ByteCursor): number {
  let result = 0;
  for (let shift = 0; ; shift += 7) {
    if (cursor.pos >= cursor.end) truncated(cursor, 's32');
    const byte = cursor.bytes[cursor.pos++]!;
    if (shift === 28) checkLastSigned(cursor, byte, 4, 's32');
    result |= (byte & 0x7f) << shift;
    if (byte < 0x80) return shift < 28 ? (result << (25 - shift)) >> (25 - shift) : result;
  }
}

/** Signed 33-bit, used by block types: a non-negative value is a type index. @throws DecodeError FTW_MALFORMED */
export function readS33(cursor: ByteCursor): number {
  let result = 0;
  for (let shift = 0; ; shift += 7) {
    if (cursor.pos >= cursor.end) truncated(cursor, 's33');
    const byte = cursor.bytes[cursor.pos++]!;
    if (shift === 28) checkLastSigned(cursor, byte, 5, 's33');
    result += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return byte & 0x40 ? result - 2 ** (shift + 7) : result;
  }
}

/** Halves of the last 64-bit integer read; one record, reused, so that no BigInt is needed on hot paths. */
const lanes = { lo: 0, hi: 0, lastShift: 0 };

/** Collects the payload bits of up to ten bytes into {@link lanes}; `signed` selects the check of the tenth. */
function readLanes(cursor: ByteCursor, signed: boolean): void {
  let lo = 0;
  let hi = 0;
  for (let shift = 0; ; shift += 7) {
    if (cursor.pos >= cursor.end) truncated(cursor, signed ? 's64' : 'u64');
    const byte = cursor.bytes[cursor.pos++]!;
    if (shift === 63) checkLast64(cursor, byte, signed);
    const payload = byte & 0x7f;
    if (shift < 28) lo |= payload << shift;
    else if (shift === 28) {
      lo |= payload << 28;
      hi |= payload >>> 4;
    } else hi |= payload << (shift - 32);
    if (byte < 0x80) {
      lanes.lo = lo;
      lanes.hi = hi;
      lanes.lastShift = shift;
      return;
    }
  }
}

function checkLast64(cursor: ByteCursor, byte: number, signed: boolean): void {
  if (signed) checkLastSigned(cursor, byte, 1, 's64');
  else if (byte > 1) overlong(cursor, 'u64', byte >= 0x80 ? TOO_LONG : TOO_LARGE);
}

/** The last possible byte of a signed integer carries `bits` value bits; the rest must repeat the sign bit. */
function checkLastSigned(cursor: ByteCursor, byte: number, bits: number, type: string): void {
  if (byte >= 0x80) overlong(cursor, type, TOO_LONG);
  const extension = byte >> (bits - 1);
  if (extension !== 0 && extension !== 0x7f >> (bits - 1)) overlong(cursor, type, TOO_LARGE);
}

/** Unsigned 64-bit. @throws DecodeError FTW_MALFORMED */
export function readU64(cursor: ByteCursor): bigint {
  readLanes(cursor, false);
  return (BigInt(lanes.hi >>> 0) << 32n) | BigInt(lanes.lo >>> 0);
}

/** Signed 64-bit. @throws DecodeError FTW_MALFORMED */
export function readS64(cursor: ByteCursor): bigint {
  readLanes(cursor, true);
  const value = (BigInt(lanes.hi >>> 0) << 32n) | BigInt(lanes.lo >>> 0);
  return BigInt.asIntN(Math.min(lanes.lastShift + 7, 64), value);
}

/** Checks and skips a signed 64-bit integer without making a BigInt. @throws DecodeError FTW_MALFORMED */
export function skipS64(cursor: ByteCursor): void {
  readLanes(cursor, true);
}

/** Bytes that {@link writeU32} takes for `value` (1 to 5). */
export function sizeOfU32(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
}

/** Writes the minimal form of an unsigned 32-bit integer at `at`; returns the position after it. */
export function writeU32(out: Uint8Array, at: number, value: number): number {
  let rest = value >>> 0;
  while (rest >= 0x80) {
    out[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  out[at++] = rest;
  return at;
}

/** Writes an unsigned 32-bit integer in exactly five bytes, so that it can be patched later. */
export function writeU32Padded(out: Uint8Array, at: number, value: number): number {
  out[at] = (value & 0x7f) | 0x80;
  out[at + 1] = ((value >>> 7) & 0x7f) | 0x80;
  out[at + 2] = ((value >>> 14) & 0x7f) | 0x80;
  out[at + 3] = ((value >>> 21) & 0x7f) | 0x80;
  out[at + 4] = (value >>> 28) & 0x7f;
  return at + 5;
}

/** Writes the minimal form of a signed 32-bit integer at `at`; returns the position after it. */
export function writeS32(out: Uint8Array, at: number, value: number): number {
  let rest = value | 0;
  for (;;) {
    const byte = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && byte < 0x40) || (rest === -1 && byte >= 0x40)) {
      out[at++] = byte;
      return at;
    }
    out[at++] = byte | 0x80;
  }
}

/** Writes the minimal form of a signed integer of up to 64 bits at `at`; returns the position after it. */
export function writeS64(out: Uint8Array, at: number, value: bigint): number {
  let rest = BigInt.asIntN(64, value);
  for (;;) {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    if ((rest === 0n && byte < 0x40) || (rest === -1n && byte >= 0x40)) {
      out[at++] = byte;
      return at;
    }
    out[at++] = byte | 0x80;
  }
}

/** Writes the minimal form of an unsigned integer of up to 64 bits at `at`; returns the position after it. */
export function writeU64(out: Uint8Array, at: number, value: bigint): number {
  let rest = BigInt.asUintN(64, value);
  while (rest >= 0x80n) {
    out[at++] = Number(rest & 0x7fn) | 0x80;
    rest >>= 7n;
  }
  out[at++] = Number(rest);
  return at;
}
