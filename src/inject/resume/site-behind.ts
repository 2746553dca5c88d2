/** Which site belongs to a call in rewritten code, read from the code itself: what is behind the call names it. */
import { immediatesAt, opcodeAt, skipImmediates, skipLeb } from '../../wasm/instructions.js';
import { Op } from '../../wasm/opcode.js';
import { ENTRY_SITE } from '../slow-entries.js';

/** So many instructions may lie between a call and its way to an exit: operands that are kept in locals. */
const INSTRUCTIONS_MAX = 2000;

/**
 * The site at which a frame is saved that waits for the call at byte `offset` of a rewritten module; undefined if there is
 * none. Behind each call that may leave stands `i32.const SITE  br` (see `capture.ts`), behind that of a function's entry a
 * `return` (see `slow-entries.ts`).
 */
export function siteBehind(bytes: Uint8Array, offset: number): number | undefined {
  let site: number | undefined;
  let pos = behind(bytes, offset);
  if (bytes[pos] === Op.Return) return ENTRY_SITE;
  for (let left = INSTRUCTIONS_MAX; left > 0 && pos < bytes.length; left--) {
    const op = opcodeAt(bytes, pos);
    if (op < 0 || op === Op.Return) return undefined;
    const immediates = immediatesAt(bytes, pos);
    if (op === Op.Br && site !== undefined) return site;
    site = op === Op.I32Const ? smallConstant(bytes, immediates) : undefined;
    pos = behind(bytes, pos);
  }
  return undefined;
}

/** Where the next instruction begins. */
function behind(bytes: Uint8Array, pos: number): number {
  return skipImmediates(bytes, opcodeAt(bytes, pos), immediatesAt(bytes, pos));
}

/** The signed LEB128 at `pos` if it is not negative. */
function smallConstant(bytes: Uint8Array, pos: number): number | undefined {
  const end = skipLeb(bytes, pos);
  if ((bytes[end - 1]! & 0x40) !== 0) return undefined;
  let value = 0;
  for (let at = end - 1; at >= pos; at--) value = value * 0x80 + (bytes[at]! & 0x7f);
  return value;
}
