/**
 * Random modules, captured and restored on their way: nothing that can be seen may depend on it, counters least of all.
 * More: `FUZZ_SEED=1000 FUZZ_COUNT=500 npx vitest run test/fuzz/capture`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CompiledEngine } from '../../../src/engine/compiled/index.js';
import type { BoundaryValue } from '../../../src/engine/engine.js';
import { type FuncType, ValType } from '../../../src/wasm/module.js';
import { type GuestRun, runGuest } from '../../snapshot/capture-run.js';
import { randomModule } from '../inject/generate.js';

const first = Number(process.env['FUZZ_SEED'] ?? 1);
const count = Number(process.env['FUZZ_COUNT'] ?? 8);
const folder = mkdtempSync(path.join(tmpdir(), 'ft-wasm-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const engine = new CompiledEngine();

/** JavaScript cannot pass vectors. */
const callable = ({ params, results }: FuncType) => ![...params, ...results].some((type) => type === ValType.V128);

function sample(type: ValType): BoundaryValue {
  if (type === ValType.I64) return 0n;
  return type === ValType.FuncRef || type === ValType.ExternRef ? null : 0;
}

describe('random modules', () => {
  const seeds = Array.from({ length: count }, (_, at) => first + at);

  it.each(seeds)('seed %i: a capture changes nothing', async (seed) => {
    const prepared = await engine.prepare(randomModule(seed, folder, true));
    if (prepared.imports.some(({ kind }) => kind !== 'func')) return;
    const calls = prepared.exports.flatMap(({ name, type }): GuestRun['calls'] =>
      type !== undefined && callable(type) ? [[name, ...type.params.map(sample)]] : [],
    );
    const guest: GuestRun = { prepared, calls, sliceFuel: 53 };
    const { log, memory, points } = runGuest(guest);
    const every = Math.ceil(points / 50);
    for (const how of ['restore', 'resume'] as const) {
      const captured = runGuest(guest, (point) => (point % every === 0 ? how : undefined));
      expect({ log: captured.log, memory: captured.memory }).toEqual({ log, memory });
    }
  });
});
