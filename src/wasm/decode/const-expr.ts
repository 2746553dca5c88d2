/** Finds the end of a constant expression (core spec 3.3.10, plus extended-const); validation comes later. */
import type { ByteReader } from '../../bytes/reader.js';
import { immediatesAt, opcodeAt, skipImmediates } from '../instructions.js';
import type { ConstExpr } from '../module.js';
import { Op } from '../opcode.js';
import { OPCODE_BY_FLAT } from '../opcode-lookup.js';

/** Walks over one constant expression. Any known instruction is stepped over, so that validation can name it. */
export function readConstExpr(reader: ByteReader): ConstExpr {
  const start = reader.pos;
  const { bytes, end } = reader;
  let depth = 0;
  while (reader.pos < end) {
    const offset = reader.pos;
    const op = opcodeAt(bytes, offset);
    if (OPCODE_BY_FLAT[op] === undefined) {
      throw reader.error('a constant expression', `illegal opcode 0x${bytes[offset]!.toString(16)}`, offset);
    }
    const next = skipImmediates(bytes, op, immediatesAt(bytes, offset));
    if (next > end) break;
    reader.pos = next;
    if (op === Op.Block || op === Op.Loop || op === Op.If || op === Op.Try || op === Op.TryTable) depth++;
    else if (op === Op.End && depth-- === 0) return { start, end: next };
  }
  throw reader.error('a constant expression that ends with `end` (0x0b)', 'the end of the input', end);
}
