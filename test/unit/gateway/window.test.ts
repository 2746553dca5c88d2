/** Windows of a stream's bytes, compared with one plain array of everything that was ever pushed. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteWindow } from '../../../src/gateway/window.js';

/** Bytes number `from` to `from + length`, each recognisable. */
function bytesAt(from: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (from + index) % 251);
}

/** What the window hands out, joined; checks that nothing is missing between the pieces. */
function kept(window: ByteWindow, offset: number): number[] {
  const all: number[] = [];
  window.from(offset, (bytes, at) => {
    expect(at).toBe(offset + all.length);
    all.push(...bytes);
  });
  return all;
}

it('hands out everything behind an offset, however it was pushed and dropped', () => {
  const size = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1000, max: 1050 }));
  const step = fc.oneof(
    fc.record({ push: size }),
    fc.record({ dropShare: fc.double({ min: 0, max: 1, noNaN: true }) }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5000 }), fc.array(step, { maxLength: 60 }), (first, steps) => {
      const window = new ByteWindow(first);
      for (const each of steps) {
        if ('push' in each) window.push(bytesAt(window.end, each.push));
        else window.dropTo(window.start + Math.floor(each.dropShare * window.length));
        const middle = window.start + (window.length >> 1);
        for (const offset of [window.start, middle, window.end]) {
          expect(kept(window, offset)).toEqual([...bytesAt(offset, window.end - offset)]);
        }
      }
    }),
    { seed: 7, numRuns: 200 },
  );
});

it('keeps nothing of the arrays of small pieces, and does not change what it has handed out', () => {
  const window = new ByteWindow();
  const reused = bytesAt(0, 10);
  window.push(reused);
  const pieces: Uint8Array[] = [];
  window.from(0, (bytes) => pieces.push(bytes));
  reused.fill(0);
  window.push(bytesAt(10, 10));
  window.dropTo(20);
  window.push(bytesAt(20, 300));
  expect(pieces.map((piece) => [...piece])).toEqual([[...bytesAt(0, 10)]]);
  expect(kept(window, 20)).toEqual([...bytesAt(20, 300)]);
});

it('knows what it does not have any more', () => {
  const window = new ByteWindow(100);
  window.push(bytesAt(100, 20));
  window.dropTo(110);
  expect([window.start, window.end, window.length]).toEqual([110, 120, 10]);
  expect(() => window.from(109, () => {})).toThrow('bytes at 109 were dropped; the window starts at 110');
  expect(() => window.dropTo(121)).toThrow('a window that ends at 120 cannot drop up to 121');
  window.dropTo(105);
  expect(window.start).toBe(110);
});
