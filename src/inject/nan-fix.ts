/** The code that replaces a NaN on top of the operand stack by the canonical one. */
import { ValType } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';
import type { FunctionPass } from './function-pass.js';
import { Temporary } from './local-table.js';
import { EMPTY_BLOCK } from './type-table.js';
import { ValueKind } from './value-kind.js';

const SIMD = 0xfd;
const F32_GE = 0x60;
const F64_GE = 0x66;
const F32X4_EQ = 0x41;
const F64X2_EQ = 0x47;
const V128_BITSELECT = 0x52;

const F32_NAN = [0x00, 0x00, 0xc0, 0x7f];
const F64_NAN = [0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xf8, 0x7f];

/**
 * `x` becomes `x == x ? x : nan`, lane by lane for vectors (spec 4.3.3, canonical NaN). If it was just read from a local or
 * put there, the local gets the same value: two values would have to be kept, and moved, instead of one.
 */
export function fixNan(pass: FunctionPass, type: ValType, kind: number): void {
  if (type === ValType.V128) return fixVector(pass, kind);
  const { code } = pass;
  const copied = pass.copiedLocal;
  const local = copied ?? pass.locals.temporary(type, Temporary.Nan);
  if (copied === undefined) pass.op(Op.LocalTee, local);
  pass.op(Op.LocalGet, local);
  code.u8(type === ValType.F32 ? F32_GE : F64_GE);
  pass.hint(true);
  code.u8(Op.If);
  code.s32(EMPTY_BLOCK);
  code.u8(Op.Else);
  scalarConstant(pass, type, kind === ValueKind.NegatedNan);
  pass.op(Op.LocalSet, local);
  code.u8(Op.End);
  pass.op(Op.LocalGet, local);
}

function fixVector(pass: FunctionPass, kind: number): void {
  const local = pass.locals.temporary(ValType.V128, Temporary.Nan);
  pass.op(Op.LocalTee, local);
  vectorConstant(pass, kind);
  pass.op(Op.LocalGet, local);
  pass.op(Op.LocalGet, local);
  pass.op(SIMD, kind === ValueKind.NanF32x4 ? F32X4_EQ : F64X2_EQ);
  pass.op(SIMD, V128_BITSELECT);
}

function scalarConstant(pass: FunctionPass, type: ValType, negative: boolean): void {
  const bytes = type === ValType.F32 ? F32_NAN : F64_NAN;
  pass.code.u8(type === ValType.F32 ? Op.F32Const : Op.F64Const);
  for (const [at, byte] of bytes.entries()) pass.code.u8(negative && at === bytes.length - 1 ? byte | 0x80 : byte);
}

function vectorConstant(pass: FunctionPass, kind: number): void {
  const lane = kind === ValueKind.NanF32x4 ? F32_NAN : F64_NAN;
  pass.op(SIMD, V128_CONST);
  for (let at = 0; at < 16; at++) pass.code.u8(lane[at % lane.length]!);
}

const V128_CONST = 0x0c;
