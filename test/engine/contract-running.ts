/** The engine contract, first part: values, the counter, start functions, traps and recursion. */
import { describe, expect, it } from 'vitest';
import type { Engine, EngineInstance, TrapCode } from '../../src/engine/engine.js';
import { type EngineTraits, starter } from './contract-support.js';

export function describeRunning(engine: Engine, traits: EngineTraits): void {
  const start = starter(engine);

  describe(`${engine.name} engine: values and counter`, () => {
    it('returns results of every number and type', async () => {
      const { instance } = await start(`(module
        (func (export "none"))
        (func (export "i64") (param i64) (result i64) (i64.add (local.get 0) (i64.const 1)))
        (func (export "many") (param i32 f64) (result f64 i32 i64)
          (local.get 1) (local.get 0) (i64.const -7)))`);
      expect(instance.call('none', [])).toEqual({ kind: 'returned', counter: 1, values: [] });
      expect(instance.call('i64', [41n])).toMatchObject({ values: [42n], counter: 5 });
      expect(instance.call('many', [3, 0.5])).toMatchObject({ values: [0.5, 3, -7n], counter: 9 });
      expect(instance.counter).toBe(9);
    });

    it('tells each host call the exact counter, the call included', async () => {
      const seen: number[] = [];
      const note = (_value: number, counter: number) => void seen.push(counter);
      const { instance } = await start(
        `(module (import "host" "note" (func $note (param i32)))
          (func (export "run") (param $n i32)
            (loop $again
              (call $note (local.get $n))
              (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))`,
        { note },
      );
      expect(instance.call('run', [3])).toMatchObject({ kind: 'returned', counter: 22 });
      expect(seen).toEqual([3, 10, 17]);
    });

    it('passes and returns 64-bit integers to the host as BigInt', async () => {
      const { instance } = await start(
        `(module (import "host" "double" (func $double (param i64) (result i64)))
          (func (export "run") (param i64) (result i64) (call $double (local.get 0))))`,
        { double: (value: bigint) => value * 2n },
      );
      expect(instance.call('run', [-(2n ** 40n)])).toMatchObject({ values: [-(2n ** 41n)] });
    });

    it('reaches imports through tables, references and exports', async () => {
      const seen: [number, number][] = [];
      const { instance } = await start(
        `(module (import "host" "note" (func $note (param i32)))
          (table 2 funcref) (elem (i32.const 0) $note)
          (export "note" (func $note))
          (func (export "run")
            (call_indirect (param i32) (i32.const 5) (i32.const 0))
            (table.set (i32.const 1) (ref.func $note))
            (call_indirect (param i32) (i32.const 6) (i32.const 1))))`,
        { note: (value: number, counter: number) => void seen.push([value, counter]) },
      );
      instance.call('run', []);
      instance.call('note', [7]);
      expect(seen).toEqual([
        [5, 4],
        [6, 10],
        [7, 10],
      ]);
    });

    it('lets a host function call an export and goes on with the counter it left', async () => {
      let instance: EngineInstance | undefined;
      const again = (counter: number) => {
        instance!.call('inner', []);
        return counter;
      };
      ({ instance } = await start(
        `(module (import "host" "again" (func $again (result i32)))
          (func (export "inner") (nop) (drop (i32.const 1)))
          (func (export "outer") (result i32) (call $again)))`,
        { again },
      ));
      expect(instance.call('outer', [])).toMatchObject({ kind: 'returned', counter: 4, values: [2] });
    });
  });

  describe(`${engine.name} engine: start functions`, () => {
    it('runs them on demand and counts them', async () => {
      const text = `(module (global $g (mut i32) (i32.const 1))
        (func $init (global.set $g (i32.const 5))) (start $init)
        (func (export "read") (result i32) (global.get $g)))`;
      const { instance, started } = await start(text);
      expect(started).toEqual({ kind: 'returned', counter: 3, values: [] });
      expect(instance.call('read', [])).toMatchObject({ values: [5], counter: 5 });
    });

    it('reports a trap in them', async () => {
      const { started } = await start('(module (func $init unreachable) (start $init))');
      expect(started).toMatchObject({ kind: 'trapped', trap: 'unreachable', counter: 1 });
    });

    it('reports a data segment that does not fit as a trap before the first instruction', async () => {
      const { started } = await start('(module (memory 1) (data (i32.const 65535) "ab"))');
      expect(started).toMatchObject({ kind: 'trapped', trap: 'memory-out-of-bounds', counter: 0 });
    });
  });

  describe(`${engine.name} engine: traps`, () => {
    const body = (code: string) => `(module (memory 1) (table 2 funcref) (type $f (func))
      (elem (i32.const 0) $other) (func $other (param i32)) (func (export "run") ${code}))`;
    const nullElement = traits.tellsNullFromType ? 'indirect-call-null' : 'indirect-call-type';
    const traps: [TrapCode, string][] = [
      ['unreachable', 'unreachable'],
      ['memory-out-of-bounds', '(drop (i32.load (i32.const 65533)))'],
      ['memory-out-of-bounds', '(memory.fill (i32.const 65536) (i32.const 0) (i32.const 1))'],
      ['integer-divide-by-zero', '(drop (i32.div_u (i32.const 1) (i32.const 0)))'],
      ['integer-divide-by-zero', '(drop (i64.rem_s (i64.const 1) (i64.const 0)))'],
      ['integer-overflow', '(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))'],
      ['invalid-conversion', '(drop (i32.trunc_f64_s (f64.const nan)))'],
      ['table-out-of-bounds', '(call_indirect (type $f) (i32.const 2))'],
      ['table-out-of-bounds', '(drop (table.get (i32.const 2)))'],
      ['indirect-call-type', '(call_indirect (type $f) (i32.const 0))'],
      [nullElement, '(call_indirect (type $f) (i32.const 1))'],
    ];
    it.each(traps)('%s: %s', async (trap, code) => {
      const { instance } = await start(body(code));
      expect(instance.call('run', [])).toMatchObject({ kind: 'trapped', trap });
    });

    it('can be called again afterwards', async () => {
      const { instance } = await start(`(module (func (export "trap") unreachable) (func (export "fine")))`);
      expect(instance.call('trap', [])).toMatchObject({ kind: 'trapped', counter: 1 });
      expect(instance.call('fine', [])).toMatchObject({ kind: 'returned', counter: 2 });
    });

    it('never counts beyond a trap, whatever slices end before it', async () => {
      const text = `(module (func (export "run") (param i32)
        (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (drop (i32.div_u (i32.const 1) (i32.const 0)))))`;
      for (const sliceFuel of [1, 7, 20]) {
        const { instance } = await start(text, {}, { sliceFuel });
        expect(instance.call('run', [10])).toMatchObject({ kind: 'trapped', trap: 'integer-divide-by-zero' });
        expect(instance.counter).toBeLessThanOrEqual(54);
      }
    });

    it.runIf(traits.exactAtTraps)('knows the exact counter', async () => {
      const { instance } = await start(body('(drop (i32.div_u (i32.const 1) (i32.const 0)))'));
      expect(instance.call('run', [])).toMatchObject({ counter: 4 });
    });
  });

  describe(`${engine.name} engine: recursion`, () => {
    const recursion = `(module (memory 1) (table 1 funcref) (type $f (func (param i32))) (elem (i32.const 0) $indirect)
      (func $tick (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1))))
      (func $direct (export "direct") (call $tick) (call $direct))
      (func $indirect (export "indirect") (param i32) (local i64 i64)
        (call $tick) (call_indirect (type $f) (local.get 0) (i32.const 0)))
      (func $big (export "big") (local v128 v128 v128 v128) (call $tick) (call $big))
      (func $bounded (export "bounded") (param i32)
        (if (local.get 0) (then (call $bounded (i32.sub (local.get 0) (i32.const 1)))))))`;

    it.each([
      ['direct', [], 2500],
      ['indirect', [1], 1538],
      ['big', [], 1250],
    ] as const)('%s: overflows after the same number of frames', async (name, args, frames) => {
      const { instance } = await start(recursion);
      expect(instance.call(name, args)).toMatchObject({ kind: 'trapped', trap: 'stack-overflow' });
      expect(instance.memory!.view.getUint32(0, true)).toBe(frames);
    });

    // Units: 8 of `looks`; 13 of `member`, 264 of `heavy`. 20,000 are 952 times the first two and 8.
    const around = `(module (memory 1)
      (func $tick (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1))))
      (func $looks (export "looks") (call $tick) (call $member))
      (func $member (export "member") (local i64 i64 i64 i64 i64) (call $tick) (call $looks))
      (func $light (export "light") (call $tick) (call $heavy))
      (func $heavy (local ${'i64 '.repeat(256)}) (call $tick) (call $light)))`;

    it.each([
      ['looks', 2 * 953],
      ['member', 2 * 952 + 1],
      // 73 times both, 144 units are left: another `light`, and no `heavy`, which looks because it is.
      ['light', 2 * 73 + 1],
    ] as const)('%s: overflows where somebody looks', async (name, frames) => {
      const { instance } = await start(around);
      expect(instance.call(name, [])).toMatchObject({ kind: 'trapped', trap: 'stack-overflow' });
      expect(instance.memory!.view.getUint32(0, true)).toBe(frames);
    });

    it('has its whole depth back after an overflow', async () => {
      const { instance } = await start(recursion);
      for (let round = 0; round < 3; round++) {
        expect(instance.call('direct', [])).toMatchObject({ trap: 'stack-overflow' });
        expect(instance.call('bounded', [1000])).toMatchObject({ kind: 'returned' });
      }
    });
  });
}
