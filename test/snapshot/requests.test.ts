/** How a capture is asked for, and what is refused. */
import { describe, expect, it } from 'vitest';
import { CompiledEngine } from '../../src/engine/compiled/index.js';
import { DEFAULT_LIMITS, type EngineInstance, GuestStop, type HostFunction } from '../../src/engine/engine.js';
import type { EngineState } from '../../src/engine/state.js';
import { DEFAULT_INJECT_OPTIONS } from '../../src/inject/index.js';
import { ValType } from '../../src/wasm/module.js';
import { assemble } from '../support/wat.js';

type Functions = Record<string, (...args: never[]) => unknown>;

const engine = new CompiledEngine();
const options = (host: Functions, onSlice?: (counter: number) => void, sliceFuel = 1_000_000) => ({
  imports: { resolve: (_module: string, name: string) => host[name] as HostFunction | undefined },
  limits: { ...DEFAULT_LIMITS, stackUnitsMax: 1000 },
  sliceFuel,
  ...(onSlice === undefined ? {} : { onSlice }),
});
const prepare = async (text: string, inject = DEFAULT_INJECT_OPTIONS) =>
  new CompiledEngine({ inject }).prepare(await assemble('requests', text));

const ASKS = `(module (import "host" "ask" (func $ask (param i32 i64) (result i64)))
  (func (export "run") (param i32) (result i64) (i64.add (i64.const 1) (call $ask (local.get 0) (i64.const -5)))))`;

describe('a host call that is not answered', () => {
  it('is part of the state, and made again by whoever resumes', async () => {
    const prepared = await prepare(ASKS);
    const seen: unknown[][] = [];
    const host = (answer: () => bigint) => ({
      ask: (...args: unknown[]) => {
        seen.push(args);
        return answer();
      },
    });
    const wait = () => {
      throw new GuestStop({ kind: 'captured' });
    };
    const first = prepared.instantiate(options(host(wait)));
    expect(first.call('run', [3])).toEqual({ kind: 'captured', counter: 5 });
    const state = first.state!();
    expect(state.pendingCall).toEqual({
      functionIndex: 0,
      args: [
        { type: ValType.I32, bits: 3n },
        { type: ValType.I64, bits: 2n ** 64n - 5n },
      ],
    });
    const waiting = prepared.restore!(state, options(host(wait)));
    expect(waiting.resume!()).toEqual({ kind: 'captured', counter: 5 });
    expect(waiting.state!()).toEqual(state);
    const last = prepared.restore!(waiting.state!(), options(host(() => 41n)));
    expect(last.resume!()).toEqual({ kind: 'returned', counter: 6, values: [42n] });
    expect(seen).toEqual(new Array(3).fill([3, -5n, 5]));
  });

  it('may stop the guest when it is made again', async () => {
    const prepared = await prepare(ASKS);
    const stop = (kind: 'captured' | 'waiting') => () => {
      throw new GuestStop({ kind });
    };
    const first = prepared.instantiate(options({ ask: stop('captured') }));
    first.call('run', [3]);
    const second = prepared.restore!(first.state!(), options({ ask: stop('waiting') }));
    expect(second.resume!()).toEqual({ kind: 'waiting', counter: 5 });
  });
});

describe('a request', () => {
  it('waits for the outermost run when a host function runs an export', async () => {
    const prepared = await prepare(`(module (import "host" "again" (func $again (result i32)))
      (import "host" "note" (func $note (param i32)))
      (func (export "inner") (param i32) (result i32)
        (loop $l (call $note (local.get 0)) (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (i32.const 5))
      (func (export "outer") (result i32) (i32.add (i32.const 10) (call $again))))`);
    let instance: EngineInstance;
    const inner: unknown[] = [];
    const host = {
      note: () => instance.requestCapture!(),
      again: () => {
        inner.push(instance.call('inner', [3]));
        return 32;
      },
    };
    instance = prepared.instantiate(options(host, undefined, 1));
    expect(instance.call('outer', [])).toMatchObject({ kind: 'captured' });
    expect(inner).toMatchObject([{ kind: 'returned', values: [5] }]);
    instance = prepared.restore!(instance.state!(), options(host));
    expect(instance.resume!()).toMatchObject({ kind: 'returned', values: [42] });
  });

  it('between runs leaves a state without frames, from which exports can be called', async () => {
    const prepared = await prepare(`(module (memory (export "m") 1) (global $g (mut i32) (i32.const 0))
      (func (export "count") (result i32)
        (global.set $g (i32.add (global.get $g) (i32.const 1))) (i32.store8 (global.get $g) (i32.const 9)) (global.get $g)))`);
    const first = prepared.instantiate(options({}));
    first.call('count', []);
    first.call('count', []);
    const second = prepared.restore!(structuredClone(first.state!()), options({}));
    expect(second.call('count', [])).toMatchObject({ values: [3], counter: first.counter * 1.5 });
    expect([...second.memory!.bytes.subarray(0, 5)]).toEqual([0, 9, 9, 9, 0]);
  });

  it('keeps the slices of the run as they were', async () => {
    const prepared = await prepare(
      '(module (func (export "run") (param i32) (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))',
    );
    const run = (moves: boolean) => {
      const slices: number[] = [];
      let instance: EngineInstance;
      const onSlice = (counter: number) => {
        slices.push(counter);
        if (moves) instance.requestCapture!();
      };
      instance = prepared.instantiate(options({}, onSlice, 40));
      let outcome = instance.call('run', [100]);
      while (outcome.kind === 'captured') {
        instance = prepared.restore!(instance.state!(), options({}, onSlice, 40));
        outcome = instance.resume!();
      }
      return { outcome, slices };
    };
    expect(run(true)).toEqual(run(false));
  });
});

describe('what cannot be captured or restored is refused by name', () => {
  it('a module that was rewritten without the option', async () => {
    const without = await prepare('(module)', { ...DEFAULT_INJECT_OPTIONS, capture: false });
    expect(() => without.instantiate(options({})).state!()).toThrow(/cannot be captured: that was switched off/);
  });

  it('external references', async () => {
    const prepared = await prepare(`(module (import "host" "get" (func $get (result externref)))
      (import "host" "tell" (func $tell)) (import "host" "put" (func $put (param externref)))
      (func (export "run") (local externref) (local.set 0 (call $get)) (call $tell) (call $put (local.get 0))))`);
    const object = { some: 'object' };
    const seen: unknown[] = [];
    let instance: EngineInstance;
    const host = {
      get: () => object,
      tell: () => instance.requestCapture!(),
      put: (reference: unknown) => void seen.push(reference),
    };
    instance = prepared.instantiate(options(host));
    expect(instance.call('run', [])).toMatchObject({ kind: 'captured' });
    expect(() => instance.state!()).toThrow(/external reference/);
    expect(instance.resume!()).toMatchObject({ kind: 'returned' });
    expect(seen).toEqual([object]);
  });

  it('states of other modules', async () => {
    const prepared = await prepare(ASKS);
    const host = {
      ask: () => {
        throw new GuestStop({ kind: 'captured' });
      },
    };
    const instance = prepared.instantiate(options(host));
    instance.call('run', [3]);
    const state = instance.state!();
    const [frame] = state.frames;
    const restored = (changes: Partial<EngineState>) => () =>
      prepared.restore!({ ...state, ...changes }, options({ ask: () => 1n })).resume!();
    expect(restored({ frames: [{ ...frame!, offset: frame!.offset + 1_000 }] })).toThrow(/cannot stand at offset/);
    expect(restored({ frames: [{ ...frame!, locals: [] }] })).toThrow(/locals of the frame .* are \[\], not \[I32\]/);
    expect(restored({ frames: [{ ...frame!, operands: [] }] })).toThrow(/operands of the frame/);
    expect(restored({ memories: [new Uint8Array(65536)] })).toThrow(/1 memories, not 0/);
    expect(restored({ tables: [[]] })).toThrow(/1 tables, not 0/);
  });

  it('deeper stacks than the limit allows', async () => {
    const prepared = await engine.prepare(
      await assemble(
        'deep',
        '(module (import "host" "ask" (func $ask)) (func $f (export "run") (param i32) (if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1)))) (else (call $ask)))))',
      ),
    );
    let instance: EngineInstance;
    const ask = () => instance.requestCapture!();
    instance = prepared.instantiate(options({ ask }));
    expect(instance.call('run', [20])).toMatchObject({ kind: 'captured' });
    const state = instance.state!();
    expect(state.frames.length).toBe(21);
    const tight = { ...options({ ask }), limits: { ...DEFAULT_LIMITS, stackUnitsMax: 200 } };
    expect(() => prepared.restore!(state, tight).resume!()).toThrow(/stack units, the limit is 200/);
  });
});
