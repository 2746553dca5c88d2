/**
 * Where a NaN need not be made canonical at once: in an operand that only arithmetic reads, which makes its own result
 * canonical, and comparisons, which do not look at a NaN's bits. Such an operand is gone before anybody could look.
 */
import { Ir } from '../generated/ir.js';
import { accessesOf } from './accesses.js';
import type { Emitter } from './emitter.js';
import { type Block, variable } from './ir-code.js';
import { COMPARISON_OF, semanticsOf } from './semantics.js';

const COMPARISON = /^f(32|64)\.(eq|ne|lt|le|gt|ge)$/;

/** `around`: operands needed in front of each instruction of the block. Instruction `index` computes the value. */
export function canStayNoncanonical(
  { code }: Emitter,
  block: Block,
  index: number,
  around: readonly ReadonlySet<number>[],
): boolean {
  const { slot, type } = accessesOf(code, block.ops[index]!)!.write!;
  if (slot < code.base) return false;
  const name = variable(slot, type);
  for (let i = index + 1; i < block.ops.length; i++) {
    if (!around[i]!.has(name)) return true;
    const at = block.ops[i]!;
    const accesses = accessesOf(code, at);
    if (accesses === undefined || code.op(at) === Ir.charge) return false;
    if (accesses.reads.some((read) => read.slot === slot) && !ignoresNanBits(code.op(at))) return false;
  }
  return !around[block.ops.length]!.has(name);
}

function ignoresNanBits(op: number): boolean {
  if (COMPARISON_OF.has(op)) return true;
  const semantics = semanticsOf(op);
  return semantics !== undefined && (semantics.canon || COMPARISON.test(semantics.name));
}
