import type { ByteWriter } from '../bytes/writer.js';
import { ValType, type ValType as ValTypeOf } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';

const SIMD = 0xfd;
const V128_CONST = 0x0c;

/** A constant of the type. */
export function writeZero(out: ByteWriter, type: ValTypeOf): void {
  switch (type) {
    case ValType.I32:
    case ValType.I64:
      out.u8(type === ValType.I32 ? Op.I32Const : Op.I64Const);
      return out.u8(0);
    case ValType.F32:
    case ValType.F64:
      out.u8(type === ValType.F32 ? Op.F32Const : Op.F64Const);
      return out.copy(new Uint8Array(type === ValType.F32 ? 4 : 8));
    case ValType.V128:
      out.u8(SIMD);
      out.u8(V128_CONST);
      return out.copy(new Uint8Array(16));
    default:
      out.u8(Op.RefNull);
      return out.u8(type);
  }
}
