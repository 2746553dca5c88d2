/** Locals, globals and constants. */
import { ValType } from '../../../wasm/module.js';
import { Ir } from '../generated/ir.js';
import { FRAME_WINDOW } from './frame.js';
import { Kind } from './operands.js';
import { copy16 } from './operators.js';
import type { Translation } from './translation.js';

export function localGet(t: Translation, local: number): void {
  const type = t.frame.localTypes[local]!;
  const at = t.frame.localAt[local]!;
  if (at < FRAME_WINDOW) return t.operands.pushLocal(type, local);
  const place = t.reachable(t.operands.top);
  t.code.emit1w(type === ValType.V128 ? Ir.far_get_v128 : Ir.far_get, place, at);
  t.pushResult(type, place);
}

export function localSet(t: Translation, local: number): void {
  const index = t.operands.pop();
  assign(t, local, index);
}

/** Afterwards the operand stands for the local, so nothing is copied. */
export function localTee(t: Translation, local: number): void {
  const index = t.operands.pop();
  assign(t, local, index);
  localGet(t, local);
}

function assign(t: Translation, local: number, index: number): void {
  const { operands } = t;
  const type = t.frame.localTypes[local]!;
  const at = t.frame.localAt[local]!;
  const kind = operands.kinds[index];
  if (at >= FRAME_WINDOW) {
    t.code.emit1w(type === ValType.V128 ? Ir.far_set_v128 : Ir.far_set, t.place(index), at);
    return t.settle();
  }
  if (kind === Kind.Local && operands.values[index] === local) return;
  // Copies of the old value come first, then nothing can be redirected any more.
  if (!t.hasAlias(local)) {
    if (kind === Kind.Slot && t.redirect(index, at)) return;
  } else t.materialiseAliases(local);
  if (kind === Kind.Const) t.constant(at, operands.values[index]!, operands.highs[index]!);
  else t.move(at, kind === Kind.Local ? t.frame.localAt[operands.values[index]!]! : operands.places[index]!, type);
}

export function globalGet(t: Translation, index: number): void {
  const { type, address } = t.env.globals[index]!;
  const place = t.reachable(t.operands.top);
  t.code.emit1w(type === ValType.V128 ? Ir.global_get_v128 : Ir.global_get, place, address);
  t.pushResult(type, place);
}

export function globalSet(t: Translation, index: number): void {
  const { type, address } = t.env.globals[index]!;
  const value = t.place(t.operands.pop());
  t.code.emit1w(type === ValType.V128 ? Ir.global_set_v128 : Ir.global_set, value, address);
  t.settle();
}

function int32At(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** f32.const and f64.const: their bits. */
export function floatConst(t: Translation, type: ValType): void {
  const { bytes, pos } = t;
  const high = type === ValType.F64 ? int32At(bytes, pos + 4) : 0;
  t.operands.pushConst(type, int32At(bytes, pos), high);
  t.pos += type === ValType.F64 ? 8 : 4;
}

export function i32Const(t: Translation): void {
  const { low } = readS64(t);
  t.operands.pushConst(ValType.I32, low, 0);
}

export function i64Const(t: Translation): void {
  const { low, high } = readS64(t);
  t.operands.pushConst(ValType.I64, low, high);
}

export function v128Const(t: Translation): void {
  const place = t.reachable(t.operands.top);
  const at = t.code.begin(Ir.const_v128, 20);
  t.code.set16(at + 2, place);
  copy16(t, at + 4);
  t.pushResult(ValType.V128, place);
}

/** A signed LEB128 of at most 64 bits as two 32-bit halves; moves behind it. */
function readS64(t: Translation): { low: number; high: number } {
  const { bytes } = t;
  let low = 0;
  let high = 0;
  let shift = 0;
  let byte: number;
  do {
    byte = bytes[t.pos++]!;
    const part = byte & 0x7f;
    if (shift < 28) low |= part << shift;
    else if (shift === 28) {
      low |= part << 28;
      high |= part >> 4;
    } else high |= part << (shift - 32);
    shift += 7;
  } while (byte >= 0x80);
  if (shift < 64 && byte & 0x40) {
    if (shift < 32) {
      low |= -1 << shift;
      high = -1;
    } else if (shift < 64) high |= -1 << (shift - 32);
  }
  return { low, high };
}
