/**
 * Standard exception handling (`try_table`), which V8 has from Node.js 24 on: a run that is captured inside of, before and behind
 * what catches is the run that was not. Legacy handlers are in `handler-guests.ts`.
 */
import binaryen from 'binaryen';
import { describe, expect, it } from 'vitest';
import { CompiledEngine } from '../../src/engine/compiled/index.js';
import { WebAssembly } from '../../src/engine/compiled/webassembly.js';
import { type GuestRun, type How, runGuest } from './capture-run.js';
import type { CaptureGuest } from './guests.js';

const HOST = `(import "host" "ask" (func $ask (param i32) (result i32)))
  (import "host" "tell" (func $tell (param i32)))
  (memory 1)`;
const TAGS = `(tag $t (param i32)) (tag $pair (param i32 i64)) (tag $other)
  (func $risky (param $n i32) (result i32)
    (call $tell (local.get $n))
    (if (i32.eqz (i32.rem_u (local.get $n) (i32.const 3))) (then (throw $t (local.get $n))))
    (if (i32.eqz (i32.rem_u (local.get $n) (i32.const 5))) (then (throw $pair (local.get $n) (i64.const 5000000000))))
    (if (i32.eqz (i32.rem_u (local.get $n) (i32.const 7))) (then (throw $other)))
    (call $ask (local.get $n)))`;

const GUESTS: readonly CaptureGuest[] = [
  {
    // A capture is an exception here: nothing else is to be caught.
    name: 'no tags',
    text: `(func $down (param $n i32) (result i32)
        (block $caught
          (try_table (catch_all $caught)
            (if (local.get $n) (then
              (drop (call $down (i32.sub (local.get $n) (i32.const 1))))))
            (return (i32.mul (local.get $n) (call $ask (local.get $n))))))
        (call $tell (i32.const 500)) (i32.const 9))
      (func (export "run") (param $n i32) (result i32)
        (i32.add (call $ask (i32.const 3)) (call $down (local.get $n))))`,
    calls: [['run', 4]],
  },
  {
    name: 'calls before, inside of and behind what catches them',
    text: `${TAGS} (func (export "run") (param $n i32) (result i32) (local $sum i32) (local $wide i64)
      (loop $again
        (call $tell (i32.const 100))
        (block $done
          (block $any
            (block $pair (result i32 i64)
              (block $t (result i32)
                (local.set $sum (i32.add (local.get $sum)
                  (try_table (result i32) (catch $t $t) (catch $pair $pair) (catch_all $any)
                    (i32.add (call $ask (i32.const 1)) (call $risky (local.get $n))))))
                (br $done))
              (local.set $sum (i32.add (local.get $sum) (i32.mul (call $ask (i32.const 2)))))
              (br $done))
            (local.set $wide) (drop)
            (i64.store (i32.const 8) (i64.add (local.get $wide) (i64.load (i32.const 8))))
            (br $done))
          (call $tell (i32.const 200)))
        (call $tell (i32.const 300))
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $sum))`,
    calls: [['run', 16]],
  },
  {
    name: 'exceptions that pass captured frames, nested, with operands below',
    text: `${TAGS} (func $down (param $n i32) (result i32)
        (block $other
          (return (i32.add (i32.mul (local.get $n) (i32.const 10))
            (try_table (result i32) (catch $other $other)
              (if (result i32) (local.get $n)
                (then (i32.add (call $risky (local.get $n)) (call $down (i32.sub (local.get $n) (i32.const 1)))))
                (else (call $risky (i32.const 7))))))))
        (call $tell (i32.const 400)) (i32.const 4))
      (func (export "run") (param $n i32) (result i32)
        (i32.add (call $ask (i32.const 3))
          (block $t (result i32)
            (try_table (result i32) (catch $t $t) (call $down (local.get $n))))))
      (func (export "uncaught") (result i32) (call $risky (i32.const 5)))`,
    calls: [['run', 2], ['run', 4], ['run', 1], ['uncaught'], ['run', 3]],
  },
];

/** No assembler but Binaryen's knows `try_table`. */
function assemble(text: string): Uint8Array {
  const module = binaryen.parseText(`(module ${HOST} ${text})`);
  try {
    module.setFeatures(binaryen.Features.All);
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

const WAYS: readonly How[] = ['restore', 'resume', 'mark'];

describe.each(GUESTS)('$name', ({ calls, text }) => {
  const bytes = assemble(text);
  const supported = WebAssembly.validate(bytes);
  const engine = new CompiledEngine();

  it.for(WAYS.flatMap((how) => [1, 7, 1000].map((sliceFuel) => ({ how, sliceFuel }))))(
    'with a $how at each place alone, and at all of them, slices of $sliceFuel',
    async ({ how, sliceFuel }, { skip }) => {
      if (!supported) skip('this Node.js has no standard exception handling (try_table): run it on 24 or later');
      const [prepared, marking] = [await engine.prepare(bytes), await engine.marking(bytes)];
      const guest: GuestRun = { prepared, marking, calls, sliceFuel };
      const { log, memory, points } = runGuest(guest);
      for (let at = 0; at < points; at += Math.ceil(points / 40)) {
        const seen = runGuest(guest, (point) => (point === at ? how : undefined));
        expect(seen).toMatchObject({ log, memory, captures: 1 });
      }
      expect(runGuest(guest, () => how)).toMatchObject({ log, memory });
    },
  );
});
