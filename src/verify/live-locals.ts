/**
 * Which locals of a frame can still be read: only those are compared, since the compiled engine keeps no others. The usual
 * backward analysis, on the instructions of a function that touch locals or change the flow of control.
 */
import type { Frame } from '../engine/state.js';
import { immediatesAt, lebU32At, opcodeAt, skipImmediates, skipLeb } from '../wasm/instructions.js';
import type { Module, Range } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';
import { importedFunctionCount } from '../wasm/spaces.js';

/** Whether a local of the frame can still be read. */
export type LiveLocals = (frame: Frame) => (local: number) => boolean;

/** One instruction that matters, and the numbers of those that may follow. */
interface Node {
  readonly offset: number;
  readonly next: number[];
  readonly reads: bigint;
  readonly writes: bigint;
}

/** Functions are analysed when one of their frames is compared. */
export function liveLocalsOf(module: Module): LiveLocals {
  const imported = importedFunctionCount(module);
  const analysed = new Map<number, FunctionLiveness>();
  return ({ functionIndex, offset }) => {
    let liveness = analysed.get(functionIndex);
    if (liveness === undefined) {
      liveness = new FunctionLiveness(module.bytes, module.bodies[functionIndex - imported]!.code);
      analysed.set(functionIndex, liveness);
    }
    const live = liveness.at(offset);
    return (local) => ((live >> BigInt(local)) & 1n) === 1n;
  };
}

class FunctionLiveness {
  private readonly nodes: readonly Node[];
  /** Locals that can be read from each node on, one bit each. */
  private readonly live: bigint[];

  constructor(bytes: Uint8Array, code: Range) {
    this.nodes = nodesOf(bytes, code);
    this.live = this.nodes.map(() => 0n);
    this.solve();
  }

  /** The set before the instruction at `offset`. */
  at(offset: number): bigint {
    let low = 0;
    for (let high = this.nodes.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (this.nodes[middle]!.offset < offset) low = middle + 1;
      else high = middle;
    }
    return this.live[low] ?? 0n;
  }

  private solve(): void {
    const { live, nodes } = this;
    for (let changed = true; changed; ) {
      changed = false;
      for (let at = nodes.length - 1; at >= 0; at--) {
        const { next, reads, writes } = nodes[at]!;
        let behind = 0n;
        for (const each of next) behind |= live[each] ?? 0n;
        const before = (behind & ~writes) | reads;
        if (before === live[at]) continue;
        live[at] = before;
        changed = true;
      }
    }
  }
}

interface Label {
  /** Node of a loop's header, -1 for other blocks: those are left to behind their end. */
  readonly header: number;
  /** Nodes that go on behind the block's end. */
  readonly leaving: number[];
  /** Of an `if` without `else` so far: the node of the `if`. */
  condition: number;
}

function nodesOf(bytes: Uint8Array, code: Range): Node[] {
  const nodes: Node[] = [];
  const labels: Label[] = [newLabel(-1)];
  const branch = (from: number, relative: number) => {
    const { header, leaving } = labels[labels.length - 1 - relative]!;
    if (header >= 0) nodes[from]!.next.push(header);
    else leaving.push(from);
  };
  for (let pos = code.start; pos < code.end; ) {
    const op = opcodeAt(bytes, pos);
    const immediates = immediatesAt(bytes, pos);
    if (matters(op)) {
      const at = nodes.length;
      nodes.push(nodeOf(bytes, pos, op, immediates, at));
      flow(op, at);
      for (const relative of targetsOf(bytes, op, immediates)) branch(at, relative);
    }
    pos = skipImmediates(bytes, op, immediates);
  }
  return nodes;

  function flow(op: number, at: number): void {
    if (op === Op.Block || op === Op.If) labels.push(newLabel(op === Op.If ? at : -1));
    else if (op === Op.Loop) labels.push({ ...newLabel(-1), header: at });
    else if (op === Op.Else) {
      const label = labels[labels.length - 1]!;
      nodes[label.condition]!.next.push(at + 1);
      label.condition = -1;
      label.leaving.push(at);
    } else if (op === Op.End) {
      const { condition, leaving } = labels.pop()!;
      for (const from of condition < 0 ? leaving : [...leaving, condition]) nodes[from]!.next.push(at + 1);
    }
  }
}

function newLabel(condition: number): Label {
  return { header: -1, leaving: [], condition };
}

const LEAVES: ReadonlySet<number> = new Set([
  ...[Op.Br, Op.BrTable, Op.Return, Op.Unreachable, Op.ReturnCall, Op.ReturnCallIndirect, Op.Else],
]);
const READS_OR_WRITES: ReadonlySet<number> = new Set([Op.LocalGet, Op.LocalSet, Op.LocalTee]);
const STRUCTURE: ReadonlySet<number> = new Set([Op.Block, Op.Loop, Op.If, Op.End, Op.BrIf]);

function matters(op: number): boolean {
  return READS_OR_WRITES.has(op) || STRUCTURE.has(op) || LEAVES.has(op);
}

function nodeOf(bytes: Uint8Array, offset: number, op: number, immediates: number, at: number): Node {
  const bit = READS_OR_WRITES.has(op) ? 1n << BigInt(lebU32At(bytes, immediates)) : 0n;
  const reads = op === Op.LocalGet ? bit : 0n;
  return { offset, next: LEAVES.has(op) ? [] : [at + 1], reads, writes: bit ^ reads };
}

/** Labels that the instruction may branch to. */
function targetsOf(bytes: Uint8Array, op: number, immediates: number): number[] {
  if (op === Op.Br || op === Op.BrIf) return [lebU32At(bytes, immediates)];
  if (op !== Op.BrTable) return [];
  const targets: number[] = [];
  let pos = skipLeb(bytes, immediates);
  for (let left = lebU32At(bytes, immediates); left >= 0; left--, pos = skipLeb(bytes, pos)) {
    targets.push(lebU32At(bytes, pos));
  }
  return targets;
}
