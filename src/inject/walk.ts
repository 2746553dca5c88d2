/**
 * The loop over the instructions of one function body. Most are copied as they are; what is rewritten is handled by
 * family: control and branches, calls, locals, exceptions, and the operators that touch floats.
 *
 * The code has been validated, so nothing is checked here; what is dead is left out (it could not be typed again).
 */
import { immediatesAt, lebU32At, opcodeAt, skipImmediates, skipLeb } from '../wasm/instructions.js';
import { ValType } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';
import { PARAM_COUNT_OF, RESULT_TYPE_OF } from '../wasm/opcode-lookup.js';
import { branch, branchIf, branchTable, returnFromFunction, unreachable } from './branches.js';
import { call, callIndirect, tailCall, tailCallIndirect } from './calls.js';
import { beginBlock, beginIf, elseArm, endBlock } from './control.js';
import { COST_OF } from './costs.js';
import { beginTry, beginTryTable, catchArm, delegateTo, rethrow, throwRef, throwTag } from './exceptions.js';
import type { FunctionPass } from './function-pass.js';
import { beginLoop } from './loops.js';
import { applyNanRule, cleanTop, constantKind, selectKinds } from './nan.js';
import { ACTION_OF, Action, copyPlainRun } from './plain-run.js';
import type { Trace } from './trace.js';
import { isFloat, isLoose, ValueKind } from './value-kind.js';

/** Walks the body that `pass` has begun and writes its instrumented form to `pass.code`, final `end` included. */
export function walk(pass: FunctionPass): void {
  if (pass.options.eager === true) return walkEagerly(pass);
  if (pass.trace !== undefined) return walkTraced(pass, pass.trace);
  while (pass.pos < pass.end) {
    copyPlainRun(pass);
    step(pass);
  }
}

/** Writes the same, one instruction after the other. */
function walkTraced(pass: FunctionPass, trace: Trace): void {
  while (pass.pos < pass.end) {
    trace.add(pass.code.length, pass.pos);
    step(pass);
  }
}

/** See {@link InjectOptions.eager}. */
function walkEagerly(pass: FunctionPass): void {
  while (pass.pos < pass.end) {
    settleEverything(pass);
    step(pass);
  }
}

/** One instruction of any kind. */
export function step(pass: FunctionPass): void {
  const { bytes } = pass;
  const start = pass.pos;
  const op = opcodeAt(bytes, start);
  pass.pending += COST_OF[op]!;
  if (ACTION_OF[op] === Action.Special || ACTION_OF[op] === Action.Local) return special(pass, op, start);
  if (ACTION_OF[op] === Action.Nan && pass.options.canonicalNans) applyNanRule(pass, op);
  else applySignature(pass, op);
  pass.pos = skipImmediates(bytes, op, immediatesAt(bytes, start));
  pass.code.copy(bytes, start, pass.pos);
}

/** Leaves nothing pending and the top operand exact; see {@link InjectOptions.eager}. */
function settleEverything(pass: FunctionPass): void {
  if (!pass.live) return;
  pass.charge(pass.pending);
  pass.pending = 0;
  if (pass.height > 0) cleanTop(pass);
}

/** Pops the operands and pushes the result of an operator with fixed types. */
function applySignature(pass: FunctionPass, op: number): void {
  pass.height -= PARAM_COUNT_OF[op]!;
  const result = RESULT_TYPE_OF[op]!;
  if (result !== 0) pass.push(result);
}

function special(pass: FunctionPass, op: number, start: number): void {
  const { bytes } = pass;
  const immediates = immediatesAt(bytes, start);
  pass.pos = skipImmediates(bytes, op, immediates);
  pass.capture?.liveness.note(op, immediates);
  switch (op) {
    case Op.LocalGet:
      return localGet(pass, lebU32At(bytes, immediates));
    case Op.LocalSet:
      return localAssign(pass, Op.LocalSet, lebU32At(bytes, immediates));
    case Op.LocalTee:
      return localAssign(pass, Op.LocalTee, lebU32At(bytes, immediates));
    case Op.Block:
      return beginBlock(pass, start, immediates);
    case Op.Loop:
      return beginLoop(pass, start, immediates);
    case Op.If:
      return beginIf(pass, start, immediates);
    case Op.Else:
      return elseArm(pass);
    case Op.End:
      return endBlock(pass);
    case Op.Br:
      if (pass.freeBranches?.has(start) === true) pass.pending--;
      return branch(pass, lebU32At(bytes, immediates));
    case Op.BrIf:
      return branchIf(pass, lebU32At(bytes, immediates));
    case Op.BrTable:
      return branchTable(pass, immediates);
    case Op.Return:
      return returnFromFunction(pass);
    case Op.Unreachable:
      return unreachable(pass);
    case Op.Call:
      return call(pass, lebU32At(bytes, immediates));
    case Op.CallIndirect:
      return callIndirect(pass, immediates);
    case Op.ReturnCall:
      return tailCall(pass, lebU32At(bytes, immediates));
    case Op.ReturnCallIndirect:
      return tailCallIndirect(pass, immediates);
    default:
      return lessCommon(pass, op, start, immediates);
  }
}

function lessCommon(pass: FunctionPass, op: number, start: number, immediates: number): void {
  const { bytes } = pass;
  switch (op) {
    case Op.MemoryGrow:
      return support(pass, pass.layout.support.memoryGrow + lebU32At(bytes, immediates));
    case Op.TableGrow:
      pass.height--;
      pass.types[pass.height - 1] = ValType.I32;
      return support(pass, pass.layout.support.tableGrow + lebU32At(bytes, immediates));
    case Op.RefFunc:
      return refFunc(pass, lebU32At(bytes, immediates));
    case Op.Try:
      return beginTry(pass, start, immediates);
    case Op.TryTable:
      return beginTryTable(pass, start, immediates);
    case Op.Catch:
      return catchArm(pass, start, lebU32At(bytes, immediates));
    case Op.CatchAll:
      return catchArm(pass, start, undefined);
    case Op.Delegate:
      return delegateTo(pass, lebU32At(bytes, immediates));
    case Op.Throw:
      return throwTag(pass, lebU32At(bytes, immediates));
    case Op.Rethrow:
      return rethrow(pass, lebU32At(bytes, immediates));
    case Op.ThrowRef:
      return throwRef(pass);
    case Op.MemoryInit:
    case Op.TableInit:
    case Op.DataDrop:
    case Op.ElemDrop:
      if (pass.layout.capture) return segmentOperator(pass, op, immediates);
      break;
  }
  stackOnly(pass, op, immediates);
  pass.code.copy(bytes, start, pass.pos);
}

function support(pass: FunctionPass, index: number): void {
  pass.op(Op.Call, pass.layout.callee(index));
}

/** See `segments.ts`. */
function segmentOperator(pass: FunctionPass, op: number, immediates: number): void {
  const { bytes, layout } = pass;
  const segment = lebU32At(bytes, immediates);
  const { dataDrop, elementDrop, memoryInit, tableInit } = layout.support;
  if (op === Op.DataDrop) return support(pass, dataDrop + segment);
  if (op === Op.ElemDrop) return support(pass, elementDrop + segment);
  pass.height -= 3;
  if (op === Op.MemoryInit) return support(pass, memoryInit + segment);
  const table = lebU32At(bytes, skipLeb(bytes, immediates));
  return support(pass, tableInit + segment * layout.tableTypes.length + table);
}

/** Operators that are copied, but whose effect on the operand stack the table cannot tell. */
function stackOnly(pass: FunctionPass, op: number, immediates: number): void {
  const { bytes, layout } = pass;
  switch (op) {
    case Op.Nop:
      return;
    case Op.Drop:
      pass.height--;
      return;
    case Op.Select:
    case Op.SelectT:
      if (pass.options.canonicalNans) selectKinds(pass);
      pass.height -= 2;
      return;
    case Op.GlobalGet:
      return pass.push(layout.globalTypes[lebU32At(bytes, immediates)]!.type);
    case Op.GlobalSet:
      cleanTop(pass);
      pass.height--;
      return;
    case Op.F32Const:
      return pass.push(ValType.F32, constantKind(bytes, immediates, 4));
    case Op.F64Const:
      return pass.push(ValType.F64, constantKind(bytes, immediates, 8));
    case Op.V128Const:
      return pass.push(ValType.V128, constantKind(bytes, immediates, 16));
    case Op.TableGet:
      pass.height--;
      return pass.push(layout.tableTypes[lebU32At(bytes, immediates)]!);
    case Op.TableSet:
      pass.height -= 2;
      return;
    case Op.RefNull:
      return pass.push(bytes[immediates]!);
    case Op.RefIsNull:
      pass.height--;
      return pass.push(ValType.I32);
    case Op.MemoryInit:
    case Op.TableFill:
    case Op.TableInit:
    case Op.TableCopy:
      pass.height -= 3;
      return;
  }
}

function localGet(pass: FunctionPass, original: number): void {
  const { locals } = pass;
  const type = locals.types[original]!;
  pass.op(Op.LocalGet, locals.index(original));
  if (!isFloat(type)) return pass.push(type);
  pass.push(type, locals.read(original));
  pass.sources[pass.height - 1] = original;
  pass.noteCopy(locals.index(original));
}

function localAssign(pass: FunctionPass, op: number, original: number): void {
  const { locals } = pass;
  const float = isFloat(locals.types[original]!);
  if (float) {
    const given = pass.kinds[pass.height - 1] as ValueKind;
    if (given === ValueKind.NegatedNan || given === ValueKind.Either) cleanTop(pass);
    const kind = locals.assign(original, pass.kinds[pass.height - 1] as ValueKind);
    if (!isLoose(kind)) cleanTop(pass);
  }
  if (op === Op.LocalSet) pass.height--;
  pass.op(op, locals.index(original));
  if (float && op === Op.LocalTee) pass.noteCopy(locals.index(original));
}

function refFunc(pass: FunctionPass, original: number): void {
  pass.referenced.add(original);
  pass.op(Op.RefFunc, pass.layout.functionIndex(original));
  pass.push(ValType.FuncRef);
}
