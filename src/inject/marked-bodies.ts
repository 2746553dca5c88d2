/**
 * Function bodies with marks. A store of `width` bytes to `address + offset`, with the value on top, becomes
 *
 *     local.set $value   local.tee $address
 *     if (address + offset - window > page - width)  unsigned: not wholly in the page that is noted
 *         window = mark(address + offset, width)
 *     local.get $value   store
 *
 * A sum that wraps around marks too much, and the store traps. `memory.fill` and its kin mark all that they are to write.
 */
import { ByteWriter } from '../bytes/writer.js';
import type { BodyWriter } from '../wasm/encode/index.js';
import { InstructionReader, lebU32At, MEMARG_HAS_MEMORY, skipLeb } from '../wasm/instructions.js';
import { type Module, type Range, ValType } from '../wasm/module.js';
import { FLAT_OPCODES, Imm, Op } from '../wasm/opcode.js';
import { ALIGN_LOG2_OF, IMMEDIATE_OF, PARAM_COUNT_OF, PARAM_TYPES_OF, RESULT_TYPE_OF } from '../wasm/opcode-lookup.js';
import { EMPTY_BLOCK } from './type-table.js';

/** Bytes of a page that is noted as a whole; as long as the pages of snapshots. */
export const MARKED_PAGE_BYTES = 65536;

const I32_GT_U = 0x4b;

/** 1 for stores: a memory access that takes an address and a value and answers nothing. */
const IS_STORE = Uint8Array.from({ length: FLAT_OPCODES }, (_, op) => {
  const immediate = IMMEDIATE_OF[op];
  const accesses = immediate === Imm.MemArg || immediate === Imm.MemArgLane;
  return Number(accesses && PARAM_COUNT_OF[op] === 2 && RESULT_TYPE_OF[op] === 0);
});

/** Indices of what the marked module has besides. */
export interface MarkIndices {
  readonly type: number;
  readonly table: number;
  readonly window: number;
}

/** Where copied pieces of one body start: in what was written, and in the module. */
interface Piece {
  readonly at: number;
  readonly from: number;
}

export class MarkedBodies {
  private readonly code = new ByteWriter(1 << 12);
  /** Locals of the function that is written, and those it is given besides: index by type, three of i32. */
  private locals = 0;
  private readonly added: ValType[] = [];
  private pieces: Piece[] = [];

  /** `typeOf`: type index of each defined function. */
  constructor(
    private readonly module: Module,
    private readonly typeOf: Uint32Array,
    private readonly indices: MarkIndices,
  ) {}

  writer(): BodyWriter {
    return (out, index) => this.write(out, index);
  }

  /** The place in the module of what is `offset` bytes behind the start of a defined function's marked body. */
  originalOffset(index: number, offset: number): number {
    const out = new ByteWriter(1 << 12);
    this.write(out, index);
    const inCode = offset - (out.length - this.code.length);
    let found = this.module.bodies[index]!.code.start;
    for (const { at, from } of this.pieces) if (at <= inCode) found = from + inCode - at;
    return found;
  }

  private write(out: ByteWriter, index: number): void {
    const { body, code } = this.module.bodies[index]!;
    const source = code.source ?? this.module.bytes;
    const groups = this.countLocals(source, body, index);
    this.rewrite(source, code);
    out.u32(lebU32At(source, body.start) + this.added.length);
    out.copy(source, groups, code.start);
    for (const type of this.added) {
      out.u8(1);
      out.u8(type);
    }
    out.copy(this.code.bytes);
  }

  /** Answers where the first group of locals is. */
  private countLocals(source: Uint8Array, body: Range, index: number): number {
    this.added.length = 0;
    this.locals = this.module.types[this.typeOf[index]!]!.params.length;
    const groups = skipLeb(source, body.start);
    let pos = groups;
    for (let left = lebU32At(source, body.start); left > 0; left--) {
      this.locals += lebU32At(source, pos);
      pos = skipLeb(source, pos) + 1;
    }
    return groups;
  }

  private rewrite(source: Uint8Array, range: Range): void {
    const { code } = this;
    code.truncate(0);
    this.pieces = [];
    const reader = new InstructionReader(source, range);
    let from = range.start;
    while (reader.next()) {
      const { op, start } = reader;
      const stores = IS_STORE[op] === 1;
      if (!stores && op !== Op.MemoryFill && op !== Op.MemoryCopy && op !== Op.MemoryInit) continue;
      this.piece(source, from, start);
      from = start;
      if (stores) this.markStore(reader);
      else this.markRange();
    }
    this.piece(source, from, range.end);
  }

  private piece(source: Uint8Array, from: number, to: number): void {
    this.pieces.push({ at: this.code.length, from });
    this.code.copy(source, from, to);
  }

  private markStore({ bytes, immediates, op }: InstructionReader): void {
    const { code, indices } = this;
    const width = 1 << ALIGN_LOG2_OF[op]!;
    const offset = offsetAt(bytes, immediates);
    const address = this.local(ValType.I32, 0);
    const type = PARAM_TYPES_OF[op * 3 + 1] as ValType;
    const value = this.local(type, type === ValType.I32 ? 1 : 0);
    this.op(Op.LocalSet, value);
    this.op(Op.LocalTee, address);
    this.op(Op.LocalGet, address);
    this.plus(offset);
    this.op(Op.GlobalGet, indices.window);
    code.u8(Op.I32Sub);
    this.constant(MARKED_PAGE_BYTES - width);
    code.u8(I32_GT_U);
    code.u8(Op.If);
    code.s32(EMPTY_BLOCK);
    this.op(Op.LocalGet, address);
    this.plus(offset);
    this.constant(width);
    this.mark();
    code.u8(Op.End);
    this.op(Op.LocalGet, value);
  }

  /** `address value-or-source bytes` are on the stack. */
  private markRange(): void {
    const [address, other, bytes] = [0, 1, 2].map((number) => this.local(ValType.I32, number)) as [
      number,
      number,
      number,
    ];
    for (const local of [bytes, other, address]) this.op(Op.LocalSet, local);
    this.op(Op.LocalGet, address);
    this.op(Op.LocalGet, bytes);
    this.mark();
    for (const local of [address, other, bytes]) this.op(Op.LocalGet, local);
  }

  /** Start and number of bytes are on the stack. */
  private mark(): void {
    const { code, indices } = this;
    this.constant(0);
    this.op(Op.CallIndirect, indices.type);
    code.u32(indices.table);
    this.op(Op.GlobalSet, indices.window);
  }

  private plus(offset: number): void {
    if (offset === 0) return;
    this.constant(offset | 0);
    this.code.u8(Op.I32Add);
  }

  /** Index of the added local number `number` of a type. */
  private local(type: ValType, number: number): number {
    let left = number;
    for (const [at, each] of this.added.entries()) if (each === type && left-- === 0) return this.locals + at;
    do this.added.push(type);
    while (left-- > 0);
    return this.locals + this.added.length - 1;
  }

  private op(opcode: number, immediate: number): void {
    this.code.u8(opcode);
    this.code.u32(immediate);
  }

  private constant(value: number): void {
    this.code.u8(Op.I32Const);
    this.code.s32(value);
  }
}

/** The offset of the memory access whose immediates start at `pos`. */
function offsetAt(bytes: Uint8Array, pos: number): number {
  const alignment = skipLeb(bytes, pos);
  return lebU32At(bytes, bytes[pos]! & MEMARG_HAS_MEMORY ? skipLeb(bytes, alignment) : alignment);
}
