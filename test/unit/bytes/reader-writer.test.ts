import { describe, expect, it } from 'vitest';
import { ByteReader } from '../../../src/bytes/reader.js';
import { ByteWriter } from '../../../src/bytes/writer.js';
import { DecodeError } from '../../../src/errors.js';

describe('ByteReader', () => {
  const reader = (bytes: number[]) => new ByteReader(Uint8Array.from(bytes), 0, bytes.length, 'type section');

  it('names context, expectation, finding and offset', () => {
    const at = reader([1]);
    at.u8();
    const read = () => at.u8('a value type');
    expect(read).toThrow('type section: expected a value type, found the end of the input (at offset 0x1)');
    expect(read).toThrow(
      expect.objectContaining({
        code: 'FTW_MALFORMED',
        offset: 1,
        details: expect.objectContaining({ section: 'type section', expected: 'a value type' }),
      }),
    );
  });

  it('refuses a count that cannot fit before anything is allocated by it', () => {
    expect(() => reader([0xff, 0xff, 0xff, 0xff, 0x0f, 0]).count('imports', 4)).toThrow(
      'expected 4294967295 imports, found only 1 bytes before the end (at offset 0x0)',
    );
    expect(() => reader([2, 0, 0, 0]).count('types', 3)).toThrow(DecodeError);
    expect(reader([1, 0, 0, 0]).count('types', 3)).toBe(1);
  });

  it('refuses malformed UTF-8 and keeps a byte-order mark', () => {
    expect(() => reader([2, 0xc0, 0x80]).name('a name')).toThrow(/a name in UTF-8, found malformed UTF-8.*0x1/);
    expect(() => reader([3, 0xed, 0xa0, 0x80]).name('a name')).toThrow(DecodeError);
    expect(() => reader([5, 0x61]).name('a name')).toThrow(/a name \(5 bytes\), found only 1 bytes/);
    expect(reader([3, 0xef, 0xbb, 0xbf]).name('a name')).toBe('\ufeff');
  });

  it('does not read past its own end into the rest of the buffer', () => {
    const at = new ByteReader(Uint8Array.of(0x80, 0x01), 0, 1);
    expect(() => at.u32()).toThrow(DecodeError);
    expect(() => new ByteReader(Uint8Array.of(1, 2, 3, 4), 0, 3).u32le()).toThrow(DecodeError);
    expect(new ByteReader(Uint8Array.of(1, 2, 3, 0x84)).u32le()).toBe(0x84030201);
  });
});

describe('ByteWriter', () => {
  it('grows and reads back', () => {
    const out = new ByteWriter(1);
    out.u8(7);
    out.u32le(0xdeadbeef);
    out.u32(300);
    out.s32(-300);
    out.u64(2n ** 64n - 1n);
    out.s64(-(2n ** 63n));
    out.name('é');
    out.copy(
      Uint8Array.from({ length: 100 }, (_, at) => at),
      10,
      90,
    );
    const back = new ByteReader(out.finish());
    expect(back.u8()).toBe(7);
    expect(back.u32le()).toBe(0xdeadbeef);
    expect(back.u32()).toBe(300);
    expect(back.s32()).toBe(-300);
    expect(back.u64()).toBe(2n ** 64n - 1n);
    expect(back.s64()).toBe(-(2n ** 63n));
    expect(back.name('a name')).toBe('é');
    expect(back.remaining).toBe(80);
    expect(back.u8()).toBe(10);
  });

  it('closes nested sized regions in minimal form', () => {
    const out = new ByteWriter(16);
    const outer = out.openSized();
    out.u8(0xaa);
    const inner = out.openSized();
    for (let at = 0; at < 200; at++) out.u8(at);
    out.closeSized(inner);
    out.closeSized(outer);
    const { bytes } = out;
    expect(Array.from(bytes.subarray(0, 6))).toEqual([0xcb, 0x01, 0xaa, 0xc8, 0x01, 0]);
    expect(bytes.length).toBe(2 + 1 + 2 + 200);
    expect(bytes.at(-1)).toBe(199);
  });

  it('patches a padded field and takes bytes back', () => {
    const out = new ByteWriter();
    const at = out.u32Padded(0);
    out.u8(9);
    out.patchU32(at, 0xffffffff);
    expect(Array.from(out.bytes)).toEqual([0xff, 0xff, 0xff, 0xff, 0x0f, 9]);
    out.truncate(1);
    expect(out.length).toBe(1);
    expect(() => out.truncate(2)).toThrow(/truncation/);
    expect(() => out.patchU32(0, 1)).toThrow(/patch/);
  });
});
