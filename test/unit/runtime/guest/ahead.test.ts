/** What is asked for ahead of a capture, and how long the capture waits for it. */
import { describe, expect, it } from 'vitest';
import type { CaptureSupport, EngineInstance } from '../../../../src/engine/engine.js';
import { ManualClock } from '../../../../src/host/memory.js';
import { CaptureAhead } from '../../../../src/runtime/guest/ahead.js';

/** A guest whose stack is set, and a maker that answers when told. */
class World {
  stack: readonly string[] = [];
  readonly requested: string[] = [];
  readonly answers: (CaptureSupport | null)[] = [];
  readonly supported: CaptureSupport[] = [];
  rests = 0;
  readonly clock = new ManualClock();
  readonly ahead: CaptureAhead;

  constructor() {
    const instance = {
      addresses: () => this.stack,
      support: (made: CaptureSupport) => void this.supported.push(made),
    } as unknown as EngineInstance;
    const source = {
      request: (address: string) => void this.requested.push(address),
      take: () => this.answers.shift(),
      rest: () => void this.rests++,
    };
    this.ahead = new CaptureAhead(instance, source, this.clock);
    this.ahead.begin();
  }

  lookAt(...stack: string[]): void {
    this.stack = stack;
    this.clock.advance(10_000_000n);
    this.ahead.look(false);
  }
}

describe('what a capture needs', () => {
  it('is asked for once for each place', () => {
    const world = new World();
    world.lookAt('a', 'b');
    world.lookAt('c', 'b');
    world.lookAt('c', 'b', 'b');
    expect(world.requested).toEqual(['a', 'b', 'c']);
  });

  it('is waited for until all of it is there', () => {
    const world = new World();
    expect(world.ahead.isWorthWaiting()).toBe(false);
    world.lookAt('a', 'b');
    expect(world.ahead.isWorthWaiting()).toBe(true);
    world.answers.push({ of: 'a' });
    expect(world.ahead.isWorthWaiting()).toBe(true);
    world.answers.push(null);
    expect(world.ahead.isWorthWaiting()).toBe(false);
    expect(world.supported).toEqual([{ of: 'a' }]);
  });

  it('is not waited for any longer than a second', () => {
    const world = new World();
    world.lookAt('a');
    expect(world.ahead.isWorthWaiting()).toBe(true);
    world.clock.advance(900_000_000n);
    expect(world.ahead.isWorthWaiting()).toBe(true);
    world.clock.advance(200_000_000n);
    expect(world.ahead.isWorthWaiting()).toBe(false);
  });

  it('is asked for again by the next capture, if the one before did not get it', () => {
    const world = new World();
    world.lookAt('a');
    world.ahead.end();
    world.ahead.begin();
    expect(world.ahead.isWorthWaiting()).toBe(false);
    world.lookAt('a');
    expect(world.requested).toEqual(['a', 'a']);
    expect(world.rests).toBe(1);
  });

  it('is looked for now and then, and not for ever', () => {
    const world = new World();
    let looks = 0;
    for (; looks < 1000; looks++) {
      world.stack = [`place ${looks}`];
      world.clock.advance(1_000_000n);
      world.ahead.look(false);
    }
    expect(world.requested.length).toBeGreaterThan(50);
    expect(world.requested.length).toBeLessThanOrEqual(200);
  });
});
