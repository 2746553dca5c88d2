/** Tests in front of operators that trap: the region is left, and the loop traps. */
import { ValType } from '../../../wasm/module.js';
import type { Emitter } from './emitter.js';
import type { Semantics } from './semantics.js';

/** Exclusive bounds in which a truncation is exact (tools/interp/table.mjs has the same; a NaN fails both). */
const TWO_31 = 2 ** 31;
const TWO_63 = 2 ** 63;
const BOUNDS: Readonly<Record<string, readonly [low: number, included: boolean, high: number]>> = {
  'i32.trunc_f32_s': [-TWO_31, true, TWO_31],
  'i32.trunc_f32_u': [-1, false, 2 * TWO_31],
  'i32.trunc_f64_s': [-TWO_31 - 1, false, TWO_31],
  'i32.trunc_f64_u': [-1, false, 2 * TWO_31],
  'i64.trunc_f32_s': [-TWO_63, true, TWO_63],
  'i64.trunc_f32_u': [-1, false, 2 * TWO_63],
  'i64.trunc_f64_s': [-TWO_63, true, TWO_63],
  'i64.trunc_f64_u': [-1, false, 2 * TWO_63],
};
const DIVISIONS = /^(i32|i64)\.(div|rem)_[su]$/;

/** In front of the operator at code position `at`; `live`: operands that the loop needs there. */
export function emitTrapChecks(e: Emitter, at: number, semantics: Semantics, live: ReadonlySet<number>): void {
  const bounds = BOUNDS[semantics.name];
  if (bounds !== undefined) return truncation(e, at, semantics, bounds, live);
  if (DIVISIONS.test(semantics.name)) division(e, at, semantics, live);
}

function truncation(
  e: Emitter,
  at: number,
  { params }: Semantics,
  [low, included, high]: readonly [number, boolean, number],
  live: ReadonlySet<number>,
): void {
  const { body, code, homes } = e;
  const type = params[0]!;
  const name = type === ValType.F64 ? 'f64' : 'f32';
  const slot = code.field(at, 'a');
  homes.get(slot, type);
  float(e, type, low);
  body.op(included ? `${name}.ge` : `${name}.gt`);
  homes.get(slot, type);
  float(e, type, high);
  body.op(`${name}.lt`, 'i32.and', 'i32.eqz');
  e.exitIf(at, live);
}

const bits = new DataView(new ArrayBuffer(8));

function float({ body }: Emitter, type: number, value: number): void {
  if (type === ValType.F64) {
    bits.setFloat64(0, value);
    body.i64(bits.getBigInt64(0)).op('f64.reinterpret_i64');
  } else {
    bits.setFloat32(0, value);
    body.i32(bits.getInt32(0)).op('f32.reinterpret_i32');
  }
}

function division(e: Emitter, at: number, { name, params }: Semantics, live: ReadonlySet<number>): void {
  const { body, code, homes } = e;
  const type = params[0]!;
  const divisor = code.field(at, 'b');
  homes.get(divisor, type);
  body.op(type === ValType.I64 ? 'i64.eqz' : 'i32.eqz');
  if (name.endsWith('div_s')) {
    const dividend = code.field(at, 'a');
    homes.get(divisor, type);
    if (type === ValType.I64) body.i64(-1).op('i64.eq');
    else body.i32(-1).op('i32.eq');
    homes.get(dividend, type);
    if (type === ValType.I64) body.i64(-(1n << 63n)).op('i64.eq');
    else body.i32(-TWO_31).op('i32.eq');
    body.op('i32.and', 'i32.or');
  }
  e.exitIf(at, live);
}
