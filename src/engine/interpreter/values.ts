/** Values between frame slots and JavaScript. i32 and f32 slots are zero-extended; a v128 is 16 bytes. */
import { FtWasmError } from '../../errors.js';
import { ValType } from '../../wasm/module.js';
import type { LinearMemory } from './memory.js';

/** What a host object (externref) or function (funcref) is inside: a number, 0 for null. */
export interface ReferenceTable {
  toNumber(type: number, value: unknown): number;
  toValue(type: number, number: number): unknown;
}

export function readValue(memory: LinearMemory, at: number, type: number, references: ReferenceTable): unknown {
  const { view } = memory;
  switch (type) {
    case ValType.I32:
      return view.getInt32(at, true);
    case ValType.I64:
      return view.getBigInt64(at, true);
    case ValType.F32:
      return view.getFloat32(at, true);
    case ValType.F64:
      return view.getFloat64(at, true);
    case ValType.V128:
      return memory.u8.slice(at, at + 16);
    default:
      return references.toValue(type, view.getUint32(at, true));
  }
}

export function writeValue(
  memory: LinearMemory,
  at: number,
  type: number,
  value: unknown,
  references: ReferenceTable,
): void {
  const { view } = memory;
  if (type !== ValType.V128) view.setUint32(at + 4, 0, true);
  switch (type) {
    case ValType.I32:
      view.setInt32(at, Number(value), true);
      break;
    case ValType.I64:
      view.setBigInt64(at, BigInt.asIntN(64, value as bigint), true);
      break;
    case ValType.F32:
      view.setFloat32(at, Number(value), true);
      break;
    case ValType.F64:
      view.setFloat64(at, Number(value), true);
      break;
    case ValType.V128:
      memory.u8.set(vector(value), at);
      break;
    default:
      view.setUint32(at, references.toNumber(type, value), true);
  }
}

function vector(value: unknown): Uint8Array {
  if (value instanceof Uint8Array && value.length === 16) return value;
  throw new FtWasmError('FTW_USAGE', 'expected 16 bytes for a v128 argument', {});
}
