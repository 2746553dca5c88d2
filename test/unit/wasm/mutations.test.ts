/** Damaged modules: always a DecodeError or a module that V8 accepts too; never another exception, never a hang. */
import { describe, expect, it } from 'vitest';
import { decodeModule } from '../../../src/wasm/decode/index.js';
import { encodeModule } from '../../../src/wasm/encode/index.js';
import { scanFeatures } from '../../../src/wasm/features.js';
import { ModuleNames } from '../../../src/wasm/names.js';
import { assemble, refusalOf, validatedByV8 } from './support.js';

const SEED = Number(process.env['SEED'] ?? 20_260_101);
const ROUNDS = 1_500;

const SAMPLES: Record<string, string> = {
  declarations: `(module (type (func (param i32 i64) (result f64))) (import "env" "f" (func (type 0)))
    (import "env" "m" (memory 1 2)) (table 3 5 funcref) (tag (param i32)) (global (mut i64) (i64.const 7))
    (func $run (export "run")) (start $run) (elem (i32.const 1) func $run) (elem externref (ref.null extern))
    (data (i32.const 8) "abc") (data "passive"))`,
  control: `(module (memory 1) (table 2 funcref) (type $t (func (param i32) (result i32)))
    (func $f (type $t) (local i64 f32) (block (loop (br_if 1 (local.get 0)) (br_table 0 1 0 (local.get 0))))
      (if (result i32) (local.get 0) (then (call $f (i32.const 1))) (else (call_indirect (type $t) (i32.const 1) (i32.const 0)))))
    (func (param i32) (result i32) try (result i32) local.get 0 catch_all i32.const 2 end))`,
  data: `(module (memory 1) (func (param v128 i32) (result i32)
    (i32.store offset=8 (local.get 1) (i32.add (i32.load8_u (i32.const 3)) (i32.const -70000)))
    (v128.store (local.get 1) (i8x16.add (local.get 0) (v128.const i32x4 1 2 3 4)))
    (memory.fill (i32.const 0) (i32.const 1) (i32.const 2))
    (i32.trunc_sat_f64_s (f64.mul (f64.const 1.5) (f64.convert_i64_u (i64.const 99999999999))))))`,
};

/** A linear congruential generator: the same damage on every machine. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Runs everything that reads modules from outside; what it throws besides DecodeError fails the test. */
function exercise(bytes: Uint8Array): string {
  const refusal = refusalOf(bytes);
  if (refusal !== undefined) {
    expect(refusal.offset).toBeLessThanOrEqual(bytes.length);
    return refusal.code;
  }
  const module = decodeModule(bytes);
  const names = new ModuleNames(module);
  names.functionName(0);
  names.localName(0, 0);
  const features = scanFeatures(module).map(({ feature }) => feature);
  expect(refusalOf(encodeModule(module))).toBeUndefined();
  // Older versions of V8 lack these; they are ours to accept.
  const newer = features.some((feature) => ['multi-memory', 'extended-const', 'exceptions'].includes(feature));
  if (!newer && !usesExnref(module.bytes)) expect(validatedByV8(bytes)).toBe(true);
  return 'accepted';
}

/** The byte of exnref anywhere: a damaged type may have become one. */
function usesExnref(bytes: Uint8Array): boolean {
  return bytes.includes(0x69);
}

describe.each(Object.entries(SAMPLES))('%s', (_, text) => {
  const bytes = assemble(text, true);

  it('is good before it is damaged', () => {
    expect(exercise(bytes)).toBe('accepted');
  });

  it('survives truncation at every byte', () => {
    for (let length = 0; length < bytes.length; length++) exercise(bytes.slice(0, length));
  });

  it(`survives ${ROUNDS} damaged copies (SEED=${SEED})`, () => {
    const random = generator(SEED);
    const outcomes = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      const damaged = bytes.slice();
      for (let flips = random(3); flips >= 0; flips--) damaged[random(bytes.length)]! ^= 1 << random(8);
      outcomes.add(exercise(damaged));
    }
    expect([...outcomes]).toEqual(expect.arrayContaining(['accepted', 'FTW_MALFORMED', 'FTW_INVALID']));
  });
});
