/** How each operator that floats or vectors meet treats NaNs. An operator that is not listed leaves exact bits and needs none. */
import { OPCODES } from '../wasm/opcodes.js';

export const NanRule = {
  /** Reads bits, or is not known better: operands are cleaned, the result is Exact. */
  Clean: 1,
  /** A scalar operator that answers the canonical NaN. */
  Arithmetic: 2,
  /** The result is never a NaN; vector operands are cleaned. */
  Number: 3,
  Absolute: 4,
  Negate: 5,
  F32x4: 6,
  F64x2: 7,
  CompareF32x4: 8,
  CompareF64x2: 9,
  /** f64 lanes in, f32 lanes out, and the other way round. */
  Demote: 10,
  Promote: 11,
  /** Hands on one of its operands, lane by lane. */
  PickF32x4: 12,
  PickF64x2: 13,
  SplatF32x4: 14,
  SplatF64x2: 15,
  ExtractF32x4: 16,
  ExtractF64x2: 17,
} as const;
export type NanRule = (typeof NanRule)[keyof typeof NanRule];

const SCALAR = ['f32', 'f64'];
const times = (prefixes: readonly string[], names: string) =>
  prefixes.flatMap((prefix) => names.split(' ').map((name) => `${prefix}.${name}`));

const VECTOR_ARITHMETIC = 'ceil floor trunc nearest sqrt add sub mul div min max';
const COMPARE = 'eq ne lt gt le ge';

/** Names by rule. Vector operators that are in none of the other rules are added to Clean below. */
export const NAN_RULES = new Map<NanRule, string[]>([
  [
    NanRule.Arithmetic,
    [...times(SCALAR, 'ceil floor trunc nearest sqrt add sub mul div min max'), 'f32.demote_f64', 'f64.promote_f32'],
  ],
  [
    NanRule.Number,
    [
      ...times(SCALAR, 'convert_i32_s convert_i32_u convert_i64_s convert_i64_u'),
      'f32x4.convert_i32x4_s',
      'f32x4.convert_i32x4_u',
      'f64x2.convert_low_i32x4_s',
      'f64x2.convert_low_i32x4_u',
    ],
  ],
  [NanRule.Absolute, times(SCALAR, 'abs')],
  [NanRule.Negate, times(SCALAR, 'neg')],
  [NanRule.F32x4, times(['f32x4'], VECTOR_ARITHMETIC)],
  [NanRule.F64x2, times(['f64x2'], VECTOR_ARITHMETIC)],
  [NanRule.CompareF32x4, [...times(['f32x4'], COMPARE), 'i32x4.trunc_sat_f32x4_s', 'i32x4.trunc_sat_f32x4_u']],
  [
    NanRule.CompareF64x2,
    [...times(['f64x2'], COMPARE), 'i32x4.trunc_sat_f64x2_s_zero', 'i32x4.trunc_sat_f64x2_u_zero'],
  ],
  [NanRule.Demote, ['f32x4.demote_f64x2_zero']],
  [NanRule.Promote, ['f64x2.promote_low_f32x4']],
  [NanRule.PickF32x4, ['f32x4.pmin', 'f32x4.pmax', 'f32x4.replace_lane']],
  [NanRule.PickF64x2, ['f64x2.pmin', 'f64x2.pmax', 'f64x2.replace_lane']],
  [NanRule.SplatF32x4, ['f32x4.splat']],
  [NanRule.SplatF64x2, ['f64x2.splat']],
  [NanRule.ExtractF32x4, ['f32x4.extract_lane']],
  [NanRule.ExtractF64x2, ['f64x2.extract_lane']],
  [NanRule.Clean, [...times(SCALAR, 'store copysign'), 'i32.reinterpret_f32', 'i64.reinterpret_f64']],
]);

const listed = new Set([...NAN_RULES.values()].flat());
for (const { name, family, params } of OPCODES) {
  const reads = family === 'vector' && params !== undefined && params.length > 0;
  if (reads && !listed.has(name)) NAN_RULES.get(NanRule.Clean)!.push(name);
}
