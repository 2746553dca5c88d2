/** Values in linear memory as the canonical form has them (src/engine/state.ts), and back. */
import { FtWasmError } from '../../errors.js';
import { ValType } from '../../wasm/module.js';
import { NULL_REFERENCE, type TypedBits } from '../state.js';
import type { InstanceSpaces } from './instantiate.js';
import { sizeOf } from './translate/frame.js';

const LOW_HALF = 0xffff_ffff_ffff_ffffn;

export function isReference(type: ValType): boolean {
  return type === ValType.FuncRef || type === ValType.ExternRef;
}

/** External references belong to a host: nothing could stand for them elsewhere. */
export function externalReference(): FtWasmError {
  return new FtWasmError('FTW_UNSUPPORTED', 'the guest holds an external reference, which cannot be captured');
}

export function holdsExternal(values: readonly TypedBits[]): boolean {
  return values.some(({ type, bits }) => type === ValType.ExternRef && bits !== NULL_REFERENCE);
}

/** Reads and writes slots of one instance. */
export class SlotBits {
  private indices: Map<number, number> | undefined;

  constructor(private readonly spaces: InstanceSpaces) {}

  read(at: number, type: ValType): TypedBits {
    const { view } = this.spaces.machine.memory;
    if (isReference(type)) return { type, bits: this.toBits(type, view.getUint32(at, true)) };
    if (type === ValType.I32 || type === ValType.F32) return { type, bits: BigInt(view.getUint32(at, true)) };
    const low = view.getBigUint64(at, true);
    return { type, bits: type === ValType.V128 ? low | (view.getBigUint64(at + 8, true) << 64n) : low };
  }

  /** @throws FtWasmError FTW_SNAPSHOT for a function that the module does not have */
  write(at: number, { type, bits }: TypedBits): void {
    const { view } = this.spaces.machine.memory;
    view.setBigUint64(at, isReference(type) ? BigInt(this.toRaw(type, bits)) : bits & LOW_HALF, true);
    if (type === ValType.V128) view.setBigUint64(at + 8, bits >> 64n, true);
  }

  /** Consecutive values, as calls pass them. */
  readAll(at: number, types: readonly ValType[]): TypedBits[] {
    let next = at;
    return types.map((type) => {
      const value = this.read(next, type);
      next += sizeOf(type);
      return value;
    });
  }

  writeAll(at: number, values: readonly TypedBits[]): void {
    let next = at;
    for (const value of values) {
      this.write(next, value);
      next += sizeOf(value.type);
    }
  }

  /** A raw reference in the canonical form: functions by their original index. */
  toBits(type: ValType, raw: number): bigint {
    if (raw === 0) return NULL_REFERENCE;
    if (type === ValType.ExternRef) return BigInt(raw - 1);
    const index = this.functionIndices().get(raw);
    if (index !== undefined) return BigInt(index);
    throw new FtWasmError(
      'FTW_UNSUPPORTED',
      'the guest holds a function of another instance, which cannot be captured',
    );
  }

  toRaw(type: ValType, bits: bigint): number {
    if (bits === NULL_REFERENCE) return 0;
    if (type === ValType.ExternRef) return Number(bits) + 1;
    const ref = this.spaces.functionRefs[Number(bits)];
    if (ref !== undefined) return ref;
    throw new FtWasmError('FTW_SNAPSHOT', `the snapshot has a reference to function ${bits}: it is of another module`);
  }

  private functionIndices(): Map<number, number> {
    this.indices ??= new Map([...this.spaces.functionRefs].map((ref, index) => [ref, index] as const).reverse());
    return this.indices;
  }
}
