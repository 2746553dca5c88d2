/** One function from its source body to its instrumented body: walk, prologue, locals. */
import type { ByteWriter } from '../bytes/writer.js';
import { type FuncType, type FunctionBody, ValType } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';
import { leaveAtEntry } from './capture.js';
import type { CaptureSites } from './capture-sites.js';
import { ENTRY_COST } from './costs.js';
import { frameUnits } from './frame-units.js';
import type { FunctionPass } from './function-pass.js';
import { Temporary } from './local-table.js';
import { EMPTY_BLOCK } from './type-table.js';
import { walk } from './walk.js';

const I32_LT_S = 0x48;
const I32_OR = 0x72;
const I64_GE_S = 0x59;

export class FunctionRewriter {
  /** Stack units of the frame of the function that was rewritten last. */
  units = 0;

  constructor(
    private readonly pass: FunctionPass,
    private readonly out: ByteWriter,
  ) {}

  /**
   * Appends the body (locals vector, code) of the function with original index `index`. `recursive`: it can call itself,
   * so its entry is guarded.
   */
  rewrite(index: number, body: FunctionBody, type: FuncType, recursive: boolean): void {
    const { pass, out } = this;
    pass.load(body, type);
    do {
      pass.begin(body, type);
      pass.pending = ENTRY_COST;
      walk(pass);
    } while (pass.mustWalkAgain);
    this.units = frameUnits(pass.locals.slots, pass.heightMax, pass.wide);
    const entryDepth = pass.needsEntryDepth ? pass.locals.temporary(ValType.I32, Temporary.EntryDepth) : -1;
    pass.locals.writeDeclarations(out, pass.bytes, body);
    if (entryDepth >= 0) this.keepDepth(entryDepth);
    if (recursive) this.guardEntry(index, body.code.start);
    if (pass.wrapped) this.openWrapper(type);
    out.copy(pass.code.bytes);
  }

  private keepDepth(entryDepth: number): void {
    this.op(Op.LocalGet, this.pass.locals.depth);
    this.op(Op.LocalSet, entryDepth);
  }

  /**
   * Takes the frame's units; one test for "no depth left" and "slice used up", whose cold path tells them apart. That path
   * does not come back: with the new slice it calls the function again and returns what that returns, so that nothing
   * has to survive a call in the hot code.
   */
  private guardEntry(index: number, start: number): void {
    const { out, pass } = this;
    const { counter, depth } = pass.locals;
    const { units } = this;
    this.op(Op.LocalGet, depth);
    this.constant(Op.I32Const, units);
    out.u8(Op.I32Sub);
    this.op(Op.LocalTee, depth);
    this.constant(Op.I32Const, 0);
    out.u8(I32_LT_S);
    if (pass.options.preemption) {
      this.op(Op.LocalGet, counter);
      this.constant(Op.I64Const, -ENTRY_COST);
      out.u8(I64_GE_S);
      out.u8(I32_OR);
    }
    this.constant(Op.If, EMPTY_BLOCK);
    if (pass.capture !== undefined) return this.startOver(index, units, pass.capture, start);
    for (let param = 0; param < counter; param++) this.op(Op.LocalGet, param);
    this.enter(units);
    this.op(Op.Call, pass.layout.functionIndex(index));
    out.u8(Op.Return);
    out.u8(Op.End);
  }

  /** The same with capture: `enter` may answer that the frame is to be saved. */
  private startOver(index: number, units: number, capture: CaptureSites, start: number): void {
    const { out, pass } = this;
    const { counter, depth } = pass.locals;
    this.op(Op.LocalGet, counter);
    this.constant(Op.I64Const, ENTRY_COST);
    out.u8(Op.I64Add);
    this.op(Op.LocalGet, depth);
    this.op(Op.Call, pass.layout.callee(pass.layout.support.enter));
    this.op(Op.LocalTee, counter);
    this.constant(Op.I64Const, 0);
    out.u8(I64_GE_S);
    this.constant(Op.If, EMPTY_BLOCK);
    leaveAtEntry(pass, capture, out, start);
    out.u8(Op.End);
    for (let param = 0; param < counter; param++) this.op(Op.LocalGet, param);
    this.op(Op.LocalGet, counter);
    this.constant(Op.I64Const, -ENTRY_COST);
    out.u8(Op.I64Add);
    this.op(Op.LocalGet, depth);
    this.constant(Op.I32Const, units);
    out.u8(Op.I32Add);
    this.op(Op.Call, pass.layout.functionIndex(index));
    out.u8(Op.Return);
    out.u8(Op.End);
  }

  /** The counter and depth with which to start over: the slice is a new one, entry and units are still to be paid. */
  private enter(units: number): void {
    const { out, pass } = this;
    const { counter, depth } = pass.locals;
    this.op(Op.LocalGet, counter);
    this.constant(Op.I64Const, ENTRY_COST);
    out.u8(Op.I64Add);
    this.op(Op.LocalGet, depth);
    this.op(Op.Call, pass.layout.support.enter);
    this.constant(Op.I64Const, -ENTRY_COST);
    out.u8(Op.I64Add);
    this.op(Op.LocalGet, depth);
    this.constant(Op.I32Const, units);
    out.u8(Op.I32Add);
  }

  private openWrapper(type: FuncType): void {
    this.constant(Op.Block, this.pass.layout.types.blockType([], type.results));
  }

  private op(opcode: number, immediate: number): void {
    this.out.u8(opcode);
    this.out.u32(immediate);
  }

  private constant(opcode: number, value: number): void {
    this.out.u8(opcode);
    this.out.s32(value);
  }
}
