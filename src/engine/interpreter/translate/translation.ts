/** The state of translating one function, and the steps that all operators share: operands, results, peepholes. */
import type { FuncType } from '../../../wasm/module.js';
import { ValType } from '../../../wasm/module.js';
import { Ir } from '../generated/ir.js';
import { CodeBuffer } from './code-buffer.js';
import type { ModuleEnv } from './env.js';
import { FRAME_WINDOW, FrameLayout, tooLarge } from './frame.js';
import { type Label, LabelKind, newLabel } from './labels.js';
import { Meter } from './meter.js';
import { Kind, Operands } from './operands.js';

/** Sees every reachable instruction before it is translated; all operands are then as the frame will have them. */
export type Observer = (offset: number, position: number, state: Translation) => void;

export class Translation {
  readonly code = new CodeBuffer();
  readonly meter = new Meter(this.code, (cost) => {
    this.entryCost = cost;
  });
  readonly operands = new Operands();
  readonly labels: Label[] = [];
  bytes!: Uint8Array;
  env!: ModuleEnv;
  frame!: FrameLayout;
  functionIndex = 0;
  functionType!: FuncType;
  /** Next byte to read. */
  pos = 0;
  end = 0;
  /** Every instruction stops for its own charge and finds all operands in their places (see stepping in runner.ts). */
  stepping = false;
  observer: Observer | undefined;
  /** False behind a branch, until the next place that something jumps to. */
  live = true;
  /** Place that the last instruction wrote, -1 if it is not to be changed any more. */
  private lastResult = -1;
  /** Nothing before this position may be changed: a label was bound here. */
  private barrier = 0;
  /** Positions that something jumps to. */
  readonly leaders: number[] = [];
  /** Positions of edges, in order; see {@link edge}. */
  readonly edges: number[] = [];
  private lastEdgeCounted = 0;
  /** Positions of splits (see translate.ts) and the offsets of the instructions behind them. */
  readonly splits = new Map<number, number>();
  /** What entering the function costs, up to the first decision. */
  entryCost = 0;
  /** Cost fields of backward edges and the field of the loop header that each repeats. */
  readonly backEdges: number[] = [];
  /** Call records and code positions whose absolute address is not known yet. */
  readonly selfReferences: number[] = [];

  begin(env: ModuleEnv, functionIndex: number, stepping: boolean): void {
    const { module } = env;
    const body = module.bodies[functionIndex - (env.functionTypes.length - module.bodies.length)]!;
    this.env = env;
    this.bytes = module.bytes;
    this.functionIndex = functionIndex;
    this.functionType = env.functionTypes[functionIndex]!;
    this.frame = new FrameLayout(module.bytes, this.functionType, body);
    this.pos = body.code.start;
    this.end = body.code.end;
    this.stepping = stepping;
    this.live = true;
    this.lastResult = -1;
    this.barrier = 0;
    this.backEdges.length = 0;
    this.selfReferences.length = 0;
    this.leaders.length = 0;
    this.edges.length = 0;
    this.splits.clear();
    this.labels.length = 0;
    this.code.clear();
    this.meter.begin();
    this.operands.begin(this.frame.base);
    this.labels.push(newLabel(LabelKind.Function, { params: [], results: this.functionType.results }, 0, 0));
  }

  /** The label `relative` levels out. */
  labelAt(relative: number): Label {
    return this.labels[this.labels.length - 1 - relative]!;
  }

  // ---- results

  /** Pushes a value that the instruction just written has put into its place. */
  pushResult(type: number, place: number): void {
    this.operands.push(type);
    this.lastResult = place;
  }

  /** The instruction just written has no result that could still be sent elsewhere. */
  settle(): void {
    this.lastResult = -1;
  }

  /**
   * Code can be reached from elsewhere here: it must not be changed by what follows. Two such places at one position must
   * be the same place in terms of executed instructions as well, or a stop there would have two meanings.
   */
  bindHere(): void {
    const { code, edges, meter } = this;
    if (edges[edges.length - 1] === code.pos && meter.counted !== this.lastEdgeCounted) code.begin(Ir.nop, 4);
    this.keepApart();
    this.leaders.push(this.barrier);
    this.edge();
  }

  /** An edge leads here: places of this kind come in the same order in both forms of a function's code. */
  edge(): void {
    this.edges.push(this.code.pos);
    this.lastEdgeCounted = this.meter.counted;
  }

  /** Nothing before this position may be changed. */
  keepApart(): void {
    this.barrier = this.code.pos;
    this.lastResult = -1;
  }

  /** Start of the last instruction if it wrote the top operand's place and may still be changed, else -1. */
  producerOf(index: number): number {
    const { operands, lastResult } = this;
    if (lastResult < 0 || operands.kinds[index] !== Kind.Slot || operands.places[index] !== lastResult) return -1;
    const at = this.code.startBefore(0);
    return at >= this.barrier ? at : -1;
  }

  /** Takes back the last instruction, a comparison that a branch absorbs; the one before may be a candidate as well. */
  takeBack(at: number, operandPlace: number): void {
    this.code.rewind(at);
    const previous = this.code.startBefore(0);
    const writes = previous >= this.barrier && previous >= 0 && this.code.get16(previous + 2) === operandPlace;
    this.lastResult = writes ? operandPlace : -1;
  }

  // ---- operands

  /** The place where entry `index` can be read; constants are written to their own places first. */
  place(index: number): number {
    const { operands } = this;
    const kind = operands.kinds[index];
    if (kind === Kind.Local) return this.frame.localAt[operands.values[index]!]!;
    if (kind === Kind.Const) this.materialise(index);
    return operands.places[index]!;
  }

  /** Puts entry `index` into its fixed place. */
  materialise(index: number): void {
    const { operands } = this;
    const kind = operands.kinds[index];
    if (kind === Kind.Slot) return;
    const place = this.reachable(operands.places[index]!);
    if (kind === Kind.Local) this.move(place, this.frame.localAt[operands.values[index]!]!, operands.types[index]!);
    else this.constant(place, operands.values[index]!, operands.highs[index]!);
    operands.kinds[index] = Kind.Slot;
  }

  /** Puts all operands into their places: needed wherever the loop can stop or code joins. */
  materialiseAll(): void {
    const { operands } = this;
    for (let index = 0; index < operands.height; index++)
      if (operands.kinds[index] !== Kind.Slot) this.materialise(index);
  }

  /** Copies operands that stand for local `local`, which is about to change. Whether there were any. */
  materialiseAliases(local: number): boolean {
    const { operands } = this;
    let found = false;
    for (let index = 0; index < operands.height; index++) {
      if (operands.kinds[index] !== Kind.Local || operands.values[index] !== local) continue;
      this.materialise(index);
      found = true;
    }
    return found;
  }

  hasAlias(local: number): boolean {
    const { operands } = this;
    for (let index = 0; index < operands.height; index++) {
      if (operands.kinds[index] === Kind.Local && operands.values[index] === local) return true;
    }
    return false;
  }

  move(to: number, from: number, type: number): void {
    if (to === from) return;
    this.code.emit3(type === ValType.V128 ? Ir.mov_v128 : Ir.mov, to, from, 0);
    this.settle();
  }

  constant(to: number, low: number, high: number): void {
    if (high === 0) this.code.emit1w(Ir.const32, to, low);
    else this.code.set32(this.code.emit1w(Ir.const64, to, low) + 8, high);
    if (high !== 0) this.code.pos += 4;
    this.settle();
  }

  /** Redirects the last instruction's result from operand `index` to a local; false if there is no such instruction. */
  redirect(index: number, place: number): boolean {
    const at = this.producerOf(index);
    if (at < 0) return false;
    this.code.set16(at + 2, place);
    this.settle();
    return true;
  }

  /** @throws DecodeError FTW_LIMIT if a place cannot be encoded */
  reachable(place: number): number {
    if (place >= FRAME_WINDOW) throw tooLarge(this.pos, 'operands');
    return place;
  }
}
