/** A decoded and validated module, and how to make instances of it. */
import { recursionOf } from '../../inject/index.js';
import type { Module } from '../../wasm/module.js';
import { functionType, functionTypeIndices } from '../../wasm/spaces.js';
import { checkDeclared } from '../declared.js';
import type { InstanceOptions, PreparedModule } from '../engine.js';
import type { EngineState } from '../state.js';
import { InterpreterInstance } from './instance.js';
import { allocate } from './instantiate.js';
import { machineFor, resolveImports } from './linker.js';
import { Machine } from './machine.js';
import type { RegionOptions } from './regions/regions.js';
import { Runner } from './runner.js';
import type { WasmModule } from './webassembly.js';

/** Runners by machine: instances that share a machine share its counter. */
const runners = new WeakMap<Machine, Runner>();

function runnerOf(machine: Machine, options: InstanceOptions): Runner {
  const known = runners.get(machine);
  if (known !== undefined) return known;
  const runner = new Runner(machine, options);
  runners.set(machine, runner);
  return runner;
}

export class InterpretedModule implements PreparedModule {
  readonly imports: PreparedModule['imports'];
  readonly exports: PreparedModule['exports'];
  private recursion: Uint8Array | undefined;

  constructor(
    readonly hash: string,
    readonly module: Module,
    private readonly loop: WasmModule,
    private readonly regions: RegionOptions,
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
  instantiate(options: InstanceOptions): InterpreterInstance {
    checkDeclared(this.module, options.limits);
    const { module } = this;
    const resolved = resolveImports(module, options);
    const machine = machineFor(module, resolved) ?? new Machine(this.loop, options.limits, this.regions);
    const spaces = allocate(module, machine, resolved, options, () => this.recursionOfAll());
    return new InterpreterInstance(module, spaces, runnerOf(machine, options));
  }

  restore(state: EngineState, options: InstanceOptions): InterpreterInstance {
    const instance = this.instantiate(options);
    instance.load(state);
    return instance;
  }

  /** Found when the first function is translated, once for all instances. */
  private recursionOfAll(): Uint8Array {
    this.recursion ??= recursionOf(this.module, functionTypeIndices(this.module));
    return this.recursion;
  }
}
