/** The compiled engine: a run that is captured, at any place and however often, is the run that was not. */
import { describe, expect, it } from 'vitest';
import { CompiledEngine } from '../../src/engine/compiled/index.js';
import { assemble } from '../support/wat.js';
import { type GuestRun, runGuest } from './capture-run.js';
import { GUESTS } from './guests.js';
import { HANDLER_GUESTS } from './handler-guests.js';

const engine = new CompiledEngine();
const SLICES = [1, 7, 1000];
/** Single captures per guest, spread over its run. */
const SINGLES_MAX = 40;

describe.each([...GUESTS, ...HANDLER_GUESTS])('$name', ({ calls, name, text }) => {
  const guestOf = async (sliceFuel: number): Promise<GuestRun> => ({
    prepared: await engine.prepare(await assemble(name, text)),
    calls,
    sliceFuel,
  });

  it.each(SLICES)('restored once, at one place after the other, slices of %i', async (sliceFuel) => {
    const guest = await guestOf(sliceFuel);
    const { points, ...expected } = runGuest(guest);
    for (let at = 0; at < points; at += Math.ceil(points / SINGLES_MAX)) {
      const { captures, log, memory } = runGuest(guest, (point) => (point === at ? 'restore' : undefined));
      expect({ log, memory }).toEqual({ log: expected.log, memory: expected.memory });
      expect(captures).toBeLessThanOrEqual(1);
    }
  });

  it.each(SLICES)('restored at every place, slices of %i', async (sliceFuel) => {
    const guest = await guestOf(sliceFuel);
    const { log, memory } = runGuest(guest);
    expect(runGuest(guest, () => 'restore')).toMatchObject({ log, memory });
  });

  it('resumed in place at every place', async () => {
    const guest = await guestOf(3);
    const { log, memory } = runGuest(guest);
    const resumed = runGuest(guest, () => 'resume');
    expect(resumed).toMatchObject({ log, memory });
    expect(resumed.captures).toBeGreaterThan(0);
  });
});
