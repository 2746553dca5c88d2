/** Evaluates validated constant expressions (core spec 3.3.10, plus the arithmetic of extended-const). */
import { immediatesAt, lebU32At, opcodeAt, skipImmediates } from '../../wasm/instructions.js';
import type { ConstExpr, Module } from '../../wasm/module.js';
import { Op } from '../../wasm/opcode.js';

/** Values of globals (raw slot bits) and references of functions. */
export interface ConstEnv {
  global(index: number): Uint8Array;
  functionRef(index: number): number;
}

const MASK32 = 0xffff_ffffn;

function signedLeb(bytes: Uint8Array, at: number): bigint {
  let result = 0n;
  let shift = 0n;
  for (;;) {
    const byte = bytes[at++]!;
    result |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
    if (byte < 0x80) return byte & 0x40 ? result - (1n << shift) : result;
  }
}

/** Sixteen bytes: the value as a frame slot holds it (i32 and f32 zero-extended). */
export function evaluate(module: Module, expr: ConstExpr, env: ConstEnv): Uint8Array {
  const bytes = expr.source ?? module.bytes;
  const stack: bigint[] = [];
  for (let pos = expr.start; ; ) {
    const op = opcodeAt(bytes, pos);
    if (op === Op.End) return toBytes(stack.pop()!);
    const immediates = immediatesAt(bytes, pos);
    apply(stack, op, bytes, immediates, env);
    pos = skipImmediates(bytes, op, immediates);
  }
}

function apply(stack: bigint[], op: number, bytes: Uint8Array, at: number, env: ConstEnv): void {
  switch (op) {
    case Op.I32Const:
      stack.push(BigInt.asUintN(32, signedLeb(bytes, at)));
      break;
    case Op.I64Const:
      stack.push(BigInt.asUintN(64, signedLeb(bytes, at)));
      break;
    case Op.F32Const:
      stack.push(fromBytes(bytes.subarray(at, at + 4)));
      break;
    case Op.F64Const:
      stack.push(fromBytes(bytes.subarray(at, at + 8)));
      break;
    case Op.V128Const:
      stack.push(fromBytes(bytes.subarray(at, at + 16)));
      break;
    case Op.RefNull:
      stack.push(0n);
      break;
    case Op.RefFunc:
      stack.push(BigInt(env.functionRef(lebU32At(bytes, at))));
      break;
    case Op.GlobalGet:
      stack.push(fromBytes(env.global(lebU32At(bytes, at))));
      break;
    default:
      arithmetic(stack, op);
  }
}

function arithmetic(stack: bigint[], op: number): void {
  const b = stack.pop()!;
  const a = stack.pop()!;
  const results = new Map<number, bigint>([
    [Op.I32Add, (a + b) & MASK32],
    [Op.I32Sub, (a - b) & MASK32],
    [Op.I32Mul, (a * b) & MASK32],
    [Op.I64Add, BigInt.asUintN(64, a + b)],
    [Op.I64Sub, BigInt.asUintN(64, a - b)],
    [Op.I64Mul, BigInt.asUintN(64, a * b)],
  ]);
  stack.push(results.get(op)!);
}

function fromBytes(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let at = bytes.length - 1; at >= 0; at--) value = (value << 8n) | BigInt(bytes[at]!);
  return value;
}

function toBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(16);
  for (let at = 0; at < 16; at++, value >>= 8n) bytes[at] = Number(value & 0xffn);
  return bytes;
}

/** The value as an unsigned 32-bit number: offsets and references. */
export function lowWord(bytes: Uint8Array): number {
  return (bytes[0]! | (bytes[1]! << 8) | (bytes[2]! << 16) | (bytes[3]! << 24)) >>> 0;
}
