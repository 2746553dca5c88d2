/**
 * Random modules, three ways: as they are, injected, and injected eagerly (charging and fixing NaNs after every single
 * instruction). All three must show the same; the injected two also at the same counters.
 * More: `FUZZ_SEED=1000 FUZZ_COUNT=500 npx vitest run test/fuzz/inject`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { WebAssembly } from '../../../src/engine/compiled/webassembly.js';
import { DEFAULT_INJECT_OPTIONS, inject } from '../../../src/inject/index.js';
import { decodeModule } from '../../../src/wasm/decode/index.js';
import { scanFeatures } from '../../../src/wasm/features.js';
import type { Module } from '../../../src/wasm/module.js';
import { randomModule } from './generate.js';
import { observe } from './run.js';

const first = Number(process.env['FUZZ_SEED'] ?? 1);
const count = Number(process.env['FUZZ_COUNT'] ?? 8);
const folder = mkdtempSync(path.join(tmpdir(), 'ft-wasm-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The generator knows features that it was not given; such modules are refused, which is tested elsewhere. */
function isRefused(module: Module): boolean {
  return scanFeatures(module).some(({ refusal }) => refusal !== undefined);
}

describe('random modules', () => {
  const seeds = Array.from({ length: count }, (_, at) => first + at);

  it.each(seeds)('seed %i: the injected module does what the original does', (seed) => {
    const module = decodeModule(randomModule(seed, folder, false));
    if (module.start !== undefined || isRefused(module)) return;
    const injected = inject(module);
    expect(WebAssembly.validate(injected.bytes)).toBe(true);
    const original = observe(module);
    const seen = observe(module, injected);
    expect(seen.log).toEqual(original.log);
    expect(seen.memory).toEqual(original.memory);
  });

  it.each(seeds)('seed %i: late charges and NaN fixes are like immediate ones', (seed) => {
    const module = decodeModule(randomModule(seed, folder, true));
    if (isRefused(module)) return;
    const eager = inject(module, { ...DEFAULT_INJECT_OPTIONS, eager: true });
    expect(WebAssembly.validate(eager.bytes)).toBe(true);
    expect(observe(module, inject(module))).toEqual(observe(module, eager));
  });
});
