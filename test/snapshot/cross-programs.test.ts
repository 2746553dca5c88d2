/**
 * Whole programs under WASI that change the engine at random places, again and again: the session's digest, the output and
 * the counter are those of a run that stays where it is. More: `FUZZ_SEED=1000 npx vitest run test/snapshot/cross-programs`.
 */
import { describe, expect, it } from 'vitest';
import { CompiledEngine } from '../../src/engine/compiled/index.js';
import { loadGuest } from '../support/guests.js';
import { interpreterEngine } from '../support/interpreter.js';
import { Random } from '../support/random-module.js';
import { Journey, PROGRAMS } from './journey.js';

const compiled = new CompiledEngine();
const interpreter = interpreterEngine();
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);

/** At one in three host calls and slices. */
function sometimes(seed: number): () => boolean {
  const random = new Random(seed);
  return () => random.below(3) === 0;
}

describe.each(PROGRAMS)('$name', (program) => {
  it(`moves from engine to engine unnoticed, seed ${SEED}`, async () => {
    const bytes = await loadGuest(program.module);
    const engines = [await compiled.prepare(bytes), await interpreter.prepare(bytes)];
    const expected = new Journey([engines[0]!], program, 1e15).run();
    expect(new Journey([engines[1]!], program, 1e15).run()).toEqual(expected);
    const sliceFuel = Math.max(1, Math.floor(expected.outcome.counter / 60));
    let moved = 0;
    for (const order of [engines, engines.toReversed(), [engines[1]!]]) {
      const journey = new Journey(order, program, sliceFuel, sometimes(SEED));
      expect(journey.run()).toEqual(expected);
      moved += journey.moved;
    }
    expect(moved).toBeGreaterThan(15);
  });
});
