/** What cannot be executed is left out: its operand stack has no types from which it could be written again. */
import { immediatesAt, opcodeAt, skipImmediates } from '../wasm/instructions.js';
import { Op } from '../wasm/opcode.js';
import type { FunctionPass } from './function-pass.js';

/** Moves on to the `else`, `catch`, `delegate` or `end` that belongs to the innermost label, and marks it as not live. */
export function skipDeadCode(pass: FunctionPass): void {
  const { bytes } = pass;
  pass.live = false;
  for (let nested = 0; pass.pos < pass.end; ) {
    const op = opcodeAt(bytes, pass.pos);
    if (opensBlock(op)) nested++;
    else if (nested === 0 && dividesBlock(op)) return;
    else if (op === Op.End || op === Op.Delegate) nested--;
    pass.pos = skipImmediates(bytes, op, immediatesAt(bytes, pass.pos));
  }
}

function opensBlock(op: number): boolean {
  return op === Op.Block || op === Op.Loop || op === Op.If || op === Op.Try || op === Op.TryTable;
}

function dividesBlock(op: number): boolean {
  return op === Op.End || op === Op.Else || op === Op.Catch || op === Op.CatchAll || op === Op.Delegate;
}
