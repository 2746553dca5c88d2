/** Values to the host and back as bits, whatever their type. */
import { ValType } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';
import type { Assembler } from './added-functions.js';

const I32_REINTERPRET_F32 = 0xbc;
const I64_REINTERPRET_F64 = 0xbd;
const F32_REINTERPRET_I32 = 0xbe;
const F64_REINTERPRET_I64 = 0xbf;
const SIMD = 0xfd;
const I64X2_SPLAT = 0x12;
const I64X2_EXTRACT_LANE = 0x1d;
const I64X2_REPLACE_LANE = 0x1e;

/** Hands the bits of a local to the host. */
export function putLocal(asm: Assembler, local: number, type: ValType): void {
  asm.op(Op.LocalGet, local);
  if (type === ValType.V128) {
    asm.op(SIMD, I64X2_EXTRACT_LANE).bytes([0]).engineCall('put64');
    asm.op(Op.LocalGet, local).op(SIMD, I64X2_EXTRACT_LANE).bytes([1]).engineCall('put64');
  } else putTop(asm, type);
}

function putTop(asm: Assembler, type: ValType): void {
  if (type === ValType.F32) asm.op(I32_REINTERPRET_F32).engineCall('put32');
  else if (type === ValType.F64) asm.op(I64_REINTERPRET_F64).engineCall('put64');
  else if (type === ValType.I32) asm.engineCall('put32');
  else if (type === ValType.I64) asm.engineCall('put64');
  else asm.engineCall(type === ValType.FuncRef ? 'putFunction' : 'putExternal');
}

/** Pushes the next value that the host has. */
export function takeValue(asm: Assembler, type: ValType): void {
  switch (type) {
    case ValType.I32:
      return void asm.engineCall('take32');
    case ValType.I64:
      return void asm.engineCall('take64');
    case ValType.F32:
      return void asm.engineCall('take32').op(F32_REINTERPRET_I32);
    case ValType.F64:
      return void asm.engineCall('take64').op(F64_REINTERPRET_I64);
    case ValType.V128:
      asm.engineCall('take64').op(SIMD, I64X2_SPLAT);
      return void asm.engineCall('take64').op(SIMD, I64X2_REPLACE_LANE).bytes([1]);
    default:
      return void asm.engineCall(type === ValType.FuncRef ? 'takeFunction' : 'takeExternal');
  }
}
