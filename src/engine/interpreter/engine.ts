/** The interpreter behind the engine interface. */
import { DecodeError } from '../../errors.js';
import { decodeModule } from '../../wasm/decode/index.js';
import { scanFeatures } from '../../wasm/features.js';
import type { Module } from '../../wasm/module.js';
import { type ModuleFeature, refused } from '../../wasm/refused.js';
import { validateModule } from '../../wasm/validate/index.js';
import type { Engine, PreparedModule } from '../engine.js';
import { InterpretedModule } from './prepared.js';
import { DEFAULT_REGIONS, type RegionOptions } from './regions/regions.js';
import { type WasmModule, WebAssembly } from './webassembly.js';

export interface InterpreterEngineOptions {
  /** The bytes of the loop, built from assembly/ (interpreter.wasm beside the compiled engine.js). */
  readonly loop: Uint8Array;
  /** SHA-256 as lower-case hex; the platform's Web Crypto by default. */
  /** When hot code becomes a region. It makes no difference but in speed; `hotAfter: 0` for none. */
  readonly regions?: RegionOptions;
  readonly sha256?: (bytes: Uint8Array) => Promise<string>;
}

export class InterpreterEngine implements Engine {
  readonly name = 'interpreter';
  private compiled: Promise<WasmModule> | undefined;

  constructor(private readonly options: InterpreterEngineOptions) {}

  /** @throws DecodeError FTW_MALFORMED, FTW_INVALID or FTW_UNSUPPORTED with the offset */
  async prepare(bytes: Uint8Array, onProgress?: (done: number, total: number) => void): Promise<PreparedModule> {
    const module = decodeModule(bytes);
    refuseUnsupported(module);
    // V8 is quick at saying whether a module is valid; our own validator says precisely why one is not.
    if (!WebAssembly.validate(bytes)) validateModule(module);
    const hash = await (this.options.sha256 ?? sha256)(bytes);
    this.compiled ??= WebAssembly.compile(this.options.loop);
    const loop = await this.compiled;
    onProgress?.(bytes.length, bytes.length);
    return new InterpretedModule(hash, module, loop, this.options.regions ?? DEFAULT_REGIONS);
  }
}

/** What the compiled engine runs and this one does not. */
const COMPILED_ONLY = new Map<ModuleFeature, string>([
  ['exceptions', 'exception handling'],
  ['legacy-exceptions', 'exception handling'],
  ['multi-memory', 'several memories'],
]);

function refuseUnsupported(module: Module): void {
  const uses = scanFeatures(module);
  const never = uses.find(({ refusal }) => refusal !== undefined);
  if (never !== undefined) throw refused(never.feature, never.what, never.offset, never.functionIndex);
  const use = uses.find(({ feature }) => COMPILED_ONLY.has(feature));
  if (use === undefined) return;
  const { feature, offset, what, functionIndex } = use;
  const message = `the interpreter does not run ${COMPILED_ONLY.get(feature)}, use the compiled engine: ${what}`;
  throw new DecodeError('FTW_UNSUPPORTED', offset, message, { feature, what, functionIndex });
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await globalThis.crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
