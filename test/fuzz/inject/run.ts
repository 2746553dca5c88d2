/** Runs every export of a module and writes down what can be seen. The injected form is run without an engine around it. */
import { outcomeOf } from '../../../src/engine/compiled/outcome.js';
import { type WasmExports, type WasmGlobal, WebAssembly } from '../../../src/engine/compiled/webassembly.js';
import { ENGINE_MODULE, type Injected, sliceEnd } from '../../../src/inject/index.js';
import { type FuncType, type Module, ValType } from '../../../src/wasm/module.js';
import { allTags, functionType } from '../../../src/wasm/spaces.js';

export interface Seen {
  /** Host calls with arguments, results, traps and exported globals, in order. */
  readonly log: string[];
  /** Counters, in order: at each host call, at the end of each slice and after each export. */
  readonly counters: number[];
  readonly memory: Uint8Array | undefined;
}

const GLOBAL_TYPES: Partial<Record<ValType, string>> = {
  [ValType.I32]: 'i32',
  [ValType.I64]: 'i64',
  [ValType.F32]: 'f32',
  [ValType.F64]: 'f64',
  [ValType.FuncRef]: 'anyfunc',
  [ValType.ExternRef]: 'externref',
};

/** Fuel per slice: small, so that the cold paths run often. */
const SLICE = 97;

/** The argument or result to use for a type. */
function sample(type: ValType): unknown {
  if (type === ValType.I64) return 0n;
  return type === ValType.FuncRef || type === ValType.ExternRef ? null : 0;
}

function show(value: unknown): string {
  return typeof value === 'function' ? 'function' : String(value);
}

/**
 * What the code of a capture calls. Nothing is captured here, but a host function whose type V8 does not take throws an error
 * into the guest, which its frames catch as they would a capture.
 */
const unwind = () => {
  throw new TypeError('a host function cannot be called');
};
const NOT_CAPTURED = {
  ...Object.fromEntries(['put32', 'put64', 'putFunction', 'putExternal'].map((name) => [name, () => {}])),
  ...{ frame: unwind, leave: unwind },
};

class Run {
  readonly log: string[] = [];
  readonly counters: number[] = [];
  private exports: WasmExports = {};

  constructor(
    private readonly module: Module,
    private readonly injected: Injected | undefined,
  ) {}

  run(): Seen {
    const bytes = this.injected?.bytes ?? this.module.bytes;
    this.note('instantiate', () => {
      this.exports = new WebAssembly.Instance(new WebAssembly.Module(bytes), this.imports()).exports;
    });
    if (Object.keys(this.exports).length > 0) this.runExports();
    return { log: this.log, counters: this.counters, memory: this.memory() };
  }

  private runExports(): void {
    const { exports, module } = this;
    if (this.injected !== undefined) this.openLimits();
    for (const { name, kind, index } of module.exports) {
      const exported = exports[name];
      if (kind === 'func') this.call(name, exported as (...args: unknown[]) => unknown, functionType(module, index)!);
      if (kind === 'global') this.note(name, () => (exported as WasmGlobal).value);
    }
  }

  private call(name: string, exported: (...args: unknown[]) => unknown, { params }: FuncType): void {
    this.note(name, () => exported(...params.map(sample)));
    if (this.injected === undefined) return;
    const [base, counter] = [this.global('base').value, this.global('counter').value] as [bigint, bigint];
    this.counters.push(Number(base + counter));
  }

  private openLimits(): void {
    this.global('depth').value = 1_000_000;
    this.global('memoryPagesMax').value = 1000;
    this.global('tableElementsMax').value = 100_000;
    const counter = sliceEnd(allTags(this.module).length > 0) - SLICE;
    this.global('counter').value = BigInt(counter);
    this.global('base').value = BigInt(-counter);
  }

  private check(counter: number): number {
    this.counters.push(counter);
    return SLICE;
  }

  private imports(): Record<string, Record<string, unknown>> {
    const imports: Record<string, Record<string, unknown>> = {
      [ENGINE_MODULE]: { check: (counter: number) => this.check(counter), ...NOT_CAPTURED },
    };
    for (const { module: from, name, desc } of this.module.imports) {
      imports[from] ??= {};
      if (desc.kind === 'func') imports[from][name] = this.hostFunction(name, this.module.types[desc.typeIndex]!);
      if (desc.kind === 'global') {
        const { mutable, type } = desc.global;
        imports[from][name] = new WebAssembly.Global({ value: GLOBAL_TYPES[type]!, mutable }, sample(type));
      }
    }
    return imports;
  }

  private hostFunction(name: string, { results }: FuncType) {
    const values = results.map(sample);
    return (...args: unknown[]) => {
      if (this.injected !== undefined) this.counters.push(args.pop() as number);
      this.log.push(`${name}(${args.map(show).join()})`);
      return values.length > 1 ? values : values[0];
    };
  }

  private note(what: string, action: () => unknown): void {
    try {
      this.log.push(`${what} = ${[action()].flat().map(show).join()}`);
    } catch (error) {
      const ended = error instanceof TypeError ? { kind: 'TypeError' } : outcomeOf(error, 0);
      this.log.push(`${what}: ${'trap' in ended ? ended.trap : ended.kind}`);
    }
  }

  private global(name: string): WasmGlobal {
    return this.exports[this.injected!.exportPrefix + name] as WasmGlobal;
  }

  private memory(): Uint8Array | undefined {
    const exported = this.module.exports.find(({ kind, index }) => kind === 'memory' && index === 0);
    const memory = exported && (this.exports[exported.name] as { buffer: ArrayBuffer } | undefined);
    return memory && new Uint8Array(memory.buffer);
  }
}

/** Runs the original module, or its injected form. */
export function observe(module: Module, injected?: Injected): Seen {
  return new Run(module, injected).run();
}
