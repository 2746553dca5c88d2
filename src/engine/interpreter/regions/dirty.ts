/** Which locals may differ from the frame in memory: a call writes those back, since the callee may leave to the loop. */
import { accessesOf } from './accesses.js';
import { isCall } from './calls.js';
import { type Region, successors } from './graph.js';
import type { Block } from './ir-code.js';

export class Dirty {
  private readonly atStart = new Map<Block, Set<number>>();

  /** `atEntry`: locals whose places in the frame were not written when the region is entered. */
  constructor(
    private readonly region: Region,
    atEntry: readonly number[],
  ) {
    this.atStart.set(region.entry, new Set(atEntry));
    for (let changed = true; changed; ) {
      changed = false;
      for (const block of region.blocks) {
        const dirty = this.at(block);
        for (const at of block.ops) this.step(at, dirty);
        for (const next of successors(region.code, block)) changed = this.join(next, dirty) || changed;
      }
    }
  }

  /** In front of a block; the caller's own. */
  at(block: Block): Set<number> {
    return new Set(this.atStart.get(block));
  }

  /** From in front of the instruction to behind it. */
  step(at: number, dirty: Set<number>): void {
    const { code } = this.region;
    if (isCall(code.op(at))) return dirty.clear();
    const write = accessesOf(code, at)?.write;
    if (write !== undefined && write.slot < code.base) dirty.add(write.slot);
  }

  private join(block: Block, dirty: ReadonlySet<number>): boolean {
    const known = this.atStart.get(block) ?? new Set();
    const { size } = known;
    for (const each of dirty) known.add(each);
    this.atStart.set(block, known);
    return known.size !== size;
  }
}
