/**
 * Streaming over function bodies. Two levels: {@link skipImmediates} for hot loops over code that has been validated,
 * and {@link InstructionReader}, which walks a body one instruction at a time and refuses what it cannot read.
 */
import { DecodeError } from '../errors.js';
import type { Range } from './module.js';
import { flatOpcode, Imm } from './opcode.js';
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
 * Position after the immediates of flat opcode `op`, which start at `pos`. The code must be valid: lengths are not
 * checked, so on malformed code the result may lie past the end (never without progress), which callers that read
 * unchecked code must test for.
 */
export function skipImmediates(bytes: Uint8Array, op: number, pos: number): number {
  switch (IMMEDIATE_OF[op]) {
    case Imm.None:
    case Imm.Opaque:
    case Imm.Undefined:
      return pos;
    case Imm.MemArg:
      return skipMemArg(bytes, pos);
    case Imm.MemArgLane:
      return skipMemArg(bytes, pos) + 1;
    case Imm.TypeTable:
    case Imm.TableTable:
    case Imm.ElemTable:
    case Imm.MemoryMemory:
    case Imm.DataMemory:
      return skipLeb(bytes, skipLeb(bytes, pos));
    case Imm.F32:
      return pos + 4;
    case Imm.F64:
      return pos + 8;
    case Imm.V128:
    case Imm.Shuffle:
      return pos + 16;
    case Imm.Lane:
    case Imm.Fence:
    case Imm.RefType:
      return pos + 1;
    case Imm.LabelTable:
      return skipLebs(bytes, skipLeb(bytes, pos), lebU32At(bytes, pos) + 1);
    case Imm.ValTypes:
      return skipLeb(bytes, pos) + lebU32At(bytes, pos);
    case Imm.TryTable:
      return skipTryTable(bytes, pos);
    default:
      return skipLeb(bytes, pos);
  }
}

function skipMemArg(bytes: Uint8Array, pos: number): number {
  const flags = bytes[pos]!;
  let next = skipLeb(bytes, pos);
  if (flags & MEMARG_HAS_MEMORY) next = skipLeb(bytes, next);
  return skipLeb(bytes, next);
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
    const kind = op < 0 ? Imm.Undefined : IMMEDIATE_OF[op];
    if (kind === Imm.Undefined) throw unknownOpcode(bytes, pos);
    const next = kind === Imm.None ? immediates : skipImmediates(bytes, op, immediates);
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
