/** Makes what captures need ahead of them, beside the guest: what frames at a place save, and the code that continues them. */
import { type FrameMap, type FunctionFrames, type Place, resumeModule, siteBehind } from '../../inject/index.js';
import { decodeModule } from '../../wasm/decode/index.js';
import type { Module } from '../../wasm/module.js';
import type { CaptureMaker, CodeAddress } from '../engine.js';
import { parseAddress } from './addresses.js';
import { CaptureCode } from './capture-code.js';
import type { GlobalsCode } from './contents.js';
import { markingCaptureCode } from './marking.js';
import type { ResumeCode } from './resumer.js';

/** The code of a function in the rewritten module. */
export interface RewrittenBody {
  readonly index: number;
  readonly functionIndex: number;
  /** Offset of `bytes` in the module. */
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** What is sent to the guest's thread. */
export interface MadeSupport {
  readonly place: Place;
  /** Of the function, so that other addresses in it can be understood. */
  readonly body: RewrittenBody;
  readonly frames: FunctionFrames;
  readonly globals: GlobalsCode;
  readonly code: ResumeCode;
  readonly markedCode: ResumeCode | undefined;
}

export class CompiledCaptureMaker implements CaptureMaker {
  readonly #code: CaptureCode;
  readonly #marked: CaptureCode;
  #decoded: Module | undefined;

  /** `bytes`: the rewritten module. */
  constructor(
    private readonly frames: FrameMap,
    private readonly bytes: Uint8Array,
  ) {
    this.#code = new CaptureCode(frames);
    this.#marked = markingCaptureCode(frames);
  }

  make(address: CodeAddress, marked: boolean): MadeSupport | undefined {
    const place = this.#placeAt(address);
    if (place === undefined) return undefined;
    return {
      place,
      body: this.#bodyOf(place.functionIndex),
      frames: this.frames.framesOf(place.functionIndex),
      globals: this.#code.globalsCode(),
      code: this.#code.resumeCodeFor(place, false),
      markedCode: marked ? this.#marked.resumeCodeFor(place, false) : undefined,
    };
  }

  #bodyOf(functionIndex: number): RewrittenBody {
    const { definedStart, importedFunctions } = this.frames.layout;
    const defined = functionIndex - importedFunctions;
    this.#decoded ??= decodeModule(this.bytes);
    const { end, start } = this.#decoded.bodies[defined]!.body;
    return { functionIndex, index: definedStart + defined, start, bytes: this.bytes.slice(start, end) };
  }

  /** Where a frame goes on that waits for the call at the address. */
  #placeAt(address: CodeAddress): Place | undefined {
    const { index, offset, resumed } = parseAddress(address);
    if (resumed !== undefined) {
      const { functionIndex, offset: at, raise } = resumed;
      const { bytes, sites } = resumeModule(this.frames, this.frames.place(functionIndex, at), raise);
      const site = sites.get(siteBehind(bytes, offset) ?? -1);
      return site && this.frames.place(functionIndex, site.offset);
    }
    const { definedStart, importedFunctions } = this.frames.layout;
    const defined = index! - definedStart;
    const site = siteBehind(this.bytes, offset);
    if (defined < 0 || defined >= this.frames.module.bodies.length || site === undefined) return undefined;
    const functionIndex = importedFunctions + defined;
    const saved = this.frames.framesOf(functionIndex).sites.get(site);
    return saved && this.frames.place(functionIndex, saved.offset);
  }
}
