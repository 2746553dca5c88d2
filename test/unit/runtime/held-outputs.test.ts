import { describe, expect, it } from 'vitest';
import { HeldOutputs, type Output } from '../../../src/runtime/held-outputs.js';

const send = (event: number, length = 1): Output => ({ kind: 'send', stream: 7, bytes: new Uint8Array(length), event });

function release(held: HeldOutputs, event: number): number[] {
  const out: number[] = [];
  held.release(event, (output) => out.push(output.event));
  return out;
}

describe('held outputs (R1)', () => {
  it('holds an output until its event is released, then lets it go in order', () => {
    const held = new HeldOutputs();
    for (const event of [1, 1, 2, 3]) expect(held.push(send(event))).toBe('held');
    expect(held.size).toBe(4);
    expect(release(held, 0)).toEqual([]);
    expect(release(held, 2)).toEqual([1, 1, 2]);
    expect(release(held, 2)).toEqual([]);
    expect(release(held, 9)).toEqual([3]);
    expect(held.bytes).toBe(0);
  });

  it('lets an output that depends on nothing unreleased leave at once', () => {
    const held = new HeldOutputs();
    release(held, 5);
    expect(held.push(send(5))).toBe('emit');
    expect(held.push(send(6))).toBe('held');
  });

  it('never lets an output overtake an older one that is still held', () => {
    const held = new HeldOutputs();
    held.push(send(6));
    release(held, 5);
    expect(held.push(send(5))).toBe('held');
    expect(release(held, 6)).toEqual([6, 5]);
  });

  it('never takes a release back', () => {
    const held = new HeldOutputs();
    release(held, 8);
    release(held, 3);
    expect(held.releasedEvent).toBe(8);
    expect(held.push(send(8))).toBe('emit');
  });

  it('does not keep what the primary sent before this backup came to it', () => {
    const held = new HeldOutputs();
    held.trim(10, () => {});
    expect(held.push(send(10))).toBe('trimmed');
    expect(held.push(send(11))).toBe('held');
    expect(release(held, 11)).toEqual([11]);
  });

  it('forgets what the primary has sent and keeps the rest (R2)', () => {
    const held = new HeldOutputs();
    for (let event = 1; event <= 3000; event++) held.push(send(event, 10));
    let dropped = 0;
    held.trim(2990, () => dropped++);
    expect(dropped).toBe(2990);
    expect(held.size).toBe(10);
    expect(held.bytes).toBe(100);
    expect(release(held, 3000)).toEqual([2991, 2992, 2993, 2994, 2995, 2996, 2997, 2998, 2999, 3000]);
  });
});
