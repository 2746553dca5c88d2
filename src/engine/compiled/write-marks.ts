/** Pages of a memory that were written, as marked code notes them (`src/inject/marks.ts`). */
import { MARKED_PAGE_BYTES, MARKS, markModule } from '../../inject/index.js';
import type { HostWrites, WrittenPages } from '../engine.js';
import {
  type WasmExports,
  type WasmGlobal,
  type WasmMemory,
  type WasmModule,
  type WasmTable,
  WebAssembly,
} from './webassembly.js';

let compiled: WasmModule | undefined;

export class WriteMarks implements WrittenPages, HostWrites {
  readonly #mark: (start: number, bytes: number) => number;
  readonly #pages: Uint8Array;
  /** Of all instances with marked code. One that is zero stands for page 0, which counts as written all the time. */
  readonly #windows: WasmGlobal[] = [];
  /** Pages that the host function under way may yet write. */
  #held: number[] = [];

  constructor() {
    compiled ??= new WebAssembly.Module(markModule());
    const { mark, pages } = new WebAssembly.Instance(compiled, {}).exports;
    this.#mark = mark as (start: number, bytes: number) => number;
    this.#pages = new Uint8Array((pages as WasmMemory).buffer);
    this.#pages[0] = 1;
  }

  /** Lets an instance of marked code note its pages here; before any of it runs. */
  link(exports: WasmExports, prefix: string): void {
    (exports[prefix + MARKS.table] as WasmTable).set(0, this.#mark);
    this.#windows.push(exports[prefix + MARKS.window] as WasmGlobal);
  }

  begin(): void {
    if (this.#held.length > 0) this.#held = [];
  }

  range(start: number, bytes: number): void {
    if (bytes === 0) return;
    const last = this.#mark(start | 0, bytes | 0) >>> PAGE_SHIFT;
    for (let page = start >>> PAGE_SHIFT; page <= last; page++) this.#held.push(page);
  }

  take(page: number): boolean {
    if (this.#pages[page] === 0) return false;
    if (page === 0 || this.#held.includes(page)) return true;
    this.#pages[page] = 0;
    const start = (page << PAGE_SHIFT) | 0;
    for (const window of this.#windows) if (window.value === start) window.value = 0;
    return true;
  }
}

const PAGE_SHIFT = Math.log2(MARKED_PAGE_BYTES);
