/**
 * Loops. Entering is free, each way back pays for one round, and the header is where a slice can end. In a tight loop
 * (a short one without calls) the call that then hands the counter over must not be in the loop itself: V8 keeps no value
 * in a register across it and does not unroll (19 % on our kernels). So a tight loop is two: the way back goes to the inner
 * one while the slice lasts, else out to the header of the outer one, which calls and comes in again.
 *
 *     loop $poll
 *       counter >= slice's end - pending  if  call $poll ...  end
 *       loop $again
 *         ...  counter += k  counter < slice's end - pending  br_if $again  br $poll  ...
 *       end
 *     end
 *
 * Other loops look at their header only: with two, loops that are entered often pay for it (10 % on recursive code).
 */
import { immediatesAt, opcodeAt, skipImmediates } from '../wasm/instructions.js';
import { Op } from '../wasm/opcode.js';
import { leaveAfterCall, passThrough } from './capture.js';
import { open } from './control.js';
import { type FunctionPass, type Label, LabelKind } from './function-pass.js';
import { EMPTY_BLOCK } from './type-table.js';

const I64_LT_S = 0x53;
const I64_GE_S = 0x59;

export function beginLoop(pass: FunctionPass, start: number, immediates: number): void {
  if (pass.nextLabelReloads) return beginReloadingLoop(pass, start, immediates);
  const end = pass.pos;
  const label = open(pass, LabelKind.Loop, start, immediates);
  label.potential = pass.pending;
  if (!pass.options.preemption) return;
  checkSlice(pass);
  if (!isTight(pass.bytes, end)) return;
  pass.code.copy(pass.bytes, start, end);
  label.guarded = true;
  label.outer = pass.open++;
}

/** Bytes of code that a tight loop has at most, so that nested loops are not looked through again and again. */
const TIGHT_BYTES = 2000;

/** Whether the loop whose body starts at `pos` is short and holds no call. */
function isTight(bytes: Uint8Array, pos: number): boolean {
  const limit = pos + TIGHT_BYTES;
  for (let nested = 0; pos < limit; ) {
    const op = opcodeAt(bytes, pos);
    if (op === Op.Call || op === Op.CallIndirect) return false;
    if (op === Op.Loop || op === Op.Block || op === Op.If || op === Op.Try || op === Op.TryTable) nested++;
    else if (op === Op.Delegate) nested--;
    else if (op === Op.End && nested-- === 0) return true;
    pos = skipImmediates(bytes, op, immediatesAt(bytes, pos));
  }
  return false;
}

/** An exception can branch to this loop: every iteration finds the counter in the global, and there is no second loop. */
function beginReloadingLoop(pass: FunctionPass, start: number, immediates: number): void {
  pass.flushCounter();
  const label = open(pass, LabelKind.Loop, start, immediates);
  pass.reloadCounter();
  label.potential = 0;
  if (pass.options.preemption) checkSlice(pass);
}

/** Back to a guarded loop, paying `amount`. What the label carries is on the stack. */
export function branchBack(pass: FunctionPass, label: Label, amount: number): void {
  const { code, locals } = pass;
  pass.counterPlus(amount);
  if (amount !== 0) pass.op(Op.LocalTee, locals.counter);
  code.u8(Op.I64Const);
  code.s32(pass.layout.sliceEnd - label.potential);
  code.u8(I64_LT_S);
  pass.op(Op.BrIf, pass.target(label));
  pass.op(Op.Br, pass.target(label) + 1);
}

/** Where a branch goes that does not look at the counter itself: to the header that does. */
export function headerOf(pass: FunctionPass, label: Label): number {
  return pass.target(label) + (label.guarded ? 1 : 0);
}

/** The cold path: hand the exact counter over, take the next slice's. */
function checkSlice(pass: FunctionPass): void {
  const { capture, code, locals, pending } = pass;
  pass.op(Op.LocalGet, locals.counter);
  code.u8(Op.I64Const);
  code.s32(pass.layout.sliceEnd - pending);
  code.u8(I64_GE_S);
  pass.hint(false);
  code.u8(Op.If);
  pass.blockType(capture === undefined ? EMPTY_BLOCK : passThrough(pass, pass.height - pass.labelAt(0).height));
  if (pass.layout.handlers && pass.layout.passesDepth) {
    pass.depthForCallee();
    pass.op(Op.GlobalSet, pass.layout.global('depth'));
  }
  pass.counterPlus(pending);
  pass.op(Op.Call, pass.layout.callee(pass.layout.support.poll));
  if (capture !== undefined) {
    pass.open++;
    leaveAfterCall(pass, capture, []);
    pass.open--;
    if (pending !== 0) pass.charge(-pending);
    code.u8(Op.End);
    return;
  }
  if (pending !== 0) {
    code.u8(Op.I64Const);
    code.s32(-pending);
    code.u8(Op.I64Add);
  }
  pass.op(Op.LocalSet, locals.counter);
  code.u8(Op.End);
}
