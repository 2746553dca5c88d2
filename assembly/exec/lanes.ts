/** Canonical NaNs in the lanes of a vector (design.md section 5): a lane differs from itself exactly if it is a NaN. */

// @ts-ignore: decorator
@inline
export function canonical_f32x4(v: v128): v128 {
  return v128.bitselect(v, i32x4.splat(0x7fc00000), f32x4.eq(v, v));
}

// @ts-ignore: decorator
@inline
export function canonical_f64x2(v: v128): v128 {
  return v128.bitselect(v, i64x2.splat(0x7ff8000000000000), f64x2.eq(v, v));
}
