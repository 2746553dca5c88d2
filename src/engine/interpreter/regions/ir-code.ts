/** The IR of one function, as the translator makes it without superinstructions, cut into basic blocks. */
import { ValType } from '../../../wasm/module.js';
import { Entry } from '../generated/abi.js';
import { Ir } from '../generated/ir.js';
import type { ModuleEnv } from '../translate/env.js';
import { Translator } from '../translate/translate.js';
import { COMPARISON_OF, shapeOf } from './semantics.js';

/** Its own translator: the machine's may be in use. */
const translator = new Translator();

/** An operand slot; a v128 has a name of its own because the two slots below it are others. */
export const variable = (place: number, type: number): number => (type === ValType.V128 ? place + 1 : place);

export interface Edge {
  /** Code position that it leads to. */
  readonly to: number;
  /** What it charges. */
  readonly cost: number;
}

export interface Block {
  readonly index: number;
  readonly start: number;
  /** Positions of its instructions; the last one may be a branch. */
  readonly ops: readonly number[];
  /** For a two-way branch: taken, not taken. For a table: its arms, the default last. */
  readonly edges: readonly Edge[];
}

/** Behind a call_indirect comes the record that a return reads. */
const INDIRECT_BYTES = 12;

export class IrCode {
  readonly blocks: readonly Block[];
  readonly header: number;
  readonly base: number;
  /** Locals that can be reached by 16-bit operands: place and type. */
  readonly locals: ReadonlyMap<number, number>;
  readonly paramBytes: number;
  readonly hasFarLocals: boolean;
  private readonly view: DataView;
  private readonly byStart = new Map<number, Block>();
  /** Greatest position so far, and the operands, at each WebAssembly instruction. */
  private readonly reached: number[] = [];
  private readonly stacks: (readonly number[])[] = [];

  /** `entry`: address of the function's Entry record. */
  constructor(
    env: ModuleEnv,
    functionIndex: number,
    readonly entry: number,
  ) {
    let reached = 0;
    const observer = (_offset: number, position: number) => {
      const { operands } = translator.state;
      const stack: number[] = [];
      for (let i = 0; i < operands.height; i++) stack.push(operands.places[i]!, operands.types[i]!);
      reached = Math.max(reached, position);
      this.reached.push(reached);
      this.stacks.push(stack);
    };
    const { bytes } = translator.translate(env, functionIndex, { fuse: false, observer });
    const own = bytes.slice(Entry.SIZE);
    this.view = new DataView(own.buffer);
    const { frame } = translator.state;
    this.header = frame.header;
    this.base = frame.base;
    this.paramBytes = frame.paramBytes;
    this.hasFarLocals = frame.farBytes > 0;
    this.locals = new Map(frame.localAt.map((place, local) => [place, frame.localTypes[local]!]));
    this.blocks = this.cut([...translator.state.leaders]);
    for (const block of this.blocks) this.byStart.set(block.start, block);
  }

  get size(): number {
    return this.view.byteLength;
  }

  /** Address of the code position `at`. */
  address(at: number): number {
    return this.entry + Entry.SIZE + at;
  }

  op(at: number): number {
    return this.view.getUint16(at, true);
  }

  has(at: number, field: string): boolean {
    return shapeOf(this.op(at)).at[field] !== undefined;
  }

  /** A 16-bit field. */
  field(at: number, name: string): number {
    return this.view.getUint16(at + shapeOf(this.op(at)).at[name]!, true);
  }

  /** A 32-bit field, signed. */
  word(at: number, name: string): number {
    return this.view.getInt32(at + shapeOf(this.op(at)).at[name]!, true);
  }

  /** Bytes of an immediate. */
  bytes(at: number, name: string, length: number): Uint8Array {
    return new Uint8Array(this.view.buffer, at + shapeOf(this.op(at)).at[name]!, length);
  }

  long(at: number, name: string): bigint {
    return this.view.getBigInt64(at + shapeOf(this.op(at)).at[name]!, true);
  }

  /** The record of the call at `at`: that of an indirect one is behind its lookup, that of a tail call behind its target. */
  callRecord(at: number): number {
    switch (this.op(at)) {
      case Ir.call_indirect:
      case Ir.return_call_indirect:
        return at + INDIRECT_BYTES;
      case Ir.return_call:
        return at + shapeOf(Ir.return_call).size;
      default:
        return at;
    }
  }

  blockAt(start: number): Block | undefined {
    return this.byStart.get(start);
  }

  /** Fields of the branch at `at`, if it is one, that hold the distance to the code position `to`. */
  targetFields(at: number, to: number): number[] {
    if (this.op(at) === Ir.br_table) {
      return this.arms(at).flatMap((edge, arm) => (edge.to === to ? [at + 8 + 8 * arm] : []));
    }
    const field = shapeOf(this.op(at)).at.rel;
    return field !== undefined && at + this.word(at, 'rel') === to ? [at + field] : [];
  }

  /** The operands (place and type, alternating) where an edge leads to `position`. */
  stackAt(position: number): readonly number[] {
    let low = 0;
    let high = this.reached.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.reached[middle]! < position) low = middle + 1;
      else high = middle;
    }
    return this.stacks[low] ?? [];
  }

  private sizeAt(at: number): number {
    const op = this.op(at);
    if (op === Ir.br_table) return 8 + 8 * (this.word(at, 'count') + 1);
    return op === Ir.call_indirect ? INDIRECT_BYTES + shapeOf(Ir.call_tail).size : shapeOf(op).size;
  }

  private cut(leaders: readonly number[]): Block[] {
    const starts = new Set([0, ...leaders]);
    const blocks: Block[] = [];
    let ops: number[] = [];
    let start = 0;
    const close = (edges: Edge[]) => {
      if (ops.length > 0) blocks.push({ index: blocks.length, start, ops, edges });
      ops = [];
    };
    for (let at = 0; at < this.size; ) {
      const size = this.sizeAt(at);
      ops.push(at);
      const edges = this.edgesOf(at, at + size);
      at += size;
      if (edges === undefined && !starts.has(at)) continue;
      close(edges ?? [{ to: at, cost: 0 }]);
      start = at;
    }
    close([]);
    return blocks;
  }

  /** Where the instruction can lead if it ends a block. */
  private edgesOf(at: number, next: number): Edge[] | undefined {
    const op = this.op(at);
    const to = () => at + this.word(at, 'rel');
    if (COMPARISON_OF.has(op) || op === Ir.br_nz || op === Ir.br_z) {
      return [
        { to: to(), cost: this.field(at, 'costT') },
        { to: next, cost: this.field(at, 'costN') },
      ];
    }
    switch (op) {
      case Ir.jump:
        return [{ to: to(), cost: 0 }];
      case Ir.br_loop:
        return [{ to: to(), cost: this.field(at, 'cost') }];
      case Ir.br_table:
        return this.arms(at);
      case Ir.ret:
      case Ir.ret_slot:
      case Ir.unreachable:
      case Ir.call_tail:
        return [];
      default:
        return undefined;
    }
  }

  private arms(at: number): Edge[] {
    const edges: Edge[] = [];
    for (let arm = 0; arm <= this.word(at, 'count'); arm++) {
      const field = at + 8 + 8 * arm;
      edges.push({ to: at + this.view.getInt32(field, true), cost: this.view.getUint32(field + 4, true) });
    }
    return edges;
  }
}
