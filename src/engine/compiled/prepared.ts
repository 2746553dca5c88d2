/** A compiled module and how to make instances of it. */
import { FtWasmError } from '../../errors.js';
import { ENGINE_MODULE } from '../../inject/index.js';
import type { Module } from '../../wasm/module.js';
import { functionType } from '../../wasm/spaces.js';
import type { EngineInstance, InstanceOptions, PreparedModule } from '../engine.js';
import { linkImports } from './host-calls.js';
import { CompiledInstance, outcomeOf, StillbornInstance } from './instance.js';
import { Slices } from './slices.js';
import { type WasmExports, type WasmMemory, type WasmModule, WebAssembly } from './webassembly.js';

export class CompiledModule implements PreparedModule {
  readonly imports: PreparedModule['imports'];
  readonly exports: PreparedModule['exports'];

  constructor(
    readonly hash: string,
    private readonly module: Module,
    private readonly compiled: WasmModule,
    private readonly exportPrefix: string,
  ) {
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
    this.checkLimits(options);
    let instance: CompiledInstance | undefined;
    const linked = linkImports(this.module, options.imports, (thrown) => instance!.stopWith(thrown));
    linked[ENGINE_MODULE] = { check: (counter: number) => instance!.check(counter) };
    let exports: WasmExports;
    try {
      exports = new WebAssembly.Instance(this.compiled, linked).exports;
    } catch (error) {
      if (error instanceof RangeError) throw memoryRefused(error);
      return new StillbornInstance(outcomeOf(error, 0));
    }
    const memory = exports[`${this.exportPrefix}memory`] as WasmMemory | undefined;
    instance = new CompiledInstance(exports, this.exportPrefix, options.limits, new Slices(options), memory);
    return instance;
  }

  private checkLimits({ limits }: InstanceOptions): void {
    for (const { min } of this.module.memories) {
      if (min > limits.memoryPagesMax) throw tooLarge('memory', 'pages', min, limits.memoryPagesMax);
    }
    for (const { table } of this.module.tables) {
      const { min } = table.limits;
      if (min > limits.tableElementsMax) throw tooLarge('table', 'elements', min, limits.tableElementsMax);
    }
  }
}

function tooLarge(what: string, unit: string, min: number, max: number): FtWasmError {
  const message = `the module declares a ${what} of at least ${min} ${unit}, the limit is ${max}`;
  return new FtWasmError('FTW_LIMIT', message, { what, min, max });
}

function memoryRefused(cause: RangeError): FtWasmError {
  return new FtWasmError('FTW_HOST', `the host cannot provide the module's memory: ${cause.message}`, {}, { cause });
}
