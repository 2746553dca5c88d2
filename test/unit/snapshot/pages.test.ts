import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  PAGE_BYTES,
  PageHasher,
  PageTracker,
  SnapshotReader,
  SnapshotRelay,
  SnapshotWriter,
} from '../../../src/snapshot/index.js';
import { PAGE_HASH_BYTES, pageHashText } from '../../../tools/build/page-hash.mjs';
import { decoded, encoded, SAMPLE } from './support.js';

const PATTERN = Uint8Array.from({ length: PAGE_BYTES }, (_, at) => (at * at * 31 + at * 7) / 8);
const HEADER = { moduleHash: 'aa', rewriterVersion: '1', manifest: {} };

describe('the hash of a page', () => {
  // Computed by libxxhash 0.8.1: XXH3_64bits_withSeed of 65536 zeros, and of the pattern.
  it.each([
    [0n, 0x33b202d302b65caan, 0x252b0abd4c828065n],
    [1n, 0x4095f0e6c9e09a29n, 0x345fca007324fc2cn],
    [0x123456789abcdef0n, 0x7e93638635a0e43dn, 0xbb33cba6bd3d5388n],
    [2n ** 64n - 1n, 0x93466e2dfe79c80bn, 0x4e3f92f40df64776n],
  ])('is XXH3 with seed %i', (seed, zero, pattern) => {
    const hasher = new PageHasher(seed);
    expect(BigInt.asUintN(64, hasher.zero)).toBe(zero);
    expect(BigInt.asUintN(64, hasher.hash(PATTERN, 0))).toBe(pattern);
    expect(Buffer.compare(hasher.page, PATTERN)).toBe(0);
  });

  it('changes with every bit of the page that is looked at', () => {
    const hasher = new PageHasher(7n);
    const page = PATTERN.slice();
    const seen = new Set([hasher.hash(page, 0)]);
    for (let at = 0; at < PAGE_BYTES; at += 509) {
      page[at]! ^= 1 << (at & 7);
      seen.add(hasher.hash(page, 0));
      page[at]! ^= 1 << (at & 7);
    }
    expect(seen.size).toBe(1 + Math.ceil(PAGE_BYTES / 509));
  });

  it('is built from the source that is here', async () => {
    expect(await pageHashText()).toBe(readFileSync(PAGE_HASH_BYTES, 'utf8'));
  }, 60_000);
});

describe('a tracker', () => {
  it('tells which pages have changed since they were taken', () => {
    const hasher = new PageHasher(1n);
    const tracker = new PageTracker(hasher);
    const memory = new Uint8Array(3 * PAGE_BYTES);
    const news = () => Array.from({ length: tracker.pages }, (_, page) => tracker.take(memory, page));
    tracker.grow(2);
    expect(news()).toEqual(['same', 'same']);
    memory[PAGE_BYTES + 9] = 1;
    expect(news()).toEqual(['same', 'changed']);
    expect(tracker.hashOf(1)).toBe(hasher.hash(memory, PAGE_BYTES));
    expect(news()).toEqual(['same', 'same']);
    memory[PAGE_BYTES + 9] = 0;
    memory[2 * PAGE_BYTES] = 5;
    tracker.grow(3);
    expect(news()).toEqual(['same', 'zeroed', 'changed']);
  });
});

describe('pages in a stream', () => {
  const page = (value: number) => new Uint8Array(PAGE_BYTES).fill(value);
  const hasher = new PageHasher(3n);
  const add = (writer: SnapshotWriter, at: number, value: number) =>
    writer.addPage(0, at, page(value), hasher.hash(page(value), 0));

  it('may come again, be zeroed, and lie in memory that has grown', () => {
    const writer = new SnapshotWriter(4);
    const reader = new SnapshotReader();
    reader.push(writer.start(HEADER, 3n));
    reader.push(writer.memories([2]));
    add(writer, 0, 1);
    add(writer, 1, 2);
    expect(writer.takesPage(0, 3)).toBe(false);
    reader.push(writer.flush()!.slice());
    reader.push(writer.memories([4]));
    add(writer, 1, 7);
    reader.push(writer.flush()!.slice());
    add(writer, 3, 8);
    reader.push(writer.flush()!.slice());
    reader.push(writer.zeroPages(0, 0, 1));
    expect(writer.flush()).toBeUndefined();
    for (const piece of writer.state(SAMPLE.engine)) reader.push(piece);
    reader.push(writer.end());
    const [memory] = reader.finish().engine.memories;
    const firsts = [0, 1, 2, 3].map((at) => memory![at * PAGE_BYTES + 77]);
    expect(firsts).toEqual([0, 7, 0, 8]);
  });

  it('are refused when a byte of them is another one', () => {
    const writer = new SnapshotWriter(4);
    const reader = new SnapshotReader();
    reader.push(writer.start(HEADER, 3n));
    reader.push(writer.memories([2]));
    add(writer, 0, 1);
    add(writer, 1, 2);
    const chunk = writer.flush()!.slice();
    chunk[70_000]! ^= 4;
    expect(() => reader.push(chunk)).toThrow('chunk 2 of the snapshot is damaged: the hash of its page 1 is wrong');
  });

  it('are refused outside of the memory', () => {
    const writer = new SnapshotWriter(4);
    const reader = new SnapshotReader();
    reader.push(writer.start(HEADER, 3n));
    reader.push(writer.memories([2]));
    add(writer, 2, 1);
    expect(() => reader.push(writer.flush()!.slice())).toThrow(/outside of the memory/);
    const shrinking = new SnapshotReader();
    shrinking.push(writer.start(HEADER, 3n));
    shrinking.push(writer.memories([2]));
    expect(() => shrinking.push(writer.memories([1]))).toThrow(/memory 0 has 1 pages/);
  });
});

describe('a relay', () => {
  it('adds sections before the end', () => {
    const relay = new SnapshotRelay();
    relay.addSection('outputs', { streams: [[1, 2, 3]] });
    const bytes = encoded(SAMPLE);
    const out = [...relay.push(bytes.subarray(0, 500_000)), ...relay.push(bytes.subarray(500_000))];
    relay.finish();
    const { sections } = decoded(new Uint8Array(Buffer.concat(out)));
    expect(sections).toEqual({ ...SAMPLE.sections, outputs: { streams: [[1, 2, 3]] } });
  });

  it('notices what is missing', () => {
    const relay = new SnapshotRelay();
    relay.push(encoded(SAMPLE).subarray(0, 400_000));
    expect(() => relay.finish()).toThrow(/before its end chunk/);
  });
});
