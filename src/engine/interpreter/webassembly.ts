/**
 * The part of the WebAssembly JavaScript interface that hosts the loop. Declared here because the types come with the
 * DOM library only, whose other names would then be visible everywhere.
 */

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** A compiled module; opaque. */
export type WasmModule = object;

export interface WasmTable {
  readonly length: number;
  grow(delta: number): number;
  set(index: number, value: unknown): void;
}

export interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

interface WasmNamespace {
  validate(bytes: Uint8Array): boolean;
  compile(bytes: Uint8Array): Promise<WasmModule>;
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (module: WasmModule, imports: object) => WasmInstance;
  readonly Table: new (descriptor: { element: 'anyfunc'; initial: number }) => WasmTable;
  readonly Memory: new (descriptor: { initial: number; maximum: number }) => WasmMemory;
}

export const WebAssembly = (globalThis as unknown as { WebAssembly: WasmNamespace }).WebAssembly;
