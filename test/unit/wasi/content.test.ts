import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAt, resize, shareBlocks, sharedBlocks, writeAt } from '../../../src/wasi/fs/content.js';
import { BLOCK_BYTES, emptyTree, type FileInode, type TreeState } from '../../../src/wasi/fs/inode.js';
import type { Iovecs } from '../../../src/wasi/memory.js';

const AROUND_BLOCKS = [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES, 3 * BLOCK_BYTES + 77];

function file(bytes = new Uint8Array(0)): { tree: TreeState; inode: FileInode } {
  const times = { atimNs: 0n, mtimNs: 0n, ctimNs: 0n };
  const inode: FileInode = { kind: 'file', blocks: sharedBlocks(bytes), size: bytes.length, links: 1, ...times };
  return { tree: { ...emptyTree(), usedBytes: bytes.length }, inode };
}

/** Buffers of the given lengths, one behind the other. */
function iovecs(memory: Uint8Array, lengths: readonly number[]): Iovecs {
  let at = 0;
  const pointers = lengths.map((length) => {
    at += length;
    return at - length;
  });
  return { memory, pointers, lengths, total: at };
}

function contentOf(inode: FileInode): Buffer {
  const memory = new Uint8Array(inode.size + 5);
  const read = readAt(inode, 0, iovecs(memory, [1, inode.size + 4]));
  expect(read).toBe(inode.size);
  return Buffer.from(memory.subarray(0, read));
}

function joined(blocks: readonly Uint8Array[], size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (const [at, block] of blocks.entries()) bytes.set(block.subarray(0, size - at * BLOCK_BYTES), at * BLOCK_BYTES);
  return bytes;
}

type Step =
  | { readonly kind: 'write'; readonly offset: number; readonly length: number; readonly fill: number }
  | { readonly kind: 'resize'; readonly size: number }
  | { readonly kind: 'share' };

const place = fc.oneof(fc.constantFrom(...AROUND_BLOCKS), fc.nat(4 * BLOCK_BYTES));
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('write'), offset: place, length: place, fill: fc.integer({ min: 1, max: 255 }) }),
  fc.record({ kind: fc.constant('resize'), size: place }),
  fc.constant({ kind: 'share' }),
) as fc.Arbitrary<Step>;

describe('content in blocks', () => {
  it('is what one array would hold, and what was shared stays as it was', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const { inode, tree } = file();
        let model = Buffer.alloc(0);
        const shared: { readonly blocks: readonly Uint8Array[]; readonly content: Buffer }[] = [];
        const resizeModel = (size: number) => {
          const larger = Buffer.alloc(size);
          model.copy(larger);
          model = larger;
        };
        for (const each of steps) {
          if (each.kind === 'share') {
            shared.push({ blocks: shareBlocks(inode), content: Buffer.from(model) });
          } else if (each.kind === 'resize') {
            resize(tree, inode, each.size);
            resizeModel(each.size);
          } else {
            const bytes = new Uint8Array(each.length).fill(each.fill);
            writeAt(tree, inode, each.offset, iovecs(bytes, [each.length >> 1, each.length - (each.length >> 1)]));
            if (each.length > 0 && each.offset + each.length > model.length) resizeModel(each.offset + each.length);
            model.set(bytes, each.length > 0 ? each.offset : 0);
          }
          expect(tree.usedBytes).toBe(model.length);
        }
        expect(contentOf(inode).equals(model)).toBe(true);
        for (const { blocks, content } of shared) expect(joined(blocks, content.length).equals(content)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('that was given is not written to', () => {
    const given = new Uint8Array(BLOCK_BYTES + 10).fill(7);
    const { inode, tree } = file(given);
    writeAt(tree, inode, BLOCK_BYTES - 2, iovecs(new Uint8Array(4).fill(9), [4]));
    resize(tree, inode, BLOCK_BYTES + 5);
    expect(given.every((byte) => byte === 7)).toBe(true);
    expect([...contentOf(inode).subarray(-8)]).toEqual([7, 9, 9, 9, 9, 7, 7, 7]);
  });

  it('copies only the blocks that are written to', () => {
    const { inode, tree } = file(new Uint8Array(4 * BLOCK_BYTES).fill(1));
    const before = shareBlocks(inode);
    writeAt(tree, inode, 2 * BLOCK_BYTES + 3, iovecs(Uint8Array.of(8), [1]));
    const after = shareBlocks(inode);
    expect(after.map((block, at) => block === before[at])).toEqual([true, true, false, true]);
  });

  it('takes no room for a hole', () => {
    const { inode, tree } = file();
    resize(tree, inode, 2 ** 30);
    writeAt(tree, inode, 2 ** 29, iovecs(Uint8Array.of(1, 2), [2]));
    const bytes = inode.blocks.reduce((sum, block) => sum + block.bytes.length, 0);
    expect(bytes).toBeLessThanOrEqual(BLOCK_BYTES);
  });
});
