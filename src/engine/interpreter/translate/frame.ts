/**
 * The layout of a frame. fp is a byte address, a slot has 8 bytes (a v128 two slots):
 * ```
 * fp + 0       parameters, then the other locals (zeroed on entry); results are returned here
 * fp + header  return address u32, depth budget that is left u32
 * fp + base    operand stack: the value at each height has one fixed place
 * fp + FAR     locals that do not fit below NEAR_BYTES, if any
 * ```
 * The arguments of a call are on top of the caller's operand stack, and that is where the callee's frame begins: they
 * are not copied, and neither are its results. At every place where the loop can stop (calls, loop headers, function
 * entries, both edges of a branch) all operands are in their places, so a frame can be read with the types alone.
 */
import { DecodeError } from '../../../errors.js';
import { lebU32At, skipLeb } from '../../../wasm/instructions.js';
import type { FuncType, FunctionBody } from '../../../wasm/module.js';
import { ValType } from '../../../wasm/module.js';

export const SLOT = 8;
/** A slot operand has 16 bits. */
export const FRAME_WINDOW = 0x1_0000;
/** Locals beyond this offset are reached by instructions with a wide operand. */
const NEAR_BYTES = 0x8000;
/** Where those locals are. */
const FAR = FRAME_WINDOW;

export const sizeOf = (type: number): number => (type === ValType.V128 ? 2 * SLOT : SLOT);

export function sizeOfAll(types: readonly number[]): number {
  let bytes = 0;
  for (let i = 0; i < types.length; i++) bytes += sizeOf(types[i]!);
  return bytes;
}

export class FrameLayout {
  /** Type and place of every local, parameters first. */
  readonly localTypes: number[] = [];
  readonly localAt: number[] = [];
  readonly paramBytes: number;
  readonly header: number;
  /** Place of the first operand. */
  readonly base: number;
  readonly farBytes: number;
  /** Slots of parameters and locals, and whether one is a v128: what the stack budget is spent by. */
  readonly slots: number;
  readonly wide: boolean;

  constructor(bytes: Uint8Array, type: FuncType, body: FunctionBody) {
    let near = 0;
    let far = 0;
    const add = (local: number): void => {
      const size = sizeOf(local);
      this.localTypes.push(local);
      if (near + size <= NEAR_BYTES && far === 0) {
        this.localAt.push(near);
        near += size;
      } else {
        this.localAt.push(FAR + far);
        far += size;
      }
    };
    for (const param of type.params) add(param);
    this.paramBytes = near;
    if (far > 0) throw tooLarge(body.body.start, 'parameters');
    forEachLocal(bytes, body, add);
    this.farBytes = far;
    this.slots = (near + far) / SLOT;
    this.wide = this.localTypes.includes(ValType.V128);
    // Results go to fp + 0 and must not reach the header, which is still needed to return.
    this.header = Math.max(near, sizeOfAll(type.results));
    this.base = this.header + SLOT;
  }
}

export function tooLarge(offset: number, what: string): DecodeError {
  return new DecodeError('FTW_LIMIT', offset, `expected at most ${NEAR_BYTES / SLOT} slots of ${what}, found more`);
}

function forEachLocal(bytes: Uint8Array, body: FunctionBody, add: (type: number) => void): void {
  let pos = body.body.start;
  let groups = lebU32At(bytes, pos);
  pos = skipLeb(bytes, pos);
  for (; groups > 0; groups--) {
    const count = lebU32At(bytes, pos);
    pos = skipLeb(bytes, pos);
    for (let i = 0; i < count; i++) add(bytes[pos]!);
    pos++;
  }
}
