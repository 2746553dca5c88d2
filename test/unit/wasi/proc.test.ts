import { describe, expect, it } from 'vitest';
import { GuestStop } from '../../../src/engine/engine.js';
import { ERRNO } from '../../../src/wasi/abi.js';
import { Harness } from './harness.js';

function stopOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    if (error instanceof GuestStop) return error.stop;
    throw error;
  }
  return undefined;
}

describe('proc_exit', () => {
  it.each([0, 1, 42, 255])('ends the run with code %d', (exitCode) => {
    expect(stopOf(() => new Harness().call('proc_exit', exitCode))).toEqual({ kind: 'exited', exitCode });
  });
});

describe('proc_raise', () => {
  it('ends the run as a shell would report it', () => {
    expect(stopOf(() => new Harness().call('proc_raise', 6))).toEqual({ kind: 'exited', exitCode: 134 });
  });

  it('does nothing for signals that are ignored by default', () => {
    for (const signal of [0, 16, 17, 22, 27]) expect(new Harness().call('proc_raise', signal)).toBe(ERRNO.SUCCESS);
    expect(new Harness().call('proc_raise', 31)).toBe(ERRNO.INVAL);
  });
});

it('sched_yield succeeds', () => {
  expect(new Harness().call('sched_yield')).toBe(ERRNO.SUCCESS);
});
