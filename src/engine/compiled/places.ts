/**
 * Places of the guest from V8's stack traces. A frame of WebAssembly code ends with `wasm-function[INDEX]:0xOFFSET`, both in
 * the rewritten module; the script's URL in front of it carries the module's name, by which resume functions are known.
 */
import {
  type FrameMap,
  type InjectOptions,
  inject,
  locateOriginal,
  locateResumed,
  type Resumed,
  resumedFrom,
  resumeModule,
  unmarkedOffset,
} from '../../inject/index.js';
import type { Module } from '../../wasm/module.js';
import type { CodePlace } from '../engine.js';

const FRAME = /(wasm:\/\/\S*?):wasm-function\[(\d+)\]:0x([0-9a-f]+)/g;

/** Answers where the guest was when `error` was made, as far as its stack trace goes. */
export type Locate = (error: unknown) => CodePlace | undefined;

/** Of the exports that marks add to resume functions. */
export const RESUME_PREFIX = 'ftw:';

/** For code that was rewritten from `module` with `options`. The work is done when a place is asked for. */
export function locator(module: Module, options: InjectOptions, frames: FrameMap | undefined): Locate {
  return locatorOf(
    frames,
    (index, offset) => locateOriginal(module, options, index, offset),
    (_resumed, _index, offset) => offset,
  );
}

/** The same for that code with marks. */
export function markedLocator(module: Module, options: InjectOptions, frames: FrameMap | undefined): Locate {
  return locatorOf(
    frames,
    (index, offset) => {
      const { bytes, exportPrefix } = inject(module, { ...options, onProgress: () => {} });
      return locateOriginal(module, options, index, unmarkedOffset(bytes, exportPrefix, index, offset));
    },
    ({ functionIndex, offset: place, raise }, index, offset) => {
      const { bytes } = resumeModule(frames!, frames!.place(functionIndex, place), raise);
      return unmarkedOffset(bytes, RESUME_PREFIX, index, offset);
    },
  );
}

/** `placeOf`: of code that begins at a function's entry; `plainOffset`: of code in a resume module, without marks. */
function locatorOf(
  frames: FrameMap | undefined,
  placeOf: (index: number, offset: number) => CodePlace | undefined,
  plainOffset: (resumed: Resumed, index: number, offset: number) => number,
): Locate {
  return (error) => {
    const { stack } = error as { stack?: unknown };
    if (typeof stack !== 'string') return undefined;
    for (const [, url, index, at] of stack.matchAll(FRAME)) {
      const [resumed, found, offset] = [resumedFrom(url!), Number(index), Number.parseInt(at!, 16)];
      const place =
        resumed === undefined
          ? placeOf(found, offset)
          : frames && locateResumed(frames, resumed, found, plainOffset(resumed, found, offset));
      if (place !== undefined) return place;
    }
    return undefined;
  };
}
