import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../../src/bytes/crc32.js';
import { Digest } from '../../../src/bytes/digest.js';

const ascii = (text: string) => new TextEncoder().encode(text);
const counting = (length: number) => Uint8Array.from({ length }, (_, at) => at * 7);

describe('crc32', () => {
  it.each([
    ['', 0],
    ['a', 0xe8b7be43],
    ['123456789', 0xcbf43926],
    ['The quick brown fox jumps over the lazy dog', 0x414fa339],
  ])('of %j', (text, expected) => {
    expect(crc32(ascii(text))).toBe(expected);
  });

  it('is the same in pieces, at any split and alignment', () => {
    const bytes = counting(61);
    const whole = crc32(bytes);
    for (let split = 0; split <= bytes.length; split++) {
      expect(crc32(bytes, split, bytes.length, crc32(bytes, 0, split))).toBe(whole);
    }
  });
});

describe('Digest', () => {
  const hexOf = (feed: (digest: Digest) => unknown) => {
    const digest = new Digest();
    feed(digest);
    return digest.hex();
  };

  it('is frozen: recordings carry it', () => {
    expect(hexOf(() => {})).toBe('ede1521e1388a0fb');
    expect(hexOf((digest) => digest.update(1))).toBe('36aff151e419bb66');
    expect(hexOf((digest) => digest.updateBytes(ascii('hello, world')))).toBe('9b2d966a279a5254');
  });

  it('tells order, length and trailing zeros apart', () => {
    const seen = new Set([
      hexOf((d) => [11, 12].map((word) => d.update(word))),
      hexOf((d) => [12, 11].map((word) => d.update(word))),
      hexOf((d) => d.updateBytes(Uint8Array.of(1))),
      hexOf((d) => d.updateBytes(Uint8Array.of(1, 0))),
      hexOf((d) => d.updateBytes(Uint8Array.of(1, 0, 0, 0))),
      hexOf((d) => d.updateBytes(new Uint8Array(0))),
      hexOf(() => {}),
    ]);
    expect(seen.size).toBe(7);
  });

  it('changes in both halves with every single bit', () => {
    const bytes = counting(96);
    const before = hexOf((digest) => digest.updateBytes(bytes));
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const after = hexOf((digest) => digest.updateBytes(flipped));
      expect(after.slice(0, 8)).not.toBe(before.slice(0, 8));
      expect(after.slice(8)).not.toBe(before.slice(8));
    }
  });

  it('does not depend on alignment, nor on the path for short inputs', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(7), (bytes, shift) => {
      const moved = new Uint8Array(bytes.length + shift);
      moved.set(bytes, shift);
      const direct = hexOf((digest) => digest.updateBytes(bytes));
      expect(hexOf((digest) => digest.updateBytes(moved.subarray(shift)))).toBe(direct);
      const byWords = hexOf((digest) => {
        digest.update(bytes.length);
        for (let at = 0; at < bytes.length; at += 4) {
          const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(at, at + 4);
          digest.update(a | (b << 8) | (c << 16) | (d << 24));
        }
      });
      expect(byWords).toBe(direct);
    });
    fc.assert(property, { seed: 1 });
  });

  it('saves and restores its state, and low32 is its low half', () => {
    const digest = new Digest();
    digest.updateBigInt(-2n);
    const saved = JSON.parse(JSON.stringify(digest.save()));
    digest.update(5);
    const other = new Digest();
    other.restore(saved);
    other.update(5);
    expect(other.hex()).toBe(digest.hex());
    expect(digest.low32().toString(16).padStart(8, '0')).toBe(digest.hex().slice(8));
  });
});
