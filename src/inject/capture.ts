/**
 * Leaving with the frame saved. Behind each call that may leave, and in the cold path of each pre-emption check, a test:
 *
 *     call f  local.tee $counter  i64.const 0  i64.ge_s
 *     if                                  ;; never, but at a slice's end or in a capture
 *       global.get $halt  i32.eqz  br_if 0
 *       zeros of this function's results, live locals, operands, site
 *       call $save  return                ;; the saved frame's caller finds `counter >= 0` in turn
 *     end
 *
 * So the steady state pays one comparison of a register, and nothing of a capture ever comes back: a captured frame is
 * continued by a function of its own (see `resume/`).
 */
import type { ByteWriter } from '../bytes/writer.js';
import type { ValType as ValTypeOf } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';
import { type CaptureSites, sortedByType } from './capture-sites.js';
import type { FunctionPass } from './function-pass.js';
import { fixNan } from './nan-fix.js';
import { MORE_FOLLOWS, SAVED_VALUES_MAX } from './save-functions.js';
import { EMPTY_BLOCK } from './type-table.js';
import { isFloat, isLoose } from './value-kind.js';
import { writeZero } from './zero.js';

const I32_EQZ = 0x45;
const I64_GE_S = 0x59;

/** After a call: the counter that it returned and its results are on the stack. */
export function leaveAfterCall(pass: FunctionPass, capture: CaptureSites, results: readonly ValTypeOf[]): void {
  const { code } = pass;
  const own = pass.height - results.length - pass.labelAt(0).height;
  pass.op(Op.LocalTee, pass.locals.counter);
  code.u8(Op.I64Const);
  code.s32(0);
  code.u8(I64_GE_S);
  code.u8(Op.If);
  code.s32(own > 0 ? passThrough(pass, own + results.length) : EMPTY_BLOCK);
  pass.op(Op.GlobalGet, pass.layout.global('halt'));
  code.u8(I32_EQZ);
  pass.op(Op.BrIf, 0);
  if (own > 0) for (const _ of results) code.u8(Op.Drop);
  leave(pass, capture, pass.pos, own, pass.height - results.length);
  code.u8(Op.End);
}

/** In the cold path of a loop's header, where what `poll` answered lies above the loop's parameters. */
export function leaveAtHeader(pass: FunctionPass, capture: CaptureSites): void {
  const { code } = pass;
  const own = pass.height - pass.labelAt(0).height;
  pass.op(Op.LocalTee, pass.locals.counter);
  code.u8(Op.I64Const);
  code.s32(0);
  code.u8(I64_GE_S);
  code.u8(Op.If);
  code.s32(passThrough(pass, own));
  leave(pass, capture, pass.pos, own, pass.height);
  code.u8(Op.End);
}

/** In the cold path of a function's entry, which is written to `out`: only the parameters count yet. */
export function leaveAtEntry(pass: FunctionPass, capture: CaptureSites, out: ByteWriter, start: number): void {
  const params = Array.from({ length: pass.locals.counter }, (_, param) => param);
  writeZeros(out, pass.labels[0]!.type.results);
  writeSave(pass, capture, out, start, sortedByType(params, pass.locals.types), 0);
}

/** The operands below a block cannot be reached from inside: they are kept in locals too. */
export function keepBelow(pass: FunctionPass, above: number): void {
  const { capture } = pass;
  const lowest = pass.labelAt(0).height;
  const top = pass.height;
  if (capture === undefined || top - above === lowest || !capture.liveness.siteAhead(pass.pos)) return;
  for (let at = top - 1; at > lowest; at--) pass.op(Op.LocalSet, operandLocal(pass, at));
  pass.op(Op.LocalTee, operandLocal(pass, lowest));
  for (let at = lowest + 1; at < top; at++) pass.op(Op.LocalGet, operandLocal(pass, at));
}

/** Block type that takes and gives back the top `count` operands. */
export function passThrough(pass: FunctionPass, count: number): number {
  if (count === 0) return EMPTY_BLOCK;
  const types = [...pass.types.subarray(pass.height - count, pass.height)] as ValTypeOf[];
  return pass.layout.types.indexOf({ params: types, results: types });
}

/** Saves the frame and returns. `own`: operands on the stack, of `height` in all; the others are in locals already. */
function leave(pass: FunctionPass, capture: CaptureSites, pos: number, own: number, height: number): void {
  for (let at = height - 1; at >= height - own; at--) pass.op(Op.LocalSet, operandLocal(pass, at));
  writeZeros(pass.code, pass.labels[0]!.type.results);
  writeSave(pass, capture, pass.code, pos, capture.liveLocals(pos, pass.locals.types), height);
}

function writeSave(
  pass: FunctionPass,
  capture: CaptureSites,
  out: ByteWriter,
  pos: number,
  live: readonly number[],
  operands: number,
): void {
  const values = [...live, ...Array.from({ length: operands }, (_, at) => -1 - at)];
  const types = values.map((value) => typeOf(pass, value));
  for (let from = 0; from === 0 || from < values.length; from += SAVED_VALUES_MAX) {
    const to = Math.min(values.length, from + SAVED_VALUES_MAX);
    for (let at = from; at < to; at++) getValue(pass, out, values[at]!);
    out.u8(Op.I32Const);
    out.s32(to === values.length ? pos : MORE_FOLLOWS);
    out.u8(Op.Call);
    out.u32(capture.saves.indexOf(types.slice(from, to)));
    if (to < values.length) out.u8(Op.Drop);
  }
  out.u8(Op.Return);
  capture.onSite?.(pos, {
    offset: capture.originalOffset(pos),
    values,
    types,
    operands: [...pass.types.subarray(0, operands)] as ValTypeOf[],
  });
}

/** Pushes a local, or an operand that was put into one; arithmetic NaNs become canonical, as anything would that can see them. */
function getValue(pass: FunctionPass, out: ByteWriter, value: number): void {
  const { locals } = pass;
  const type = typeOf(pass, value);
  out.u8(Op.LocalGet);
  out.u32(value >= 0 ? locals.index(value) : operandLocal(pass, -1 - value));
  if (!isFloat(type)) return;
  const kind = value >= 0 ? locals.read(value) : pass.kinds[-1 - value]!;
  if (isLoose(kind)) fixNan(pass, type, kind);
}

function typeOf(pass: FunctionPass, value: number): ValTypeOf {
  return (value >= 0 ? pass.locals.types[value] : pass.types[-1 - value]) as ValTypeOf;
}

/** The local for an operand at a height. */
function operandLocal(pass: FunctionPass, height: number): number {
  return pass.locals.temporary(pass.types[height]! as ValTypeOf, -1 - height);
}

function writeZeros(out: ByteWriter, types: readonly ValTypeOf[]): void {
  for (const type of types) writeZero(out, type);
}
