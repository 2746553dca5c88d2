/** Hot code as regions: nothing can be seen of them but their speed. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, type EngineInstance, type PreparedModule } from '../../../src/engine/engine.js';
import type { InterpreterInstance } from '../../../src/engine/interpreter/index.js';
import { EAGER_REGIONS, interpreterEngine } from '../../support/interpreter.js';
import { assemble } from '../../support/modules.js';

/** Loops in loops, calls, recursion, floats, memory; `n` sets how long it runs. */
const TEXT = `(module
  (memory (export "memory") 1)
  (global $sum (mut i64) (i64.const 0))
  (table 2 funcref) (elem (i32.const 0) $twice $fib)
  (type $unary (func (param i32) (result i32)))
  (func $twice (param i32) (result i32) (i32.shl (local.get 0) (i32.const 1)))
  (func $fib (param $n i32) (result i32)
    (if (result i32) (i32.lt_u (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else (i32.add (call $fib (i32.sub (local.get $n) (i32.const 1)))
                     (call $fib (i32.sub (local.get $n) (i32.const 2)))))))
  (func (export "run") (param $n i32) (result i64) (local $i i32) (local $j i32) (local $x f64)
    (local.set $x (f64.const 0.5))
    (loop $outer
      (local.set $j (i32.const 0))
      (loop $inner
        (local.set $x (f64.add (f64.mul (local.get $x) (f64.const 1.5)) (f64.convert_i32_u (local.get $j))))
        (f64.store offset=64 (i32.shl (local.get $j) (i32.const 3)) (local.get $x))
        (i32.store8 (local.get $j) (call_indirect (type $unary) (local.get $i) (i32.and (local.get $j) (i32.const 1))))
        (br_if $inner (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 7))))
      (global.set $sum (i64.add (global.get $sum) (i64.extend_i32_u (call $fib (i32.and (local.get $i) (i32.const 7))))))
      (br_if $outer (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (i64.add (global.get $sum) (i64.trunc_sat_f64_s (local.get $x))))
  (func (export "trap") (param $n i32) (local $at i32)
    (loop $on
      (i32.store (local.get $at) (local.get $n))
      (local.set $at (i32.add (local.get $at) (i32.const 12)))
      (br $on))))`;

/** Tail calls of each kind and width, to each other and to a function that is met for the first time. */
const TAILS = `(module (memory 1)
  (table 2 funcref) (elem (i32.const 0) $even $odd)
  (type $step (func (param i64 i32) (result i64)))
  (func $even (param $n i64) (param $sum i32) (result i64)
    (if (result i64) (i64.eqz (local.get $n))
      (then (return_call $last (f64.convert_i32_s (local.get $sum)) (i64x2.splat (i64.const 3))))
      (else (return_call $odd (i64.sub (local.get $n) (i64.const 1)) (i32.add (local.get $sum) (i32.const 3))))))
  (func $odd (param $n i64) (param $sum i32) (result i64) (local $next i64)
    (local.set $next (i64.sub (local.get $n) (i64.const 1)))
    (return_call_indirect (type $step) (local.get $next) (i32.mul (local.get $sum) (i32.const 5))
      (i32.and (i32.wrap_i64 (local.get $next)) (i32.const 1))))
  (func $last (param $x f64) (param $lanes v128) (result i64)
    (i64.add (i64.reinterpret_f64 (local.get $x)) (i64x2.extract_lane 1 (local.get $lanes))))
  (func (export "run") (param $n i32) (result i64)
    (i64.add (i64.const 1) (call $even (i64.extend_i32_u (local.get $n)) (i32.const 1)))))`;

const plain = interpreterEngine();
const eager = interpreterEngine(EAGER_REGIONS);

interface Run {
  readonly sliceFuel?: number;
  readonly onSlice?: (instance: EngineInstance) => void;
}

function instantiate(prepared: PreparedModule, { sliceFuel = 100, onSlice }: Run = {}): InterpreterInstance {
  const instance = prepared.instantiate({
    imports: { resolve: () => undefined },
    limits: DEFAULT_LIMITS,
    sliceFuel,
    onSlice: () => onSlice?.(instance),
  }) as InterpreterInstance;
  return instance;
}

/** What a run leaves behind. */
const seen = (instance: EngineInstance) => {
  const { counter, frames, globals } = instance.state!();
  return { counter, frames, globals, memory: createHash('sha256').update(instance.memory!.bytes).digest('hex') };
};

describe('regions', () => {
  it('a hot program ends as without them, whatever the slices are', async () => {
    const [without, regions] = [await plain.prepare(assemble(TEXT)), await eager.prepare(assemble(TEXT))];
    const expected = instantiate(without);
    const outcome = expected.call('run', [20]);
    expect(outcome.kind).toBe('returned');
    for (const sliceFuel of [3, 100, 5000]) {
      const instance = instantiate(regions, { sliceFuel });
      expect(instance.call('run', [20])).toEqual(outcome);
      expect(seen(instance)).toEqual(seen(expected));
    }
  });

  it('a trap in a hot loop is at the same place and counter', async () => {
    const outcomes = [];
    for (const engine of [plain, eager]) {
      outcomes.push(instantiate(await engine.prepare(assemble(TEXT))).call('trap', [7]));
    }
    expect(outcomes[0]).toMatchObject({ kind: 'trapped', trap: 'memory-out-of-bounds' });
    expect(outcomes[1]).toEqual(outcomes[0]);
  });

  it('the arguments of tail calls are where the loop takes them from', async () => {
    const [without, regions] = [await plain.prepare(assemble(TAILS)), await eager.prepare(assemble(TAILS))];
    for (const n of [0, 2, 300]) {
      const expected = instantiate(without);
      const outcome = expected.call('run', [n]);
      expect(outcome.kind).toBe('returned');
      const instance = instantiate(regions);
      expect(instance.call('run', [n])).toEqual(outcome);
      expect(instance.call('run', [n])).toEqual(expected.call('run', [n]));
      expect(seen(instance)).toEqual(seen(expected));
    }
  });

  it.each([
    ['loops and calls', TEXT],
    ['tail calls', TAILS],
  ])('%s: stops at every counter in the same state', async (_, text) => {
    const sessions = [];
    for (const engine of [plain, eager]) {
      const instance = instantiate(await engine.prepare(assemble(text)));
      instance.call('run', [12]);
      sessions.push(instance.debug('run', [3]));
    }
    const [expected, session] = sessions as [(typeof sessions)[0], (typeof sessions)[0]];
    const start = expected.counter;
    // Strides, so that regions are entered; all residues are passed through.
    for (let stop = start + 1; ; stop += 1 + ((stop * 7) % 23)) {
      const result = expected.runTo(stop);
      expect(session.runTo(stop)).toEqual(result);
      expect(session.frames()).toEqual(expected.frames());
      expect(session.globals()).toEqual(expected.globals());
      if (result.kind !== 'stopped') break;
    }
    for (const each of sessions) each.close();
  });

  it('is captured inside of hot code, and goes on with and without them', async () => {
    const prepared = [await plain.prepare(assemble(TEXT)), await eager.prepare(assemble(TEXT))];
    const states: unknown[] = [];
    for (const each of prepared) {
      let slices = 0;
      const onSlice = (instance: EngineInstance) => {
        if (++slices % 12 === 0) instance.requestCapture!();
      };
      let instance = instantiate(each, { sliceFuel: 97, onSlice });
      let outcome = instance.call('run', [15]);
      const captured: unknown[] = [];
      while (outcome.kind === 'captured') {
        captured.push(seen(instance));
        const other = prepared[captured.length % 2]!;
        const state = instance.state();
        instance = instantiate(other, { sliceFuel: 97, onSlice });
        instance.load(state);
        outcome = instance.resume();
      }
      states.push([captured, outcome, seen(instance)]);
      expect(captured.length).toBeGreaterThan(4);
    }
    expect(states[1]).toEqual(states[0]);
  });
});
