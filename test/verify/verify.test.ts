/**
 * Both engines over one recording: they agree; and when one of them executes one instruction wrongly, exactly that
 * instruction is found. More faults: `FUZZ_SEED=1000 FUZZ_COUNT=100 npx vitest run test/verify`.
 */
import { describe, expect, it } from 'vitest';
import { CompiledEngine } from '../../src/engine/compiled/index.js';
import { DEFAULT_LIMITS } from '../../src/engine/engine.js';
import { decodeBatch } from '../../src/log/codec.js';
import { type Verdict, verify } from '../../src/verify/index.js';
import type { WasiConfig } from '../../src/wasi/config.js';
import { kernels, loadGuest } from '../support/guests.js';
import { interpreterEngine } from '../support/interpreter.js';
import { Random } from '../support/random-module.js';
import { recordRun } from '../support/record-run.js';
import { assemble } from '../support/wat.js';
import { exchangeable, exchanged, trapping } from './faulty.js';

const compiled = new CompiledEngine();
const interpreter = interpreterEngine();
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const COUNT = Number(process.env['FUZZ_COUNT'] ?? 6);

/** A faulty run may ask for all memory and all stack there can be, more than the interpreter and the thread of a test have. */
const LIMITS = { ...DEFAULT_LIMITS, memoryPagesMax: 1024, stackUnitsMax: 20_000 };

/** The module as each engine has it, if it is not the recorded one. */
interface Faulty {
  readonly compiled?: Uint8Array;
  readonly interpreter?: Uint8Array;
}

/** Records a run and answers how to verify it; `parts`: points of the first look. */
async function recorded(module: Uint8Array, wasi: WasiConfig = {}) {
  const { batches, outcome } = recordRun(await compiled.prepare(module), { config: wasi });
  const entries = batches.flatMap((batch) => [...decodeBatch(batch).entries]);
  const check = async (parts: number, faulty: Faulty = {}): Promise<Verdict> =>
    verify({
      ...{ module, wasi, entries, limits: LIMITS, every: Math.ceil(outcome.counter / parts) },
      // A faulty run need not end by itself.
      fuelMax: outcome.counter + 1,
      compiled: await compiled.prepare(faulty.compiled ?? module),
      interpreter: await interpreter.prepare(faulty.interpreter ?? module),
    });
  return { outcome, check };
}

/** Most of a module with several kernels is not, and a fault there shows nothing. */
async function isExecuted(module: Uint8Array, offset: number, wasi: WasiConfig): Promise<boolean> {
  return recordRun(await compiled.prepare(trapping(module, offset)), { config: wasi }).outcome.kind === 'trapped';
}

const PROGRAMS = kernels().filter(({ half, language }) => language === 'assemblyscript' || half === 'heldout');

describe.each(PROGRAMS)('$name', ({ args, module, name }) => {
  it('is equal on both engines', async () => {
    const { check, outcome } = await recorded(await loadGuest(module), { args: [name, ...args, '1'] });
    const verdict = await check(30);
    expect(verdict).toMatchObject({ kind: 'equal', counter: outcome.counter, end: outcome.kind });
    expect((verdict as { compared: number }).compared).toBeGreaterThan(10);
  });
});

describe('a fault in one engine', () => {
  const names = ['crc32', 'fannkuch', 'huffman', 'json'];

  it.each(names)(`is found in %s, ${COUNT} faults from seed ${SEED}`, async (wanted) => {
    const { args, module, name } = kernels().find((kernel) => kernel.name === wanted)!;
    const bytes = await loadGuest(module);
    const wasi = { args: [name, ...args, '1'] };
    const { check } = await recorded(bytes, wasi);
    const places = exchangeable(bytes);
    const random = new Random(SEED);
    let found = 0;
    for (let fault = 0; fault < COUNT; fault++) {
      let offset: number;
      do offset = places[random.below(places.length)]!;
      while (!(await isExecuted(bytes, offset, wasi)));
      const changed = exchanged(bytes, offset);
      const verdict = await check(10, fault % 2 === 0 ? { compiled: changed } : { interpreter: changed });
      // An instruction that changes nothing is no fault.
      if (verdict.kind === 'equal') continue;
      expect(verdict, `offset ${offset}`).toMatchObject({ kind: 'different', difference: { instruction: { offset } } });
      found++;
    }
    expect(found).toBeGreaterThan(0);
  });

  it('is reported with function, instruction and both values', async () => {
    const text = `(module (memory (export "memory") 1)
      (func $mix (param $a i32) (param $b i32) (result i32) (i32.xor (local.get $a) (local.get $b)))
      (func $main (export "_start") (local $i i32) (local $h i32)
        (loop $l
          (local.set $h (call $mix (i32.mul (local.get $h) (i32.const 31)) (i32.const 5)))
          (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
        (i32.store (i32.const 0) (local.get $h))))`;
    const bytes = await assemble('mix', text);
    const offset = exchangeable(bytes)[0]!;
    const { check } = await recorded(bytes);
    const verdict = await check(10, { interpreter: exchanged(bytes, offset) });
    expect(verdict).toMatchObject({
      kind: 'different',
      difference: {
        agreedTo: 18,
        what: expect.stringMatching(/^local 1 of the frame in function 1 at offset 0x/),
        // 5 * 31 = 155: 155 xor 5 is 158, 155 or 5 is 159.
        values: ['0x9e', '0x9f'],
        instruction: {
          ...{ counter: 26, functionIndex: 0, functionName: 'mix', offset, instruction: 'i32.or' },
          before: [{ bits: 155n }, { bits: 5n }],
          after: [{ bits: 159n }],
        },
      },
    });
  });
});
