/** Flat tables derived from the opcode table, indexed by flat opcode, for loops that see every instruction. */
import { FLAT_OPCODES, Imm, type Opcode } from './opcode.js';
import { OPCODES } from './opcodes.js';

/** Rows by flat opcode; holes are numbers that no instruction has. */
export const OPCODE_BY_FLAT: readonly (Opcode | undefined)[] = byFlat();

/** {@link Imm} of each opcode; Imm.Undefined where there is none. */
export const IMMEDIATE_OF = table((row) => row.immediate, Imm.Undefined);

/** Natural alignment (log2) of each memory access. */
export const ALIGN_LOG2_OF = table((row) => row.alignLog2 ?? 0, 0);

/** Lanes that a lane immediate selects from. */
export const LANES_OF = table((row) => row.lanes ?? 0, 0);

/** In {@link PARAM_COUNT_OF}: the operand types are not fixed. */
export const SIGNATURE_VARIES = 255;

/** Number of operands of each opcode with fixed types, else {@link SIGNATURE_VARIES}. */
export const PARAM_COUNT_OF = table((row) => row.params?.length ?? SIGNATURE_VARIES, SIGNATURE_VARIES);

/** Operand types, three places per opcode (`op * 3`), deepest first. */
export const PARAM_TYPES_OF = paramTypes();

/** Result type of each opcode with fixed types, 0 for none. */
export const RESULT_TYPE_OF = table((row) => row.results?.[0] ?? 0, 0);

/** The text-format name, or a description of a number that is no opcode. */
export function opcodeName(op: number): string {
  const row = OPCODE_BY_FLAT[op];
  return row === undefined ? `unknown opcode 0x${op.toString(16)}` : row.name;
}

const byName = new Map(OPCODES.map((row) => [row.name, row]));

/** The row of a text-format name. */
export function opcodeByName(name: string): Opcode | undefined {
  return byName.get(name);
}

function byFlat(): (Opcode | undefined)[] {
  const rows = new Array<Opcode | undefined>(FLAT_OPCODES).fill(undefined);
  for (const row of OPCODES) rows[row.op] = row;
  return rows;
}

function table(value: (row: Opcode) => number, absent: number): Uint8Array {
  const out = new Uint8Array(FLAT_OPCODES).fill(absent);
  for (const row of OPCODES) out[row.op] = value(row);
  return out;
}

function paramTypes(): Uint8Array {
  const out = new Uint8Array(FLAT_OPCODES * 3);
  for (const row of OPCODES) out.set(row.params ?? [], row.op * 3);
  return out;
}
