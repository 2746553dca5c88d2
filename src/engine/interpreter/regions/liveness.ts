/**
 * Which operand slots a frame still needs at a place. Locals are not asked for: a frame always has all of them. Where an
 * edge leads, everything on the operand stack counts, read or not, because the loop can be stopped and captured there.
 */
import { ValType } from '../../../wasm/module.js';
import { SLOT } from '../translate/frame.js';
import { type Access, accessesOf } from './accesses.js';
import { type CallSites, isCall, isTailCall } from './calls.js';
import { successors } from './graph.js';
import { type Block, type IrCode, variable } from './ir-code.js';
import { shapeOf } from './semantics.js';

const READ_FIELDS = ['a', 'b', 'c', 'v'];

export class Liveness {
  private readonly liveIn = new Map<Block, Set<number>>();

  constructor(
    private readonly code: IrCode,
    private readonly calls: CallSites,
  ) {
    for (const block of code.blocks) this.liveIn.set(block, this.stack(block.start));
    for (let changed = true; changed; ) {
      changed = false;
      for (let index = code.blocks.length - 1; index >= 0; index--) {
        const block = code.blocks[index]!;
        const known = this.liveIn.get(block)!;
        const { size } = known;
        for (const each of this.before(block, 0)) known.add(each);
        changed ||= known.size !== size;
      }
    }
  }

  /** Operands where an edge leads to `position`. */
  at(position: number): ReadonlySet<number> {
    const block = this.code.blockAt(position);
    return (block && this.liveIn.get(block)) ?? this.stack(position);
  }

  /** Operands needed in front of each instruction of the block, in order, and behind the last one. */
  aroundEach(block: Block): ReadonlySet<number>[] {
    const out: Set<number>[] = [];
    let live = this.out(block);
    out[block.ops.length] = live;
    for (let i = block.ops.length - 1; i >= 0; i--) {
      live = new Set(live);
      this.step(block.ops[i]!, live);
      out[i] = live;
    }
    return out;
  }

  private before(block: Block, from: number): Set<number> {
    const live = this.out(block);
    for (let i = block.ops.length - 1; i >= from; i--) this.step(block.ops[i]!, live);
    return live;
  }

  private out(block: Block): Set<number> {
    const live = new Set<number>();
    for (const next of successors(this.code, block)) for (const each of this.liveIn.get(next)!) live.add(each);
    return live;
  }

  private stack(position: number): Set<number> {
    const out = new Set<number>();
    const stack = this.code.stackAt(position);
    for (let i = 0; i < stack.length; i += 2) out.add(variable(stack[i]!, stack[i + 1]!));
    return out;
  }

  /** From behind the instruction to in front of it. */
  private step(at: number, live: Set<number>): void {
    const { code } = this;
    if (isCall(code.op(at))) {
      const { results, params } = this.calls.places(code, at);
      for (const each of results) kill(each, live);
      for (const { slot, type } of params) live.add(variable(slot, type));
    }
    if (isTailCall(code.op(at))) {
      for (const { slot, type } of this.calls.places(code, at).params) live.add(variable(slot, type));
    }
    const accesses = accessesOf(code, at);
    if (accesses === undefined) return this.conservatively(at, live);
    const { reads, write } = accesses;
    if (write !== undefined) kill(write, live);
    for (const { slot, type } of reads) if (slot >= code.base) live.add(variable(slot, type));
  }

  /** What a region leaves to the loop: whatever it may read stays. */
  private conservatively(at: number, live: Set<number>): void {
    const { code } = this;
    const { at: fields, vectors } = shapeOf(code.op(at));
    for (const name of READ_FIELDS) {
      if (fields[name] === undefined) continue;
      const slot = code.field(at, name);
      if (slot >= code.base) live.add(variable(slot, vectors.has(name) ? ValType.V128 : ValType.I64));
    }
  }
}

/** What shares a slot with the value that is written is gone. */
function kill({ slot, type }: Access, live: Set<number>): void {
  live.delete(variable(slot, type));
  live.delete(variable(slot - SLOT, ValType.V128));
  live.delete(type === ValType.V128 ? slot : variable(slot, ValType.V128));
  if (type === ValType.V128) {
    live.delete(slot + SLOT);
    live.delete(variable(slot + SLOT, ValType.V128));
  }
}
