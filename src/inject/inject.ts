/** The pass: module in, instrumented binary out. The input must have been validated. */
import { ByteWriter } from '../bytes/writer.js';
import { encodeModule } from '../wasm/encode/index.js';
import type { ElementSegment, Export, FunctionBody, Global, Import, Module, Range } from '../wasm/module.js';
import { ValType } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';
import { type AddedFunction, supportFunctions } from './added-functions.js';
import { recursiveFunctions } from './call-graph.js';
import { FunctionPass } from './function-pass.js';
import { FunctionRewriter } from './function-rewriter.js';
import { ENGINE_IMPORTS, ENGINE_MODULE, GLOBALS, Layout } from './layout.js';
import { DEFAULT_INJECT_OPTIONS, type InjectOptions } from './options.js';
import { exportWrapper, hostType, importWrapper } from './wrappers.js';

/** The instrumented binary, and how its host reaches into it. */
export interface Injected {
  readonly bytes: Uint8Array;
  /** Prefix of the injected exports: the globals of {@link GLOBALS}, `memory` (memory 0) and `start`, if there are such. */
  readonly exportPrefix: string;
}

/**
 * Rewrites a validated module.
 * @example const { bytes } = inject(decodeModule(original));
 */
export function inject(module: Module, options: InjectOptions = DEFAULT_INJECT_OPTIONS): Injected {
  const injection = new Injection(module, options);
  return { bytes: injection.run(), exportPrefix: injection.layout.exportPrefix };
}

class Injection {
  readonly layout: Layout;
  private readonly code: ByteWriter;
  private readonly pass: FunctionPass;
  /** Wrappers of exports by original function index; a function that is exported twice has one. */
  private readonly exportWrappers = new Map<number, number>();
  private readonly added: AddedFunction[] = [];

  constructor(
    private readonly module: Module,
    private readonly options: InjectOptions,
  ) {
    this.layout = new Layout(module);
    this.pass = new FunctionPass(this.layout, options);
    this.code = new ByteWriter(Math.ceil(codeSize(module) * EXPECTED_GROWTH) + 1024);
  }

  run(): Uint8Array {
    const { layout, module } = this;
    const bodies = this.rewriteBodies();
    for (let index = 0; index < layout.importedFunctions; index++) this.added.push(importWrapper(layout, index));
    this.added.push(...supportFunctions(layout, layout.importedFunctions));
    const exports = this.exports();
    for (const { locals, code } of this.added) bodies.push(this.addBody(locals, code));
    const types = this.added.map(({ type }) => layout.types.indexOf(type));
    const functions = [...module.functions].map((type) => layout.types.instrumented(type));
    const imports = this.imports();
    const rewritten: Module = {
      ...withoutStart(module),
      types: layout.types.types,
      imports,
      functions: Uint32Array.from([...functions, ...types]),
      globals: [...module.globals, ...this.globals()],
      exports,
      elements: [...module.elements, ...this.declarations()],
      bodies: this.finishRanges(bodies),
    };
    return encodeModule(rewritten, {
      mapFunction: (index) => this.newIndex(index),
      keepCustom: ({ name }) => name === 'name',
      capacity: module.bytes.length - codeSize(module) + this.code.length + 4 * bodies.length + 4096,
    });
  }

  private rewriteBodies(): Range[] {
    const { layout, module, options } = this;
    const recursive = options.depth
      ? recursiveFunctions(module, layout.typeIndexOf)
      : new Uint8Array(layout.typeIndexOf.length);
    const rewriter = new FunctionRewriter(this.pass, this.code);
    const total = codeSize(module);
    let done = 0;
    return module.bodies.map((body, at) => {
      const start = this.code.length;
      const index = layout.importedFunctions + at;
      rewriter.rewrite(index, body, module.types[layout.typeIndexOf[index]!]!, recursive[index] === 1);
      done += body.body.end - body.body.start;
      if (at % PROGRESS_STRIDE === 0 || done === total) options.onProgress?.(done, total);
      return { start, end: this.code.length };
    });
  }

  private addBody(locals: readonly ValType[], code: Uint8Array): Range {
    const start = this.code.length;
    this.code.u32(locals.length);
    for (const local of locals) {
      this.code.u8(1);
      this.code.u8(local);
    }
    this.code.copy(code);
    return { start, end: this.code.length };
  }

  /** The code buffer moves while it grows; ranges get their source when it is complete. */
  private finishRanges(ranges: readonly Range[]): FunctionBody[] {
    const source = this.code.bytes;
    return ranges.map(({ start, end }) => ({ body: { start, end, source }, code: { start, end, source } }));
  }

  private imports(): Import[] {
    const { layout, module } = this;
    const guest = module.imports.map((entry): Import => {
      if (entry.desc.kind !== 'func') return entry;
      const type = hostType(module.types[entry.desc.typeIndex]!);
      return { ...entry, desc: { kind: 'func', typeIndex: layout.types.indexOf(type) } };
    });
    const engine = ENGINE_IMPORTS.map(
      ({ name, params, results }): Import => ({
        module: ENGINE_MODULE,
        name,
        desc: { kind: 'func', typeIndex: layout.types.indexOf({ params, results }) },
        offset: 0,
      }),
    );
    return [...guest, ...engine];
  }

  private exports(): Export[] {
    const { layout, module } = this;
    const guest = module.exports.map((entry) =>
      entry.kind === 'func' ? { ...entry, index: this.wrapExport(entry.index) } : entry,
    );
    const injected = GLOBALS.map(
      ({ name }): Export => ({ name: layout.exportPrefix + name, kind: 'global', index: layout.global(name) }),
    );
    if (layout.memoryMaxima.length > 0) {
      injected.push({ name: `${layout.exportPrefix}memory`, kind: 'memory', index: 0 });
    }
    if (module.start !== undefined) {
      injected.push({ name: `${layout.exportPrefix}start`, kind: 'func', index: this.wrapExport(module.start) });
    }
    return [...guest, ...injected];
  }

  /** Index (in the extended original space, see {@link newIndex}) of the wrapper of an exported function. */
  private wrapExport(index: number): number {
    let wrapper = this.exportWrappers.get(index);
    if (wrapper === undefined) {
      wrapper = this.layout.typeIndexOf.length + this.added.push(exportWrapper(this.layout, index)) - 1;
      this.exportWrappers.set(index, wrapper);
    }
    return wrapper;
  }

  /** Original indices go where the layout says; those from the original count on are the added functions. */
  private newIndex(index: number): number {
    const originals = this.layout.typeIndexOf.length;
    return index < originals ? this.layout.functionIndex(index) : this.layout.importWrappers + index - originals;
  }

  private globals(): Global[] {
    return GLOBALS.map(({ type }) => ({
      global: { type, mutable: true },
      init: { start: 0, end: 3, source: Uint8Array.of(type === ValType.I64 ? Op.I64Const : Op.I32Const, 0, Op.End) },
    }));
  }

  /** `ref.func` needs its function declared; being exported counted, but now the wrapper is exported instead. */
  private declarations(): ElementSegment[] {
    const indices = Uint32Array.from(this.pass.referenced);
    if (indices.length === 0) return [];
    return [{ mode: 'declarative', tableIndex: 0, type: ValType.FuncRef, items: { kind: 'funcs', indices } }];
  }
}

/** Instrumented size of code by its original size; LLVM as a module comes to 1.36. */
const EXPECTED_GROWTH = 1.5;

/** Functions between two calls of `onProgress`. */
const PROGRESS_STRIDE = 256;

function withoutStart(module: Module): Module {
  const { start: _start, ...rest } = module;
  return rest;
}

function codeSize(module: Module): number {
  return module.bodies.reduce((total, { body }) => total + body.end - body.start, 0);
}
