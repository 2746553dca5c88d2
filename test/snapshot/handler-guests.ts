/** Guests with exception handling, which the interpreter does not run. `$host` may be captured at every call. */
import type { CaptureGuest } from './guests.js';

const IMPORTS = `(import "host" "ask" (func $ask (param i32) (result i32)))
  (import "host" "tell" (func $tell (param i32)))
  (tag $t (param i32)) (tag $other)
  (func $risky (param i32) (result i32)
    (call $tell (local.get 0))
    (if (i32.eqz (i32.rem_u (local.get 0) (i32.const 3))) (then (throw $t (local.get 0))))
    (call $ask (local.get 0)))`;

const guest = (name: string, body: string, ...calls: CaptureGuest['calls'][number][]): CaptureGuest => ({
  name,
  text: `(module ${IMPORTS} ${body})`,
  calls: calls.length > 0 ? calls : [['run']],
});

export const HANDLER_GUESTS: readonly CaptureGuest[] = [
  {
    // A capture is an exception here, and none of these handlers may see it.
    name: 'handlers in a module without tags',
    text: `(module
      (import "host" "ask" (func $ask (param i32) (result i32)))
      (import "host" "tell" (func $tell (param i32)))
      (func $down (param $n i32) (result i32)
        (try $outer (result i32)
          (do
            (try (result i32)
              (do
                (if (local.get $n) (then (drop (call $down (i32.sub (local.get $n) (i32.const 1))))))
                (i32.mul (local.get $n) (call $ask (local.get $n))))
              (delegate $outer)))
          (catch_all (call $tell (i32.const 77)) (i32.const 9))))
      (func (export "run") (param $n i32) (result i32)
        (try (result i32)
          (do (call $down (local.get $n)))
          (catch_all (call $tell (i32.const 78)) (i32.const 8)))))`,
    calls: [['run', 4]],
  },
  guest(
    'exceptions caught by the caller of what is captured',
    `(func (export "run") (param $n i32) (result i32) (local $sum i32)
      (loop $again
        (local.set $sum (i32.add (local.get $sum)
          (try (result i32)
            (do (call $risky (local.get $n)))
            (catch $t (i32.mul (i32.const 100))))))
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $sum))`,
    ['run', 7],
  ),
  guest(
    'exceptions that pass frames without handlers',
    `(func $down (param $n i32) (result i32)
      (if (result i32) (local.get $n)
        (then (i32.add (call $risky (local.get $n)) (call $down (i32.sub (local.get $n) (i32.const 1)))))
        (else (call $risky (i32.const 3)))))
    (func (export "run") (result i32)
      (i32.add (i32.const 1000)
        (try (result i32)
          (do (i32.add (i32.const 5) (call $down (i32.const 2))))
          (catch $other (i32.const 1))
          (catch_all (call $tell (i32.const 77)) (i32.const 2)))))
    (func (export "uncaught") (result i32) (call $down (i32.const 2)))`,
    ['run'],
    ['uncaught'],
    ['run'],
  ),
  guest(
    'captures put off inside of handlers',
    `(func (export "run") (param $n i32) (result i32) (local $i i32)
      (try (result i32)
        (do
          (try $inner (result i32)
            (do (call $risky (local.get $n)))
            (catch_all
              (loop $again
                (call $tell (local.get $i))
                (drop (call $ask (local.get $i)))
                (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3))))
              (rethrow $inner))))
        (catch $t (call $tell (i32.const 50)) (i32.add (i32.const 1)))))`,
    ['run', 3],
    ['run', 4],
  ),
  guest(
    'a handler that is delegated to, behind operands and in a conditional',
    `(func (export "run") (param $n i32) (result i32)
      (i32.add (call $ask (local.get $n))
        (try $outer (result i32)
          (do
            (if (result i32) (i32.and (local.get $n) (i32.const 1))
              (then (try (result i32) (do (i32.add (i32.const 9) (call $risky (local.get $n)))) (delegate $outer)))
              (else (block $b (result i32) (try (result i32) (do (call $tell (i32.const 8)) (br $b (call $risky (local.get $n)))) (catch $other (i32.const 4)))))))
          (catch $t (local.set $n) (call $tell (i32.const 60)) (local.get $n)))))`,
    ['run', 3],
    ['run', 4],
    ['run', 5],
    ['run', 6],
  ),
];
