/**
 * Index spaces of the rewritten module. Functions: the guest's imports, the engine's imports, the guest's functions, one
 * wrapper per import, support functions, then functions that save frames and one wrapper per exported function. Globals:
 * the guest's, then {@link GLOBALS}, then flags of passive segments.
 * Types, tables, memories, segments and tags keep their indices.
 */
import { invariant } from '../errors.js';
import type { GlobalType, Module } from '../wasm/module.js';
import { ValType } from '../wasm/module.js';
import { TypeTable } from './type-table.js';

/** The module from which the engine's functions are imported. Every import repeats the name. */
export const ENGINE_MODULE = 'ftw';

/** A function that the engine provides. */
export interface EngineImport {
  readonly name: EngineImportName;
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
}

/** `check(counter: f64) -> f64`: a slice is used up; answers the instructions until the next check (at least 1). */
const CHECK: EngineImport = { name: 'check', params: [ValType.F64], results: [ValType.F64] };

/** Throws what every frame catches to save itself, see {@link Layout.leavesByThrowing}. */
const LEAVE: EngineImport = { name: 'leave', params: [], results: [] };

/**
 * How a frame is handed over: the bits of each value, then `frame` with the site and the original function index, which throws
 * as `leave` does ({@link Layout.leavesByThrowing}).
 */
export const PUT_IMPORTS: readonly EngineImport[] = [
  { name: 'put32', params: [ValType.I32], results: [] },
  { name: 'put64', params: [ValType.I64], results: [] },
  { name: 'putFunction', params: [ValType.FuncRef], results: [] },
  { name: 'putExternal', params: [ValType.ExternRef], results: [] },
  { name: 'frame', params: [ValType.I32, ValType.I32], results: [] },
  LEAVE,
];

/** Throws the exception that came out of the frame above the one that is resumed. */
export const RAISE_IMPORT: EngineImport = { name: 'raise', params: [], results: [] };

/** How a resume function gets its frame back: the next value's bits. */
export const TAKE_IMPORTS: readonly EngineImport[] = [
  { name: 'take32', params: [], results: [ValType.I32] },
  { name: 'take64', params: [], results: [ValType.I64] },
  { name: 'takeFunction', params: [], results: [ValType.FuncRef] },
  { name: 'takeExternal', params: [], results: [ValType.ExternRef] },
];

export type EngineImportName =
  | 'check'
  | 'put32'
  | 'put64'
  | 'putFunction'
  | 'putExternal'
  | 'frame'
  | 'leave'
  | 'raise'
  | 'take32'
  | 'take64'
  | 'takeFunction'
  | 'takeExternal';

/** Instructions that a slice can have: what four bytes of LEB128 and an immediate operand of the processor allow. */
export const SLICE_MAX = 2 ** 27 - 2;

/**
 * The counter at which a slice ends. 0 is looked at with the fewest bytes of code. Where functions return the counter 0 to say
 * that they did not run to their end (see `capture.ts`), counters are positive in place of negative. `handlers`: the guest has
 * exceptions of its own.
 */
export function sliceEnd(handlers: boolean): number {
  return handlers ? SLICE_MAX + 1 : 0;
}

/** Injected globals, all exported under {@link Layout.exportPrefix} + name. */
export const GLOBALS = [
  /** Instructions since `base`, {@link sliceEnd} when the slice is used up; exact whenever the host can look. */
  { name: 'counter', type: ValType.I64 },
  /** Executed instructions = base + counter. */
  { name: 'base', type: ValType.I64 },
  /** Stack units left to whatever the host calls next, as {@link Layout.depthOf} writes them. */
  { name: 'depth', type: ValType.I32 },
  /** Why the rewritten code stops itself, see {@link Halt}. */
  { name: 'halt', type: ValType.I32 },
  { name: 'memoryPagesMax', type: ValType.I32 },
  { name: 'tableElementsMax', type: ValType.I32 },
] as const;
export type InjectedGlobal = (typeof GLOBALS)[number]['name'];

/** Values of the global `halt`: they tell injected traps from the guest's own. */
export const Halt = {
  None: 0,
  /** The host asked for it in an imported function or check. */
  Stop: 1,
  StackOverflow: 2,
  /** A memory or table could not grow although the limits allow it. */
  GrowFailed: 3,
  /** No trap: frames are being saved, all functions are left. */
  Capture: 4,
} as const;

export interface SupportIndices {
  /** `(counter i64) -> i64`: the cold path of pre-emption points. */
  readonly poll: number;
  /** `() -> i64`: elements of all tables together; only where there are several. */
  readonly tableElements: number | undefined;
  /** Per memory: `memory.grow` within the limits. */
  readonly memoryGrow: number;
  /** Per table: `table.grow` within the limits. */
  readonly tableGrow: number;
  /** See `segments.ts`: per data segment, */
  readonly memoryInit: number;
  readonly dataDrop: number;
  /** per element segment and table, */
  readonly tableInit: number;
  /** per element segment. */
  readonly elementDrop: number;
  /** `(what {@link Layout.pickIndex} answers) -> funcref`, which is then the only element of {@link Layout.pickTable}. */
  readonly pick: number;
}

export class Layout {
  readonly types: TypeTable;
  /** Original type index by original function index, imports first. */
  readonly typeIndexOf: Uint32Array;
  readonly importedFunctions: number;
  readonly definedStart: number;
  readonly importWrappers: number;
  readonly support: SupportIndices;
  /** Original globals by index, imports first. */
  readonly globalTypes: readonly GlobalType[];
  /** Element types of tables by index, imports first. */
  readonly tableTypes: readonly ValType[];
  /** Type index by tag index, imports first. */
  readonly tagTypes: readonly number[];
  readonly memoryMaxima: readonly number[];
  readonly tableMaxima: readonly number[];
  readonly engineImports: readonly EngineImport[];
  /** Global that says whether a passive segment was dropped: new index by segment. */
  private readonly dataFlags = new Map<number, number>();
  private readonly elementFlags = new Map<number, number>();
  /** Injected globals in all. */
  readonly globalCount: number;
  /** Prefix of the injected exports; no export of the guest starts with it. */
  readonly exportPrefix: string;

  /** Whether functions get the depth that is left. Not when only their instructions are counted. */
  readonly passesDepth: boolean;

  /** `capture`, `depth`: as in {@link InjectOptions}; `capture` where the module allows it. */
  constructor(
    readonly module: Module,
    readonly capture: boolean,
    depth = true,
  ) {
    this.passesDepth = capture || depth;
    this.types = new TypeTable(module.types, this.passesDepth);
    const imports = module.imports.map(({ desc }) => desc);
    const importedTypes = imports.flatMap((desc) => (desc.kind === 'func' ? [desc.typeIndex] : []));
    this.importedFunctions = importedTypes.length;
    this.typeIndexOf = Uint32Array.from([...importedTypes, ...module.functions]);
    this.globalTypes = [
      ...imports.flatMap((desc) => (desc.kind === 'global' ? [desc.global] : [])),
      ...module.globals.map(({ global }) => global),
    ];
    const tables = [
      ...imports.flatMap((desc) => (desc.kind === 'table' ? [desc.table] : [])),
      ...module.tables.map(({ table }) => table),
    ];
    this.tableTypes = tables.map(({ element }) => element);
    this.tableMaxima = tables.map(({ limits }) => limits.max ?? UNLIMITED);
    this.tagTypes = [
      ...imports.flatMap((desc) => (desc.kind === 'tag' ? [desc.typeIndex] : [])),
      ...module.tags.map(({ typeIndex }) => typeIndex),
    ];
    const memories = [...imports.flatMap((desc) => (desc.kind === 'memory' ? [desc.memory] : [])), ...module.memories];
    this.memoryMaxima = memories.map(({ max }) => max ?? UNLIMITED);
    this.engineImports = capture ? [CHECK, ...PUT_IMPORTS] : [CHECK];
    this.definedStart = this.importedFunctions + this.engineImports.length;
    this.importWrappers = this.definedStart + module.functions.length;
    const poll = this.importWrappers + this.importedFunctions;
    const tableElements = tables.length > 1 ? poll + 1 : undefined;
    const memoryGrow = (tableElements ?? poll) + 1;
    const tableGrow = memoryGrow + memories.length;
    const memoryInit = tableGrow + tables.length;
    const dataDrop = memoryInit + (module.dataCount ?? 0);
    const tableInit = dataDrop + (module.dataCount ?? 0);
    const elementDrop = tableInit + module.elements.length * tables.length;
    const pick = elementDrop + module.elements.length;
    this.support = {
      poll,
      tableElements,
      memoryGrow,
      tableGrow,
      memoryInit,
      dataDrop,
      tableInit,
      elementDrop,
      pick,
    };
    let flag = this.globalTypes.length + GLOBALS.length;
    if (capture) {
      for (const [at, { mode }] of module.data.entries()) if (mode === 'passive') this.dataFlags.set(at, flag++);
      for (const [at, { mode }] of module.elements.entries()) if (mode === 'passive') this.elementFlags.set(at, flag++);
    }
    this.globalCount = flag - this.globalTypes.length;
    this.exportPrefix = freePrefix(module);
  }

  /** Where a guest function is now: a defined one itself, an imported one through its wrapper. */
  functionIndex(original: number): number {
    return original < this.importedFunctions
      ? this.importWrappers + original
      : this.definedStart + original - this.importedFunctions;
  }

  /** Exceptions can be caught: the lowest bit of a depth says that a frame holds one, see `exceptions.ts`. */
  get handlers(): boolean {
    return this.tagTypes.length > 0;
  }

  /**
   * Whether a function that is being captured throws, in place of returning the counter 0 (see `capture.ts`). Not where the
   * guest has exceptions of its own: its handlers, and ours, would have to be told which is which.
   */
  get leavesByThrowing(): boolean {
    return this.capture && !this.handlers;
  }

  /** See {@link sliceEnd}. */
  get sliceEnd(): number {
    return sliceEnd(this.handlers);
  }

  /** Stack units as the depth parameter has them. */
  depthOf(units: number): number {
    return this.handlers ? units * 2 : units;
  }

  /** What a function of the rewritten module is called in the code that is being written. */
  callee(index: number): number {
    return index;
  }

  engineImport(name: EngineImportName): number {
    const at = this.engineImports.findIndex((each) => each.name === name);
    invariant(at >= 0, `${name} is not imported`);
    return this.importedFunctions + at;
  }

  /** The table that `pick` uses: the first one behind the guest's. */
  get pickTable(): number {
    return this.tableTypes.length;
  }

  droppedData(segment: number): number | undefined {
    return this.dataFlags.get(segment);
  }

  droppedElements(segment: number): number | undefined {
    return this.elementFlags.get(segment);
  }

  /** The flags of passive segments: export name after the prefix, and global. */
  get dropFlags(): { readonly name: string; readonly global: number }[] {
    const names = (kind: string, flags: ReadonlyMap<number, number>) =>
      [...flags].map(([segment, global]) => ({ name: `${kind}${segment}`, global }));
    return [...names('droppedData', this.dataFlags), ...names('droppedElements', this.elementFlags)];
  }

  /** What `pick` takes for a function of the rewritten module: its original index, or a number behind those. */
  pickIndex(index: number): number {
    if (index < this.importWrappers) return index - this.definedStart + this.importedFunctions;
    const wrapper = index - this.importWrappers;
    return wrapper < this.importedFunctions ? wrapper : this.typeIndexOf.length + wrapper;
  }

  /** The guest function that function `index` of the rewritten module is or stands for. */
  originalIndex(index: number): number {
    const original = this.pickIndex(index);
    invariant(original >= 0 && original < this.typeIndexOf.length, `function ${index} is not the guest's`);
    return original;
  }

  /** Index of an injected global. */
  global(name: InjectedGlobal): number {
    return this.globalTypes.length + GLOBALS.findIndex((global) => global.name === name);
  }
}

/** As an unsigned 32-bit number: no declared maximum. */
const UNLIMITED = 0xffff_ffff;

function freePrefix(module: Module): string {
  let prefix = 'ftw:';
  while (module.exports.some(({ name }) => name.startsWith(prefix))) prefix = `_${prefix}`;
  return prefix;
}
