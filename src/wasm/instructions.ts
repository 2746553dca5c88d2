/**
 * Streaming over function bodies. Two levels: {@link skipImmediates} for hot loops over code that has been validated,
 * and {@link InstructionReader}, which walks a body one instruction at a time and refuses what it cannot read.
 */
import { DecodeError } from '../errors.js';
import type { Range } from './module.js';
import { FLAT_OPCODES, flatOpcode, Imm } from './opcode.js';
import { IMMEDIATE_OF } from './opcode-lookup.js';

/** Catch clauses of `try_table` (exception-handling proposal): with a tag, or for all; with or without the exnref. */
export const CatchKind = { Catch: 0, CatchRef: 1, CatchAll: 2, CatchAllRef: 3 } as const;

/** Bit 6 of a memory access's alignment says that a memory index follows (multi-memory proposal). */
export const MEMARG_HAS_MEMORY = 0x40;

/** Position after the LEB128 integer at `pos`, of any width. No checks: the code must be valid. */
export function skipLeb(bytes: Uint8Array, pos: number): number {
  while (bytes[pos++]! >= 0x80);
  return pos;
}

/** The u32 LEB128 at `pos`. No checks: the code must be valid. {@link skipLeb} tells where it ends. */
export function lebU32At(bytes: Uint8Array, pos: number): number {
  let byte = bytes[pos]!;
  if (byte < 0x80) return byte;
  let result = byte & 0x7f;
  for (let shift = 7; ; shift += 7) {
    byte = bytes[++pos]!;
    result |= (byte & 0x7f) << shift;
    if (!(byte >= 0x80) || shift === 28) return result >>> 0;
  }
}

/**
 * How to step over the immediates of each opcode, in the order of how often they occur. Kept in this module, as small
 * numbers, because a switch over all kinds of {@link Imm} is half as fast.
 */
const FORM_OF = new Uint8Array(FLAT_OPCODES);
const FORM_NONE = 0;
const FORM_LEB = 1;
const FORM_MEMARG = 2;
const FORM_TWO_LEBS = 3;
const FORM_IRREGULAR = 4;
/** FORM_FIXED + n: n bytes. */
const FORM_FIXED = 16;

const FORMS: Partial<Record<Imm, number>> = {
  [Imm.None]: FORM_NONE,
  [Imm.Opaque]: FORM_NONE,
  [Imm.Undefined]: FORM_NONE,
  [Imm.MemArg]: FORM_MEMARG,
  [Imm.TypeTable]: FORM_TWO_LEBS,
  [Imm.TableTable]: FORM_TWO_LEBS,
  [Imm.ElemTable]: FORM_TWO_LEBS,
  [Imm.MemoryMemory]: FORM_TWO_LEBS,
  [Imm.DataMemory]: FORM_TWO_LEBS,
  [Imm.Lane]: FORM_FIXED + 1,
  [Imm.Fence]: FORM_FIXED + 1,
  [Imm.RefType]: FORM_FIXED + 1,
  [Imm.F32]: FORM_FIXED + 4,
  [Imm.F64]: FORM_FIXED + 8,
  [Imm.V128]: FORM_FIXED + 16,
  [Imm.Shuffle]: FORM_FIXED + 16,
  [Imm.MemArgLane]: FORM_IRREGULAR,
  [Imm.LabelTable]: FORM_IRREGULAR,
  [Imm.ValTypes]: FORM_IRREGULAR,
  [Imm.TryTable]: FORM_IRREGULAR,
};
/** 1 for every number that is an opcode. */
const IS_OPCODE = new Uint8Array(FLAT_OPCODES);

for (let op = 0; op < FLAT_OPCODES; op++) {
  FORM_OF[op] = FORMS[IMMEDIATE_OF[op] as Imm] ?? FORM_LEB;
  IS_OPCODE[op] = IMMEDIATE_OF[op] === Imm.Undefined ? 0 : 1;
}

/**
 * Position after the immediates of flat opcode `op`, which start at `pos`. The code must be valid: lengths are not
 * checked, so on malformed code the result may lie past the end (never without progress), which callers that read
 * unchecked code must test for.
 */
export function skipImmediates(bytes: Uint8Array, op: number, pos: number): number {
  const form = FORM_OF[op]!;
  if (form === FORM_NONE) return pos;
  if (form === FORM_LEB) return skipLeb(bytes, pos);
  if (form === FORM_MEMARG) return skipMemArg(bytes, pos);
  if (form === FORM_TWO_LEBS) return skipLeb(bytes, skipLeb(bytes, pos));
  return form >= FORM_FIXED ? pos + form - FORM_FIXED : skipIrregular(bytes, op, pos);
}

function skipIrregular(bytes: Uint8Array, op: number, pos: number): number {
  switch (IMMEDIATE_OF[op]) {
    case Imm.MemArgLane:
      return skipMemArg(bytes, pos) + 1;
    case Imm.LabelTable:
      return skipLebs(bytes, skipLeb(bytes, pos), lebU32At(bytes, pos) + 1);
    case Imm.ValTypes:
      return skipLeb(bytes, pos) + lebU32At(bytes, pos);
    default:
      return skipTryTable(bytes, pos);
  }
}

function skipMemArg(bytes: Uint8Array, pos: number): number {
  return skipLeb(bytes, memArgOffsetAt(bytes, pos));
}

/** Where the offset of the memory access stands whose immediates start at `pos`. */
export function memArgOffsetAt(bytes: Uint8Array, pos: number): number {
  const next = skipLeb(bytes, pos);
  return bytes[pos]! & MEMARG_HAS_MEMORY ? skipLeb(bytes, next) : next;
}

/** `count` may be a lie of up to 2^32: the loop ends with the bytes at the latest. */
function skipLebs(bytes: Uint8Array, pos: number, count: number): number {
  for (; count > 0 && pos < bytes.length; count--) pos = skipLeb(bytes, pos);
  return count > 0 ? bytes.length + 1 : pos;
}

function skipTryTable(bytes: Uint8Array, pos: number): number {
  let next = skipLeb(bytes, pos);
  let count = lebU32At(bytes, next);
  next = skipLeb(bytes, next);
  for (; count > 0 && next < bytes.length; count--) {
    const kind = bytes[next]!;
    next = skipLebs(bytes, next + 1, kind < CatchKind.CatchAll ? 2 : 1);
  }
  return count > 0 ? bytes.length + 1 : next;
}

/** The flat opcode at `pos`, -1 if there is none. Its immediates start at {@link immediatesAt}. */
export function opcodeAt(bytes: Uint8Array, pos: number): number {
  const first = bytes[pos]!;
  return first < 0xfb ? first : flatOpcode(first, lebU32At(bytes, pos + 1));
}

/** Where the immediates of the instruction at `pos` start. */
export function immediatesAt(bytes: Uint8Array, pos: number): number {
  return bytes[pos]! < 0xfb ? pos + 1 : skipLeb(bytes, pos + 1);
}

/**
 * Walks a body: after each `next()` that returned true, `op` is the flat opcode, `start` its first byte,
 * `immediates` the first byte after the opcode and `pos` the first byte of the next instruction.
 * @example
 * const reader = new InstructionReader(module.bytes, module.bodies[0].code);
 * while (reader.next()) if (reader.op === Op.Call) calls.push(lebU32At(reader.bytes, reader.immediates));
 */
export class InstructionReader {
  readonly bytes: Uint8Array;
  end: number;
  op = 0;
  start = 0;
  immediates = 0;
  pos: number;

  constructor(bytes: Uint8Array, range: Range) {
    this.bytes = bytes;
    this.pos = range.start;
    this.end = range.end;
  }

  /** Starts over on another range of the same bytes. */
  reset(range: Range): void {
    this.pos = range.start;
    this.end = range.end;
  }

  /** Moves on by one instruction; false at the end. @throws DecodeError on an unknown opcode or a truncated one */
  next(): boolean {
    const { bytes, pos } = this;
    if (pos >= this.end) return false;
    const first = bytes[pos]!;
    let op = first;
    let immediates = pos + 1;
    if (first >= 0xfb) {
      op = flatOpcode(first, lebU32At(bytes, immediates));
      immediates = skipLeb(bytes, immediates);
    }
    if (IS_OPCODE[op] !== 1) throw unknownOpcode(bytes, pos);
    const next = skipImmediates(bytes, op, immediates);
    if (next > this.end) {
      throw new DecodeError('FTW_MALFORMED', pos, 'expected a whole instruction, found the end of the function body');
    }
    this.op = op;
    this.start = pos;
    this.immediates = immediates;
    this.pos = next;
    return true;
  }
}

/** The error for bytes that are no opcode. */
export function unknownOpcode(bytes: Uint8Array, pos: number): DecodeError {
  const first = bytes[pos]!;
  const sub = first >= 0xfb ? ` 0x${lebU32At(bytes, pos + 1).toString(16)}` : '';
  const found = `illegal opcode 0x${first.toString(16)}${sub}`;
  return new DecodeError('FTW_MALFORMED', pos, `expected an instruction, found ${found}`, {
    expected: 'an instruction',
    found,
  });
}
