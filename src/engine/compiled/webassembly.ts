/**
 * The part of the WebAssembly JavaScript interface that this engine uses. Declared here because the types come with the
 * DOM library only, whose other names would then be visible everywhere.
 */

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

export interface WasmTable {
  readonly length: number;
  get(index: number): unknown;
  set(index: number, element: unknown): void;
  grow(elements: number): number;
}

export interface WasmGlobal {
  value: unknown;
}

/** A compiled module; opaque. */
export type WasmModule = object;
export type WasmExports = Readonly<Record<string, unknown>>;
export type WasmImports = Record<string, Record<string, unknown>>;

interface WasmNamespace {
  validate(bytes: Uint8Array): boolean;
  compile(bytes: Uint8Array): Promise<WasmModule>;
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (module: WasmModule, imports: WasmImports) => { readonly exports: WasmExports };
  readonly Global: new (type: { value: string; mutable: boolean }, value: unknown) => WasmGlobal;
  readonly RuntimeError: new (message: string) => Error;
  /** Absent where exception handling is. */
  readonly Exception?: new (
    ...args: unknown[]
  ) => object;
}

export const WebAssembly = (globalThis as unknown as { WebAssembly: WasmNamespace }).WebAssembly;
