/** Legacy exception handling, as toolchains emit it, on the compiled engine: results, and a counter that is exact. */
import { describe, expect, it } from 'vitest';
import { CompiledEngine } from '../../src/engine/compiled/index.js';
import { GuestStop } from '../../src/engine/engine.js';
import { assemble } from '../support/wat.js';
import { instanceOptions } from './contract.js';

const MODULE = `(module
  (import "host" "note" (func $note (param i32)))
  (tag $t (param i32))
  (tag $other)
  ;; 1 + get, const, ge, if = 5; then get, throw = 7; else get = 6
  (func $risky (param i32) (result i32)
    (if (i32.ge_u (local.get 0) (i32.const 10)) (then (throw $t (local.get 0))))
    (local.get 0))
  (func (export "local") (param i32) (result i32)
    (try (result i32)
      (do (call $risky (local.get 0)))
      (catch $t (i32.add (i32.const 1)))))
  (func (export "delegated") (param i32) (result i32)
    (try $outer (result i32)
      (do (try (result i32) (do (call $risky (local.get 0))) (delegate $outer)))
      (catch $t (i32.add (i32.const 2)))))
  (func (export "rethrown") (param i32) (result i32)
    (try (result i32)
      (do
        (try $inner (result i32)
          (do (call $risky (local.get 0)))
          (catch $other (i32.const 0))
          (catch_all (call $note (i32.const 7)) (rethrow $inner))))
      (catch $t (i32.add (i32.const 3)))))
  (func (export "rounds") (param i32) (result i32) (local $sum i32)
    (loop $again
      (try
        (do (local.set $sum (i32.add (local.get $sum) (call $risky (local.get 0)))))
        (catch $t (local.set $sum (i32.add (local.get $sum)))))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get $sum))
  (func (export "uncaught") (throw $t (i32.const 1)))
  (func (export "greedy")
    (try (do (call $note (i32.const 1))) (catch_all (call $note (i32.const 2))))))`;

async function instantiate(note: (value: number, counter: number) => undefined = () => undefined) {
  const prepared = await new CompiledEngine().prepare(await assemble('exceptions', MODULE));
  return prepared.instantiate(instanceOptions({ note }));
}

describe('legacy exceptions', () => {
  // try 1, get 1, call 1; risky 6 or 7; const and add 2.
  it.each([
    ['local', 5, 5, 1 + 3 + 6],
    ['local', 10, 11, 1 + 3 + 7 + 2],
    ['delegated', 5, 5, 1 + 4 + 6],
    ['delegated', 10, 12, 1 + 4 + 7 + 2],
    ['rethrown', 10, 13, 1 + 4 + 7 + 2 + 1 + 2],
  ])('%s(%i)', async (name, arg, value, counter) => {
    const instance = await instantiate();
    expect(instance.call(name, [arg])).toEqual({ kind: 'returned', counter, values: [value] });
  });

  it('keeps the counter exact over many rounds of both kinds', async () => {
    const instance = await instantiate();
    // Each round: try, get, get, call, add, set = 6 and risky's 6; or try, get, get, call = 4, risky's 7, get, add, set = 3.
    const caught = 3 * (4 + 7 + 3);
    const passed = 9 * (6 + 6);
    const outcome = instance.call('rounds', [12]);
    expect(outcome).toEqual({ kind: 'returned', counter: 1 + caught + passed + 12 * 5 + 1, values: [78] });
  });

  it('shows handlers the exact counter', async () => {
    const seen: number[] = [];
    const instance = await instantiate((_value, counter) => void seen.push(counter));
    instance.call('rethrown', [10]);
    expect(seen).toEqual([1 + 4 + 7 + 2]);
  });

  it('reports an exception that nobody catches as a trap', async () => {
    const instance = await instantiate();
    expect(instance.call('uncaught', [])).toMatchObject({ kind: 'trapped', trap: 'uncaught-exception', counter: 3 });
  });

  it('does not let catch_all swallow what the host wants', async () => {
    const exit = () => {
      throw new GuestStop({ kind: 'exited', exitCode: 4 });
    };
    const instance = await instantiate(exit);
    expect(instance.call('greedy', [])).toEqual({ kind: 'exited', exitCode: 4, counter: 4 });
  });
});
