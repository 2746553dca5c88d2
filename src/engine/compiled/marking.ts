/**
 * An instance of marked code (`src/inject/marks.ts`) beside the one that a guest was started in, for as long as somebody
 * wants to know which pages it writes. Both have the same memory and the same host; a captured guest goes on in either.
 */
import { FtWasmError } from '../../errors.js';
import { addMarks, ENGINE_MODULE, type FrameMap, MARKS } from '../../inject/index.js';
import type { MarkingCode } from '../engine.js';
import { CaptureCode, instanceCapture } from './capture-code.js';
import { Exchange } from './exchange.js';
import type { InstanceParts, Marking } from './instance-parts.js';
import { RESUME_PREFIX } from './places.js';
import { type WasmExports, type WasmImports, WebAssembly } from './webassembly.js';
import { WriteMarks } from './write-marks.js';

/** Code that captures and resumes in marked code. */
export function markingCaptureCode(frames: FrameMap): CaptureCode {
  return new CaptureCode(frames, (bytes) => addMarks(bytes, RESUME_PREFIX));
}

/** `imports`: of the guest. @throws FTW_HOST when the host refuses a second instance */
export function markingInstance(
  plain: InstanceParts,
  code: MarkingCode,
  captureCode: CaptureCode,
  imports: WasmImports,
): Marking {
  const { limits, memory, monitor, onStanding, prefix } = plain;
  const marks = new WriteMarks();
  const exchange = new Exchange();
  const check = (counter: number) => monitor.instance!.check(counter);
  const engine = { check, ...exchange.imports(captureCode), [MARKS.memory]: memory };
  const exports = instantiate(code, { ...imports, [ENGINE_MODULE]: engine });
  marks.link(exports, prefix);
  const linkResume = (resume: WasmExports) => marks.link(resume, RESUME_PREFIX);
  const { stackUnitsMax } = limits;
  const capture = instanceCapture(captureCode, exports, prefix, exchange, stackUnitsMax, onStanding, linkResume);
  return { marks, parts: { ...plain, exports, capture } };
}

function instantiate(code: MarkingCode, imports: WasmImports): WasmExports {
  try {
    return new WebAssembly.Instance(code, imports).exports;
  } catch (cause) {
    const message = `the guest cannot go on in code that notes what it writes: ${(cause as Error).message}`;
    throw new FtWasmError('FTW_HOST', message, {}, { cause });
  }
}
