/** What the translator must know about the instance around a function: where its index spaces are in linear memory. */
import type { FuncType, Module } from '../../../wasm/module.js';

export interface ModuleEnv {
  readonly module: Module;
  /** Signature by function index, imports first. */
  readonly functionTypes: readonly FuncType[];
  /** Address of the Func record by function index; a function reference is this address. */
  readonly functionRefs: Uint32Array;
  /** Type and address by global index. */
  readonly globals: readonly { readonly type: number; readonly address: number }[];
  /** Address of the Table record by table index. */
  readonly tables: readonly number[];
  readonly tableTypes: readonly number[];
  /** Machine-wide number of a type, by type index: equal types have equal numbers. */
  readonly typeIds: Uint32Array;
  /** Machine-wide numbers of the instance's first data and element segment. */
  readonly firstData: number;
  readonly firstElement: number;
  /** Address of the Entry record of a function that is already translated, else 0. */
  entryOf(ref: number): number;
  /** Whether a function is the host's. */
  isHost(ref: number): boolean;
  /** `Recursion` of a function of this module, by function index. */
  recursionOf(functionIndex: number): number;
}
