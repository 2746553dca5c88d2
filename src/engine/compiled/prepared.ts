/** A compiled module and how to make instances of it. */
import { FtWasmError } from '../../errors.js';
import { type CaptureObstacle, captureObstacle, ENGINE_MODULE, type Injected, siteBehind } from '../../inject/index.js';
import type { Module } from '../../wasm/module.js';
import { allTags, functionType } from '../../wasm/spaces.js';
import { checkDeclared } from '../declared.js';
import type { EngineInstance, InstanceOptions, MarkingCode, PreparedModule } from '../engine.js';
import type { EngineState } from '../state.js';
import { type ParsedAddress, parseAddress } from './addresses.js';
import { CaptureCode, instanceCapture } from './capture-code.js';
import type { MadeSupport, RewrittenBody } from './capture-maker.js';
import { Exchange } from './exchange.js';
import { linkImports } from './host-calls.js';
import { CompiledInstance, StillbornInstance } from './instance.js';
import { InstanceMonitor, type InstanceParts, type Marking } from './instance-parts.js';
import { markingCaptureCode, markingInstance } from './marking.js';
import { outcomeOf } from './outcome.js';
import type { Locate } from './places.js';
import { Slices } from './slices.js';
import { type WasmExports, type WasmImports, type WasmMemory, type WasmModule, WebAssembly } from './webassembly.js';

export interface ModuleParts {
  /** SHA-256 of the original bytes, hex. */
  readonly hash: string;
  readonly module: Module;
  readonly compiled: WasmModule;
  readonly injected: Omit<Injected, 'bytes'>;
  readonly locate: Locate;
  /** In code with marks. */
  readonly locateMarked: Locate;
  /** What keeps it from being captured although it was rewritten for that. */
  readonly tooLarge: CaptureObstacle | undefined;
}

export class CompiledModule implements PreparedModule {
  readonly imports: PreparedModule['imports'];
  readonly exports: PreparedModule['exports'];
  private readonly code: CaptureCode | undefined;
  /** Rewritten functions that support was made for, by index in the rewritten module. */
  private readonly bodies = new Map<number, RewrittenBody>();
  /** The same for {@link EngineInstance.beginMarking}. */
  private marked: CaptureCode | undefined;

  readonly hash: string;

  constructor(private readonly parts: ModuleParts) {
    const { injected, module } = parts;
    const { frames } = injected;
    this.hash = parts.hash;
    this.code = frames && new CaptureCode(frames);
    this.imports = module.imports.map(({ module: from, name, desc }) => ({
      module: from,
      name,
      kind: desc.kind,
      ...(desc.kind === 'func' ? { type: module.types[desc.typeIndex]! } : {}),
    }));
    this.exports = module.exports.map(({ name, kind, index }) => ({
      name,
      kind,
      ...(kind === 'func' ? { type: functionType(module, index)! } : {}),
    }));
  }

  /** @throws LinkError when imports are missing, FTW_LIMIT when the module needs more than the limits allow */
  instantiate(options: InstanceOptions): EngineInstance {
    return this.instantiateAt(options, new Slices(options));
  }

  restore(state: EngineState, options: InstanceOptions): EngineInstance {
    const instance = this.instantiateAt(options, new Slices(options, state.sliceEnd));
    if (!(instance instanceof CompiledInstance)) {
      throw new FtWasmError('FTW_SNAPSHOT', 'the snapshot is of another module: this one cannot be instantiated');
    }
    instance.load(state);
    return instance;
  }

  private instantiateAt(options: InstanceOptions, slices: Slices): EngineInstance {
    checkDeclared(this.parts.module, options.limits);
    const { limits, onStanding = () => {} } = options;
    const { compiled, injected, locate, module } = this.parts;
    const { exportPrefix: prefix } = injected;
    const monitor = new InstanceMonitor();
    const { functions, imports } = linkImports(module, options.imports, monitor);
    const exchange = new Exchange();
    const check = (counter: number) => monitor.instance!.check(counter);
    const engine = { check, ...(this.code && exchange.imports(this.code)) };
    let exports: WasmExports;
    try {
      exports = new WebAssembly.Instance(compiled, { ...imports, [ENGINE_MODULE]: engine }).exports;
    } catch (error) {
      if (error instanceof RangeError) throw memoryRefused(error);
      return new StillbornInstance(outcomeOf(error, 0));
    }
    return new CompiledInstance({
      ...{ exports, prefix, limits, slices, monitor, functions, locate, onStanding },
      handlers: allTags(module).length > 0,
      obstacle: () => captureObstacle(module) ?? this.parts.tooLarge,
      memory: exports[`${prefix}memory`] as WasmMemory | undefined,
      importTypes: this.imports.flatMap(({ type }) => (type === undefined ? [] : [type])),
      capture:
        this.code && this.parts.tooLarge === undefined
          ? instanceCapture(this.code, exports, prefix, exchange, limits.stackUnitsMax, onStanding)
          : undefined,
      ...(this.code && {
        support: (made) => this.learn(made as MadeSupport),
        isSupported: (address, marked) => this.isSupported(address, marked),
      }),
      marking: this.canMark ? (plain, code) => this.mark(plain, code, imports) : undefined,
    });
  }

  private get canMark(): boolean {
    const { module, tooLarge } = this.parts;
    return this.code !== undefined && tooLarge === undefined && module.memories.length === 1;
  }

  private mark(plain: InstanceParts, code: MarkingCode, imports: WasmImports): Marking {
    this.marked ??= markingCaptureCode(this.code!.frames);
    return markingInstance({ ...plain, locate: this.parts.locateMarked }, code, this.marked, imports);
  }

  private isSupported(address: string, marked: boolean): boolean {
    const offset = this.placeAt(parseAddress(address));
    if (offset === undefined) return false;
    return this.code!.resumeCodeAt(offset, false) !== undefined && (!marked || this.hasMarked(offset));
  }

  private hasMarked(offset: number): boolean {
    return this.marked?.resumeCodeAt(offset, false) !== undefined;
  }

  /** Where a frame goes on that waits for the call at the address, if that is known. */
  private placeAt({ index, offset, resumed }: ParsedAddress): number | undefined {
    if (resumed !== undefined) {
      const code = this.code!.resumeCodeAt(resumed.offset, resumed.raise);
      return code?.sites.get(siteBehind(code.bytes, offset) ?? -1)?.offset;
    }
    const body = this.bodies.get(index!);
    const site = body && siteBehind(body.bytes, offset - body.start);
    return site === undefined ? undefined : this.code!.frames.framesOf(body!.functionIndex).sites.get(site)?.offset;
  }

  /** What was made for all instances of the module. */
  private learn({ body, code, frames, globals, markedCode, place }: MadeSupport): void {
    this.bodies.set(body.index, body);
    this.code!.frames.learn(frames, place);
    this.code!.learn(place, code, globals);
    if (markedCode === undefined) return;
    this.marked ??= markingCaptureCode(this.code!.frames);
    this.marked.learn(place, markedCode, globals);
  }
}

function memoryRefused(cause: RangeError): FtWasmError {
  return new FtWasmError('FTW_HOST', `the host cannot provide the module's memory: ${cause.message}`, {}, { cause });
}
