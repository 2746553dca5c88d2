/** Small guests, each with a shape of code that a captured frame can stand in. `$host` may be captured at every call. */

export interface CaptureGuest {
  readonly name: string;
  readonly text: string;
  readonly calls: readonly (readonly [name: string, ...args: (number | bigint)[]])[];
}

const IMPORTS = `(import "host" "ask" (func $ask (param i32) (result i32)))
  (import "host" "tell" (func $tell (param i32)))`;

const guest = (name: string, body: string, ...calls: CaptureGuest['calls'][number][]): CaptureGuest => ({
  name,
  text: `(module ${IMPORTS} ${body})`,
  calls: calls.length > 0 ? calls : [['run']],
});

export const GUESTS: readonly CaptureGuest[] = [
  guest(
    'recursion with operands below',
    `(func $fib (export "run") (param $n i32) (result i32)
      (if (result i32) (i32.lt_s (local.get $n) (i32.const 2))
        (then (call $ask (local.get $n)))
        (else (i32.add (call $fib (i32.sub (local.get $n) (i32.const 1)))
                       (call $fib (i32.sub (local.get $n) (i32.const 2)))))))`,
    ['run', 7],
  ),
  guest(
    'nested loops',
    `(func (export "run") (param $n i32) (result i32) (local $i i32) (local $j i32) (local $sum i32)
      (loop $outer
        (local.set $j (i32.const 0))
        (loop $inner
          (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31)) (call $ask (local.get $j))))
          (br_if $inner (i32.lt_s (local.tee $j (i32.add (local.get $j) (i32.const 1))) (local.get $n))))
        (call $tell (local.get $sum))
        (br_if $outer (i32.lt_s (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
      (local.get $sum))`,
    ['run', 4],
  ),
  guest(
    'a loop right behind a call, when the slice is used up',
    `(func (export "run") (param $n i32) (result i32)
      (i32.add (i32.add (i32.const 1) (i32.const 2)) (i32.const 3)) (local.set $n)
      (drop (call $ask (local.get $n)))
      (loop $again
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $n))`,
    ['run', 4],
  ),
  guest(
    'loops without calls',
    `(func (export "run") (param $n i32) (result i64) (local $i i32) (local $sum i64)
      (block $done
        (loop $again
          (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
          (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 7)) (i64.extend_i32_u (local.get $i))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br $again)))
      (local.get $sum))`,
    ['run', 60],
  ),
  guest(
    'a loop with parameters and results',
    `(func (export "run") (param $n i32) (result i32 i64)
      (i32.const 100) (i64.const 5)
      (loop $again (param i32 i64) (result i32 i64)
        (i64.mul (i64.const 3))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (call $tell (local.get $n))
        (br_if $again (local.get $n))
        (i64.add (i64.extend_i32_u (call $ask (i32.const 1))))))`,
    ['run', 5],
  ),
  guest(
    'operands below blocks',
    `(func (export "run") (param $n i32) (result i32)
      (local.get $n) (i32.const 1000)
      (block $out (result i32)
        (i32.const 1) (f64.const 1.5)
        (block (result i32)
          (i64.const 77)
          (if (param i64) (result i32) (call $ask (i32.const 0))
            (then (drop) (call $ask (i32.const 2)))
            (else (i32.wrap_i64) (call $tell (i32.const 3)) (i32.const 9) (i32.add)))
          (i32.const 4) (br_if $out (local.get $n))
          (i32.sub))
        (local.set $n) (drop) (i32.add (call $ask (local.get $n))))
      (call $ask (i32.const 5)) (i32.mul) (i32.add) (i32.sub))`,
    ['run', 0],
    ['run', 1],
  ),
  guest(
    'br_table',
    `(func (export "run") (param $n i32) (result i32) (local $sum i32)
      (loop $again
        (block $three (block $two (block $one (block $zero
          (br_table $zero $one $two $three (i32.and (local.get $n) (i32.const 3))))
          (local.set $sum (i32.add (local.get $sum) (call $ask (i32.const 0)))) (br $three))
          (local.set $sum (i32.mul (local.get $sum) (call $ask (i32.const 1)))))
          (local.set $sum (i32.xor (local.get $sum) (call $ask (i32.const 2)))))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (block $done (br_table $done $again (i32.gt_s (local.get $n) (i32.const 0)))))
      (local.get $sum))`,
    ['run', 9],
  ),
  guest(
    'call_indirect and references',
    `(table $t 4 funcref) (elem (i32.const 0) $ask $twice $thrice)
    (type $f (func (param i32) (result i32)))
    (func $twice (type $f) (i32.add (call $ask (local.get 0)) (call $ask (local.get 0))))
    (func $thrice (type $f) (local $self funcref)
      (local.set $self (ref.func $thrice))
      (i32.add (call_indirect (type $f) (local.get 0) (i32.const 1)) (call $ask (local.get 0)))
      (table.set $t (i32.const 3) (local.get $self)))
    (func (export "run") (param $n i32) (result i32)
      (call $tell (i32.const 0))
      (i32.add (call_indirect (type $f) (local.get $n) (i32.const 0))
        (i32.add (call_indirect (type $f) (local.get $n) (i32.const 2))
                 (call_indirect (type $f) (local.get $n) (i32.const 3)))))`,
    ['run', 3],
  ),
  guest(
    'floats, vectors and NaN payloads',
    `(memory (export "memory") 1)
    (global $f (mut f32) (f32.const nan:0x200001)) (global $g (mut f64) (f64.const -nan:0x4000000000123))
    (global $v (mut v128) (v128.const i64x2 0x0123456789abcdef 0xfedcba9876543210)) (global $h i32 (i32.const 3))
    (func (export "run") (param $n i32) (local $a f32) (local $b f64) (local $c v128) (local $d f64)
      (local.set $a (f32.reinterpret_i32 (i32.const 0x7fa12345)))
      (local.set $b (f64.reinterpret_i64 (i64.const 0x7ff4dead0000beef)))
      (local.set $c (global.get $v))
      (local.set $d (f64.div (f64.const 0) (f64.const 0)))
      (i32.const 0) (f64.sqrt (f64.const -1))
      (i32.const 0) (global.get $v)
      (i32.const 0) (global.get $g)
      (i32.const 0) (global.get $f)
      (loop $again
        (call $tell (i32.const 1))
        (local.set $c (i8x16.add (local.get $c) (local.get $c)))
        (global.set $v (local.get $c))
        (local.set $d (f64.add (local.get $d) (f64.const 1)))
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (f32.store offset=128) (f64.store offset=136) (v128.store offset=144) (f64.store offset=160)
      (f32.store (i32.const 0) (local.get $a)) (f64.store (i32.const 8) (local.get $b))
      (v128.store (i32.const 16) (local.get $c)) (f64.store (i32.const 80) (local.get $d))
      (f32.store (i32.const 96) (global.get $f)) (f64.store (i32.const 104) (global.get $g))
      (v128.store (i32.const 112) (global.get $v)))`,
    ['run', 4],
  ),
  guest(
    'start function, memory and segments',
    `(memory (export "memory") 1 10) (data $text "hello, world") (data (i32.const 100) "active")
    (table $t 2 8 funcref) (elem $e func $ask $tell) (global $g (mut i32) (i32.const 5))
    (func $init
      (global.set $g (call $ask (i32.const 0)))
      (memory.init $text (i32.const 0) (i32.const 0) (i32.const 5))
      (call $tell (memory.grow (i32.const 2)))
      (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 2))
      (call $tell (table.grow $t (ref.null func) (i32.const 3))))
    (start $init)
    (func (export "run") (param $n i32) (result i32)
      (call $tell (global.get $g))
      (memory.init $text (i32.const 131072) (i32.const 7) (i32.const 5))
      (data.drop $text) (call $tell (i32.const 1)) (elem.drop $e) (call $tell (i32.const 2))
      (memory.init $text (i32.const 200) (i32.const 0) (i32.const 0))
      (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 0))
      (i32.add (memory.size) (table.size $t)))
    (func (export "dropped") (memory.init $text (i32.const 0) (i32.const 0) (i32.const 1)))
    (func (export "droppedToo") (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1)))`,
    ['run', 3],
    ['dropped'],
    ['droppedToo'],
  ),
  guest(
    'tail calls',
    `(type $f (func (param i32 i32) (result i32)))
    (table 2 funcref) (elem (i32.const 0) $even $odd)
    (func $even (type $f)
      (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
      (call $tell (local.get 0))
      (return_call $odd (i32.sub (local.get 0) (i32.const 1)) (i32.add (local.get 1) (i32.const 3))))
    (func $odd (type $f)
      (if (i32.eqz (local.get 0)) (then (return_call $ask (local.get 1))))
      (return_call_indirect (type $f) (i32.sub (local.get 0) (i32.const 1)) (call $ask (local.get 1)) (i32.const 0)))
    (func (export "run") (param $n i32) (result i32)
      (i32.add (i32.const 1) (call $even (local.get $n) (i32.const 0))))
    (func (export "tail") (result i32) (return_call $ask (i32.const 1)))
    (export "direct" (func $ask))`,
    ['run', 8],
    ['run', 7],
    ['tail'],
    ['direct', 4],
  ),
  guest(
    'several results',
    `(func $pair (param i32) (result i32 f64 i64)
      (call $ask (local.get 0)) (f64.const 2.5) (i64.const 3) (call $tell (i32.const 8)))
    (func (export "run") (param $n i32) (result i64) (local $f f64)
      (i64.const 10)
      (block (result i32 f64 i64) (call $pair (local.get $n)))
      (block (param i32 f64 i64) (result i64)
        (call $tell (i32.const 1))
        (drop) (local.set $f) (i64.extend_i32_s))
      (i64.add)
      (i64.add (i64.trunc_f64_s (local.get $f))))`,
    ['run', 3],
  ),
  guest(
    'a trap in the middle',
    `(memory (export "memory") 1)
    (func $deep (param $n i32)
      (i32.store (local.get $n) (call $ask (local.get $n)))
      (if (i32.eqz (local.get $n)) (then (unreachable)))
      (call $deep (i32.sub (local.get $n) (i32.const 1))))
    (func (export "run") (call $deep (i32.const 5)))
    (func $forever (export "forever") (call $tell (i32.const 0)) (call $forever))`,
    ['run'],
  ),
  guest(
    'a budget that is overdrawn where nobody looks',
    `(func $looks (export "run") (param $n i32) (result i32) (call $overdraws (local.get $n)))
    (func $overdraws (param $n i32) (result i32) (local ${'i64 '.repeat(44)}) (local $i i32)
      (local.set $i (i32.const 2))
      (loop $again
        (call $tell (local.get $n))
        (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
      (if (result i32) (local.get $n)
        (then (i32.add (i32.const 1) (call $looks (i32.sub (local.get $n) (i32.const 1)))))
        (else (call $ask (local.get $n)))))`,
    ['run', 7],
    ['run', 8],
  ),
  guest(
    'dead code and returns',
    `(func (export "run") (param $n i32) (result i32)
      (block $out (result i32)
        (loop $again (result i32)
          (if (i32.eqz (local.tee $n (i32.sub (local.get $n) (i32.const 1)))) (then (br $out (call $ask (local.get $n)))))
          (if (i32.eq (call $ask (local.get $n)) (i32.const 8)) (then (return (i32.const 3))) (else (br $again)))
          (unreachable))
        (drop) (call $ask (i32.const 99))))`,
    ['run', 4],
  ),
];
