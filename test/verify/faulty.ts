/** Modules in which one instruction is another one, for one engine only: faults that a comparison must find. */
import { decodeModule } from '../../src/wasm/decode/index.js';
import { immediatesAt, opcodeAt, skipImmediates } from '../../src/wasm/instructions.js';
import { opcodeByName } from '../../src/wasm/opcode-lookup.js';

/** Operators of one byte that are exchanged for each other; types and costs are equal. */
const EXCHANGED: readonly (readonly [string, string])[] = [
  ['i32.add', 'i32.sub'],
  ['i32.xor', 'i32.or'],
  ['i32.shl', 'i32.rotl'],
  ['i32.shr_u', 'i32.shr_s'],
  ['i32.lt_u', 'i32.le_u'],
  ['i32.eqz', 'i32.clz'],
  ['i64.add', 'i64.sub'],
  ['i64.xor', 'i64.or'],
  ['f64.add', 'f64.sub'],
  ['f64.mul', 'f64.div'],
];
const OTHER = new Map(
  EXCHANGED.flatMap(([a, b]) => [[opcode(a), opcode(b)] as const, [opcode(b), opcode(a)] as const]),
);

function opcode(name: string): number {
  return opcodeByName(name)!.op;
}

/** Offsets of all instructions that can be exchanged. */
export function exchangeable(bytes: Uint8Array): number[] {
  const offsets: number[] = [];
  for (const { code } of decodeModule(bytes).bodies) {
    for (let pos = code.start; pos < code.end; ) {
      const op = opcodeAt(bytes, pos);
      if (OTHER.has(op)) offsets.push(pos);
      pos = skipImmediates(bytes, op, immediatesAt(bytes, pos));
    }
  }
  return offsets;
}

/** The module with another instruction at `offset`. */
export function exchanged(bytes: Uint8Array, offset: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[offset] = OTHER.get(opcodeAt(bytes, offset))!;
  return changed;
}

/** The module that traps at `offset`, if it ever gets there. */
export function trapping(bytes: Uint8Array, offset: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[offset] = opcode('unreachable');
  return changed;
}
