/** The copy of files beside their guest: what is sent when, and that the receiver ends up with what the pause saw. */
import { describe, expect, it } from 'vitest';
import { FileCopy } from '../../../../src/runtime/guest/file-copy.js';
import { BLOCK_BYTES, SnapshotReader, SnapshotWriter } from '../../../../src/snapshot/index.js';
import { resize, shareBlocks, sharedBlocks, writeAt } from '../../../../src/wasi/fs/content.js';
import { emptyTree, type FileInode } from '../../../../src/wasi/fs/inode.js';

const NO_STATE = {
  ...{ counter: 0, sliceEnd: 0, frames: [], globals: [], tables: [], droppedData: [], droppedElements: [] },
};

/** Files by number, and a receiver of their copy. */
class Tree {
  readonly files = new Map<number, FileInode>();
  readonly writer = new SnapshotWriter(1);
  readonly reader = new SnapshotReader();
  sentBytes = 0;
  readonly copy: FileCopy;

  constructor(...files: readonly [number: number, bytes: number][]) {
    for (const [number, bytes] of files) this.add(number, bytes);
    this.reader.push(this.writer.start({ moduleHash: '', rewriterVersion: '', manifest: {} }, 0n));
    this.copy = new FileCopy(
      () => new Map([...this.files].map(([number, file]) => [number, shareBlocks(file)])),
      this.writer,
      (chunk) => this.#receive(chunk),
    );
  }

  add(number: number, size: number): void {
    const blocks = sharedBlocks(new Uint8Array(size).fill(number));
    this.files.set(number, { kind: 'file', blocks, size, links: 1, atimNs: 0n, mtimNs: 0n, ctimNs: 0n });
  }

  write(number: number, offset: number, byte: number): void {
    const memory = Uint8Array.of(byte);
    writeAt(emptyTree(), this.files.get(number)!, offset, { memory, pointers: [0], lengths: [1], total: 1 });
  }

  cut(number: number, size: number): void {
    resize(emptyTree(), this.files.get(number)!, size);
  }

  /** One pass; answers how many bytes were sent. */
  pass(): number {
    const before = this.sentBytes;
    let sent: number;
    do {
      sent = this.sentBytes;
      this.copy.step();
    } while (this.sentBytes > sent);
    return this.sentBytes - before;
  }

  /** To the end. What the receiver has, as it is of `sizes`. */
  finish(): Map<number, Buffer> {
    this.copy.freeze();
    for (const chunk of this.copy.rest()) this.#receive(chunk);
    for (const chunk of this.writer.state(NO_STATE)) this.reader.push(chunk);
    this.reader.push(this.writer.end());
    const { blobs } = this.reader.finish();
    return new Map([...this.files].map(([number, { size }]) => [number, contentOf(blobs.get(number) ?? [], size)]));
  }

  expected(): Map<number, Buffer> {
    const contents = [...this.files].map(
      ([number, file]) =>
        [
          number,
          contentOf(
            file.blocks.map(({ bytes }) => bytes),
            file.size,
          ),
        ] as const,
    );
    return new Map(contents);
  }

  #receive(chunk: Uint8Array): void {
    this.sentBytes += chunk.length;
    this.reader.push(chunk);
  }
}

function contentOf(blocks: readonly Uint8Array[], size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (const [at, block] of blocks.entries()) {
    if (at * BLOCK_BYTES < size) bytes.set(block.subarray(0, size - at * BLOCK_BYTES), at * BLOCK_BYTES);
  }
  return bytes;
}

function finishes(tree: Tree): void {
  const expected = tree.expected();
  const found = tree.finish();
  for (const [number, bytes] of expected) expect(found.get(number)!.equals(bytes), `file ${number}`).toBe(true);
}

describe('a copy of files', () => {
  it('is done after one pass if little has changed, and the pause sends only that', () => {
    const tree = new Tree([1, 100 * BLOCK_BYTES], [2, 10], [3, 0]);
    expect(tree.pass()).toBeGreaterThan(100 * BLOCK_BYTES);
    tree.write(1, 5 * BLOCK_BYTES + 9, 77);
    tree.pass();
    expect(tree.copy.isDone).toBe(true);
    const before = tree.sentBytes;
    finishes(tree);
    expect(tree.sentBytes - before).toBeLessThan(2 * BLOCK_BYTES);
  });

  it('sends what is written while a pass is under way', () => {
    const tree = new Tree([1, 40 * BLOCK_BYTES]);
    tree.copy.step();
    for (let block = 0; block < 40; block += 3) tree.write(1, block * BLOCK_BYTES, 200);
    while (!tree.copy.isDone) tree.copy.step();
    finishes(tree);
  });

  it('ends although everything changes all the time', () => {
    const tree = new Tree([1, 60 * BLOCK_BYTES]);
    for (let passes = 0; !tree.copy.isDone; passes++) {
      expect(passes).toBeLessThan(10);
      for (let block = 0; block < 60; block++) tree.write(1, block * BLOCK_BYTES, passes);
      tree.pass();
    }
    finishes(tree);
  });

  it('follows files that are cut, grow again, come and go', () => {
    const tree = new Tree([1, 30 * BLOCK_BYTES], [2, 20 * BLOCK_BYTES], [3, 40 * BLOCK_BYTES]);
    tree.pass();
    tree.cut(1, 3 * BLOCK_BYTES + 5);
    tree.files.delete(2);
    tree.add(7, 12 * BLOCK_BYTES + 1);
    tree.pass();
    tree.cut(1, 25 * BLOCK_BYTES);
    tree.write(1, 24 * BLOCK_BYTES, 3);
    tree.cut(7, 0);
    tree.pass();
    tree.cut(7, 2 * BLOCK_BYTES);
    finishes(tree);
  });

  it('sends no holes', () => {
    const tree = new Tree([1, 10]);
    tree.cut(1, 2 ** 30);
    expect(tree.pass()).toBeLessThan(1000);
    finishes(tree);
  });
});
