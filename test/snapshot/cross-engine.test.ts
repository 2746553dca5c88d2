/**
 * Captures on either engine, restored on either: a run that changes its engine at any place and however often is the run
 * that did not.
 */
import { describe, expect, it } from 'vitest';
import { CompiledEngine } from '../../src/engine/compiled/index.js';
import { interpreterEngine } from '../support/interpreter.js';
import { assemble } from '../support/wat.js';
import { type GuestRun, runGuest, type When } from './capture-run.js';
import { alternating } from './engines.js';
import { GUESTS } from './guests.js';

const compiled = new CompiledEngine();
const interpreter = interpreterEngine();
const SLICES = [1, 7, 1000];
/** Single captures per guest, spread over its run. */
const SINGLES_MAX = 40;

const everywhere: When = () => 'restore';

describe.each(GUESTS)('$name', ({ calls, name, text }) => {
  const prepareBoth = async () => {
    const bytes = await assemble(name, text);
    return [await compiled.prepare(bytes), await interpreter.prepare(bytes)] as const;
  };
  /** What does not depend on the engine: how exact the counter of a trap is, and which end of a call overflows, does. */
  const seen = (guest: GuestRun, when?: When) => {
    const { log, memory, points } = runGuest(guest, when);
    const lines = log.map((line) => line.replace(/trapped at \d+/, 'trapped').replace(/(stack-overflow) in .*/, '$1'));
    return { log: lines, memory, points };
  };

  it.each(SLICES)('moves once, at one place after the other, slices of %i', async (sliceFuel) => {
    const [first, second] = await prepareBoth();
    const expected = seen({ prepared: first, calls, sliceFuel });
    expect(seen({ prepared: second, calls, sliceFuel })).toEqual(expected);
    for (const pair of [[first, second] as const, [second, first] as const, [second, second] as const]) {
      for (let at = 0; at < expected.points; at += Math.ceil(expected.points / SINGLES_MAX)) {
        const guest = { prepared: alternating(...pair), calls, sliceFuel };
        expect(seen(guest, (point) => (point === at ? 'restore' : undefined))).toEqual(expected);
      }
    }
  });

  it.each(SLICES)('moves at every place, slices of %i', async (sliceFuel) => {
    const [first, second] = await prepareBoth();
    const expected = seen({ prepared: first, calls, sliceFuel });
    for (const pair of [[first, second] as const, [second, first] as const, [second, second] as const]) {
      expect(seen({ prepared: alternating(...pair), calls, sliceFuel }, everywhere)).toEqual(expected);
    }
  });

  it('resumes in place on the interpreter', async () => {
    const [, prepared] = await prepareBoth();
    const expected = seen({ prepared, calls, sliceFuel: 3 });
    expect(seen({ prepared, calls, sliceFuel: 3 }, () => 'resume')).toEqual(expected);
  });
});
