/**
 * Random modules of binaryen's generator: the interpreter shows what V8 shows, at the same counters, and a run that changes
 * its engine at every place is the run that does not.
 * More: `FUZZ_SEED=1000 FUZZ_COUNT=500 npx vitest run test/fuzz/interpreter`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CompiledEngine } from '../../../src/engine/compiled/index.js';
import type { PreparedModule } from '../../../src/engine/engine.js';
import { DecodeError } from '../../../src/errors.js';
import { type GuestRun, runGuest, type When } from '../../snapshot/capture-run.js';
import { alternating } from '../../snapshot/engines.js';
import { EAGER_REGIONS, interpreterEngine } from '../../support/interpreter.js';
import { callsOf, closed } from '../capture/guest.js';
import { randomModule } from '../inject/generate.js';

const first = Number(process.env['FUZZ_SEED'] ?? 1);
const count = Number(process.env['FUZZ_COUNT'] ?? 8);
const folder = mkdtempSync(path.join(tmpdir(), 'ft-wasm-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const compiled = new CompiledEngine();
const interpreter = interpreterEngine();
const withRegions = interpreterEngine(EAGER_REGIONS);

/** Undefined for a module that this engine refuses by name (exception handling). */
async function prepare(bytes: Uint8Array): Promise<PreparedModule | undefined> {
  try {
    return await interpreter.prepare(bytes);
  } catch (error) {
    if (error instanceof DecodeError && error.code === 'FTW_UNSUPPORTED') return undefined;
    throw error;
  }
}

/** How exact the counter of a trap is depends on the engine, and so does what a function looks like to the host. */
function seen(guest: GuestRun, when?: When) {
  const { log, memory, points } = runGuest(guest, when);
  const plain = (line: string) =>
    line
      .replace(/trapped at \d+/, 'trapped')
      .replaceAll(/function \d+\(\) \{ \[native code\] \}|\[object Object\]/g, 'function');
  return { log: log.map(plain), memory, points };
}

/** The calls up to the first that traps: behind it, counters are each engine's own. */
function untilTrap(guest: GuestRun): GuestRun {
  const outcomes = runGuest(guest).log.filter((line) => /^(returned|trapped|exited) at/.test(line));
  const trapped = outcomes.findIndex((line) => line.startsWith('trapped'));
  // The first outcome is the start function's.
  return trapped < 0 ? guest : { ...guest, calls: guest.calls.slice(0, trapped) };
}

describe('random modules', () => {
  // Odd ones: the others nearly all log vectors, which no host function can take.
  const seeds = Array.from({ length: count }, (_, at) => first + 2 * at);

  it.each(seeds)('seed %i: both engines, and one after the other, show the same', async (seed) => {
    const bytes = closed(randomModule(seed, folder, true));
    const second = bytes && (await prepare(bytes));
    if (bytes === undefined || second === undefined) return;
    const prepared = await compiled.prepare(bytes);
    const run = untilTrap({ prepared, calls: callsOf(prepared), sliceFuel: 53 });
    const { points, ...expected } = seen(run);
    expect(seen({ ...run, prepared: second })).toEqual({ ...expected, points });
    const third = await withRegions.prepare(bytes);
    expect(seen({ ...run, prepared: third }), 'with regions').toEqual({ ...expected, points });
    const every = Math.ceil(points / 50);
    for (const pair of [[prepared, second] as const, [second, prepared] as const, [second, third] as const]) {
      const moved = seen({ ...run, prepared: alternating(...pair) }, (point) =>
        point % every === 0 ? 'restore' : undefined,
      );
      expect(moved).toMatchObject(expected);
    }
  });
});
