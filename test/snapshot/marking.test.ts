/** Guests that go on in marked code and back in their own: nothing that can be seen may depend on it. */
import { describe, expect, it } from 'vitest';
import { CompiledEngine } from '../../src/engine/compiled/index.js';
import { assemble } from '../support/wat.js';
import { type GuestRun, runGuest } from './capture-run.js';
import { GUESTS } from './guests.js';
import { HANDLER_GUESTS } from './handler-guests.js';

const engine = new CompiledEngine();

async function guestOf({ calls, name, text }: (typeof GUESTS)[number], sliceFuel: number): Promise<GuestRun> {
  const bytes = await assemble(name, text);
  return { prepared: await engine.prepare(bytes), marking: await engine.marking(bytes), calls, sliceFuel };
}

describe.each([...GUESTS, ...HANDLER_GUESTS])('$name', (each) => {
  it.each([1, 7, 1000])('changes its code at every place, slices of %i', async (sliceFuel) => {
    const guest = await guestOf(each, sliceFuel);
    const { log, memory } = runGuest(guest);
    const expected = { log, memory, unnoted: 0 };
    expect(runGuest(guest, () => 'mark')).toMatchObject(expected);
    expect(runGuest(guest, (point) => (point % 3 === 0 ? 'mark' : 'resume'))).toMatchObject(expected);
  });
});
