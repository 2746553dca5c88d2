/** The pass: module in, instrumented binary out. The input must have been validated. */
import { ByteWriter } from '../bytes/writer.js';
import { encodeAround } from '../wasm/encode/index.js';
import type {
  CustomSection,
  ElementSegment,
  Export,
  FunctionBody,
  Global,
  Import,
  Module,
  Table,
} from '../wasm/module.js';
import { ValType } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';
import { Section } from '../wasm/sections.js';
import { type AddedFunction, supportFunctions } from './added-functions.js';
import { BRANCH_HINT_SECTION, BranchHints } from './branch-hints.js';
import { analyseCalls, type CallAnalysis, type CodeAnalysis } from './call-graph.js';
import { captureObstacle } from './capture-obstacle.js';
import { ENGINE_MODULE, GLOBALS, Layout } from './layout.js';
import { Renumbering, WantedFunctions } from './numbered.js';
import { DEFAULT_INJECT_OPTIONS, type InjectOptions } from './options.js';
import { type ModuleFacts, RangeRewriter, type RewrittenRange, type Traced } from './range.js';
import { FrameMap } from './resume/frame-map.js';
import { pickFunction, segmentFunctions } from './segments.js';
import { addSmallFunctions } from './small-functions.js';
import type { Trace } from './trace.js';
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
 * Rewrites a validated module. @throws DecodeError FTW_UNSUPPORTED for the first instruction that is refused
 * @example const { bytes } = inject(decodeModule(original));
 */
export function inject(module: Module, options: InjectOptions = DEFAULT_INJECT_OPTIONS): Injected {
  return new Injection(module, options).run();
}

/** Room for the rewritten module in bytes: that in front of its code, and all. Memory that is not written costs nothing. */
export function roomFor(module: Module): { readonly gap: number; readonly all: number } {
  const gap = headRoom(module);
  return { gap, all: gap + Math.ceil(module.bytes.length * ROOM) + (1 << 16) };
}

/** One run of the pass: analysis when it is made, then bodies, then everything around them. */
export class Injection implements ModuleFacts {
  readonly layout: Layout;
  readonly calls: CallAnalysis;
  readonly firstWanted: number;
  private readonly hints = new BranchHints();
  /** Functions named by `ref.func` anywhere in the module, by original index. */
  private readonly referenced = new Set<number>();
  /** Wrappers of exports by original function index; a function that is exported twice has one. */
  private readonly exportWrappers = new Map<number, number>();
  private readonly added: AddedFunction[] = [];
  private readonly wanted: WantedFunctions;

  /** `analysis`: of the module's calls, if it is there already. `code`: where the code goes, behind {@link roomFor}'s gap. */
  constructor(
    readonly module: Module,
    readonly options: InjectOptions,
    analysis?: CodeAnalysis,
    private readonly code = new ByteWriter(roomFor(module).all),
  ) {
    const layout = new Layout(module, options.capture === true && captureObstacle(module) === undefined, options.depth);
    this.layout = layout;
    const { grows, ...calls } = analysis ?? analyseCalls(module, layout.typeIndexOf);
    this.calls = calls;
    for (let index = 0; index < layout.importedFunctions; index++) this.added.push(importWrapper(layout, index));
    for (const each of supportFunctions(layout, grows)) this.added.push(each);
    if (this.hasPick) {
      for (const each of segmentFunctions(layout)) this.added.push(each);
      this.added.push(pickFunction(layout, module.elements.length, layout.pickTable));
    }
    this.firstWanted = layout.importWrappers + this.added.length;
    this.wanted = new WantedFunctions(layout, (added) => layout.importWrappers + this.added.push(added) - 1);
    code.advanceTo(roomFor(module).gap);
  }

  bodyAt(at: number): FunctionBody {
    return this.module.bodies[at]!;
  }

  /** Rewrites all bodies here. */
  run(traced?: Traced): Injected {
    const { module, options } = this;
    const total = codeSize(module);
    let done = 0;
    const onProgress = (bytes: number) => {
      done += bytes;
      options.onProgress?.(done, total);
    };
    const all = { from: 0, to: module.bodies.length };
    this.join(new RangeRewriter(this, this.code).rewrite(all, onProgress, traced));
    return this.finish();
  }

  /** Takes what the next range has asked for; answers under which numbers the module has that. */
  join({ functions, hints, referenced, types }: RewrittenRange): Renumbering {
    const newFunctions = functions.map((wanted) => this.wanted.indexOf(wanted));
    const newTypes = types.map((type) => this.layout.types.indexOf(type));
    this.hints.append(hints);
    for (const index of referenced) this.referenced.add(index);
    return new Renumbering(this.firstWanted, newFunctions, this.layout.types.firstAdded, newTypes);
  }

  /** Ends the module, whose bodies are all in `code`. */
  finish(): Injected {
    const { calls, layout, module, options } = this;
    const bytes = this.encode();
    const frames = layout.capture ? { frames: new FrameMap(module, options, calls) } : {};
    return { bytes, exportPrefix: layout.exportPrefix, ...frames };
  }

  private encode(): Uint8Array {
    const { layout, module } = this;
    const exports = this.exports();
    for (const { locals, code } of this.added) this.addBody(locals, code);
    const empty = new Array<number>(addSmallFunctions(this.code, roomFor(module).gap)).fill(
      layout.types.indexOf({ params: [], results: [] }),
    );
    const types = this.added.map(({ type }) => layout.types.indexOf(type));
    const functions = [...module.functions].map((type) => layout.types.instrumented(type));
    const imports = this.imports();
    const pickable = this.pickable();
    const rewritten: Module = {
      ...withoutStart(module),
      types: layout.types.types,
      imports,
      functions: Uint32Array.from([...functions, ...types, ...empty]),
      globals: [...module.globals, ...this.globals()],
      exports,
      elements: [...module.elements, ...pickable.elements, ...this.declarations()],
      tables: [...module.tables, ...pickable.tables],
      bodies: [],
      customs: this.customs(),
    };
    const code = { out: this.code, gap: roomFor(module).gap, count: rewritten.functions.length };
    return encodeAround(rewritten, code, {
      mapFunction: (index) => this.newIndex(index),
    });
  }

  /** Where the body of a traced function is in what {@link run} has answered. */
  bodyOffset({ bodyBytes, bodyEnd }: Trace, { length }: Uint8Array): number {
    return bodyEnd - bodyBytes - (this.code.length - length);
  }

  /** Whether any function must be reachable by a number that is known when the module runs. */
  private get hasPick(): boolean {
    return this.layout.capture || this.options.depth;
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
    // No `push(...)` of what a module may have a million of: arguments go on the stack.
    return [...guest, ...injected, ...(layout.capture ? this.captureExports() : [])];
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
    const indices = Uint32Array.from(this.referenced);
    if (indices.length === 0) return [];
    return [{ mode: 'declarative', tableIndex: 0, type: ValType.FuncRef, items: { kind: 'funcs', indices } }];
  }
}

/** Room for the rewritten code per byte of the module. */
const ROOM = 2.5;

/** Room for the sections before the code: they name more types, every function once more, and the hints. */
function headRoom({ bodies, bytes, types }: Module): number {
  const original = bodies[0]?.body.start ?? bytes.length;
  return original * 2 + (bodies.length + types.length) * 8 + Math.ceil(bytes.length / 4) + (1 << 16);
}

function withoutStart(module: Module): Module {
  const { start: _start, ...rest } = module;
  return rest;
}

/** Bytes of all bodies. */
export function codeSize(module: Module): number {
  return module.bodies.reduce((total, { body }) => total + body.end - body.start, 0);
}
