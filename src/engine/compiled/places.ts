/**
 * Places of the guest from V8's stack traces. A frame of WebAssembly code ends with `wasm-function[INDEX]:0xOFFSET`, both in
 * the rewritten module; the script's URL in front of it carries the module's name, by which resume functions are known.
 */
import { type InjectOptions, inject, locateOriginal, resumedFunction, unmarkedOffset } from '../../inject/index.js';
import type { Module } from '../../wasm/module.js';
import type { CodePlace } from '../engine.js';

const FRAME = /(wasm:\/\/\S*?):wasm-function\[(\d+)\]:0x([0-9a-f]+)/g;

/** Answers where the guest was when `error` was made, as far as its stack trace goes. */
export type Locate = (error: unknown) => CodePlace | undefined;

/** For code that was rewritten from `module` with `options`. The work is done when a place is asked for. */
export function locator(module: Module, options: InjectOptions): Locate {
  return locatorOf((index, offset) => locateOriginal(module, options, index, offset));
}

/** The same for that code with marks. */
export function markedLocator(module: Module, options: InjectOptions): Locate {
  return locatorOf((index, offset) => {
    const { bytes, exportPrefix } = inject(module, { ...options, onProgress: () => {} });
    return locateOriginal(module, options, index, unmarkedOffset(bytes, exportPrefix, index, offset));
  });
}

function locatorOf(placeOf: (index: number, offset: number) => CodePlace | undefined): Locate {
  return (error) => {
    const { stack } = error as { stack?: unknown };
    if (typeof stack !== 'string') return undefined;
    for (const [, url, index, offset] of stack.matchAll(FRAME)) {
      const functionIndex = resumedFunction(url!);
      if (functionIndex !== undefined) return { functionIndex };
      const place = placeOf(Number(index), Number.parseInt(offset!, 16));
      if (place !== undefined) return place;
    }
    return undefined;
  };
}
