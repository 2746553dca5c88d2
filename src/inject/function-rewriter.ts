/** One function from its source body to its instrumented body: walk, prologue, locals. */
import { ByteWriter } from '../bytes/writer.js';
import { type FuncType, type FunctionBody, ValType } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';
import { EXIT_BLOCK, endBody } from './capture.js';
import { ENTRY_COST } from './costs.js';
import { frameUnits } from './frame-units.js';
import type { FunctionPass } from './function-pass.js';
import { Temporary } from './local-table.js';
import { isGuarded, Recursion } from './recursion.js';
import type { SlowEntries } from './slow-entries.js';
import { EMPTY_BLOCK } from './type-table.js';
import { walk } from './walk.js';

const I32_LT_S = 0x48;
const I64_GE_S = 0x59;

/** Code of recursive functions whose entry and calls are a part of their time that can be felt; hints for all would be 4 % of the module. */
const HINTED_CODE_BYTES = 256;

export class FunctionRewriter {
  /** Stack units of the frame of the function that was rewritten last. */
  units = 0;
  /** What of its body stands in front of the code that was walked: locals, entry. */
  private readonly prefix = new ByteWriter(1 << 10);

  constructor(
    private readonly pass: FunctionPass,
    private readonly slowEntries: SlowEntries,
  ) {}

  /** Bytes of the last body in front of the code that was walked. */
  get prefixBytes(): number {
    return this.prefix.length;
  }

  /** Bytes of the last body (locals vector, code). */
  get bodyBytes(): number {
    return this.prefix.length + this.pass.code.length;
  }

  /** Appends the last body and, in front of it, its size. */
  appendTo(out: ByteWriter): void {
    out.u32(this.bodyBytes);
    out.append(this.prefix);
    out.append(this.pass.code);
  }

  /** Makes the body of the function with original index `index`. `recursion`: None where the depth is not counted. */
  rewrite(index: number, body: FunctionBody, type: FuncType, recursion: number): void {
    const { pass, prefix } = this;
    prefix.truncate(0);
    pass.load(index, body, type);
    const recursive = recursion !== Recursion.None;
    pass.callHints = recursive && body.code.end - body.code.start <= HINTED_CODE_BYTES ? pass.hints : undefined;
    do {
      pass.begin(body, type);
      pass.pending = ENTRY_COST;
      walk(pass);
    } while (pass.mustWalkAgain);
    const exits = endBody(pass);
    this.units = frameUnits(pass.locals.slots, pass.heightMax, pass.wide);
    const guarded = isGuarded(recursion, this.units);
    if (guarded) this.endGuard(index, body.code.start);
    pass.code.u8(Op.End);
    const entryDepth = pass.needsEntryDepth ? pass.locals.temporary(ValType.I32, Temporary.EntryDepth) : -1;
    pass.locals.writeDeclarations(prefix, pass.bytes, body, pass.layout.passesDepth);
    if (entryDepth >= 0) this.keepDepth(entryDepth);
    if (guarded) this.beginGuard();
    else if (recursive) this.takeUnits();
    for (let left = exits; left > 0; left--) this.constant(Op.Block, EXIT_BLOCK);
    if (pass.wrapped) this.openWrapper(type);
    pass.hints?.finish(pass.layout.functionIndex(index), prefix.length);
  }

  private keepDepth(entryDepth: number): void {
    this.op(Op.LocalGet, this.pass.locals.depth);
    this.op(Op.LocalSet, entryDepth);
  }

  private takeUnits(): void {
    this.lessUnits();
    this.op(Op.LocalSet, this.pass.locals.depth);
  }

  /** Pushes the depth without the frame's units. */
  private lessUnits(): void {
    const { layout, locals } = this.pass;
    this.op(Op.LocalGet, locals.depth);
    this.constant(Op.I32Const, layout.depthOf(this.units));
    this.prefix.u8(Op.I32Sub);
  }

  /**
   * Takes the frame's units and looks. "No depth left" and "slice used up" are two branches (a truth value of each, joined,
   * takes twice the instructions) to one cold path, which tells them apart again (see `slow-entries.ts`) and stands behind
   * everything else:
   *
   *     block $slow
   *       depth -= units  depth < 0  br_if $slow
   *       counter >= slice's end - 1  br_if $slow
   *       ...  return
   *     end
   *     call $slowEntry  return
   */
  private beginGuard(): void {
    const { pass, prefix } = this;
    const { counter, depth } = pass.locals;
    this.constant(Op.Block, EMPTY_BLOCK);
    this.lessUnits();
    this.op(Op.LocalTee, depth);
    this.constant(Op.I32Const, 0);
    prefix.u8(I32_LT_S);
    this.leaveForGuard();
    if (!pass.options.preemption) return;
    this.op(Op.LocalGet, counter);
    this.constant(Op.I64Const, pass.layout.sliceEnd - ENTRY_COST);
    prefix.u8(I64_GE_S);
    this.leaveForGuard();
  }

  private leaveForGuard(): void {
    this.pass.callHints?.addEntry(this.prefix.length, false);
    this.op(Op.BrIf, 0);
  }

  /** `start`: where the function starts, to which what is written here belongs. */
  private endGuard(index: number, start: number): void {
    const { pass, slowEntries } = this;
    const { code, layout, locals } = pass;
    code.u8(Op.Return);
    code.u8(Op.End);
    pass.trace?.add(code.length, start);
    for (let local = 0; local <= locals.depth; local++) code.op(Op.LocalGet, local);
    code.constant(Op.I32Const, layout.depthOf(this.units));
    code.constant(Op.I32Const, index);
    pass.callNumbered(slowEntries.indexOf(layout.typeIndexOf[index]!));
    code.u8(Op.Return);
  }

  private openWrapper(type: FuncType): void {
    const { layout, references } = this.pass;
    const blockType = layout.types.blockType([], type.results);
    if (layout.types.isAdded(blockType)) references?.addEntry(this.prefix.length + 1, true);
    this.constant(Op.Block, blockType);
  }

  private op(opcode: number, immediate: number): void {
    this.prefix.op(opcode, immediate);
  }

  private constant(opcode: number, value: number): void {
    this.prefix.constant(opcode, value);
  }
}
