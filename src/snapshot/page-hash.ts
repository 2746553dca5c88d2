/**
 * The hash under which a page is known: XXH3 with a seed, 64 bits, at the memory's bandwidth (assembly/pages). It tells
 * whether a page has changed since it was copied, and is the checksum with which the copy travels.
 *
 * A page is first copied to memory of the hash's own, in one move, and hashed there: that is quicker than hashing it where
 * it is (its lines are fetched many at a time), works on any engine's memory, and the copy is what is sent.
 */
import { PAGE_HASH_BASE64 } from './generated/page-hash.js';

export const PAGE_BYTES = 65536;

interface HashExports {
  setSeed(seed: bigint): void;
  hash(page: number): bigint;
}

/** The part of the WebAssembly JavaScript interface that is used here; its types come with the DOM library only. */
interface WasmNamespace {
  readonly Memory: new (type: { initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

const { WebAssembly, atob } = globalThis as unknown as {
  readonly WebAssembly: WasmNamespace;
  readonly atob: (text: string) => string;
};
let compiled: object | undefined;

export class PageHasher {
  /** The last page that was hashed. */
  readonly page: Uint8Array;
  /** Of a page of zeros. */
  readonly zero: bigint;
  readonly #exports: HashExports;

  /** `seed`: whoever does not know it cannot make two pages with one hash. */
  constructor(readonly seed: bigint) {
    compiled ??= new WebAssembly.Module(Uint8Array.from(atob(PAGE_HASH_BASE64), (char) => char.charCodeAt(0)));
    const memory = new WebAssembly.Memory({ initial: 1 });
    this.page = new Uint8Array(memory.buffer);
    this.#exports = new WebAssembly.Instance(compiled, { env: { memory } }).exports as HashExports;
    this.#exports.setSeed(seed);
    this.zero = this.#exports.hash(0);
  }

  /** Of the {@link PAGE_BYTES} at `start`, as a signed number. */
  hash(bytes: Uint8Array, start: number): bigint {
    this.page.set(bytes.subarray(start, start + PAGE_BYTES));
    return this.#exports.hash(0);
  }
}
