/**
 * Random modules, captured and restored on their way: nothing that can be seen may depend on it, counters least of all.
 * More: `FUZZ_SEED=1000 FUZZ_COUNT=500 npx vitest run test/fuzz/capture`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CompiledEngine } from '../../../src/engine/compiled/index.js';
import { type GuestRun, runGuest } from '../../snapshot/capture-run.js';
import { randomModule } from '../inject/generate.js';
import { callsOf, closed } from './guest.js';

const first = Number(process.env['FUZZ_SEED'] ?? 1);
const count = Number(process.env['FUZZ_COUNT'] ?? 8);
const folder = mkdtempSync(path.join(tmpdir(), 'ft-wasm-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const engine = new CompiledEngine();

describe('random modules', () => {
  // Odd ones: the others nearly all log vectors, which no host function can take.
  const seeds = Array.from({ length: count }, (_, at) => first + 2 * at);

  it.each(seeds)('seed %i: a capture changes nothing', async (seed) => {
    const bytes = closed(randomModule(seed, folder, true));
    if (bytes === undefined) return;
    const prepared = await engine.prepare(bytes);
    const guest: GuestRun = { prepared, calls: callsOf(prepared), sliceFuel: 53, marking: await engine.marking(bytes) };
    const { log, memory, points } = runGuest(guest);
    const every = Math.ceil(points / 50);
    for (const how of ['restore', 'resume', 'mark'] as const) {
      const captured = runGuest(guest, (point) => (point % every === 0 ? how : undefined));
      expect({ log: captured.log, memory: captured.memory }).toEqual({ log, memory });
      expect(captured.unnoted).toBe(0);
    }
  });
});
