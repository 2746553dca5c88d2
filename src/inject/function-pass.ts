/**
 * State of the walk over one function body: where it reads, what it writes, and what is known at this place: the typed
 * operand stack, the enclosing labels and the instructions that are not charged yet. One object serves all functions of
 * a module, so that its buffers are allocated once.
 *
 * Invariant ("potentials", after Ball and Larus, "Optimally profiling and tracing programs", 1994): at every place of the
 * rewritten code, executed instructions = counter local + `pending`, where `pending` is a constant known here. Each label
 * has one such constant, its potential; an edge that arrives with another one charges the difference first.
 */
import { ByteWriter } from '../bytes/writer.js';
import type { FuncType, FunctionBody } from '../wasm/module.js';
import { ValType } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';
import type { BranchHints } from './branch-hints.js';
import type { CaptureSites } from './capture-sites.js';
import type { Layout } from './layout.js';
import { LocalTable } from './local-table.js';
import type { References } from './numbered.js';
import type { InjectOptions } from './options.js';
import type { Trace } from './trace.js';
import { ValueKind } from './value-kind.js';

export const LabelKind = { Function: 0, Block: 1, Loop: 2, If: 3, Else: 4, Try: 5, Catch: 6, TryTable: 7 } as const;
export type LabelKind = (typeof LabelKind)[keyof typeof LabelKind];

const I32_OR = 0x72;

/** {@link Label.potential} of a label that no branch has reached yet. */
export const UNSET = -0x8000_0000;

export interface Label {
  kind: LabelKind;
  type: FuncType;
  /** Operands below the block's parameters. */
  height: number;
  potential: number;
  /** `pending` on entry: what the `else` arm starts with. */
  entryPending: number;
  /** Exceptions branch here: the counter travels in the global, on every edge. */
  reload: boolean;
  /** Where its instruction starts in the source. */
  start: number;
  /** Number of the label in the function, in source order. */
  ordinal: number;
  /** Blocks that are open around the label's own in the rewritten code (a guarded loop opens two). */
  outer: number;
  /** A loop inside a second loop, see `loops.ts`. */
  guarded: boolean;
}

const NO_PARAMS: readonly ValType[] = [];

export class FunctionPass {
  readonly code = new ByteWriter(1 << 16);
  readonly bytes: Uint8Array;
  readonly locals = new LocalTable();
  /** Next byte to read. */
  pos = 0;
  end = 0;
  /** Instructions executed since the counter local was last brought up to date. */
  pending = 0;
  /** False after a branch, until the label where code can be reached again. */
  live = true;

  /** Operand types, their {@link ValueKind}s and the number of operands. */
  types = new Uint8Array(256);
  kinds = new Uint8Array(256);
  /** The locals from which operands come that are {@link ValueKind.Either}. */
  sources = new Uint32Array(256);
  /** Where the code ended when a float local was last written that is also on top of the operand stack, and its index. */
  private copiedAt = -1;
  private copied = 0;
  /** The instruction that last took the counter off the stack. */
  private counterTakenFrom = 0;
  private counterTakenTo = -1;
  height = 0;
  heightMax = 0;
  /** A v128 was seen: every operand slot of the function counts twice. */
  wide = false;

  readonly labels: Label[] = [];
  /** Number of enclosing labels; `labels` keeps its objects for reuse. */
  depth = 0;
  /** Blocks that are open in the rewritten code. */
  open = 0;
  /** A conditional branch leaves the function: the body needs a block around it. */
  wrapped = false;
  /** A tail call gives the frame's stack units back: the depth on entry must be kept. */
  needsEntryDepth = false;

  /** Ordinals of the labels to which exceptions branch, over all walks of the function. */
  private readonly reloads = new Set<number>();
  private ordinals = 0;
  private newReload = false;

  /** Branches that are no part of the guest and cost nothing (`resume/`). */
  freeBranches: ReadonlySet<number> | undefined;
  /** The `unreachable` where an exception is raised instead (`resume/`). */
  raiseAt = -1;
  /** How the frames of this function are saved, if it can be left. */
  capture: CaptureSites | undefined;
  /** The same for all functions of the module. */
  captures: CaptureSites | undefined;

  /** Takes what is known of injected conditionals, unless the code is not run for long. */
  hints: BranchHints | undefined;
  /** The same for conditionals at the entry and behind calls, where the function is such that they can be felt. */
  callHints: BranchHints | undefined;

  /** Notes where numbers stand that other ranges count differently, if the range is rewritten apart. */
  references: References | undefined;

  /** Notes where the code comes from, while somebody wants to know. */
  trace: Trace | undefined;

  /** Functions named by `ref.func` anywhere in the module, by original index. */
  readonly referenced = new Set<number>();

  constructor(
    readonly layout: Layout,
    readonly options: InjectOptions,
  ) {
    this.bytes = layout.module.bytes;
  }

  /** Reads the declarations of the function with original index `index`; `type` is its original type. */
  load(index: number, body: FunctionBody, type: FuncType): void {
    this.capture = this.captures?.mayLeave(index) === true ? this.captures : undefined;
    this.start(index, body, type, this.options.canonicalNans);
  }

  /** The same for a function whose locals all have a value from the start, like parameters. */
  loadKnown(index: number, body: FunctionBody, type: FuncType): void {
    this.capture = this.captures;
    this.start(index, body, type, false);
  }

  private start(index: number, body: FunctionBody, type: FuncType, lazy: boolean): void {
    this.locals.load(this.bytes, body, type, lazy);
    if (this.reloads.size > 0) this.reloads.clear();
    this.capture?.load(index);
  }

  /** Starts a walk over the body; there can be several, see {@link mustWalkAgain}. */
  begin(body: FunctionBody, type: FuncType): void {
    this.pos = body.code.start;
    this.end = body.code.end;
    this.code.truncate(0);
    this.trace?.clear();
    this.hints?.begin();
    this.references?.begin();
    this.locals.beginWalk();
    this.capture?.begin(body, this.locals.count);
    this.pending = 0;
    this.live = true;
    this.height = 0;
    this.heightMax = 0;
    this.wide = this.locals.wide;
    this.depth = 0;
    this.open = 0;
    this.wrapped = false;
    this.needsEntryDepth = false;
    this.copiedAt = -1;
    this.counterTakenTo = -1;
    this.ordinals = 0;
    this.newReload = false;
    this.pushLabel(LabelKind.Function, { params: NO_PARAMS, results: type.results });
  }

  /** At the end of a walk: what it took for granted turned out wrong; what was learnt is kept for the next one. */
  get mustWalkAgain(): boolean {
    if (this.newReload || this.locals.contradicted) return true;
    return this.capture !== undefined && this.capture.count > 0 && this.capture.solve();
  }

  push(type: number, kind: ValueKind = ValueKind.Exact): void {
    if (this.height === this.types.length) this.growStack();
    this.types[this.height] = type;
    this.kinds[this.height++] = kind;
    if (this.height > this.heightMax) this.heightMax = this.height;
    if (type === ValType.V128) this.wide = true;
  }

  /** Makes room for more operands. */
  growStack(): void {
    const types = new Uint8Array(this.types.length * 2);
    const kinds = new Uint8Array(this.kinds.length * 2);
    const sources = new Uint32Array(this.sources.length * 2);
    types.set(this.types);
    kinds.set(this.kinds);
    sources.set(this.sources);
    this.types = types;
    this.kinds = kinds;
    this.sources = sources;
  }

  pushAll(types: readonly ValType[]): void {
    for (let at = 0; at < types.length; at++) this.push(types[at]!);
  }

  pushLabel(kind: LabelKind, type: FuncType): Label {
    const height = this.height - type.params.length;
    let label = this.labels[this.depth];
    if (label === undefined) {
      label = {
        kind,
        type,
        height,
        potential: UNSET,
        entryPending: 0,
        reload: false,
        start: 0,
        ordinal: 0,
        outer: 0,
        guarded: false,
      };
      this.labels.push(label);
    }
    this.depth++;
    label.outer = this.open++;
    label.guarded = false;
    label.kind = kind;
    label.type = type;
    label.height = height;
    label.potential = UNSET;
    label.entryPending = this.pending;
    label.ordinal = this.ordinals++;
    label.reload = this.reloads.size > 0 && this.reloads.has(label.ordinal);
    if (label.reload && kind === LabelKind.Function) this.wrapped = true;
    return label;
  }

  /** The label that is opened next is one to which exceptions branch. */
  get nextLabelReloads(): boolean {
    return this.reloads.size > 0 && this.reloads.has(this.ordinals);
  }

  /** The label `relative` levels out; 0 is the innermost. */
  labelAt(relative: number): Label {
    return this.labels[this.depth - 1 - relative]!;
  }

  /** Closes the innermost label. */
  popLabel(): void {
    const { outer, guarded } = this.labels[--this.depth]!;
    this.open = guarded ? outer - 1 : outer;
  }

  /** What a branch to the label is called at this place of the rewritten code. */
  target(label: Label): number {
    return this.open - 1 - label.outer;
  }

  /** Resets the operand stack to a label's height plus `types`. */
  setStack(label: Label, types: readonly ValType[]): void {
    this.height = label.height;
    this.pushAll(types);
  }

  /** Adds `amount` to the counter local. */
  charge(amount: number): void {
    if (amount === 0) return;
    this.counterPlus(amount);
    this.code.op(Op.LocalSet, this.locals.counter);
  }

  /** Takes the counter off the stack. */
  takeCounter(): void {
    this.counterTakenFrom = this.code.length;
    this.code.op(Op.LocalSet, this.locals.counter);
    this.counterTakenTo = this.code.length;
  }

  /** Pushes counter + `amount`. */
  counterPlus(amount: number): void {
    const { code } = this;
    const taken = this.counterTakenTo === code.length;
    if (taken) code.truncate(this.counterTakenFrom);
    code.op(taken ? Op.LocalTee : Op.LocalGet, this.locals.counter);
    if (amount === 0) return;
    code.constant(Op.I64Const, amount);
    code.u8(Op.I64Add);
  }

  /** Pushes a call's added arguments: the exact counter and the depth that is left. */
  addedArguments(): void {
    this.counterPlus(this.pending);
    if (this.layout.passesDepth) this.depthForCallee();
  }

  /** Pushes the depth that is left, marked while this frame holds an exception. */
  depthForCallee(): void {
    this.op(Op.LocalGet, this.locals.depth);
    if (!this.layout.handlers || !this.holdsException) return;
    this.code.u8(Op.I32Const);
    this.code.s32(1);
    this.code.u8(I32_OR);
  }

  /** Whether this place is inside of a handler. */
  get holdsException(): boolean {
    for (let at = 0; at < this.depth; at++) if (this.labels[at]!.kind === LabelKind.Catch) return true;
    return false;
  }

  /** Stores the exact counter where the host reads it. */
  flushCounter(): void {
    this.counterPlus(this.pending);
    this.code.u8(Op.GlobalSet);
    this.code.u32(this.layout.global('counter'));
  }

  /** Takes the exact counter back from where {@link flushCounter} or the host has put it. */
  reloadCounter(): void {
    this.op(Op.GlobalGet, this.layout.global('counter'));
    this.op(Op.LocalSet, this.locals.counter);
    this.pending = 0;
  }

  /** Prepares a branch to the label: `pending` agrees with its potential, which the first edge defines. */
  settle(label: Label): void {
    if (label.reload) return this.settleReload(label);
    if (label.potential === UNSET) label.potential = this.pending;
    this.charge(this.pending - label.potential);
    this.pending = label.potential;
  }

  /** Prepares a branch to a label that reloads the counter; `pending` stays what it is. */
  settleReload(label: Label): void {
    this.flushCounter();
    label.potential = 0;
  }

  /** Notes that an exception can branch to the label. */
  reloadAt(label: Label): void {
    if (this.reloads.has(label.ordinal)) {
      label.potential = 0;
      return;
    }
    this.reloads.add(label.ordinal);
    this.newReload = true;
  }

  /** The conditional that is written next is nearly always, or nearly never, taken. */
  hint(likely: boolean): void {
    this.hints?.add(this.code.length, likely);
  }

  /** Calls a function that is numbered by first use. */
  callNumbered(index: number): void {
    this.references?.add(this.code.length + 1, false);
    this.op(Op.Call, index);
  }

  /** Writes the type of a block: a shorthand or an index. */
  blockType(type: number): void {
    if (this.references !== undefined && this.layout.types.isAdded(type)) this.references.add(this.code.length, true);
    this.code.s32(type);
  }

  /** Just now the top operand was read from a local, or put there as well; `index`: in the rewritten code. */
  noteCopy(index: number): void {
    this.copied = index;
    this.copiedAt = this.code.length;
  }

  /** The local that is known to hold the top operand. */
  get copiedLocal(): number | undefined {
    return this.copiedAt === this.code.length ? this.copied : undefined;
  }

  op(opcode: number, immediate: number): void {
    this.code.op(opcode, immediate);
  }
}
