import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  readS32,
  readS33,
  readS64,
  readU32,
  readU64,
  sizeOfU32,
  skipS64,
  writeS32,
  writeS64,
  writeU32,
  writeU32Padded,
  writeU64,
} from '../../../src/bytes/leb128.js';
import { DecodeError } from '../../../src/errors.js';

function cursor(hex: string) {
  const bytes = Uint8Array.from(hex.split(' ').filter(Boolean), (byte) => Number.parseInt(byte, 16));
  return { bytes, pos: 0, end: bytes.length };
}

/** The value, or the text after "found" of the error. */
function outcome<T>(read: (c: ReturnType<typeof cursor>) => T, hex: string): T | string {
  const at = cursor(hex);
  try {
    const value = read(at);
    return at.pos === at.end ? value : `stopped at ${at.pos}`;
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    return /found (?:the |an integer (?:representation )?)(end|that is too long|that is too large)/.exec(
      String(error),
    )![1]!;
  }
}

describe('decoding (core spec 5.2.2)', () => {
  it.each([
    ['00', 0],
    ['7f', 127],
    ['80 01', 128],
    ['80 80 80 80 00', 0],
    ['ff ff ff ff 0f', 0xffffffff],
    ['ff ff ff ff 1f', 'that is too large'],
    ['80 80 80 80 80 00', 'that is too long'],
    ['80', 'end'],
    ['', 'end'],
  ])('u32 %s is %s', (hex, expected) => {
    expect(outcome(readU32, hex)).toBe(expected);
  });

  it.each([
    ['3f', 63],
    ['40', -64],
    ['ff 7f', -1],
    ['80 80 80 80 78', -0x80000000],
    ['ff ff ff ff 07', 0x7fffffff],
    ['ff ff ff ff 7f', -1],
    ['ff ff ff ff 0f', 'that is too large'],
    ['ff ff ff ff 4f', 'that is too large'],
    ['80 80 80 80 80 00', 'that is too long'],
    ['ff ff', 'end'],
  ])('s32 %s is %s', (hex, expected) => {
    expect(outcome(readS32, hex)).toBe(expected);
  });

  it.each([
    ['40', -64],
    ['ff ff ff ff 0f', 0xffffffff],
    ['80 80 80 80 70', -0x100000000],
    ['80 80 80 80 20', 'that is too large'],
    ['80 80 80 80 80', 'that is too long'],
  ])('s33 %s is %s', (hex, expected) => {
    expect(outcome(readS33, hex)).toBe(expected);
  });

  it.each([
    ['ff ff ff ff ff ff ff ff ff 01', 0xffffffffffffffffn],
    ['ff ff ff ff ff ff ff ff ff 02', 'that is too large'],
    ['80 80 80 80 80 80 80 80 80 80', 'that is too long'],
  ])('u64 %s is %s', (hex, expected) => {
    expect(outcome(readU64, hex)).toBe(expected);
  });

  it.each([
    ['7f', -1n],
    ['80 80 80 80 80 80 80 80 80 7f', -0x8000000000000000n],
    ['ff ff ff ff ff ff ff ff ff 00', 0x7fffffffffffffffn],
    ['80 80 80 80 08', 0x80000000n],
    ['80 80 80 80 78', -0x80000000n],
    ['ff ff ff ff ff ff ff ff ff 01', 'that is too large'],
    ['ff ff ff ff ff ff ff ff ff 80', 'that is too long'],
  ])('s64 %s is %s', (hex, expected) => {
    expect(outcome(readS64, hex)).toBe(expected);
  });

  it('points at the byte at fault', () => {
    const at = cursor('00 ff ff ff ff 1f');
    at.pos = 1;
    expect(() => readU32(at)).toThrow(/at offset 0x5/);
  });

  it('skips what it would read', () => {
    const at = cursor('80 80 80 80 78 2a');
    skipS64(at);
    expect(at.pos).toBe(5);
    expect(() => skipS64(cursor('ff ff ff ff ff ff ff ff ff 01'))).toThrow(DecodeError);
  });
});

describe('encoding', () => {
  const out = new Uint8Array(16);
  const back = <T>(read: (c: { bytes: Uint8Array; pos: number; end: number }) => T, end: number) =>
    read({ bytes: out, pos: 0, end });

  it('round-trips every type', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (n) => back(readU32, writeU32(out, 0, n >>> 0)) === n >>> 0),
      { seed: 1 },
    );
    fc.assert(
      fc.property(fc.integer(), (n) => back(readS32, writeS32(out, 0, n)) === n),
      { seed: 1 },
    );
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (n) => back(readS64, writeS64(out, 0, n)) === n),
      {
        seed: 1,
      },
    );
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (n) => back(readU64, writeU64(out, 0, n)) === n),
      { seed: 1 },
    );
  });

  it.each([0, 127, 128, 16383, 16384, 2097151, 2097152, 268435455, 268435456, 4294967295])('%i is minimal', (value) => {
    expect(writeU32(out, 0, value)).toBe(sizeOfU32(value));
    expect(writeU32Padded(out, 0, value)).toBe(5);
    expect(back(readU32, 5)).toBe(value);
  });
});
