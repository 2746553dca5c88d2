/**
 * Whole programs under WASI, moved to a new instance again and again: the session's digest (every host call with its
 * arguments and counter) and the output are those of a run that stays where it is. The same in marked code and back.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CompiledEngine } from '../../src/engine/compiled/index.js';
import { loadGuest } from '../support/guests.js';
import { Journey, PROGRAMS } from './journey.js';

const engine = new CompiledEngine();

/** At every third host call and every slice. */
function often(): (at: 'call' | 'slice') => boolean {
  let calls = 0;
  return (at) => at === 'slice' || ++calls % 3 === 0;
}

/** Every error of a script is an exception here (setjmp by WebAssembly exception handling). */
const WITH_EXCEPTIONS = {
  name: 'Lua with exceptions',
  module: 'guests/lua/lua-eh.wasm',
  args: ['lua'],
  // Without what takes longest.
  stdin: readFileSync(new URL('../../guests/lua/errors.lua', import.meta.url), 'utf8')
    .split('\n')
    .slice(1, 26)
    .join('\n'),
};

describe.each([...PROGRAMS, WITH_EXCEPTIONS])('$name', (program) => {
  it('moves from instance to instance unnoticed', async () => {
    const engines = [await engine.prepare(await loadGuest(program.module))];
    const expected = new Journey(engines, program, 1e15).run();
    expect(expected.outcome.kind).toMatch(/returned|exited/);
    const sliceFuel = Math.max(1, Math.floor(expected.outcome.counter / 40));
    const journey = new Journey(engines, program, sliceFuel, often());
    expect(journey.run()).toEqual(expected);
    expect(journey.moved).toBeGreaterThan(5);
  });

  it('goes on in marked code and back unnoticed, and no page is missed', async () => {
    const bytes = await loadGuest(program.module);
    const engines = [await engine.prepare(bytes)];
    const expected = new Journey(engines, program, 1e15).run();
    const sliceFuel = Math.max(1, Math.floor(expected.outcome.counter / 40));
    const journey = new Journey(engines, program, sliceFuel, often(), await engine.marking(bytes));
    expect(journey.run()).toEqual(expected);
    expect(journey.moved).toBeGreaterThan(5);
    expect(journey.watched).toMatchObject({ unnoted: 0 });
  });
});
