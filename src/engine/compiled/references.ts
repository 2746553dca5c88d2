/** Function references of an instance by original function index. */
import { FtWasmError } from '../../errors.js';
import type { FrameMap } from '../../inject/index.js';
import { ValType } from '../../wasm/module.js';
import { NULL_REFERENCE } from '../state.js';
import type { References } from './bits.js';

/** Answers a function of the instance: originals by their index, then what the pass has added. */
export type Pick = (index: number) => (...args: unknown[]) => unknown;

export class InstanceReferences implements References {
  /** External references that were captured; they mean something in this instance only. */
  private readonly externals: unknown[] = [];

  constructor(
    private readonly frames: FrameMap,
    private readonly pick: Pick,
  ) {}

  /** V8 names an exported function after its index in its module (JavaScript interface, "name of the function"). */
  indexOf(type: ValType, reference: unknown): bigint {
    if (reference === null) return NULL_REFERENCE;
    if (type === ValType.ExternRef) return BigInt(this.externals.push(reference) - 1);
    return BigInt(this.frames.layout.originalIndex(Number((reference as { name: string }).name)));
  }

  /** @throws FTW_SNAPSHOT for a function that the module does not have */
  at(type: ValType, bits: bigint): unknown {
    if (bits === NULL_REFERENCE) return null;
    if (type === ValType.ExternRef) return this.externals[Number(bits)];
    if (bits < this.frames.layout.typeIndexOf.length) return this.pick(Number(bits));
    throw new FtWasmError('FTW_SNAPSHOT', `the snapshot has a reference to function ${bits}: it is of another module`);
  }
}
