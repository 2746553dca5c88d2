/**
 * Bounds checks of guest memory, as the loop makes them, but one for all accesses of a block with the same address: leaving
 * early costs nothing but time, since the loop then makes the accesses one by one and traps at the right one.
 */
import { ValType } from '../../../wasm/module.js';
import { Ir } from '../generated/ir.js';
import { accessesOf } from './accesses.js';
import { isCall } from './calls.js';
import type { Emitter } from './emitter.js';
import type { Block } from './ir-code.js';
import { accessBytes, RAW_ACCESS, semanticsOf } from './semantics.js';

export class BoundsChecks {
  /** Addresses whose accesses up to their next assignment are checked. */
  private readonly checked = new Set<number>();

  constructor(
    private readonly e: Emitter,
    private readonly block: Block,
    private readonly around: readonly ReadonlySet<number>[],
  ) {}

  /** In front of the access that instruction `index` makes. */
  check(index: number): void {
    const { body, code, homes, limit } = this.e;
    const at = this.block.ops[index]!;
    const slot = code.field(at, 'a');
    if (this.checked.has(slot)) return;
    homes.get(slot, ValType.I32);
    body.op('i64.extend_i32_u').i64(this.furthest(index, slot)).op('i64.add').get(limit).op('i64.gt_u');
    this.e.exitIf(at, this.around[index]!);
    this.checked.add(slot);
  }

  /** The slot is assigned to. */
  forget(slot: number): void {
    this.checked.delete(slot);
  }

  /** What is checked ends at a place where the loop can be left for good. */
  clear(): void {
    this.checked.clear();
  }

  /** How far behind the address the block reads or writes until the address changes. */
  private furthest(from: number, slot: number): number {
    const { code } = this.e;
    let reach = 0;
    for (const at of this.block.ops.slice(from)) {
      if (isCall(code.op(at)) || code.op(at) === Ir.charge) break;
      const accesses = accessesOf(code, at);
      if (accesses === undefined) break;
      const bytes = bytesAt(code.op(at));
      if (bytes > 0 && code.field(at, 'a') === slot) reach = Math.max(reach, (code.word(at, 'off') >>> 0) + bytes);
      if (accesses.write?.slot === slot) break;
    }
    return reach;
  }
}

/** Bytes of guest memory that an instruction touches, 0 if it is not a load or store. */
function bytesAt(op: number): number {
  const raw = RAW_ACCESS.get(op);
  if (raw !== undefined) return accessBytes([...raw.values()][0]!);
  const semantics = semanticsOf(op);
  return semantics?.form === 'load' || semantics?.form === 'store' ? accessBytes(semantics.wasm) : 0;
}
