/** The compiled engine: the module's bytes are rewritten and run by V8. */
import { DecodeError } from '../../errors.js';
import {
  addMarks,
  DEFAULT_INJECT_OPTIONS,
  FrameMap,
  type Injected,
  type InjectOptions,
  inject,
} from '../../inject/index.js';
import { decodeModule } from '../../wasm/decode/index.js';
import { assertDeclarationsSupported, assertSupported } from '../../wasm/features.js';
import type { Module } from '../../wasm/module.js';
import { validateModule } from '../../wasm/validate/index.js';
import type { CaptureMaker, Engine, HostImports, MarkingCode, PreparedModule } from '../engine.js';
import { CompiledCaptureMaker } from './capture-maker.js';
import { tooLargeToContinue } from './continuable.js';
import { type RewriteHelpers, rewriteValidated } from './helpers.js';
import { assertLinks } from './host-calls.js';
import { locator, markedLocator } from './places.js';
import { CompiledModule, type ModuleParts } from './prepared.js';
import { refusal } from './refusal.js';
import { cacheKey, decodeRewritten, encodeRewritten, type RewrittenCache } from './rewritten.js';
import { type WasmModule, WebAssembly } from './webassembly.js';

export interface CompiledEngineOptions {
  /** What to inject; everything by default. Replicas must agree on it. */
  readonly inject?: InjectOptions;
  /** SHA-256 as lower-case hex; the platform's Web Crypto by default. */
  readonly sha256?: (bytes: Uint8Array) => Promise<string>;
  /** Where rewritten modules are kept for the next start. */
  readonly cache?: RewrittenCache;
  /** Rewrite large modules with these. */
  readonly helpers?: RewriteHelpers;
}

export class CompiledEngine implements Engine {
  readonly name = 'compiled';

  /** The last module that was rewritten for {@link marking} or {@link captureMaker}. */
  private again: { readonly bytes: Uint8Array; readonly module: Promise<RewrittenModule> } | undefined;

  constructor(private readonly options: CompiledEngineOptions = {}) {}

  /**
   * @throws DecodeError FTW_MALFORMED, FTW_INVALID or FTW_UNSUPPORTED with the offset; FTW_LIMIT when the rewritten
   * module is too large for V8; LinkError when `imports` lack something
   */
  async prepare(
    bytes: Uint8Array,
    onProgress?: (done: number, total: number) => void,
    imports?: HostImports,
  ): Promise<PreparedModule> {
    const module = decodeModule(bytes);
    const hash = await (this.options.sha256 ?? sha256)(bytes);
    const options = this.options.inject ?? DEFAULT_INJECT_OPTIONS;
    const rewritten =
      (await this.fromCache(module, hash, options)) ?? (await this.rewrite(module, hash, options, onProgress, imports));
    const { frames } = rewritten.injected;
    return new CompiledModule({
      hash,
      module,
      ...rewritten,
      ...{ locate: locator(module, options, frames), locateMarked: markedLocator(module, options, frames) },
    });
  }

  /** @throws DecodeError, FTW_LIMIT when the marked module is too large for V8 */
  async marking(bytes: Uint8Array): Promise<MarkingCode> {
    const { exportPrefix, module, rewritten } = await this.rewrittenAgain(bytes);
    return compile(module, addMarks(rewritten, exportPrefix));
  }

  /** @throws DecodeError */
  async captureMaker(bytes: Uint8Array): Promise<CaptureMaker | undefined> {
    const { frames, module, rewritten } = await this.rewrittenAgain(bytes);
    if (frames === undefined || tooLargeToContinue(module, rewritten) !== undefined) return undefined;
    return new CompiledCaptureMaker(frames, rewritten);
  }

  /** Both of what is made ahead of captures begin with this. */
  private rewrittenAgain(bytes: Uint8Array): Promise<RewrittenModule> {
    if (this.again?.bytes !== bytes) this.again = { bytes, module: this.rewriteAgain(bytes) };
    return this.again.module;
  }

  private async rewriteAgain(bytes: Uint8Array): Promise<RewrittenModule> {
    const module = decodeModule(bytes);
    const options = this.options.inject ?? DEFAULT_INJECT_OPTIONS;
    const kept = this.options.cache?.load(cacheKey(await (this.options.sha256 ?? sha256)(bytes), options));
    const found = kept && decodeRewritten(kept);
    if (found === undefined) {
      const { bytes: rewritten, exportPrefix, frames } = inject(module, options);
      return { module, rewritten, exportPrefix, frames };
    }
    const { bytes: rewritten, calls, exportPrefix } = found;
    return { module, rewritten, exportPrefix, frames: calls && new FrameMap(module, options, calls) };
  }

  private async rewrite(
    module: Module,
    hash: string,
    options: InjectOptions,
    onProgress?: (done: number, total: number) => void,
    imports?: HostImports,
  ): Promise<CompiledCode> {
    const check = () => {
      validate(module);
      if (imports !== undefined) assertLinks(module, imports);
    };
    const watched = { ...options, ...(onProgress === undefined ? {} : { onProgress }) };
    const injected = await rewriteValidated(module, watched, check, this.options.helpers);
    const compiled = await compile(module, injected.bytes);
    const { bytes, exportPrefix, frames } = injected;
    const calls = frames === undefined ? {} : { calls: frames.calls };
    this.options.cache?.store(cacheKey(hash, options), encodeRewritten({ bytes, exportPrefix, ...calls }));
    return { compiled, injected: withoutBytes(injected), tooLarge: tooLargeToContinue(module, bytes) };
  }

  /** What was rewritten before is neither validated nor rewritten again. */
  private async fromCache(module: Module, hash: string, options: InjectOptions): Promise<CompiledCode | undefined> {
    const payload = this.options.cache?.load(cacheKey(hash, options));
    const rewritten = payload && decodeRewritten(payload);
    if (rewritten === undefined) return undefined;
    const { bytes, calls, exportPrefix } = rewritten;
    const frames = calls && { frames: new FrameMap(module, options, calls) };
    try {
      const compiled = await WebAssembly.compile(bytes);
      return { compiled, injected: { exportPrefix, ...frames }, tooLarge: tooLargeToContinue(module, bytes) };
    } catch {
      return undefined;
    }
  }
}

interface RewrittenModule {
  readonly module: Module;
  readonly rewritten: Uint8Array;
  readonly exportPrefix: string;
  readonly frames: FrameMap | undefined;
}

type CompiledCode = Pick<ModuleParts, 'compiled' | 'injected' | 'tooLarge'>;

function withoutBytes({ bytes: _bytes, ...rest }: Injected): Omit<Injected, 'bytes'> {
  return rest;
}

/**
 * V8 is quick at saying whether a module is valid; our own validator says precisely why one is not. What is valid all the
 * same needs a newer V8 (exnref before Node.js 24) or is beyond one of V8's limits. Of what is valid, the rewriting refuses
 * the instructions that are not supported: it looks at all of them anyway.
 */
function validate(module: Module): void {
  const { bytes } = module;
  if (WebAssembly.validate(bytes)) return assertDeclarationsSupported(module);
  assertSupported(module);
  validateModule(module);
  try {
    new WebAssembly.Module(bytes);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const offset = Number(/@\+(\d+)/.exec(message)?.[1] ?? 0);
    const reason = message.replace(/^WebAssembly\.Module\(\): /, '').replace(/ @\+\d+$/, '');
    const advice = 'the module is valid, but this version of V8 does not run it, a newer Node.js may';
    throw new DecodeError('FTW_UNSUPPORTED', offset, `${advice}: ${reason}`);
  }
}

async function compile(module: Module, rewritten: Uint8Array): Promise<WasmModule> {
  try {
    return await WebAssembly.compile(rewritten);
  } catch (cause) {
    throw refusal(module, rewritten, cause as Error);
  }
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await globalThis.crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
