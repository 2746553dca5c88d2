/**
 * A guest that is all NaN: every float operator, scalar and SIMD, over random bits of which many are NaNs of every kind.
 * Two processors disagree about most of their results (x86 makes negative NaNs, arm64 positive ones) unless they are made
 * canonical. It prints a hash of all result bits.
 */

const BINARY = ['add', 'sub', 'mul', 'div', 'min', 'max'];
const UNARY = ['sqrt', 'ceil', 'floor', 'trunc', 'nearest', 'abs', 'neg'];
const SCALAR_ONLY = ['copysign'];
const VECTOR_ONLY = ['pmin', 'pmax'];

/** Conversions by the kind of their operand; each result is mixed into the hash by the function of its own kind. */
const CONVERSIONS: readonly (readonly [operand: string, operator: string, result: string])[] = [
  ['f64', 'f32.demote_f64', 'f32'],
  ['f32', 'f64.promote_f32', 'f64'],
  ['f64', 'i64.trunc_sat_f64_s', 'i64'],
  ['f32', 'i64.trunc_sat_f32_u', 'i64'],
  ['v128', 'f32x4.demote_f64x2_zero', 'v128'],
  ['v128', 'f64x2.promote_low_f32x4', 'v128'],
  ['v128', 'i32x4.trunc_sat_f32x4_s', 'v128'],
  ['v128', 'i32x4.trunc_sat_f64x2_u_zero', 'v128'],
];

function mixed(result: string, expression: string): string {
  return `(call $mix_${result} ${expression})`;
}

function shapeOperators(shape: string, operand: string, binary: readonly string[]): string[] {
  const next = `(call $next_${operand})`;
  return [
    ...binary.map((name) => mixed(operand, `(${shape}.${name} ${next} ${next})`)),
    ...UNARY.map((name) => mixed(operand, `(${shape}.${name} ${next})`)),
  ];
}

function everyOperator(): string[] {
  return [
    ...['f32', 'f64'].flatMap((type) => shapeOperators(type, type, [...BINARY, ...SCALAR_ONLY])),
    ...['f32x4', 'f64x2'].flatMap((shape) => shapeOperators(shape, 'v128', [...BINARY, ...VECTOR_ONLY])),
    ...CONVERSIONS.map(([operand, operator, result]) => mixed(result, `(${operator} (call $next_${operand}))`)),
  ];
}

/** The guest in text form. It runs every operator `rounds` times. */
export function nanSweep(rounds: number): string {
  return `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\08\\00\\00\\00")
  (global $seed (mut i64) (i64.const 88172645463325252))
  (global $hash (mut i64) (i64.const 0))
  (global $round (mut i32) (i32.const ${rounds}))
  (func $next_i64 (result i64) (local $x i64)
    (local.set $x (i64.xor (global.get $seed) (i64.shl (global.get $seed) (i64.const 13))))
    (local.set $x (i64.xor (local.get $x) (i64.shr_u (local.get $x) (i64.const 7))))
    (local.set $x (i64.xor (local.get $x) (i64.shl (local.get $x) (i64.const 17))))
    (global.set $seed (local.get $x))
    ;; One in four has both exponents full: a NaN as f64 and as f32, quiet or signalling, of either sign.
    (if (result i64) (i64.eqz (i64.and (local.get $x) (i64.const 3)))
      (then (i64.or (local.get $x) (i64.const 0x7ff000007f800000))) (else (local.get $x))))
  (func $next_f64 (result f64) (f64.reinterpret_i64 (call $next_i64)))
  (func $next_f32 (result f32) (f32.reinterpret_i32 (i32.wrap_i64 (call $next_i64))))
  (func $next_v128 (result v128) (i64x2.replace_lane 1 (i64x2.splat (call $next_i64)) (call $next_i64)))
  (func $mix_i64 (param $x i64)
    (global.set $hash (i64.mul (i64.rotl (i64.xor (global.get $hash) (local.get $x)) (i64.const 23))
      (i64.const 0x9e3779b97f4a7c15))))
  (func $mix_f64 (param $x f64) (call $mix_i64 (i64.reinterpret_f64 (local.get $x))))
  (func $mix_f32 (param $x f32) (call $mix_i64 (i64.extend_i32_u (i32.reinterpret_f32 (local.get $x)))))
  (func $mix_v128 (param $x v128)
    (call $mix_i64 (i64x2.extract_lane 0 (local.get $x))) (call $mix_i64 (i64x2.extract_lane 1 (local.get $x))))
  (func (export "_start")
    (loop $again
      ${everyOperator().join('\n      ')}
      (global.set $round (i32.sub (global.get $round) (i32.const 1)))
      (br_if $again (global.get $round)))
    (i64.store (i32.const 16) (global.get $hash))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))`;
}
