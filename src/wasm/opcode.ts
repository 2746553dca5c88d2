/**
 * What a row of the opcode table is made of. An opcode is a *flat* number: one-byte opcodes are themselves, each prefix
 * has a block of its own, see {@link flatOpcode}. That keeps every lookup one index into a small Uint8Array.
 */
import type { ValType } from './module.js';

/** What follows an opcode in the binary. Indices and counts are u32 LEB128. */
export const Imm = {
  None: 0,
  /** s33: 0x40, a value type or a type index. */
  BlockType: 1,
  Label: 2,
  /** A vector of labels and a default label. */
  LabelTable: 3,
  Func: 4,
  /** Type index, then table index. */
  TypeTable: 5,
  Type: 6,
  Local: 7,
  Global: 8,
  Table: 9,
  /** Destination, then source table. */
  TableTable: 10,
  /** Element segment, then table. */
  ElemTable: 11,
  Elem: 12,
  /** Alignment (bit 6: a memory index follows), then offset. */
  MemArg: 13,
  MemArgLane: 14,
  Memory: 15,
  /** Destination, then source memory. */
  MemoryMemory: 16,
  /** Data segment, then memory. */
  DataMemory: 17,
  Data: 18,
  I32: 19,
  I64: 20,
  F32: 21,
  F64: 22,
  V128: 23,
  Lane: 24,
  /** Sixteen lane bytes. */
  Shuffle: 25,
  /** A vector of value types. */
  ValTypes: 26,
  RefType: 27,
  Tag: 28,
  /** Block type, then a vector of catch clauses. */
  TryTable: 29,
  /** One byte, zero. */
  Fence: 30,
  /** Refused by name; the immediates are not known here, so nothing after it can be read. */
  Opaque: 31,
  /** Not an opcode. */
  Undefined: 255,
} as const;
export type Imm = (typeof Imm)[keyof typeof Imm];

export type Family =
  | 'control'
  | 'exception'
  | 'parametric'
  | 'variable'
  | 'table'
  | 'memory'
  | 'integer'
  | 'float'
  | 'convert'
  | 'vector'
  | 'reference'
  | 'atomic'
  | 'gc';

export type Feature =
  | 'mvp'
  | 'sign-extension'
  | 'saturating-float-to-int'
  | 'bulk-memory'
  | 'reference-types'
  | 'simd'
  | 'tail-call'
  | 'legacy-exceptions'
  | 'exceptions'
  | 'relaxed-simd'
  | 'threads'
  | 'function-references'
  | 'gc';

export interface Opcode {
  /** Flat number, see {@link flatOpcode}. */
  readonly op: number;
  /** 0xfb to 0xfe, or 0 for a one-byte opcode. */
  readonly prefix: number;
  /** The number after the prefix, or the byte itself. */
  readonly sub: number;
  readonly name: string;
  readonly immediate: Imm;
  /** Operand types, deepest first; undefined when they depend on the immediates or the stack. */
  readonly params?: readonly ValType[];
  /** Result types (at most one for the operators that have fixed types). */
  readonly results?: readonly ValType[];
  /** Binary logarithm of the natural alignment, for memory accesses. */
  readonly alignLog2?: number;
  /** Number of lanes that a lane immediate selects from. */
  readonly lanes?: number;
  readonly family: Family;
  readonly feature: Feature;
}

/** Flat numbers: 0xfc at 0x100, 0xfd at 0x200 (two blocks), 0xfe at 0x400, 0xfb at 0x500. */
export const FLAT_OPCODES = 0x600;

/** The flat number of prefix (0 for none) and sub-opcode; -1 if it lies outside of the prefix's block. */
export function flatOpcode(prefix: number, sub: number): number {
  if (prefix === 0) return sub < 0xfb ? sub : -1;
  if (prefix === 0xfd) return sub < 0x200 ? 0x200 + sub : -1;
  if (sub >= 0x100) return -1;
  if (prefix === 0xfc) return 0x100 + sub;
  if (prefix === 0xfe) return 0x400 + sub;
  return prefix === 0xfb ? 0x500 + sub : -1;
}

/** Flat numbers of the opcodes that code switches on; a test keeps them equal to the table. */
export const Op = {
  Unreachable: 0x00,
  Nop: 0x01,
  Block: 0x02,
  Loop: 0x03,
  If: 0x04,
  Else: 0x05,
  Try: 0x06,
  Catch: 0x07,
  Throw: 0x08,
  Rethrow: 0x09,
  ThrowRef: 0x0a,
  End: 0x0b,
  Br: 0x0c,
  BrIf: 0x0d,
  BrTable: 0x0e,
  Return: 0x0f,
  Call: 0x10,
  CallIndirect: 0x11,
  ReturnCall: 0x12,
  ReturnCallIndirect: 0x13,
  Delegate: 0x18,
  CatchAll: 0x19,
  Drop: 0x1a,
  Select: 0x1b,
  SelectT: 0x1c,
  TryTable: 0x1f,
  LocalGet: 0x20,
  LocalSet: 0x21,
  LocalTee: 0x22,
  GlobalGet: 0x23,
  GlobalSet: 0x24,
  TableGet: 0x25,
  TableSet: 0x26,
  MemorySize: 0x3f,
  MemoryGrow: 0x40,
  I32Const: 0x41,
  I64Const: 0x42,
  F32Const: 0x43,
  F64Const: 0x44,
  I32Add: 0x6a,
  I32Sub: 0x6b,
  I32Mul: 0x6c,
  I64Add: 0x7c,
  I64Sub: 0x7d,
  I64Mul: 0x7e,
  RefNull: 0xd0,
  RefIsNull: 0xd1,
  RefFunc: 0xd2,
  MemoryInit: 0x108,
  DataDrop: 0x109,
  MemoryCopy: 0x10a,
  MemoryFill: 0x10b,
  TableInit: 0x10c,
  ElemDrop: 0x10d,
  TableCopy: 0x10e,
  TableGrow: 0x10f,
  TableSize: 0x110,
  TableFill: 0x111,
  V128Const: 0x20c,
} as const;
