import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { differences } from '../../../src/snapshot/index.js';
import { comparable, decoded, encoded, SAMPLE } from './support.js';

const deflate = {
  compress: (bytes: Uint8Array) => new Uint8Array(deflateRawSync(bytes, { level: 1 })),
  decompress: (bytes: Uint8Array, rawBytes: number) =>
    new Uint8Array(inflateRawSync(bytes, { maxOutputLength: rawBytes })),
};
const bytes = encoded(SAMPLE);

describe('snapshots', () => {
  it('come back whole, in whatever pieces they arrive', () => {
    expect(comparable(decoded(bytes))).toEqual(comparable(SAMPLE));
    expect(comparable(decoded(bytes, 100_003))).toEqual(comparable(SAMPLE));
  });

  it('take no room for zero pages', () => {
    expect(bytes.length).toBeLessThan((1 + 18 + 1) * 65536 + 2000);
    const empty = { ...SAMPLE, engine: { ...SAMPLE.engine, memories: [new Uint8Array(1000 * 65536)] } };
    expect(encoded(empty).length).toBeLessThan(2000);
    expect(decoded(encoded(empty)).engine.memories[0]!.length).toBe(1000 * 65536);
  });

  it('are compressed where that pays', () => {
    const small = encoded(SAMPLE, deflate);
    expect(small.length).toBeLessThan(20_000);
    expect(comparable(decoded(small, 1000, deflate))).toEqual(comparable(SAMPLE));
    expect(() => decoded(small)).toThrow(/nothing here can decompress it/);
  });

  it('hold sections of any size', () => {
    const files = Uint8Array.from({ length: 3_000_000 }, (_, at) => at * 7);
    const { sections } = decoded(encoded({ ...SAMPLE, sections: { files, empty: {} } }), 777_777);
    expect(Buffer.compare(sections['files'] as Uint8Array, files)).toBe(0);
    expect(sections['empty']).toEqual({});
  });

  it('name what differs from here', () => {
    const here = { ...SAMPLE, rewriterVersion: '9', manifest: { arguments: '[]' } };
    expect(differences(SAMPLE, SAMPLE)).toEqual([]);
    expect(differences(SAMPLE, here)).toEqual([
      'rewriter version: 2 in the snapshot, 9 here',
      'arguments: ["guest"] in the snapshot, [] here',
      'random: seeded in the snapshot, nothing here',
    ]);
  });
});

describe('what is no snapshot', () => {
  const changed = (at: number, value: number) => {
    const copy = bytes.slice();
    copy[at] = value;
    return copy;
  };

  it('is refused by what is wrong with it', () => {
    expect(() => decoded(changed(0, 0))).toThrow('this is no snapshot of ft-wasm');
    expect(() => decoded(changed(8, 4))).toThrow(
      'format version 4, this program reads version 3: it was written by a newer',
    );
    expect(() => decoded(changed(8, 1))).toThrow(
      'format version 1, this program reads version 3: no program reads that',
    );
    expect(() => decoded(bytes.slice(0, 40))).toThrow(/ends after 0 chunks/);
    expect(() => decoded(bytes.slice(0, -1))).toThrow(/before its end chunk/);
    expect(() => decoded(changed(15, 0x7f))).toThrow(/chunk 0 of the snapshot is damaged: it claims/);
  });

  it('never passes with one bit changed', () => {
    const empty = { ...SAMPLE, engine: { ...SAMPLE.engine, memories: [] } };
    const small = encoded(empty);
    for (let bit = 0; bit < small.length * 8; bit += 3) {
      const copy = small.slice();
      copy[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => decoded(copy), `bit ${bit}`).toThrow(/snapshot/);
    }
  });
});
