/** Blocks and conditionals, and the end of everything: where potentials are fixed. */
import { lebU32At } from '../wasm/instructions.js';
import type { FuncType, ValType } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';
import { keepBelow } from './capture.js';
import { skipDeadCode } from './dead-code.js';
import { type FunctionPass, type Label, LabelKind, UNSET } from './function-pass.js';
import { cleanOperands } from './nan.js';

const NO_TYPES: readonly ValType[] = [];
const EMPTY_TYPE: FuncType = { params: NO_TYPES, results: NO_TYPES };
const oneResult = new Map<number, FuncType>();

/** The function type that a block type stands for. */
export function blockTypeAt(pass: FunctionPass, at: number): FuncType {
  const byte = pass.bytes[at]!;
  if (byte === 0x40) return EMPTY_TYPE;
  if (byte < 0x40 || byte >= 0x80) return pass.layout.module.types[lebU32At(pass.bytes, at)]!;
  let type = oneResult.get(byte);
  if (type === undefined) {
    type = { params: NO_TYPES, results: [byte as ValType] };
    oneResult.set(byte, type);
  }
  return type;
}

/** `block`: its potential is that of the first branch to it. */
export function beginBlock(pass: FunctionPass, start: number, immediates: number): void {
  open(pass, LabelKind.Block, start, immediates);
}

/** `if`: both arms start with the same `pending`. */
export function beginIf(pass: FunctionPass, start: number, immediates: number): void {
  open(pass, LabelKind.If, start, immediates);
}

/** Opens a block with the block type of the source and its operands fixed. */
export function open(pass: FunctionPass, kind: LabelKind, start: number, immediates: number): Label {
  const type = blockTypeAt(pass, immediates);
  const condition = kind === LabelKind.If ? 1 : 0;
  cleanOperands(pass, type.params.length, condition);
  keepBelow(pass, type.params.length + condition);
  if (kind === LabelKind.If) pass.height--;
  pass.code.copy(pass.bytes, start, pass.pos);
  const label = pass.pushLabel(kind, type);
  label.start = start;
  pass.setStack(label, type.params);
  return label;
}

/** `else`: the first arm ends like a branch to the label. */
export function elseArm(pass: FunctionPass): void {
  const label = pass.labelAt(0);
  endArm(pass, label);
  pass.code.u8(Op.Else);
  label.kind = LabelKind.Else;
  startArm(pass, label, label.type.params);
}

/** Ends an arm of a conditional or handler that can fall through. */
export function endArm(pass: FunctionPass, label: Label): void {
  if (!pass.live) return;
  cleanOperands(pass, label.type.results.length, 0);
  pass.settle(label);
}

/** Starts another arm of the same label, with what was pending when the label was opened. */
export function startArm(pass: FunctionPass, label: Label, operands: readonly ValType[]): void {
  pass.live = true;
  pass.pending = label.entryPending;
  pass.setStack(label, operands);
}

/** `end` of whatever is innermost. */
export function endBlock(pass: FunctionPass): void {
  const label = pass.labelAt(0);
  if (label.kind === LabelKind.Function) return endFunction(pass, label);
  if (label.kind === LabelKind.If) endWithoutElse(pass, label);
  else if (label.kind === LabelKind.Loop) endLoop(pass, label);
  else endArm(pass, label);
  pass.code.u8(Op.End);
  closeLabel(pass, label);
}

/** Leaves the innermost label; what follows is dead if neither a branch nor the fall-through gets there. */
export function closeLabel(pass: FunctionPass, label: Label): void {
  pass.popLabel();
  pass.setStack(label, label.type.results);
  if (label.kind !== LabelKind.Loop) {
    pass.live = label.potential !== UNSET;
    pass.pending = label.potential;
    if (pass.live && label.reload) pass.reloadCounter();
  }
  if (pass.live) return;
  pass.code.u8(Op.Unreachable);
  skipDeadCode(pass);
}

function endLoop(pass: FunctionPass, label: Label): void {
  if (pass.live) cleanOperands(pass, label.type.results.length, 0);
  if (label.guarded) pass.code.u8(Op.End);
}

/** An `if` alone: the edge around the arm is the first that reaches the label, unless a branch in the arm did. */
function endWithoutElse(pass: FunctionPass, label: Label): void {
  if (label.reload) return endReloadingIf(pass, label);
  if (label.potential === UNSET) label.potential = label.entryPending;
  endArm(pass, label);
  const difference = label.entryPending - label.potential;
  if (difference === 0) return;
  pass.code.u8(Op.Else);
  pass.charge(difference);
}

/** An exception can branch to this `if`: the edge around the arm stores the counter like all others. */
function endReloadingIf(pass: FunctionPass, label: Label): void {
  endArm(pass, label);
  pass.code.u8(Op.Else);
  pass.pending = label.entryPending;
  pass.settle(label);
}

/** The function's own `end`: the results, then the exact counter. `endBody` writes what follows. */
function endFunction(pass: FunctionPass, label: Label): void {
  if (pass.live) cleanOperands(pass, label.type.results.length, 0);
  if (pass.wrapped) {
    if (pass.live) pass.settle(label);
    pass.code.u8(Op.End);
    pass.pending = label.potential;
    pass.live = true;
    if (label.reload) pass.reloadCounter();
  }
  if (pass.live) pass.counterPlus(pass.pending);
  pass.popLabel();
}
