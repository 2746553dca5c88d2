/** Code that cannot be reached is not translated: it need not even have a consistent operand stack. */
import { immediatesAt, opcodeAt, skipImmediates } from '../../../wasm/instructions.js';
import { Op } from '../../../wasm/opcode.js';
import { closeLabel, startElse } from './control.js';
import { LabelKind } from './labels.js';
import type { Translation } from './translation.js';

/** Moves to the next place that something jumps to, closing the labels on the way. */
export function skipDeadCode(t: Translation): void {
  const { bytes } = t;
  let nested = 0;
  t.live = true;
  while (t.pos < t.end) {
    const op = opcodeAt(bytes, t.pos);
    t.pos = skipImmediates(bytes, op, immediatesAt(bytes, t.pos));
    if (op === Op.Block || op === Op.Loop || op === Op.If) nested++;
    else if (op === Op.Else && nested === 0) return startElse(t, t.labelAt(0));
    else if (op === Op.End && nested-- === 0) {
      if (closeDeadLabel(t)) return;
      nested = 0;
    }
  }
}

/** Closes the innermost label after unreachable code; whether the code behind it can be reached. */
function closeDeadLabel(t: Translation): boolean {
  const label = t.labelAt(0);
  if (label.kind === LabelKind.Function) {
    t.labels.pop();
    return true;
  }
  const reached = label.kind === LabelKind.If || label.fixups.length > 0;
  closeLabel(t, label);
  return reached;
}
