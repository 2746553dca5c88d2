/**
 * Exceptions. Whoever throws stores the exact counter in the global first; whoever catches reloads it, so that nothing
 * pends in a handler. (Calls need no flush of their own: an exception comes from a throw, or from the host, whose wrapper
 * has stored the counter.) The depth is a parameter and needs no repair.
 *
 * A frame inside of a handler holds an exception, which is no value that could be saved. What it calls gets a depth whose
 * lowest bit is set, and hands it on; the host finds it in the global and puts a capture off until no frame holds one.
 */
import { CatchKind, lebU32At, skipLeb } from '../wasm/instructions.js';
import type { FuncType } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';
import { keepBelow } from './capture.js';
import { blockTypeAt, closeLabel, endArm, open, startArm } from './control.js';
import { skipDeadCode } from './dead-code.js';
import { type FunctionPass, LabelKind } from './function-pass.js';
import { cleanOperands } from './nan.js';

/** Legacy `try`. */
export function beginTry(pass: FunctionPass, start: number, immediates: number): void {
  open(pass, LabelKind.Try, start, immediates);
}

/** Legacy `catch` (with a tag) or `catch_all`: another arm of the `try`. */
export function catchArm(pass: FunctionPass, start: number, tag: number | undefined): void {
  const label = pass.labelAt(0);
  endArm(pass, label);
  pass.code.copy(pass.bytes, start, pass.pos);
  label.kind = LabelKind.Catch;
  startArm(pass, label, tag === undefined ? [] : tagType(pass, tag).params);
  pass.reloadCounter();
}

/** Legacy `delegate`: an `end` that names the handler. */
export function delegateTo(pass: FunctionPass, relative: number): void {
  const label = pass.labelAt(0);
  endArm(pass, label);
  // The number is counted from outside of the `try`.
  pass.op(Op.Delegate, pass.target(pass.labelAt(relative + 1)) - 1);
  closeLabel(pass, label);
}

export function throwTag(pass: FunctionPass, tag: number): void {
  cleanOperands(pass, tagType(pass, tag).params.length, 0);
  pass.flushCounter();
  pass.op(Op.Throw, tag);
  skipDeadCode(pass);
}

export function rethrow(pass: FunctionPass, relative: number): void {
  pass.flushCounter();
  pass.op(Op.Rethrow, pass.target(pass.labelAt(relative)));
  skipDeadCode(pass);
}

export function throwRef(pass: FunctionPass): void {
  pass.flushCounter();
  pass.code.u8(Op.ThrowRef);
  skipDeadCode(pass);
}

/**
 * `try_table`: its clauses branch straight to labels, where the counter local is stale if the way there was a throw. Such a
 * label reloads the counter from the global ({@link Label.reload}), so every other branch to it stores it first. Earlier
 * branches did not know that: the function is walked again.
 *
 * Without tags there is nothing to be caught but captures, whose handlers V8 takes in no module that has this instruction: it
 * becomes a block.
 */
export function beginTryTable(pass: FunctionPass, start: number, immediates: number): void {
  const { bytes, code } = pass;
  const type = blockTypeAt(pass, immediates);
  cleanOperands(pass, type.params.length, 0);
  keepBelow(pass, type.params.length);
  let pos = skipLeb(bytes, immediates);
  if (pass.layout.leavesByThrowing) {
    code.u8(Op.Block);
    code.copy(bytes, immediates, pos);
    return openTryTable(pass, start, type);
  }
  code.u8(Op.TryTable);
  code.copy(bytes, immediates, pos);
  let left = lebU32At(bytes, pos);
  code.u32(left);
  for (pos = skipLeb(bytes, pos); left > 0; left--) {
    const clause = pos;
    if (bytes[pos++]! < CatchKind.CatchAll) pos = skipLeb(bytes, pos);
    const label = pass.labelAt(lebU32At(bytes, pos));
    pass.reloadAt(label);
    code.copy(bytes, clause, pos);
    code.u32(pass.target(label));
    pos = skipLeb(bytes, pos);
  }
  openTryTable(pass, start, type);
}

function openTryTable(pass: FunctionPass, start: number, type: FuncType): void {
  const label = pass.pushLabel(LabelKind.TryTable, type);
  label.start = start;
  pass.setStack(label, type.params);
}

function tagType(pass: FunctionPass, tag: number): FuncType {
  return pass.layout.module.types[pass.layout.tagTypes[tag]!]!;
}
