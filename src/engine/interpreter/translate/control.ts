/** Blocks, branches and returns. */
import { lebU32At, skipLeb } from '../../../wasm/instructions.js';
import type { FuncType, ValType } from '../../../wasm/module.js';
import { Ir } from '../generated/ir.js';
import { type EmittedBranch, emitBranch, popCondition } from './conditions.js';
import { SLOT, sizeOf } from './frame.js';
import { branchTypes, type Label, LabelKind, newLabel } from './labels.js';
import { Kind } from './operands.js';
import type { Translation } from './translation.js';

const EMPTY: FuncType = { params: [], results: [] };

/** The function type that the block type at the reading position stands for; moves behind it. */
function readBlockType(t: Translation): FuncType {
  const byte = t.bytes[t.pos]!;
  const at = t.pos;
  t.pos = skipLeb(t.bytes, at);
  if (byte === 0x40) return EMPTY;
  if (byte < 0x40 || byte >= 0x80) return t.env.module.types[lebU32At(t.bytes, at)]!;
  return { params: [], results: [byte as ValType] };
}

/** Opens a label; its parameters are on the stack, and everything is in its place. */
function open(t: Translation, kind: LabelKind, type: FuncType): Label {
  const { operands } = t;
  const height = operands.height - type.params.length;
  const place = type.params.length > 0 ? operands.places[height]! : operands.top;
  const label = newLabel(kind, type, height, place);
  t.labels.push(label);
  return label;
}

export function block(t: Translation): void {
  const type = readBlockType(t);
  t.materialiseAll();
  t.settle();
  open(t, LabelKind.Block, type);
}

/** The header is where a slice can end: entering it, and every way back, charges and tests. */
export function loop(t: Translation): void {
  const type = readBlockType(t);
  t.materialiseAll();
  t.meter.close();
  const label = open(t, LabelKind.Loop, type);
  label.headerCost = charge(t);
  label.header = t.code.pos;
  t.bindHere();
}

/** An instruction that only charges; returns its cost field. */
export function charge(t: Translation): number {
  const at = t.code.begin(Ir.charge, 4);
  t.meter.open(at + 2);
  t.settle();
  return at + 2;
}

export function ifBlock(t: Translation): void {
  const type = readBlockType(t);
  const condition = popCondition(t);
  t.materialiseAll();
  t.meter.close();
  const branch = emitBranch(t, condition, false);
  const label = open(t, LabelKind.If, type);
  label.elseFixup = branch.rel;
  label.fixups.push(branch.rel, branch.at);
  t.meter.wait(label.elseWaiting, branch.costTaken);
  t.meter.open(branch.costNext);
  t.bindHere();
}

export function elseArm(t: Translation): void {
  const label = t.labelAt(0);
  arrive(t, label, label.type.results);
  jump(t, label);
  startElse(t, label);
}

/** The other arm begins: with the block's parameters again, reached by the conditional branch only. */
export function startElse(t: Translation, label: Label): void {
  bindElse(t, label);
  label.kind = LabelKind.Else;
  t.operands.cut(label.height);
  t.operands.pushAll(label.type.params);
}

/** Binds the edge of a conditional that was not taken. */
function bindElse(t: Translation, label: Label): void {
  const at = label.fixups.indexOf(label.elseFixup);
  t.code.set32(label.elseFixup, t.code.pos - label.fixups[at + 1]!);
  label.fixups.splice(at, 2);
  label.elseFixup = -1;
  t.meter.resume(label.elseWaiting);
  t.bindHere();
}

/** `end` of a block whose last instruction can be reached. */
export function endBlock(t: Translation): void {
  const label = t.labelAt(0);
  if (label.kind === LabelKind.Function) return returnFrom(t);
  arrive(t, label, label.type.results);
  closeLabel(t, label);
}

/** Leaves a label: what jumped to it arrives here. */
export function closeLabel(t: Translation, label: Label): void {
  if (label.kind === LabelKind.If) bindElse(t, label);
  t.labels.pop();
  t.operands.cut(label.height);
  t.operands.pushAll(label.type.results);
  if (label.kind === LabelKind.Loop) return t.settle();
  if (label.fixups.length === 0) return t.settle();
  for (let i = 0; i < label.fixups.length; i += 2) t.code.set32(label.fixups[i]!, t.code.pos - label.fixups[i + 1]!);
  t.meter.resume(label.waiting);
  t.bindHere();
}

/** Moves values of `types` from the top of the stack to where the label has its own. */
function arrive(t: Translation, label: Label, types: readonly number[]): void {
  const { operands } = t;
  const first = operands.height - types.length;
  for (let i = 0, to = label.place; i < types.length; to += sizeOf(types[i++]!)) send(t, first + i, to);
  // Entries below the label are in their places since it was opened.
  t.settle();
}

/** Puts entry `index` at `to`: where it is computed if that can still be chosen, else by a move. */
function send(t: Translation, index: number, to: number): void {
  const { operands } = t;
  const kind = operands.kinds[index];
  if (kind === Kind.Const) t.constant(to, operands.values[index]!, operands.highs[index]!);
  else if (kind === Kind.Local) t.move(to, t.frame.localAt[operands.values[index]!]!, operands.types[index]!);
  else t.move(to, operands.places[index]!, operands.types[index]!);
}

/** Whether a branch to the label has to move values. */
function needsMoves(t: Translation, label: Label): boolean {
  const types = branchTypes(label);
  return types.length > 0 && t.operands.places[t.operands.height - types.length] !== label.place;
}

/** An unconditional jump to a label, whose values are in place. */
function jump(t: Translation, label: Label): void {
  const { code } = t;
  t.settle();
  if (label.kind === LabelKind.Loop) {
    t.meter.close();
    const at = code.emit1w(Ir.br_loop, 0, 0);
    code.set32(at + 4, label.header - at);
    t.backEdges.push(at + 2, label.headerCost);
    return;
  }
  const at = code.emit1w(Ir.jump, 0, 0);
  label.fixups.push(at + 4, at);
  t.meter.suspend(label.waiting);
}

export function br(t: Translation, relative: number): void {
  leaveTo(t, t.labelAt(relative));
  t.live = false;
}

/** Ends the path with a jump to a label, or a return. */
function leaveTo(t: Translation, label: Label): void {
  if (label.kind === LabelKind.Function) return emitReturn(t);
  arrive(t, label, branchTypes(label));
  jump(t, label);
}

export function brIf(t: Translation, relative: number): void {
  const label = t.labelAt(relative);
  const condition = popCondition(t);
  t.materialiseAll();
  t.meter.close();
  const indirect = label.kind === LabelKind.Function || needsMoves(t, label);
  if (!indirect) {
    const branch = emitBranch(t, condition, true);
    edge(t, label, branch);
    t.meter.open(branch.costNext);
    return t.bindHere();
  }
  const branch = emitBranch(t, condition, false);
  t.meter.open(branch.costNext);
  t.edge();
  leaveTo(t, label);
  t.code.set32(branch.rel, t.code.pos - branch.at);
  t.meter.open(branch.costTaken);
  t.bindHere();
}

/** The taken edge of a branch to a label. */
function edge(
  t: Translation,
  label: Label,
  { at, costTaken, rel }: Pick<EmittedBranch, 'at' | 'costTaken' | 'rel'>,
): void {
  if (label.kind === LabelKind.Loop) {
    t.code.set32(rel, label.header - at);
    t.backEdges.push(costTaken, label.headerCost);
    return;
  }
  label.fixups.push(rel, at);
  t.meter.wait(label.waiting, costTaken);
}

export function brTable(t: Translation): void {
  const { bytes, code } = t;
  const count = lebU32At(bytes, t.pos);
  t.pos = skipLeb(bytes, t.pos);
  const index = t.place(t.operands.pop());
  t.materialiseAll();
  t.meter.close();
  const at = code.begin(Ir.br_table, 8 + 8 * (count + 1));
  code.set16(at + 2, index);
  code.set32(at + 4, count);
  t.settle();
  const stubs = new Map<Label, number[]>();
  for (let arm = 0; arm <= count; arm++) {
    const label = t.labelAt(lebU32At(bytes, t.pos));
    t.pos = skipLeb(bytes, t.pos);
    const rel = at + 8 + arm * 8;
    code.set32(rel + 4, 0);
    if (label.kind === LabelKind.Function || needsMoves(t, label)) {
      const arms = stubs.get(label);
      if (arms === undefined) stubs.set(label, [rel]);
      else arms.push(rel);
    } else edge(t, label, { at, rel, costTaken: rel + 4 });
  }
  for (const [label, arms] of stubs) {
    for (const rel of arms) {
      code.set32(rel, code.pos - at);
      t.meter.open(rel + 4);
    }
    t.bindHere();
    leaveTo(t, label);
  }
  t.live = false;
}

export function returnFrom(t: Translation): void {
  emitReturn(t);
  t.live = false;
}

/** The results move to the start of the frame, which is where the caller expects them. */
function emitReturn(t: Translation): void {
  const { results } = t.functionType;
  const { code, operands } = t;
  const { header } = t.frame;
  t.meter.close();
  if (results.length === 0) {
    code.set16(code.begin(Ir.ret, 4) + 2, header);
  } else if (results.length === 1 && sizeOf(results[0]!) === SLOT) {
    const value = t.place(operands.height - 1);
    const at = code.begin(Ir.ret_slot, 8);
    code.set16(at + 2, header);
    code.set16(at + 4, value);
  } else {
    returnMany(t, results);
    code.set16(code.begin(Ir.ret, 4) + 2, header);
  }
  t.settle();
}

/** Results may stand for locals that earlier results overwrite, so all of them go to their own places first. */
function returnMany(t: Translation, results: readonly number[]): void {
  t.materialiseAll();
  const first = t.operands.height - results.length;
  for (let i = 0, to = 0; i < results.length; to += sizeOf(results[i++]!)) send(t, first + i, to);
}

export function unreachable(t: Translation): void {
  t.meter.close();
  t.code.begin(Ir.unreachable, 4);
  t.live = false;
}
