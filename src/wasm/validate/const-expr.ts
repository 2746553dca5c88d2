/** Constant expressions (core spec 3.3.10) with the arithmetic of the extended-const proposal. */
import { ByteReader } from '../../bytes/reader.js';
import { readRefType } from '../decode/types.js';
import { unknownOpcode } from '../instructions.js';
import type { ConstExpr } from '../module.js';
import { ValType } from '../module.js';
import { flatOpcode, Op } from '../opcode.js';
import { OPCODE_BY_FLAT, opcodeName } from '../opcode-lookup.js';
import { typeName } from '../type-names.js';
import { invalidModule, type ModuleContext } from './context.js';

/** Checks that `expr` is constant and leaves one value of type `type`. `where` names the owner for messages. */
export function validateConstExpr(context: ModuleContext, expr: ConstExpr, type: ValType, where: string): void {
  const bytes = expr.source ?? context.module.bytes;
  const reader = new ByteReader(bytes, expr.start, expr.end, where);
  const stack: number[] = [];
  for (;;) {
    const offset = reader.pos;
    const op = readOpcode(reader);
    if (op === Op.End) break;
    if (!applyConstant(context, reader, op, stack, offset)) {
      throw invalidModule(where, 'a constant expression', `${opcodeName(op)} (not constant)`, offset);
    }
  }
  if (!reader.atEnd) throw reader.error('the end of the constant expression', `${reader.remaining} more bytes`);
  if (stack.length === 1 && stack[0] === type) return;
  const found = stack.length === 1 ? typeName(stack[0]!) : `${stack.length} values`;
  throw invalidModule(where, `one value of type ${typeName(type)}`, `${found} (type mismatch)`, expr.start);
}

function readOpcode(reader: ByteReader): number {
  const at = reader.pos;
  const first = reader.u8('an instruction');
  const op = first < 0xfb ? first : flatOpcode(first, reader.u32('an opcode after its prefix'));
  if (OPCODE_BY_FLAT[op] === undefined) throw unknownOpcode(reader.bytes, at);
  return op;
}

/** Applies one instruction to the stack of types; false if it is not constant. */
function applyConstant(
  context: ModuleContext,
  reader: ByteReader,
  op: number,
  stack: number[],
  offset: number,
): boolean {
  switch (op) {
    case Op.I32Const:
      reader.s32('an i32 constant');
      stack.push(ValType.I32);
      return true;
    case Op.I64Const:
      reader.skipS64('an i64 constant');
      stack.push(ValType.I64);
      return true;
    case Op.F32Const:
      reader.skip(4, 'an f32 constant');
      stack.push(ValType.F32);
      return true;
    case Op.F64Const:
      reader.skip(8, 'an f64 constant');
      stack.push(ValType.F64);
      return true;
    case Op.V128Const:
      reader.skip(16, 'a v128 constant');
      stack.push(ValType.V128);
      return true;
    case Op.RefNull:
      stack.push(readRefType(reader));
      return true;
    case Op.RefFunc:
      applyRefFunc(context, reader, stack, offset);
      return true;
    case Op.GlobalGet:
      applyGlobalGet(context, reader, stack, offset);
      return true;
    default:
      return applyArithmetic(reader, op, stack, offset);
  }
}

function applyRefFunc(context: ModuleContext, reader: ByteReader, stack: number[], offset: number): void {
  const index = reader.u32('a function index');
  const count = context.functions.length;
  if (index >= count) {
    throw invalidModule(reader.context, `a function index below ${count}`, `unknown function ${index}`, offset);
  }
  stack.push(ValType.FuncRef);
}

function applyGlobalGet(context: ModuleContext, reader: ByteReader, stack: number[], offset: number): void {
  const index = reader.u32('a global index');
  const global = context.globals[index];
  if (global === undefined || index >= context.importedGlobals) {
    throw invalidModule(reader.context, 'an imported global', `unknown global ${index}`, offset);
  }
  if (global.mutable) throw invalidModule(reader.context, 'an immutable global', `mutable global ${index}`, offset);
  stack.push(global.type);
}

/** Additions, subtractions and multiplications of integers (extended-const proposal). */
function applyArithmetic(reader: ByteReader, op: number, stack: number[], offset: number): boolean {
  const is32 = op === Op.I32Add || op === Op.I32Sub || op === Op.I32Mul;
  const is64 = op === Op.I64Add || op === Op.I64Sub || op === Op.I64Mul;
  if (!is32 && !is64) return false;
  const type = is32 ? ValType.I32 : ValType.I64;
  for (let at = 0; at < 2; at++) {
    const found = stack.pop();
    if (found === type) continue;
    const name = found === undefined ? 'an empty stack' : typeName(found);
    throw invalidModule(reader.context, `${typeName(type)} for ${opcodeName(op)}`, `${name} (type mismatch)`, offset);
  }
  stack.push(type);
  return true;
}
