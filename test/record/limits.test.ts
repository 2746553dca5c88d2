/** guests/limits: what happens at a limit is decided by the configuration, equally in every run. */
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_LIMITS,
  type EngineInstance,
  type EngineLimits,
  type HostFunction,
  type PreparedModule,
} from '../../src/engine/engine.js';
import { ENGINES, loadGuest } from '../support/guests.js';
import { assemble } from '../support/wat.js';

/** What this thread's own stack can hold; the guest's thread of a replica gets a larger one (depth-tiers.test.ts). */
const STACK_UNITS = 8_000;

interface Overflow {
  readonly kind: string;
  readonly trap: unknown;
  readonly counter: number;
  /** [depth, counter] as the guest reported them. */
  readonly reports: readonly (readonly [number, number])[];
}

function instantiate(
  prepared: PreparedModule,
  limits: Partial<EngineLimits> = {},
  onDepth: (depth: number, counter: number) => void = () => {},
): EngineInstance {
  const instance = prepared.instantiate({
    imports: { resolve: () => onDepth as HostFunction },
    limits: { ...DEFAULT_LIMITS, ...limits },
    sliceFuel: 1_000_000,
  });
  expect(instance.start().kind).toBe('returned');
  return instance;
}

function overflow(prepared: PreparedModule, name: string, stackUnitsMax: number): Overflow {
  const reports: (readonly [number, number])[] = [];
  const instance = instantiate(prepared, { stackUnitsMax }, (depth, counter) => reports.push([depth, counter]));
  const outcome = instance.call(name, [1]);
  return {
    kind: outcome.kind,
    trap: outcome.kind === 'trapped' ? outcome.trap : undefined,
    counter: outcome.counter,
    reports,
  };
}

const SHAPES = ['direct', 'mutual', 'indirect', 'alternating', 'wide', 'nested', 'multi'] as const;

describe.for(ENGINES)('on the $name engine', ({ make }) => {
  describe('endless recursion', () => {
    it.for(SHAPES)('%s overflows at one place', async (shape) => {
      const prepared = await (await make()).prepare(await loadGuest('guests/limits/depth.wat'));
      const first = overflow(prepared, shape, STACK_UNITS);
      expect(first).toMatchObject({ kind: 'trapped', trap: 'stack-overflow' });
      expect(first.reports.length).toBeGreaterThan(0);
      // By the tenth run V8 has compiled the function again; the place must be the same.
      for (let run = 0; run < 10; run++) {
        expect(overflow(prepared, shape, STACK_UNITS)).toEqual(first);
      }
      expect(overflow(prepared, shape, STACK_UNITS / 2).counter).toBeLessThan(first.counter);
    });

    it('leaves an instance that can be called again', async () => {
      const prepared = await (await make()).prepare(await loadGuest('guests/limits/depth.wat'));
      const countersOf = () => {
        const instance = instantiate(prepared, { stackUnitsMax: STACK_UNITS });
        return SHAPES.map((shape) => {
          expect(instance.call(shape, [1])).toMatchObject({ kind: 'trapped', trap: 'stack-overflow' });
          return instance.counter;
        });
      };
      const counters = countersOf();
      expect(counters).toEqual([...counters].sort((a, b) => a - b));
      expect(countersOf()).toEqual(counters);
    });
  });

  describe('growth', () => {
    const limits = { memoryPagesMax: 10, tableElementsMax: 20 };
    const grown = async () =>
      instantiate(await (await make()).prepare(await loadGuest('guests/limits/grow.wat')), limits);
    const resultOf = (instance: EngineInstance, name: string, ...args: number[]) => {
      const outcome = instance.call(name, args);
      return outcome.kind === 'returned' ? outcome.values[0] : outcome.kind;
    };

    it('of memory goes to the limit and no page further', async () => {
      const instance = await grown();
      const grow = (pages: number) => resultOf(instance, 'memory_grow', pages);
      expect([grow(0), grow(5), grow(4), grow(-1), grow(65536), grow(3), grow(1), grow(0)]).toEqual([
        2, 2, -1, -1, -1, 7, -1, 10,
      ]);
      expect(resultOf(instance, 'memory_size')).toBe(10);
      expect(instance.memory!.bytes.length).toBe(10 * 65536);
    });

    it('of memory gives zeros, and what lies behind it traps', async () => {
      const instance = await grown();
      resultOf(instance, 'memory_grow', 8);
      const end = 10 * 65536;
      expect(resultOf(instance, 'byte', end - 1)).toBe(0);
      expect(resultOf(instance, 'touch', end - 1)).toBe(undefined);
      expect(resultOf(instance, 'byte', end - 1)).toBe(1);
      expect(instance.call('touch', [end])).toMatchObject({ kind: 'trapped', trap: 'memory-out-of-bounds' });
    });

    it('of a table goes to its own limit, or until all tables are at the configured one', async () => {
      const instance = await grown();
      expect([1, 3, 2, 1].map((elements) => resultOf(instance, 'capped_grow', elements))).toEqual([1, -1, 2, -1]);
      expect(resultOf(instance, 'capped_size')).toBe(4);
      const grow = (elements: number) => resultOf(instance, 'table_grow', elements);
      expect([grow(0), grow(12), grow(2), grow(-1), grow(1), grow(1)]).toEqual([3, 3, -1, -1, 15, -1]);
      expect(resultOf(instance, 'table_size')).toBe(16);
    });
  });

  describe('a start function that traps', () => {
    const CASES = [
      ['unreachable', 'unreachable', 'unreachable'],
      ['a division', '(drop (i32.div_u (i32.const 1) (global.get $zero)))', 'integer-divide-by-zero'],
      ['a load', '(drop (i32.load (i32.const 65533)))', 'memory-out-of-bounds'],
      // V8 has one message for both, so both engines give them one code.
      ['a null in a table', '(call_indirect (i32.const 0))', 'indirect-call-type'],
      ['another type in a table', '(drop (call_indirect (result i32) (i32.const 1)))', 'indirect-call-type'],
      ['recursion', '(call $start)', 'stack-overflow'],
    ] as const;

    it.for(CASES)('by %s', async ([, body, trap]) => {
      const text = `(module (memory 1) (table 2 funcref) (elem (i32.const 1) $start)
        (global $zero (mut i32) (i32.const 0))
        (func $start (drop (i32.const 1)) ${body}) (start $start) (func (export "_start")))`;
      const prepared = await (await make()).prepare(await assemble('start.wat', text));
      const run = () => {
        const imports = { resolve: () => undefined };
        const limits = { ...DEFAULT_LIMITS, stackUnitsMax: STACK_UNITS };
        return prepared.instantiate({ imports, limits, sliceFuel: 1_000_000 }).start();
      };
      const first = run();
      expect(first).toMatchObject({ kind: 'trapped', trap });
      expect(run()).toEqual(first);
    });
  });
});
