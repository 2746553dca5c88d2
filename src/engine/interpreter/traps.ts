/** Trap codes of the loop's exits. */
import type { TrapCode } from '../engine.js';
import { Exit } from './generated/abi.js';

/**
 * A null element counts as one of another type: the compiled engine cannot tell them apart, and traps are compared by
 * code. The message does tell them apart.
 */
const TRAPS = new Map<number, readonly [trap: TrapCode, message: string]>([
  [Exit.UNREACHABLE, ['unreachable', 'unreachable']],
  [Exit.MEMORY_OUT_OF_BOUNDS, ['memory-out-of-bounds', 'memory access out of bounds']],
  [Exit.TABLE_OUT_OF_BOUNDS, ['table-out-of-bounds', 'table index is out of bounds']],
  [Exit.INDIRECT_CALL_NULL, ['indirect-call-type', 'null function in an indirect call']],
  [Exit.INDIRECT_CALL_TYPE, ['indirect-call-type', 'function signature mismatch in an indirect call']],
  [Exit.INTEGER_DIVIDE_BY_ZERO, ['integer-divide-by-zero', 'divide by zero']],
  [Exit.INTEGER_OVERFLOW, ['integer-overflow', 'divide result unrepresentable']],
  [Exit.INVALID_CONVERSION, ['invalid-conversion', 'float unrepresentable in integer range']],
  [Exit.STACK_OVERFLOW, ['stack-overflow', 'call stack exhausted']],
]);

/** Code and message of an exit that is a trap. */
export function trapOf(exit: number): readonly [trap: TrapCode, message: string] {
  return TRAPS.get(exit) ?? ['other', `unknown exit ${exit} of the loop`];
}

export function isTrap(exit: number): boolean {
  return TRAPS.has(exit);
}
