/** Branches: each pays the difference between what is pending and the potential of the label it goes to. */
import { lebU32At, skipLeb } from '../wasm/instructions.js';
import { ValType, type ValType as ValTypeOf } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';
import { skipDeadCode } from './dead-code.js';
import { type FunctionPass, type Label, LabelKind, UNSET } from './function-pass.js';
import { Temporary } from './local-table.js';
import { branchBack, headerOf } from './loops.js';
import { cleanOperands } from './nan.js';
import { EMPTY_BLOCK } from './type-table.js';

/** What a branch to the label carries. */
export function carried(label: Label): readonly ValTypeOf[] {
  return label.kind === LabelKind.Loop ? label.type.params : label.type.results;
}

export function branch(pass: FunctionPass, relative: number): void {
  const label = pass.labelAt(relative);
  if (label.kind === LabelKind.Function) return returnFromFunction(pass);
  cleanOperands(pass, carried(label).length, 0);
  if (label.guarded) branchBack(pass, label, pass.pending - label.potential);
  else {
    pass.settle(label);
    pass.op(Op.Br, pass.target(label));
  }
  skipDeadCode(pass);
}

/** `return`, or a branch to the function's label. */
export function returnFromFunction(pass: FunctionPass): void {
  const label = pass.labels[0]!;
  cleanOperands(pass, label.type.results.length, 0);
  pass.counterPlus(pass.pending);
  pass.code.u8(Op.Return);
  skipDeadCode(pass);
}

/** The trap is the guest's own; what it executed must be visible afterwards. */
export function unreachable(pass: FunctionPass): void {
  if (pass.pos - 1 === pass.raiseAt) pass.op(Op.Call, pass.layout.engineImport('raise'));
  else pass.flushCounter();
  pass.code.u8(Op.Unreachable);
  skipDeadCode(pass);
}

/**
 * Both ways pay the difference, and the fall-through owes that much less: code that pays only where the branch is taken has a
 * branch and a block more (a tenth of SQLite's time). The way back to a guarded loop has those anyway.
 */
export function branchIf(pass: FunctionPass, relative: number): void {
  const label = pass.labelAt(relative);
  const values = carried(label).length;
  cleanOperands(pass, values, 1);
  pass.height--;
  if (label.kind === LabelKind.Function) pass.wrapped = true;
  if (label.guarded && values === 0) return guardedBranchIf(pass, label);
  pass.settle(label);
  pass.op(Op.BrIf, headerOf(pass, label));
}

/** Back to a guarded loop, if the operand on top says so: `if  pay  back  end`. */
function guardedBranchIf(pass: FunctionPass, label: Label): void {
  pass.code.u8(Op.If);
  pass.code.s32(EMPTY_BLOCK);
  pass.open++;
  branchBack(pass, label, pass.pending - label.potential);
  pass.open--;
  pass.code.u8(Op.End);
}

/** All labels must agree on one potential; those that do not are reached through a stub that pays the difference. */
export function branchTable(pass: FunctionPass, immediates: number): void {
  const targets = readTargets(pass.bytes, immediates);
  const values = carried(pass.labelAt(targets[0]!));
  cleanOperands(pass, values.length, 1);
  if (targets.some((target) => pass.labelAt(target).reload)) pass.flushCounter();
  const common = commonPotential(pass, targets);
  pass.charge(pass.pending - common);
  pass.pending = common;
  const stubs: number[] = [];
  for (const target of targets) {
    const label = pass.labelAt(target);
    if (label.kind === LabelKind.Function) pass.wrapped = true;
    if (label.reload) label.potential = 0;
    else if (label.potential === UNSET) label.potential = common;
    else if (label.potential !== common && !stubs.includes(target)) stubs.push(target);
  }
  if (stubs.length === 0) writeTable(pass, targets, stubs);
  else writeStubs(pass, targets, stubs, values);
  skipDeadCode(pass);
}

function readTargets(bytes: Uint8Array, at: number): number[] {
  const targets: number[] = [];
  let pos = skipLeb(bytes, at);
  for (let left = lebU32At(bytes, at) + 1; left > 0; left--) {
    targets.push(lebU32At(bytes, pos));
    pos = skipLeb(bytes, pos);
  }
  return targets;
}

/** The potential of the default label if it has one, else that of the first label that has one, else what is pending. */
function commonPotential(pass: FunctionPass, targets: readonly number[]): number {
  const last = pass.labelAt(targets[targets.length - 1]!);
  if (last.potential !== UNSET && !last.reload) return last.potential;
  for (const target of targets) {
    const { potential, reload } = pass.labelAt(target);
    if (potential !== UNSET && !reload) return potential;
  }
  return pass.pending;
}

function writeTable(pass: FunctionPass, targets: readonly number[], stubs: readonly number[]): void {
  pass.op(Op.BrTable, targets.length - 1);
  for (const target of targets) {
    const stub = stubs.indexOf(target);
    pass.code.u32(stub >= 0 ? stub : headerOf(pass, pass.labelAt(target)) + stubs.length);
  }
}

/** One block per stub around the table; the innermost is stub 0. Values that the branch carries pass through all. */
function writeStubs(
  pass: FunctionPass,
  targets: readonly number[],
  stubs: readonly number[],
  values: readonly ValTypeOf[],
): void {
  const { code, locals, layout } = pass;
  const index = locals.temporary(ValType.I32, Temporary.Index);
  const blockType = values.length === 0 ? EMPTY_BLOCK : layout.types.indexOf({ params: values, results: values });
  pass.op(Op.LocalSet, index);
  for (let at = 0; at < stubs.length; at++) {
    code.u8(Op.Block);
    pass.blockType(blockType);
  }
  pass.op(Op.LocalGet, index);
  writeTable(pass, targets, stubs);
  for (const [at, target] of stubs.entries()) {
    code.u8(Op.End);
    pass.charge(pass.pending - pass.labelAt(target).potential);
    pass.op(Op.Br, headerOf(pass, pass.labelAt(target)) + stubs.length - 1 - at);
  }
}
