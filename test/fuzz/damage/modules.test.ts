/**
 * Damaged copies of real guests: refused with code and place, or good WebAssembly, which is then rewritten, run on both
 * engines with the same end, and replayed. More: `FUZZ_SEED=1000 FUZZ_COUNT=500 npx vitest run test/fuzz/damage`.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { CompiledEngine } from '../../../src/engine/compiled/index.js';
import { WebAssembly } from '../../../src/engine/compiled/webassembly.js';
import type { Engine, PreparedModule } from '../../../src/engine/engine.js';
import { FtWasmError } from '../../../src/errors.js';
import { decodeModule } from '../../../src/wasm/decode/index.js';
import { scanFeatures } from '../../../src/wasm/features.js';
import { readGuest } from '../../support/guests.js';
import { interpreterEngine } from '../../support/interpreter.js';
import { type Recording, type RunOptions, recordRun, replayRun } from '../../support/record-run.js';
import { refusalOf } from '../../unit/wasm/support.js';
import { damage, generator } from './damage.js';

const first = Number(process.env['FUZZ_SEED'] ?? 1);
const count = Number(process.env['FUZZ_COUNT'] ?? 8);
const COPIES = 10;
/** Compiling both takes a while: the large guests get fewer copies. */
const COPIES_LARGE = 4;
const LARGE_BYTES = 100_000;
const SEED_MS = 60_000;

const GUESTS = [
  ...['wasi/files.wasm', 'wasi/readdir.wasm', 'wasi/clocks.wasm', 'kernels/c/strings.wasm', 'kernels/c/dot_simd.wasm'],
  ...['as-wasi/build/as-wasi.wasm', 'compress/compress.wasm', 'lua/lua.wasm', 'lua/lua-eh.wasm', 'kv/build/kv.wasm'],
].map((name) => ({ name, bytes: new Uint8Array(readGuest(`guests/${name}`)) }));

const OPTIONS: RunOptions = {
  config: { args: ['guest', '1'], preopens: [{ guest: '/data', mode: 'private', entries: [] }] },
  // The stack of a test's thread is smaller than that of a guest's.
  limits: { memoryPagesMax: 1024, tableElementsMax: 100_000, stackUnitsMax: 20_000 },
  stdin: 'print(1)\n',
  fuelMax: 3_000_000,
};

/** What may come of a module or a run besides its result; anything else fails the test. */
function refusal(error: unknown): FtWasmError {
  if (error instanceof FtWasmError) return error;
  throw error;
}

async function prepared(engine: Engine, bytes: Uint8Array): Promise<PreparedModule | FtWasmError> {
  try {
    return await engine.prepare(bytes);
  } catch (error) {
    return refusal(error);
  }
}

function run(module: PreparedModule): Recording | FtWasmError {
  try {
    return recordRun(module, OPTIONS);
  } catch (error) {
    return refusal(error);
  }
}

/** All that both engines must agree on: the counter at a trap is exact in the interpreter only. */
function end(run: Recording | FtWasmError): unknown {
  if (run instanceof FtWasmError) return run.code;
  const { outcome, stdout, stderr, digest, events } = run;
  const { kind, counter } = outcome;
  if (kind === 'trapped') return { kind, trap: outcome.trap, stdout, stderr, digest, events };
  return { kind, counter, stdout, stderr, digest, events };
}

describe('damaged modules', () => {
  let engines: readonly Engine[];
  beforeAll(() => {
    engines = [new CompiledEngine(), interpreterEngine()];
  });

  async function exercise(bytes: Uint8Array): Promise<string> {
    const refused = refusalOf(bytes);
    if (refused !== undefined) {
      expect(refused.offset).toBeLessThanOrEqual(bytes.length);
      return refused.code;
    }
    const modules = await Promise.all(engines.map((engine) => prepared(engine, bytes)));
    const features = scanFeatures(decodeModule(bytes)).map(({ feature }) => feature);
    if (modules[0] instanceof FtWasmError) return modules[0].code;
    if (!features.some((feature) => feature === 'exceptions')) expect(WebAssembly.validate(bytes)).toBe(true);
    const runs = modules.map((module) => (module instanceof FtWasmError ? undefined : run(module)));
    if (runs[1] !== undefined) expect(end(runs[1])).toEqual(end(runs[0]!));
    const recorded = runs[0]!;
    if (recorded instanceof FtWasmError) return recorded.code;
    const { batches, ...result } = recorded;
    expect(replayRun(modules[0]!, OPTIONS, batches)).toEqual(result);
    return result.outcome.kind;
  }

  it.for(Array.from({ length: count }, (_, at) => first + at))(
    'seed %i: refused with a place, or the same on both engines and at replay',
    { timeout: SEED_MS },
    async (seed) => {
      const random = generator(seed);
      const outcomes = new Map<string, number>();
      for (const { name, bytes } of GUESTS) {
        const copies = bytes.length > LARGE_BYTES ? COPIES_LARGE : COPIES;
        for (let copy = 0; copy < copies; copy++) {
          const damaged = damage(bytes, random);
          const outcome = await exercise(damaged).catch((error: unknown) => {
            throw new Error(`${name}, copy ${copy} of seed ${seed}`, { cause: error });
          });
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        }
      }
      expect([...outcomes.keys()]).toContain('FTW_MALFORMED');
    },
  );
});
