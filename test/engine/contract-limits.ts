/** The engine contract, second part: stopping, memory, NaN bits and refusals. */
import { describe, expect, it } from 'vitest';
import { type Engine, type EngineInstance, GuestStop } from '../../src/engine/engine.js';
import { FtWasmError, LinkError } from '../../src/errors.js';
import { assemble } from '../support/modules.js';
import { instanceOptions, starter } from './contract-support.js';

export function describeLimits(engine: Engine): void {
  const start = starter(engine);

  describe(`${engine.name} engine: stopping`, () => {
    const spins = '(module (func (export "run") (loop $again (br $again))))';

    it('stops at the first loop header at or after the end of the fuel', async () => {
      for (const fuelMax of [0, 1, 2, 10, 1000]) {
        const { instance } = await start(spins, {}, { fuelMax, sliceFuel: 7 });
        expect(instance.call('run', [])).toEqual({ kind: 'out-of-fuel', counter: Math.max(1, fuelMax) });
      }
    });

    it('stops a recursion without loops', async () => {
      const text = `(module (func $fib (export "fib") (param i32) (result i32)
        (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0)) (else
          (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2))))))))`;
      const { instance } = await start(text, {}, { fuelMax: 1000 });
      expect(instance.call('fib', [40])).toEqual({ kind: 'out-of-fuel', counter: 1004 });
    });

    it('reports slices at the first loop header at or after their ends', async () => {
      const slices: number[] = [];
      const onSlice = (counter: number) => {
        slices.push(counter);
        if (slices.length === 4) throw new GuestStop({ kind: 'waiting' });
      };
      const text = `(module (func (export "run") (loop $again (drop (i32.const 1)) (drop (i32.const 1)) (br $again))))`;
      const { instance } = await start(text, {}, { sliceFuel: 10, onSlice });
      expect(instance.call('run', [])).toEqual({ kind: 'waiting', counter: 46 });
      expect(slices).toEqual([10, 22, 34, 46]);
    });

    it('ends with what a host function asks for', async () => {
      const text = `(module (import "host" "exit" (func $exit (param i32) (result i64)))
        (func (export "run") (drop (call $exit (i32.const 3))) unreachable))`;
      const exit = (exitCode: number) => {
        throw new GuestStop({ kind: 'exited', exitCode });
      };
      const { instance } = await start(text, { exit });
      expect(instance.call('run', [])).toEqual({ kind: 'exited', counter: 3, exitCode: 3 });
      expect(instance.counter).toBe(3);
    });

    it('hands other errors of host functions to the caller', async () => {
      const broken = new Error('broken');
      const text = `(module (import "host" "fail" (func $fail)) (func (export "run") (call $fail)))`;
      const fail = () => {
        throw broken;
      };
      const { instance } = await start(text, { fail });
      expect(() => instance.call('run', [])).toThrow(broken);
    });
  });

  describe(`${engine.name} engine: memory and tables`, () => {
    const text = `(module (memory (export "m") 1 40) (table $t 1 100 funcref) (table $small 1 2 externref)
      (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
      (func (export "growTable") (param i32) (result i32) (table.grow $t (ref.null func) (local.get 0)))
      (func (export "growSmall") (param i32) (result i32) (table.grow $small (ref.null extern) (local.get 0)))
      (func (export "write") (i32.store (i32.const 70000) (i32.const 9))))`;
    const value = (instance: EngineInstance, name: string, arg: number) => {
      const outcome = instance.call(name, [arg]);
      return outcome.kind === 'returned' ? outcome.values[0] : outcome;
    };

    it('shows the grown memory', async () => {
      const { instance } = await start(text);
      expect(instance.memory!.bytes.length).toBe(65536);
      expect(value(instance, 'grow', 1)).toBe(1);
      instance.call('write', []);
      expect(instance.memory!.bytes.length).toBe(131072);
      expect(instance.memory!.view.getUint32(70000, true)).toBe(9);
    });

    it('grows up to the configured limit and not past it', async () => {
      const { instance } = await start(text);
      expect(value(instance, 'grow', 16)).toBe(-1);
      expect(value(instance, 'grow', -1)).toBe(-1);
      expect(value(instance, 'grow', 15)).toBe(1);
      expect(value(instance, 'grow', 1)).toBe(-1);
      expect(value(instance, 'grow', 0)).toBe(16);
      expect(value(instance, 'growTable', 63)).toBe(-1);
      expect(value(instance, 'growTable', 62)).toBe(1);
    });

    it('adds all tables up', async () => {
      const { instance } = await start(text);
      expect(value(instance, 'growSmall', 1)).toBe(1);
      expect(value(instance, 'growTable', 62)).toBe(-1);
      expect(value(instance, 'growTable', 61)).toBe(1);
      expect(value(instance, 'growTable', 1)).toBe(-1);
      expect(value(instance, 'growTable', 0)).toBe(62);
    });

    it('grows up to the declared limit where that is lower', async () => {
      const { instance } = await start(text);
      expect(value(instance, 'growSmall', 1)).toBe(1);
      expect(value(instance, 'growSmall', 1)).toBe(-1);
    });

    it('refuses a module that needs more than the limits', async () => {
      const prepared = await engine.prepare(assemble('(module (memory 17))'));
      expect(() => prepared.instantiate(instanceOptions())).toThrow(/at least 17 pages, the limit is 16/);
    });
  });

  describe(`${engine.name} engine: NaN bits`, () => {
    const nan = `(f64.div (f64.const 0) (f64.const 0))`;
    const cases: [string, string, bigint][] = [
      ['arithmetic', `(i64.reinterpret_f64 ${nan})`, 0x7ff8000000000000n],
      ['negated', `(i64.reinterpret_f64 (f64.neg ${nan}))`, 0xfff8000000000000n],
      ['absolute of negated', `(i64.reinterpret_f64 (f64.abs (f64.neg ${nan})))`, 0x7ff8000000000000n],
      ['copied sign', `(i64.reinterpret_f64 (f64.copysign (f64.const 1) ${nan}))`, 0x3ff0000000000000n],
      ['through a local', `(local.set $x ${nan}) (i64.reinterpret_f64 (local.get $x))`, 0x7ff8000000000000n],
      ['payload, moved', '(i64.reinterpret_f64 (call $same (f64.const nan:0x4000000000123)))', 0x7ff4000000000123n],
      [
        'payload, selected',
        `(i64.reinterpret_f64 (select (f64.const nan:0x4) ${nan} (i32.const 1)))`,
        0x7ff0000000000004n,
      ],
      [
        'arithmetic, selected',
        `(i64.reinterpret_f64 (select (f64.const nan:0x4) ${nan} (i32.const 0)))`,
        0x7ff8000000000000n,
      ],
      [
        'demoted and promoted',
        `(i64.reinterpret_f64 (f64.promote_f32 (f32.demote_f64 (f64.const nan:0x4))))`,
        0x7ff8000000000000n,
      ],
      [
        'lanes',
        `(i64x2.extract_lane 1 (f64x2.div (v128.const i64x2 0 0) (v128.const i64x2 0 0)))`,
        0x7ff8000000000000n,
      ],
      ['global', `(global.set $g ${nan}) (i64.reinterpret_f64 (global.get $g))`, 0x7ff8000000000000n],
      ['block result', `(i64.reinterpret_f64 (block (result f64) ${nan}))`, 0x7ff8000000000000n],
    ];
    it.each(cases)('%s', async (_name, code, bits) => {
      const { instance } = await start(`(module (global $g (mut f64) (f64.const 0))
        (func $same (param f64) (result f64) (local.get 0))
        (func (export "run") (result i64) (local $x f64) ${code}))`);
      const outcome = instance.call('run', []);
      expect(outcome.kind === 'returned' && BigInt.asUintN(64, outcome.values[0] as bigint)).toBe(bits);
    });
  });

  describe(`${engine.name} engine: refusals`, () => {
    it('names every import that nothing provides', async () => {
      const text = `(module (import "a" "b" (func)) (import "c" "d" (global i32)) (import "host" "known" (func)))`;
      const prepared = await engine.prepare(assemble(text));
      const attempt = () => prepared.instantiate(instanceOptions({ known: () => undefined }));
      expect(attempt).toThrow(LinkError);
      expect(attempt).toThrow(/a\.b, c\.d \(global\)/);
    });

    it('names an export that does not exist', async () => {
      const { instance } = await start('(module (memory (export "m") 1))');
      expect(() => instance.call('run', [])).toThrow(/no function named "run"/);
      expect(() => instance.call('m', [])).toThrow(/no function named "m"/);
    });

    it.each([
      ['FTW_MALFORMED', Uint8Array.of(0, 1, 2, 3)],
      ['FTW_MALFORMED', Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 200)],
      [
        'FTW_INVALID',
        // (func (result i32)) without a value
        Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7f, 3, 2, 1, 0, 10, 4, 1, 2, 0, 0x0b),
      ],
      [
        'FTW_UNSUPPORTED',
        // memory.atomic.fence
        Uint8Array.of(
          0,
          0x61,
          0x73,
          0x6d,
          1,
          0,
          0,
          0,
          1,
          4,
          1,
          0x60,
          0,
          0,
          3,
          2,
          1,
          0,
          10,
          7,
          1,
          5,
          0,
          0xfe,
          3,
          0,
          0x0b,
        ),
      ],
    ])('%s', async (code, bytes) => {
      const error = await engine.prepare(bytes).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(FtWasmError);
      expect(error).toMatchObject({ code, details: { offset: expect.any(Number) } });
    });

    it('describes imports, exports and the bytes of a module', async () => {
      const bytes = assemble(
        '(module (import "a" "b" (func (param i32))) (func (export "run") (result i64) (i64.const 1)))',
      );
      const prepared = await engine.prepare(bytes);
      expect(prepared.hash).toMatch(/^[0-9a-f]{64}$/);
      expect(prepared.imports).toEqual([
        { module: 'a', name: 'b', kind: 'func', type: { params: [0x7f], results: [] } },
      ]);
      expect(prepared.exports).toEqual([{ name: 'run', kind: 'func', type: { params: [], results: [0x7e] } }]);
    });
  });
}
