/**
 * Control flow of a function: natural loops, dominators. Blocks are in code order, and code comes from structured control
 * flow, so every edge to a lower or equal index goes back to a loop's header, and the order is a reverse postorder.
 */
import type { Block, IrCode } from './ir-code.js';

export function successors(code: IrCode, block: Block): Block[] {
  return block.edges.flatMap(({ to }) => code.blockAt(to) ?? []);
}

/** Blocks of a loop by header, sorted by their sizes: inner loops first. */
export function loopsOf(code: IrCode): Map<Block, Set<Block>> {
  const predecessors = new Map<Block, Block[]>(code.blocks.map((block) => [block, []]));
  for (const block of code.blocks) for (const next of successors(code, block)) predecessors.get(next)!.push(block);
  const loops: [Block, Set<Block>][] = [];
  for (const header of code.blocks) {
    const tails = predecessors.get(header)!.filter(({ index }) => index >= header.index);
    if (tails.length === 0) continue;
    const members = new Set([header]);
    const open = [...tails];
    for (let block = open.pop(); block !== undefined; block = open.pop()) {
      if (members.has(block) || block.index < header.index) continue;
      members.add(block);
      open.push(...predecessors.get(block)!);
    }
    loops.push([header, members]);
  }
  return new Map(loops.sort(([, x], [, y]) => x.size - y.size));
}

/** All blocks that can be reached from the function's entry. */
export function reachable(code: IrCode): Set<Block> {
  const found = new Set<Block>();
  const open = code.blocks.slice(0, 1);
  for (let block = open.pop(); block !== undefined; block = open.pop()) {
    if (found.has(block)) continue;
    found.add(block);
    open.push(...successors(code, block));
  }
  return found;
}

/** The part of the graph that a region is: what it is entered at, and how its blocks dominate each other. */
export interface Region {
  readonly code: IrCode;
  readonly entry: Block;
  readonly blocks: ReadonlySet<Block>;
  readonly isFunction: boolean;
  /** Blocks that each block dominates immediately, in code order. */
  readonly children: ReadonlyMap<Block, readonly Block[]>;
  /** Blocks with more than one edge from blocks before them. */
  readonly merges: ReadonlySet<Block>;
  /** Blocks with an edge from a block behind them, or from themselves. */
  readonly headers: ReadonlySet<Block>;
}

/**
 * Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm"; one round is enough where the graph is reducible.
 * @returns undefined where it is not
 */
export function makeRegion(
  code: IrCode,
  entry: Block,
  blocks: ReadonlySet<Block>,
  isFunction: boolean,
): Region | undefined {
  const ordered = [...blocks].sort((x, y) => x.index - y.index);
  const dominator = new Map<Block, Block>([[entry, entry]]);
  const forward = new Map<Block, number>();
  const headers = new Set<Block>();
  const common = (x: Block, y: Block): Block => {
    let [a, b] = [x, y];
    while (a !== b) {
      if (a.index > b.index) a = dominator.get(a)!;
      else b = dominator.get(b)!;
    }
    return a;
  };
  for (const block of ordered) {
    for (const next of successors(code, block)) {
      if (!blocks.has(next)) continue;
      if (next.index <= block.index) {
        headers.add(next);
        continue;
      }
      forward.set(next, (forward.get(next) ?? 0) + 1);
      const known = dominator.get(next);
      dominator.set(next, known === undefined ? block : common(known, block));
    }
  }
  for (const block of ordered) {
    for (const next of successors(code, block)) {
      if (blocks.has(next) && next.index <= block.index && common(next, block) !== next) return undefined;
    }
  }
  const children = new Map<Block, Block[]>(ordered.map((block) => [block, []]));
  for (const block of ordered) if (block !== entry) children.get(dominator.get(block)!)!.push(block);
  const merges = new Set(ordered.filter((block) => (forward.get(block) ?? 0) > 1));
  return { code, entry, blocks, isFunction, children, merges, headers };
}
