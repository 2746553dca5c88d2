/** Trap codes from V8's messages. Node 20 to 26 word them alike; both wordings are listed where they do not. */
import type { TrapCode } from '../engine.js';

/**
 * First match wins. V8 has one message for a null element and for one of another type, so both are
 * 'indirect-call-type' on this engine.
 */
const TRAP_MESSAGES: readonly (readonly [pattern: RegExp, trap: TrapCode])[] = [
  [/^unreachable/, 'unreachable'],
  [/memory access out of bounds|data segment .*out of bounds/, 'memory-out-of-bounds'],
  [/table (index|access|initializer)|(element|table) segment|table .*out of bounds/, 'table-out-of-bounds'],
  [/(divide|remainder) by zero/, 'integer-divide-by-zero'],
  [/divide result unrepresentable/, 'integer-overflow'],
  [/float unrepresentable/, 'invalid-conversion'],
  [/function signature mismatch/, 'indirect-call-type'],
  [/null (pointer|reference|value)/, 'null-reference'],
];

/** The trap code of a `WebAssembly.RuntimeError`. */
export function trapCodeOf(message: string): TrapCode {
  return TRAP_MESSAGES.find(([pattern]) => pattern.test(message))?.[1] ?? 'other';
}
