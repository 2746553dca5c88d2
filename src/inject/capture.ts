/**
 * Leaving with the frame saved. A function that is being captured throws, so around each call that may leave there is a
 * handler, and at the function's end there are exits that handlers share (see `exits.ts`):
 *
 *     block $leave (result i32)  block $exit1 (result i32)  block $exit0 (result i32)
 *       ...
 *       try  call f  catch_all  i32.const site  br $exit0  end  local.set $counter
 *       ...  return
 *     end  what is live only there  call $save           ;; and on into the next, or to another
 *     end  what is live at both  call $save
 *     end  i32.const function  call $frame  unreachable   ;; it throws
 *
 * So the steady state pays nothing at a call, and nothing of a capture ever comes back: a captured frame is continued by a
 * function of its own (see `resume/`). A pre-emption check returns the counter 0 if it is to be left, which its cold path
 * tests; so do calls where the guest throws exceptions itself, in whose modules a function that is being captured returns
 * zeros ({@link Layout.leavesByThrowing}).
 */
import type { ValType as ValTypeOf } from '../wasm/module.js';
import { ValType } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';
import type { CaptureSites, SavedValues } from './capture-sites.js';
import { COMPLETE } from './exits.js';
import type { FunctionPass } from './function-pass.js';
import { cleanOperands } from './nan.js';
import { fixNan } from './nan-fix.js';
import { SAVE_ORDER, SAVED_VALUES_MAX } from './save-functions.js';
import { EMPTY_BLOCK } from './type-table.js';
import { isFloat, isLoose } from './value-kind.js';
import { writeZero } from './zero.js';

const I64_EQZ = 0x50;

/** Type of the blocks around the function's code that {@link endBody} asks for: they carry the site. */
export const EXIT_BLOCK = ValType.I32 - 0x80;

/** In front of a call that may leave, whose arguments are on the stack: its handler cannot reach the operands below them. */
export function keepOperands(pass: FunctionPass, args: number): void {
  const { height, layout } = pass;
  const lowest = pass.labelAt(0).height;
  if (!layout.leavesByThrowing || height - args === lowest) return;
  putIntoLocals(pass, lowest);
}

/** In front of the call itself, with the added arguments. `typeIndex`: the callee's. */
export function beginLeaving(pass: FunctionPass, typeIndex: number): void {
  if (!pass.layout.leavesByThrowing) return;
  pass.code.u8(Op.Try);
  pass.blockType(pass.layout.types.instrumented(typeIndex));
  pass.open++;
}

/** Behind the call: its results and the counter are on the stack. */
export function endLeaving(pass: FunctionPass, capture: CaptureSites, results: readonly ValTypeOf[]): void {
  const { code } = pass;
  if (!pass.layout.leavesByThrowing) return leaveAfterCall(pass, capture, results);
  const height = pass.height - results.length;
  code.u8(Op.CatchAll);
  for (let at = pass.labelAt(0).height; at < height; at++) cleanKept(pass, at);
  leave(pass, capture, height);
  pass.open--;
  code.u8(Op.End);
  pass.takeCounter();
}

/** After a call that returns no counter when it leaves: the counter and the call's results are on the stack. */
export function leaveAfterCall(pass: FunctionPass, capture: CaptureSites, results: readonly ValTypeOf[]): void {
  const { code } = pass;
  const height = pass.height - results.length;
  const own = height - pass.labelAt(0).height;
  pass.op(Op.LocalTee, pass.locals.counter);
  code.u8(I64_EQZ);
  pass.callHints?.add(code.length, false);
  code.u8(Op.If);
  pass.blockType(passThrough(pass, own + results.length));
  pass.open++;
  for (const _ of results) code.u8(Op.Drop);
  for (let at = height - 1; at >= height - own; at--) {
    if (isLoose(pass.kinds[at]!)) fixNan(pass, pass.types[at]! as ValTypeOf, pass.kinds[at]!);
    pass.op(Op.LocalSet, operandLocal(pass, at, pass.types[at]! as ValTypeOf));
  }
  leave(pass, capture, height);
  pass.open--;
  code.u8(Op.End);
}

/** The operands below a block cannot be reached from inside: they are kept in locals too. */
export function keepBelow(pass: FunctionPass, above: number): void {
  const lowest = pass.labelAt(0).height;
  const below = pass.height - above;
  if (pass.capture === undefined || below === lowest) return;
  cleanOperands(pass, below - lowest, above);
  putIntoLocals(pass, lowest);
}

/** Leaves all operands from `lowest` on where they are, and in locals too. */
function putIntoLocals(pass: FunctionPass, lowest: number): void {
  const top = pass.height;
  const local = (at: number) => operandLocal(pass, at, pass.types[at]! as ValTypeOf);
  for (let at = top - 1; at > lowest; at--) pass.op(Op.LocalSet, local(at));
  pass.op(Op.LocalTee, local(lowest));
  for (let at = lowest + 1; at < top; at++) pass.op(Op.LocalGet, local(at));
}

/** Makes an operand exact that is in its local only. */
function cleanKept(pass: FunctionPass, at: number): void {
  if (!isLoose(pass.kinds[at]!)) return;
  const type = pass.types[at]! as ValTypeOf;
  const local = operandLocal(pass, at, type);
  pass.op(Op.LocalGet, local);
  fixNan(pass, type, pass.kinds[at]!);
  pass.op(Op.LocalSet, local);
}

/** Block type that takes and gives back the top `count` operands. */
export function passThrough(pass: FunctionPass, count: number): number {
  if (count === 0) return EMPTY_BLOCK;
  return pass.layout.types.passThrough(pass.types, pass.height - count, pass.height);
}

/**
 * Ends the code of a function, whose results and counter are on the stack: with its exits, if it has any. Answers how many
 * blocks are to be opened in front of it.
 */
export function endBody(pass: FunctionPass): number {
  const { capture, code } = pass;
  if (capture === undefined || capture.count === 0) return 0;
  const { exits } = capture;
  code.u8(Op.Return);
  capture.patchLabels(code, pass.wrapped ? 1 : 0);
  const saved: SavedValues[] = [];
  for (let exit = 0; exit < exits.count; exit++) {
    code.u8(Op.End);
    const values = saveValues(pass, capture, exit);
    if (values !== undefined) saved.push(values);
    const next = exits.nextOf(exit) === COMPLETE ? exits.count : exits.nextOf(exit);
    if (next > exit + 1) pass.op(Op.Br, next - exit - 1);
  }
  capture.report(saved);
  code.u8(Op.End);
  code.u8(Op.I32Const);
  code.s32(capture.functionIndex);
  pass.op(Op.Call, pass.layout.engineImport('frame'));
  leaveFunction(pass);
  return exits.count + 1;
}

function leaveFunction({ code, labels, layout }: FunctionPass): void {
  if (layout.leavesByThrowing) return code.u8(Op.Unreachable);
  for (const type of labels[0]!.type.results) writeZero(code, type);
  code.u8(Op.I64Const);
  code.s32(0);
}

/** Goes to an exit with the site. All operands up to `height` are in locals. */
function leave(pass: FunctionPass, capture: CaptureSites, height: number): void {
  const { code } = pass;
  code.u8(Op.I32Const);
  code.s32(capture.add(pass.pos, height === 0 ? NO_OPERANDS : operandTypes(pass, height)));
  code.u8(Op.Br);
  capture.writeLabel(code, pass.open);
}

/**
 * Hands the values of an exit over, in portions that a function can take. Answers which, if somebody wants to know. An exit
 * that another one completes leaves the operands to that one.
 */
function saveValues(pass: FunctionPass, capture: CaptureSites, exit: number): SavedValues | undefined {
  const { exits, onSite, saves } = capture;
  const operands = exits.nextOf(exit) === COMPLETE ? exits.operandsOf(exit) : NO_OPERANDS;
  const { count, locals: live } = capture.localsOf(exit);
  if (operands.length === 0 && onSite === undefined && saveIntegers(pass, capture, live, count)) return undefined;
  const locals = sortedByType(live, count, pass.locals.types);
  const values = operands.length === 0 ? locals : [...locals, ...operands.map((_, at) => -1 - at)];
  const types = values.map((value) => (value >= 0 ? pass.locals.types[value]! : operands[-1 - value]!) as ValTypeOf);
  for (let from = 0; from < values.length; from += SAVED_VALUES_MAX) {
    const to = Math.min(values.length, from + SAVED_VALUES_MAX);
    for (let at = from; at < to; at++) getValue(pass, values[at]!, types[at]!);
    pass.callNumbered(saves.indexOf(to - from === types.length ? types : types.slice(from, to)));
  }
  return { values, types };
}

/** The same for a few i32 locals and nothing else. */
function saveIntegers(pass: FunctionPass, capture: CaptureSites, live: Int32Array, count: number): boolean {
  const { code, locals } = pass;
  if (count === 0) return true;
  if (count > SAVED_VALUES_MAX) return false;
  for (let at = 0; at < count; at++) if (locals.types[live[at]!] !== ValType.I32) return false;
  for (let at = 0; at < count; at++) code.op(Op.LocalGet, locals.index(live[at]!));
  pass.callNumbered(capture.saves.indexOfI32s(count));
  return true;
}

/** Pushes a local, or an operand that was put into one; arithmetic NaNs become canonical, as anything would that can see them. */
function getValue(pass: FunctionPass, value: number, type: ValTypeOf): void {
  const { locals } = pass;
  pass.op(Op.LocalGet, value >= 0 ? locals.index(value) : operandLocal(pass, -1 - value, type));
  if (value < 0 || !isFloat(type)) return;
  const kind = locals.read(value);
  if (isLoose(kind)) fixNan(pass, type, kind);
}

/** The local for an operand at a height. */
function operandLocal(pass: FunctionPass, height: number, type: ValTypeOf): number {
  return pass.locals.temporary(type, -1 - height);
}

/** The first `count` of `locals` in the order in which they are saved. */
function sortedByType(locals: Int32Array, count: number, types: Uint8Array): number[] {
  const sorted: number[] = [];
  for (let order = 0; sorted.length < count; order++) {
    for (let at = 0; at < count; at++) if (types[locals[at]!] === SAVE_ORDER[order]) sorted.push(locals[at]!);
  }
  return sorted;
}

/** Types of the lowest `height` operands. */
function operandTypes({ types }: FunctionPass, height: number): ValTypeOf[] {
  const operands: ValTypeOf[] = [];
  for (let at = 0; at < height; at++) operands.push(types[at]! as ValTypeOf);
  return operands;
}

const NO_OPERANDS: readonly ValTypeOf[] = [];
