/**
 * The type section of the rewritten module. The original types keep their indices, because block types and tags refer to
 * them; type `i + n` is the instrumented form of type `i`; further ones are added on demand.
 *
 * Instrumented form: `P -> R` becomes `P ++ [i64 counter, i32 depth] -> R ++ [i64 counter]`, without the depth where nobody
 * asks for it. The map is injective, so the type check of `call_indirect` means what it meant.
 */
import type { FuncType, ValType as ValTypeOf } from '../wasm/module.js';
import { ValType } from '../wasm/module.js';

/** Parameters that the instrumented form adds; the depth is a local where it is none. */
export const ADDED_PARAMS = 2;

export class TypeTable {
  readonly types: FuncType[];
  private readonly originals: number;
  private readonly indexByKey = new Map<string, number>();
  private readonly passThroughs = new Map<number, number>();

  /** `passesDepth`: see {@link Layout.passesDepth}. */
  constructor(originals: readonly FuncType[], passesDepth: boolean) {
    this.originals = originals.length;
    const added = passesDepth ? [ValType.I64, ValType.I32] : [ValType.I64];
    this.types = [...originals, ...originals.map((type) => instrumentedType(type, added))];
    for (let index = this.types.length - 1; index >= 0; index--) this.indexByKey.set(keyOf(this.types[index]!), index);
  }

  /** Index of the instrumented form of original type `index`. */
  instrumented(index: number): number {
    return index + this.originals;
  }

  /** Index of a type, added if it is new. */
  indexOf(type: FuncType): number {
    const key = keyOf(type);
    let index = this.indexByKey.get(key);
    if (index === undefined) {
      index = this.types.push(type) - 1;
      this.indexByKey.set(key, index);
    }
    return index;
  }

  /** Index of the first type that is added on demand. */
  get firstAdded(): number {
    return this.originals * 2;
  }

  /** Whether the type was added; negative numbers are shorthands. */
  isAdded(index: number): boolean {
    return index >= this.firstAdded;
  }

  /** Takes back the types that were added; answers them in order. */
  takeAdded(): FuncType[] {
    const added = this.types.splice(this.firstAdded);
    for (const type of added) this.indexByKey.delete(keyOf(type));
    this.passThroughs.clear();
    return added;
  }

  /** Index of the type that takes and gives back the types [start, end) of `types`, at least one. */
  passThrough(types: Uint8Array, start: number, end: number): number {
    if (end - start > SHORT_STACK) return this.makePassThrough(types, start, end);
    let key = 0;
    for (let at = start; at < end; at++) key = key * 0x80 + types[at]!;
    let index = this.passThroughs.get(key);
    if (index === undefined) {
      index = this.makePassThrough(types, start, end);
      this.passThroughs.set(key, index);
    }
    return index;
  }

  private makePassThrough(types: Uint8Array, start: number, end: number): number {
    const same = [...types.subarray(start, end)] as ValTypeOf[];
    return this.indexOf({ params: same, results: same });
  }

  /** The s33 block type for `params -> results`: the empty or one-result shorthand where there is one. */
  blockType(params: readonly ValTypeOf[], results: readonly ValTypeOf[]): number {
    if (params.length === 0 && results.length === 0) return EMPTY_BLOCK;
    if (params.length === 0 && results.length === 1) return results[0]! - 0x80;
    return this.indexOf({ params, results });
  }
}

/** Types of so many operands, seven bits each, make an exact number. */
const SHORT_STACK = 7;

/** Block type `[] -> []` as a signed number (byte 0x40). */
export const EMPTY_BLOCK = -0x40;

function instrumentedType({ params, results }: FuncType, added: readonly ValTypeOf[]): FuncType {
  return { params: [...params, ...added], results: [...results, ValType.I64] };
}

function keyOf({ params, results }: FuncType): string {
  return `${params.join()}>${results.join()}`;
}
