import { ValType } from '../wasm/module.js';

/** What is known about the bits of a float or vector on the operand stack or in a local. See `nan.ts`. */
export const ValueKind = {
  /** The bits are the same on every host and must not be touched. Everything that is not a float is Exact. */
  Exact: 0,
  /** Not a NaN at all (and so not a NaN in any lane, of either width). */
  Number: 1,
  /** If it is a NaN it stands for the canonical one, whatever its bits are. */
  Nan: 2,
  /** If it is a NaN it stands for the canonical one with the sign bit set. */
  NegatedNan: 3,
  /** A vector with `Nan` in each f32 lane. */
  NanF32x4: 4,
  /** A vector with `Nan` in each f64 lane. */
  NanF64x2: 5,
  /** Read from a scalar local that holds now an Exact value, now a `Nan`: fit for nothing but arithmetic. */
  Either: 6,
} as const;
export type ValueKind = (typeof ValueKind)[keyof typeof ValueKind];

/** Whether the bits must be fixed before anything can observe them. */
export function isLoose(kind: number): boolean {
  return kind > ValueKind.Number;
}

/** Whether values of the type are floats or vectors, the only ones that can be anything but Exact. */
export function isFloat(type: number): boolean {
  return type <= ValType.F32 && type >= ValType.V128;
}
