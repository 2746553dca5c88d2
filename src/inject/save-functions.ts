/**
 * Functions that hand the values of a frame to the host, one per combination of value types, so that an exit spends two
 * or three bytes per value. No float crosses as a JavaScript number: its NaN bits would not survive.
 */
import { ValType } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';
import { type AddedFunction, Assembler } from './added-functions.js';
import type { Layout } from './layout.js';
import { putLocal } from './value-bits.js';

/** A function has at most 1000 parameters; longer frames are handed over in several pieces. */
export const SAVED_VALUES_MAX = 900;

/** Values are sorted by type in this order, which keeps the number of combinations small. */
export const SAVE_ORDER: readonly ValType[] = [
  ValType.I32,
  ValType.I64,
  ValType.F64,
  ValType.F32,
  ValType.V128,
  ValType.FuncRef,
  ValType.ExternRef,
];

export class SaveFunctions {
  private readonly indexBySignature = new Map<string, number>();
  /** Functions that take i32 only, by the number of values. */
  private readonly indexOfI32: number[] = [];

  /** `add` gives the function for values of these types, see {@link saveFunction}, its index in the rewritten module. */
  constructor(private readonly add: (values: readonly ValType[]) => number) {}

  /** Index of `(count times i32) -> []`: most frames hold nothing else. */
  indexOfI32s(count: number): number {
    this.indexOfI32[count] ??= this.indexOf(new Array<ValType>(count).fill(ValType.I32));
    return this.indexOfI32[count]!;
  }

  /** Index of `(values..) -> []`. */
  indexOf(values: readonly ValType[]): number {
    const key = String.fromCharCode(...values);
    let index = this.indexBySignature.get(key);
    if (index === undefined) {
      index = this.add(values);
      this.indexBySignature.set(key, index);
    }
    return index;
  }
}

/** Shorter bodies V8 inlines even where they are never called: every frame that saves two integers would do it in place. */
const NEVER_INLINED_BYTES = 12;

export function saveFunction(layout: Layout, values: readonly ValType[]): AddedFunction {
  const asm = new Assembler(layout);
  for (const [at, type] of values.entries()) putLocal(asm, at, type);
  while (asm.out.length < NEVER_INLINED_BYTES) asm.op(Op.Nop);
  return asm.finish({ params: values, results: [] });
}
