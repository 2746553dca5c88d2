/** The pass: module in, instrumented binary out. The input must have been validated. */
import { ByteWriter } from '../bytes/writer.js';
import { encodeAround } from '../wasm/encode/index.js';
import type { CustomSection, ElementSegment, Export, Global, Import, Module, Table } from '../wasm/module.js';
import { ValType } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';
import { Section } from '../wasm/sections.js';
import { type AddedFunction, supportFunctions } from './added-functions.js';
import { BRANCH_HINT_SECTION, BranchHints } from './branch-hints.js';
import { analyseCalls, type CallAnalysis } from './call-graph.js';
import { captureObstacle } from './capture-obstacle.js';
import { CaptureSites } from './capture-sites.js';
import { FunctionPass } from './function-pass.js';
import { FunctionRewriter } from './function-rewriter.js';
import { ENGINE_MODULE, GLOBALS, Layout } from './layout.js';
import { DEFAULT_INJECT_OPTIONS, type InjectOptions } from './options.js';
import { FrameMap } from './resume/frame-map.js';
import { SaveFunctions } from './save-functions.js';
import { pickFunction, segmentFunctions } from './segments.js';
import { SlowEntries } from './slow-entries.js';
import { Trace } from './trace.js';
import { exportWrapper, hostType, importWrapper } from './wrappers.js';

/** The instrumented binary, and how its host reaches into it. */
export interface Injected {
  readonly bytes: Uint8Array;
  /** Prefix of the injected exports: the globals of {@link GLOBALS}, `memory` (memory 0) and `start`, if there are such. */
  readonly exportPrefix: string;
  /** With capture, where the module allows it: the way from saved values to frames and back. */
  readonly frames?: FrameMap;
}

/**
 * Rewrites a validated module.
 * @example const { bytes } = inject(decodeModule(original));
 */
export function inject(module: Module, options: InjectOptions = DEFAULT_INJECT_OPTIONS): Injected {
  const injection = new Injection(module, options);
  const bytes = injection.run();
  const { calls, layout } = injection;
  const frames = layout.capture ? { frames: new FrameMap(module, options, calls) } : {};
  return { bytes, exportPrefix: layout.exportPrefix, ...frames };
}

/** One run of the pass. */
export class Injection {
  readonly layout: Layout;
  private readonly code: ByteWriter;
  /** Bytes at the start of `code` for the sections that precede the code. */
  private readonly gap: number;
  private readonly pass: FunctionPass;
  private readonly hints = new BranchHints();
  /** Wrappers of exports by original function index; a function that is exported twice has one. */
  private readonly exportWrappers = new Map<number, number>();
  private readonly added: AddedFunction[] = [];
  readonly calls: CallAnalysis;
  /** The defined function whose code is traced. */
  private traced: { readonly at: number; readonly trace: Trace } | undefined;

  constructor(
    private readonly module: Module,
    private readonly options: InjectOptions,
  ) {
    this.layout = new Layout(module, options.capture === true && captureObstacle(module) === undefined);
    this.pass = new FunctionPass(this.layout, options);
    this.pass.hints = this.hints;
    this.calls = analyseCalls(module, this.layout.typeIndexOf);
    this.gap = headRoom(module);
    this.code = new ByteWriter(this.gap + Math.ceil(module.bytes.length * ROOM) + (1 << 16));
    this.code.advanceTo(this.gap);
  }

  run(): Uint8Array {
    const { layout, module } = this;
    for (let index = 0; index < layout.importedFunctions; index++) this.added.push(importWrapper(layout, index));
    this.added.push(...supportFunctions(layout));
    if (this.hasPick) {
      this.added.push(...segmentFunctions(layout));
      this.added.push(pickFunction(layout, module.elements.length, layout.pickTable));
    }
    if (layout.capture)
      this.pass.captures = new CaptureSites(module.bytes, this.calls, new SaveFunctions(layout, this.add));
    this.rewriteBodies();
    const exports = this.exports();
    for (const { locals, code } of this.added) this.addBody(locals, code);
    const types = this.added.map(({ type }) => layout.types.indexOf(type));
    const functions = [...module.functions].map((type) => layout.types.instrumented(type));
    const imports = this.imports();
    const pickable = this.pickable();
    const rewritten: Module = {
      ...withoutStart(module),
      types: layout.types.types,
      imports,
      functions: Uint32Array.from([...functions, ...types]),
      globals: [...module.globals, ...this.globals()],
      exports,
      elements: [...module.elements, ...pickable.elements, ...this.declarations()],
      tables: [...module.tables, ...pickable.tables],
      bodies: [],
      customs: this.customs(),
    };
    const code = { out: this.code, gap: this.gap, count: rewritten.functions.length };
    return encodeAround(rewritten, code, {
      mapFunction: (index) => this.newIndex(index),
    });
  }

  /** Traces a defined function (counted without imports) in the run to come. */
  trace(at: number): Trace {
    const trace = new Trace(this.module.bodies[at]!.code.start);
    this.traced = { at, trace };
    return trace;
  }

  /** Where the body of a traced function is in what {@link run} has answered. */
  bodyOffset({ bodyBytes, bodyEnd }: Trace, { length }: Uint8Array): number {
    return bodyEnd - bodyBytes - (this.code.length - length);
  }

  /** Whether any function must be reachable by a number that is known when the module runs. */
  private get hasPick(): boolean {
    return this.layout.capture || this.options.depth;
  }

  /** Adds a function; answers its index in the rewritten module. */
  private readonly add = (added: AddedFunction) => this.layout.importWrappers + this.added.push(added) - 1;

  private rewriteBodies(): void {
    const { layout, module, options } = this;
    const { calls } = this;
    const rewriter = new FunctionRewriter(this.pass, this.code, new SlowEntries(layout, this.add));
    const total = codeSize(module);
    let done = 0;
    for (const [at, body] of module.bodies.entries()) {
      const trace = this.traced?.at === at ? this.traced.trace : undefined;
      this.pass.trace = trace;
      const mark = this.code.openSized();
      const start = this.code.length;
      const index = layout.importedFunctions + at;
      rewriter.rewrite(
        index,
        body,
        module.types[layout.typeIndexOf[index]!]!,
        options.depth && calls.recursive[index] === 1,
      );
      if (trace !== undefined) trace.bodyBytes = this.code.length - start;
      this.code.closeSized(mark);
      if (trace !== undefined) trace.bodyEnd = this.code.length;
      done += body.body.end - body.body.start;
      if (at % PROGRESS_STRIDE === 0 || done === total) options.onProgress?.(done, total);
    }
  }

  private addBody(locals: readonly ValType[], code: Uint8Array): void {
    const mark = this.code.openSized();
    this.code.u32(locals.length);
    for (const local of locals) {
      this.code.u8(1);
      this.code.u8(local);
    }
    this.code.copy(code);
    this.code.closeSized(mark);
  }

  private imports(): Import[] {
    const { layout, module } = this;
    const guest = module.imports.map((entry): Import => {
      if (entry.desc.kind !== 'func') return entry;
      const type = hostType(module.types[entry.desc.typeIndex]!);
      return { ...entry, desc: { kind: 'func', typeIndex: layout.types.indexOf(type) } };
    });
    const engine = layout.engineImports.map(
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
    if (layout.capture) injected.push(...this.captureExports());
    return [...guest, ...injected];
  }

  /** Everything of the instance that another module must be able to import. */
  private captureExports(): Export[] {
    const { layout } = this;
    const named = (kind: 'global' | 'table' | 'memory' | 'tag', count: number): Export[] =>
      Array.from({ length: count }, (_, index) => ({ name: `${layout.exportPrefix}${kind}${index}`, kind, index }));
    const pick = layout.support.pick - layout.importWrappers + layout.typeIndexOf.length;
    return [
      ...named('global', layout.globalTypes.length),
      ...named('table', layout.tableTypes.length),
      ...named('memory', layout.memoryMaxima.length),
      ...named('tag', layout.tagTypes.length),
      ...layout.dropFlags.map(
        ({ name, global }): Export => ({ name: layout.exportPrefix + name, kind: 'global', index: global }),
      ),
      { name: `${layout.exportPrefix}pick`, kind: 'func', index: pick },
    ];
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
    const flags = this.layout.globalCount - GLOBALS.length;
    const types = [...GLOBALS.map(({ type }) => type), ...new Array<ValType>(flags).fill(ValType.I32)];
    return types.map((type) => ({
      global: { type, mutable: true },
      init: { start: 0, end: 3, source: Uint8Array.of(type === ValType.I64 ? Op.I64Const : Op.I32Const, 0, Op.End) },
    }));
  }

  /** The guest's names, and hints, which must stand before the code. */
  private customs(): CustomSection[] {
    const names = this.module.customs.filter(({ name }) => name === 'name');
    const source = this.hints.content();
    if (source === undefined) return names;
    const data = { start: 0, end: source.length, source };
    return [{ name: BRANCH_HINT_SECTION, data, after: Section.Element }, ...names];
  }

  /** The segment and the table of `pick`: every guest function, wrapper and support function by its new index. */
  private pickable(): { elements: ElementSegment[]; tables: Table[] } {
    const { layout } = this;
    if (!this.hasPick) return { elements: [], tables: [] };
    const originals = layout.typeIndexOf.length;
    const indices = Uint32Array.from({ length: originals + this.added.length }, (_, at) => at);
    return {
      elements: [{ mode: 'passive', tableIndex: 0, type: ValType.FuncRef, items: { kind: 'funcs', indices } }],
      tables: [{ table: { element: ValType.FuncRef, limits: { min: 1, max: 1 } } }],
    };
  }

  /** `ref.func` needs its function declared; being exported counted, but now the wrapper is exported instead. */
  private declarations(): ElementSegment[] {
    const indices = Uint32Array.from(this.pass.referenced);
    if (indices.length === 0) return [];
    return [{ mode: 'declarative', tableIndex: 0, type: ValType.FuncRef, items: { kind: 'funcs', indices } }];
  }
}

/** Room for the rewritten code per byte of the module. Memory that is not written costs nothing. */
const ROOM = 2.5;

/** Room for the sections before the code: they name more types, and every function once more. */
function headRoom({ bodies, bytes, types }: Module): number {
  const original = bodies[0]?.body.start ?? bytes.length;
  return original * 2 + (bodies.length + types.length) * 8 + (1 << 16);
}

/** Functions between two calls of `onProgress`. */
const PROGRESS_STRIDE = 256;

function withoutStart(module: Module): Module {
  const { start: _start, ...rest } = module;
  return rest;
}

function codeSize(module: Module): number {
  return module.bodies.reduce((total, { body }) => total + body.end - body.start, 0);
}
