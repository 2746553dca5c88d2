/**
 * From a graph of blocks back to nested control flow, after Ramsey, "Beyond Relooper: Recursive Translation of Unstructured
 * Control Flow to Structured Control Flow" (ICFP 2022), for reducible graphs.
 */
import { ValType } from '../../../wasm/module.js';
import { Ir } from '../generated/ir.js';
import { isCall } from './calls.js';
import type { Dirty } from './dirty.js';
import { emitCall } from './emit-calls.js';
import { OpEmitter } from './emit-ops.js';
import type { Emitter } from './emitter.js';
import type { Block, Edge } from './ir-code.js';
import { COMPARISON_OF } from './semantics.js';

export class ControlEmitter {
  constructor(
    private readonly e: Emitter,
    private readonly dirty: Dirty,
  ) {}

  /** The block and all that it dominates. */
  emitTree(block: Block): void {
    const { body, region } = this.e;
    const merges = region.children.get(block)!.filter((child) => region.merges.has(child));
    const isHeader = region.headers.has(block);
    if (isHeader) body.open('loop', block);
    this.within(block, merges);
    if (isHeader) body.op('unreachable').end();
  }

  /** The block, inside of one label for each of `merges`: the one that comes last in the code is outermost. */
  private within(block: Block, merges: readonly Block[]): void {
    const { body } = this.e;
    const last = merges.at(-1);
    if (last === undefined) return this.emitBlock(block);
    body.open('block', last);
    this.within(block, merges.slice(0, -1));
    body.op('unreachable').end();
    this.emitTree(last);
  }

  private emitBlock(block: Block): void {
    const { e } = this;
    const around = e.around.liveness.aroundEach(block);
    const ops = new OpEmitter(e, block, around);
    const dirty = this.dirty.at(block);
    for (const [index, at] of block.ops.entries()) {
      const op = e.code.op(at);
      if (this.isBranch(op)) return this.branch(block, op, at, around[index]!);
      if (isCall(op)) {
        if (!emitCall(e, at, around[index]!, around[index + 1]!, dirty)) return;
        ops.forgetAll();
        continue;
      }
      if (!ops.emit(index)) return;
      this.dirty.step(at, dirty);
    }
    const [next] = block.edges;
    if (next === undefined) throw new Error('a block without an end');
    this.goto(block, next.to);
  }

  private isBranch(op: number): boolean {
    return COMPARISON_OF.has(op) || BRANCHES.has(op);
  }

  private branch(block: Block, op: number, at: number, live: ReadonlySet<number>): void {
    const { body, code, homes } = this.e;
    const { edges } = block;
    switch (op) {
      case Ir.jump:
      case Ir.br_loop:
        return this.take(block, at, edges[0]!, live);
      case Ir.br_table:
        return this.table(block, at, live);
      case Ir.ret_slot:
        body.get(0);
        homes.get(code.field(at, 'a'), ValType.I64);
        body.memory('i64.store', 0);
        body.i32(0).get(1).op('return');
        return;
      case Ir.ret:
        body.i32(0).get(1).op('return');
        return;
      case Ir.unreachable:
        return this.e.exit(at, live);
      default:
        this.condition(op, at);
        body.open('if');
        this.take(block, at, edges[0]!, live);
        body.op('else');
        this.take(block, at, edges[1]!, live);
        body.end().op('unreachable');
    }
  }

  private condition(op: number, at: number): void {
    const { body, code, homes } = this.e;
    if (op === Ir.br_nz || op === Ir.br_z) {
      homes.get(code.field(at, 'a'), ValType.I32);
      if (op === Ir.br_z) body.op('i32.eqz');
      return;
    }
    const { compare, holds } = COMPARISON_OF.get(op)!;
    const [first, second] = compare.params as [number, number];
    homes.get(code.field(at, 'a'), first);
    if (!compare.immediate) homes.get(code.field(at, 'b'), second);
    else if (second === ValType.I64) body.i64(code.word(at, 'imm'));
    else body.i32(code.word(at, 'imm'));
    body.flat(compare.wasm);
    if (!holds) body.op('i32.eqz');
  }

  /** Charges for an edge of the branch at `at`, and follows it. */
  private take(block: Block, at: number, { cost, to }: Edge, live: ReadonlySet<number>): void {
    this.e.charge(cost, at, live);
    this.goto(block, to);
  }

  private goto(from: Block, position: number): void {
    const { around, body, region } = this.e;
    const to = this.e.isInside(position);
    if (to === undefined) this.e.exit(position, around.liveness.at(position));
    else if (to.index <= from.index || region.merges.has(to)) body.br(to);
    else this.emitTree(to);
  }

  /** One label for each different edge; behind it the edge is taken. */
  private table(block: Block, at: number, live: ReadonlySet<number>): void {
    const { body, code, homes } = this.e;
    const { edges } = block;
    const different = new Map<string, Edge>(edges.map((edge) => [`${edge.to} ${edge.cost}`, edge]));
    const keys = [...different.keys()];
    for (const key of keys.toReversed()) body.open('block', `${at} ${key}`);
    homes.get(code.field(at, 'a'), ValType.I32);
    body.op('br_table').code.u32(edges.length - 1);
    for (const { cost, to } of edges) body.code.u32(body.depth(`${at} ${to} ${cost}`));
    for (const key of keys) {
      body.end();
      this.take(block, at, different.get(key)!, live);
    }
    body.op('unreachable');
  }
}

const BRANCHES: ReadonlySet<number> = new Set([
  Ir.jump,
  Ir.br_loop,
  Ir.br_nz,
  Ir.br_z,
  Ir.br_table,
  Ir.ret,
  Ir.ret_slot,
  Ir.unreachable,
]);
