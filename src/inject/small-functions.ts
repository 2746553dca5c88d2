/**
 * V8 (13 and later) looks at how many of a module's functions are small before it inlines calls: where a quarter or less is
 * (C programs of some size), the compiler that made it is taken to have inlined everything already, and V8 inlines a tenth as
 * much as where half of them are. Rewriting makes functions longer, and more calls worth inlining than before: a counter
 * that goes in and comes back, and what is tested behind. So empty functions, which nothing calls, make up the half.
 */
import type { ByteWriter } from '../bytes/writer.js';
import { lebU32At, skipLeb } from '../wasm/instructions.js';
import { Op } from '../wasm/opcode.js';

/** Bytes of a body from which on V8 calls a function small no more. */
const SMALL_BYTES = 50;
/** As many functions as V8 takes. */
const FUNCTIONS_MAX = 1_000_000;

/** Appends empty functions to `code`, which holds entries of a code section from `start` on; answers how many. */
export function addSmallFunctions(code: ByteWriter, start: number): number {
  const { all, small } = countFunctions(code.bytes, start);
  const missing = Math.max(0, Math.min(all - 2 * small, FUNCTIONS_MAX - all));
  for (let left = missing; left > 0; left--) {
    code.u8(EMPTY_BODY_BYTES);
    code.u8(0);
    code.u8(Op.End);
  }
  return missing;
}

/** No locals, `end`. */
const EMPTY_BODY_BYTES = 2;

function countFunctions(code: Uint8Array, start: number): { readonly all: number; readonly small: number } {
  let all = 0;
  let small = 0;
  for (let pos = start; pos < code.length; all++) {
    const bytes = lebU32At(code, pos);
    if (bytes < SMALL_BYTES) small++;
    pos = skipLeb(code, pos) + bytes;
  }
  return { all, small };
}
