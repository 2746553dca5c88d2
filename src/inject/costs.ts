/**
 * What an executed operator adds to the counter: Wasmtime's fuel unit (design.md section 3; `fuel_before_op` in
 * Wasmtime's `crates/cranelift/src/func_environ.rs`). The arms of legacy exception handlers are like `else` and `end`.
 */
import { FLAT_OPCODES, Op } from '../wasm/opcode.js';

/** Entering a function. */
export const ENTRY_COST = 1;

const FREE: readonly number[] = [
  Op.Nop,
  Op.Drop,
  Op.Block,
  Op.Loop,
  Op.Unreachable,
  Op.Return,
  Op.Else,
  Op.End,
  Op.Catch,
  Op.CatchAll,
  Op.Delegate,
];

/** Cost by flat opcode: 0 or 1. */
export const COST_OF: Uint8Array = new Uint8Array(FLAT_OPCODES).fill(1);
for (const op of FREE) COST_OF[op] = 0;
