/** Values as JavaScript has them, as bits, and as the guest's resume functions take them. */
import { ValType } from '../../wasm/module.js';
import type { BoundaryValue } from '../engine.js';
import { NULL_REFERENCE, type TypedBits } from '../state.js';

/** Function and external references by number; what the numbers mean is an instance's business. */
export interface References {
  indexOf(type: ValType, reference: unknown): bigint;
  at(type: ValType, bits: bigint): unknown;
}

const scratch = new DataView(new ArrayBuffer(8));
const CANONICAL_NAN_32 = 0x7fc00000;
const CANONICAL_NAN_64 = 0x7ff8000000000000n;

export function zeroBits(type: ValType): bigint {
  return isReference(type) ? NULL_REFERENCE : 0n;
}

export function isReference(type: ValType): boolean {
  return type === ValType.FuncRef || type === ValType.ExternRef;
}

/** Bits of what a host function answered, converted as `ToWebAssemblyValue` would; NaNs are canonical. */
export function bitsOf(type: ValType, value: unknown, references: References): TypedBits {
  return { type, bits: rawBits(type, value, references) };
}

function rawBits(type: ValType, value: unknown, references: References): bigint {
  switch (type) {
    case ValType.I32:
      return BigInt(Number(value) >>> 0);
    case ValType.I64:
      return BigInt.asUintN(64, value as bigint);
    case ValType.F32:
      scratch.setFloat32(0, Number(value));
      if (Number.isNaN(Number(value))) scratch.setUint32(0, CANONICAL_NAN_32);
      return BigInt(scratch.getUint32(0));
    case ValType.F64:
      scratch.setFloat64(0, Number(value));
      return Number.isNaN(Number(value)) ? CANONICAL_NAN_64 : scratch.getBigUint64(0);
    default:
      return references.indexOf(type, value ?? null);
  }
}

/** A value as an outcome or a host function shows it. */
export function boundaryValue({ type, bits }: TypedBits, references: References): BoundaryValue {
  switch (type) {
    case ValType.I32:
      return Number(BigInt.asIntN(32, bits));
    case ValType.I64:
      return BigInt.asIntN(64, bits);
    case ValType.F32:
      scratch.setUint32(0, Number(bits));
      return scratch.getFloat32(0);
    case ValType.F64:
      scratch.setBigUint64(0, bits);
      return scratch.getFloat64(0);
    default:
      return references.at(type, bits);
  }
}

/** What `take..` functions hand to the guest for these values, in order. */
export function takenBy(values: readonly TypedBits[], references: References): unknown[] {
  const taken: unknown[] = [];
  for (const { type, bits } of values) {
    if (type === ValType.I32 || type === ValType.F32) taken.push(Number(bits));
    else if (type === ValType.I64 || type === ValType.F64) taken.push(bits);
    else if (type === ValType.V128) taken.push(BigInt.asUintN(64, bits), bits >> 64n);
    else taken.push(references.at(type, bits));
  }
  return taken;
}

/** The values of `types` from what the guest has put, in order. */
export function putBy(types: readonly ValType[], put: readonly unknown[], references: References): TypedBits[] {
  let next = 0;
  return types.map((type) => {
    const value = put[next++];
    if (type === ValType.I32 || type === ValType.F32) return { type, bits: BigInt((value as number) >>> 0) };
    if (type === ValType.V128) {
      const [low, high] = [value as bigint, put[next++] as bigint];
      return { type, bits: BigInt.asUintN(64, low) | (BigInt.asUintN(64, high) << 64n) };
    }
    if (isReference(type)) return { type, bits: references.indexOf(type, value) };
    return { type, bits: BigInt.asUintN(64, value as bigint) };
  });
}
