/** Which sites share the code that saves the frame. */
import { describe, expect, it } from 'vitest';
import { COMPLETE, Exits } from '../../../src/inject/exits.js';
import { ValType } from '../../../src/wasm/module.js';

/** Exits of sites with these live locals (bits), and the i32 operands of some. */
function exitsOf(live: readonly number[], operands: Readonly<Record<number, number>> = {}): Exits {
  const exits = new Exits();
  exits.begin(1);
  const sets = Int32Array.from(live);
  for (const site of live.keys()) {
    exits.assign(site, sets, new Array<ValType>(operands[site] ?? 0).fill(ValType.I32));
  }
  exits.finish();
  return exits;
}

function localsOf(exits: Exits, exit: number): number[] {
  const locals = new Int32Array(64);
  return [...locals.subarray(0, exits.localsOf(exit, locals))];
}

describe('exits', () => {
  it('are shared by sites where the same locals are live', () => {
    const exits = exitsOf([0b101, 0b110, 0b101, 0b110]);
    expect(exits.count).toBe(2);
    expect(exits.of(0)).toBe(exits.of(2));
    expect(exits.of(1)).toBe(exits.of(3));
    expect(exits.of(0)).not.toBe(exits.of(1));
  });

  it('are not shared by sites with other operands', () => {
    expect(exitsOf([0b1, 0b1, 0b1], { 1: 1, 2: 2 }).count).toBe(3);
  });

  it('hand on to the largest set that is part of theirs', () => {
    const exits = exitsOf([0b1, 0b1111, 0b11, 0b100000]);
    const [small, large, middle, other] = [0, 1, 2, 3].map((site) => exits.of(site));
    expect([large, exits.nextOf(large!), exits.nextOf(middle!)]).toEqual([0, middle, small]);
    expect([exits.nextOf(small!), exits.nextOf(other!)]).toEqual([COMPLETE, COMPLETE]);
    expect(localsOf(exits, large!)).toEqual([2, 3]);
    expect(localsOf(exits, middle!)).toEqual([1]);
    expect(localsOf(exits, other!)).toEqual([5]);
  });

  it('hand on only to those with the same operands', () => {
    const exits = exitsOf([0b11, 0b1], { 0: 1 });
    expect(exits.nextOf(exits.of(0))).toBe(COMPLETE);
    expect(exits.operandsOf(exits.of(0))).toEqual([ValType.I32]);
  });

  it('tell the locals of more than one word', () => {
    const exits = new Exits();
    exits.begin(2);
    exits.assign(0, Int32Array.of(-0x8000_0000, 0b10), []);
    exits.finish();
    expect(localsOf(exits, 0)).toEqual([31, 33]);
  });
});
