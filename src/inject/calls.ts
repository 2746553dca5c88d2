/**
 * Calls: the exact counter and the depth that is left go in behind the arguments, the callee's counter comes back behind
 * the results. A call therefore leaves nothing pending.
 */
import { lebU32At, skipLeb } from '../wasm/instructions.js';
import { type FuncType, ValType } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';
import { beginLeaving, endLeaving, keepOperands } from './capture.js';
import { skipDeadCode } from './dead-code.js';
import type { FunctionPass } from './function-pass.js';
import { Temporary } from './local-table.js';
import { cleanOperands } from './nan.js';

export function call(pass: FunctionPass, callee: number): void {
  const { layout } = pass;
  const typeIndex = layout.typeIndexOf[callee]!;
  const type = layout.module.types[typeIndex]!;
  const mayLeave = pass.capture?.mayLeave(callee) === true;
  cleanOperands(pass, type.params.length, 0);
  if (mayLeave) keepOperands(pass, type.params.length);
  pass.addedArguments();
  if (mayLeave) beginLeaving(pass, typeIndex);
  pass.op(Op.Call, layout.functionIndex(callee));
  takeResults(pass, type, mayLeave);
}

/** The table index is on top of the arguments and has to wait in a temporary. */
export function callIndirect(pass: FunctionPass, immediates: number): void {
  const typeIndex = lebU32At(pass.bytes, immediates);
  const type = indirectArguments(pass, immediates);
  const mayLeave = pass.capture?.typeMayLeave(typeIndex) === true;
  if (mayLeave) keepOperands(pass, type.params.length);
  pass.addedArguments();
  if (mayLeave) beginLeaving(pass, typeIndex);
  indirectOperator(pass, Op.CallIndirect, immediates);
  takeResults(pass, type, mayLeave);
}

/** A tail call frees the frame first, so the callee gets the depth that this function was entered with. */
export function tailCall(pass: FunctionPass, callee: number): void {
  const { layout } = pass;
  cleanOperands(pass, layout.module.types[layout.typeIndexOf[callee]!]!.params.length, 0);
  tailArguments(pass);
  pass.op(Op.ReturnCall, layout.functionIndex(callee));
  skipDeadCode(pass);
}

export function tailCallIndirect(pass: FunctionPass, immediates: number): void {
  indirectArguments(pass, immediates);
  tailArguments(pass);
  indirectOperator(pass, Op.ReturnCallIndirect, immediates);
  skipDeadCode(pass);
}

function takeResults(pass: FunctionPass, type: FuncType, mayLeave: boolean): void {
  pass.pending = 0;
  pass.height -= type.params.length;
  pass.pushAll(type.results);
  if (mayLeave && pass.capture !== undefined) endLeaving(pass, pass.capture, type.results);
  else pass.takeCounter();
}

function indirectArguments(pass: FunctionPass, immediates: number): FuncType {
  const type = pass.layout.module.types[lebU32At(pass.bytes, immediates)]!;
  pass.op(Op.LocalSet, pass.locals.temporary(ValType.I32, Temporary.Index));
  pass.height--;
  cleanOperands(pass, type.params.length, 0);
  return type;
}

function indirectOperator(pass: FunctionPass, op: number, immediates: number): void {
  const { bytes, layout } = pass;
  pass.op(Op.LocalGet, pass.locals.temporary(ValType.I32, Temporary.Index));
  pass.op(op, layout.types.instrumented(lebU32At(bytes, immediates)));
  pass.code.u32(lebU32At(bytes, skipLeb(bytes, immediates)));
}

function tailArguments(pass: FunctionPass): void {
  pass.counterPlus(pass.pending);
  if (!pass.layout.passesDepth) return;
  pass.needsEntryDepth = true;
  pass.op(Op.LocalGet, pass.locals.temporary(ValType.I32, Temporary.EntryDepth));
}
