/** One instruction as text, for messages and debugging tools. */
import { ByteReader } from '../bytes/reader.js';
import { DecodeError } from '../errors.js';
import { CatchKind, immediatesAt, MEMARG_HAS_MEMORY, opcodeAt } from './instructions.js';
import { Imm } from './opcode.js';
import { OPCODE_BY_FLAT } from './opcode-lookup.js';
import { typeName } from './type-names.js';

/** Labels of a `br_table` that are written out; the rest are counted. */
const LABELS_SHOWN = 8;

/**
 * The instruction at `pos` in the text format's order of immediates: `i32.load offset=8 align=4`, `br_table 0 1 2`.
 * Never throws, since it serves messages about bad code: immediates that cannot be read are left out.
 */
export function describeInstruction(bytes: Uint8Array, pos: number): string {
  const row = OPCODE_BY_FLAT[opcodeAt(bytes, pos)];
  if (row === undefined) return `illegal opcode 0x${bytes[pos]?.toString(16)}`;
  try {
    const text = immediatesText(new ByteReader(bytes, immediatesAt(bytes, pos)), row.immediate);
    return text === '' ? row.name : `${row.name} ${text}`;
  } catch (error) {
    if (error instanceof DecodeError) return row.name;
    throw error;
  }
}

function immediatesText(reader: ByteReader, immediate: Imm): string {
  switch (immediate) {
    case Imm.None:
    case Imm.Opaque:
    case Imm.Undefined:
    case Imm.Fence:
      return '';
    case Imm.BlockType:
      return blockTypeText(reader);
    case Imm.LabelTable:
      return labelTableText(reader);
    case Imm.TypeTable:
      return `(type ${reader.u32()}) (table ${reader.u32()})`;
    case Imm.MemArg:
      return memArgText(reader);
    case Imm.MemArgLane:
      return `${memArgText(reader)} lane=${reader.u8()}`;
    case Imm.TableTable:
    case Imm.ElemTable:
    case Imm.MemoryMemory:
    case Imm.DataMemory:
      return `${reader.u32()} ${reader.u32()}`;
    case Imm.ValTypes:
      return `(result ${Array.from({ length: reader.count('types') }, () => typeName(reader.u8())).join(' ')})`;
    case Imm.RefType:
      return typeName(reader.u8());
    case Imm.TryTable:
      return tryTableText(reader);
    default:
      return constantText(reader, immediate);
  }
}

function constantText(reader: ByteReader, immediate: Imm): string {
  switch (immediate) {
    case Imm.I32:
      return String(reader.s32());
    case Imm.I64:
      return String(reader.s64());
    case Imm.F32:
      return floatText(reader, 4);
    case Imm.F64:
      return floatText(reader, 8);
    case Imm.V128:
    case Imm.Shuffle:
      return Array.from({ length: 16 }, () => reader.u8()).join(' ');
    case Imm.Lane:
      return String(reader.u8());
    default:
      return String(reader.u32());
  }
}

/** NaNs are written with their bits: a number would lose them. */
function floatText(reader: ByteReader, width: 4 | 8): string {
  const start = reader.skip(width, 'a constant');
  const view = new DataView(reader.bytes.buffer, reader.bytes.byteOffset + start, width);
  const value = width === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true);
  if (!Number.isNaN(value)) return Object.is(value, -0) ? '-0' : String(value);
  const bits = width === 4 ? view.getUint32(0, true) : view.getBigUint64(0, true);
  return `nan (bits 0x${bits.toString(16)})`;
}

function blockTypeText(reader: ByteReader): string {
  const type = reader.s33();
  if (type >= 0) return `(type ${type})`;
  return type === -64 ? '' : `(result ${typeName(type + 0x80)})`;
}

function labelTableText(reader: ByteReader): string {
  const count = reader.count('labels') + 1;
  const shown = Array.from({ length: Math.min(count, LABELS_SHOWN) }, () => reader.u32());
  return count > shown.length ? `${shown.join(' ')} ... (${count} labels)` : shown.join(' ');
}

function memArgText(reader: ByteReader): string {
  const flags = reader.u32();
  const memory = flags & MEMARG_HAS_MEMORY ? `(memory ${reader.u32()}) ` : '';
  const align = 2 ** (flags & ~MEMARG_HAS_MEMORY);
  return `${memory}offset=${reader.u32()} align=${align}`;
}

function tryTableText(reader: ByteReader): string {
  const clauses: string[] = [blockTypeText(reader)];
  for (let count = reader.count('catch clauses'); count > 0; count--) {
    const kind = reader.u8();
    const name = ['catch', 'catch_ref', 'catch_all', 'catch_all_ref'][kind] ?? `clause ${kind}`;
    const tag = kind === CatchKind.Catch || kind === CatchKind.CatchRef ? ` ${reader.u32()}` : '';
    clauses.push(`(${name}${tag} ${reader.u32()})`);
  }
  return clauses.filter((clause) => clause !== '').join(' ');
}
