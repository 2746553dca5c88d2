/**
 * Index spaces of the rewritten module. Functions: the guest's imports, the engine's imports, the guest's functions, one
 * wrapper per import, support functions, one wrapper per exported function. Globals: the guest's, then {@link GLOBALS}.
 * Types, tables, memories, segments and tags keep their indices.
 */
import type { GlobalType, Module } from '../wasm/module.js';
import { ValType } from '../wasm/module.js';
import { TypeTable } from './type-table.js';

/** Functions that the engine provides, in the order of {@link ENGINE_IMPORTS}. */
export const ENGINE_MODULE = 'ftw:engine';

/** `check(counter: f64) -> f64`: a slice is used up; answers the instructions until the next check (at least 1). */
export const ENGINE_IMPORTS = [{ name: 'check', params: [ValType.F64], results: [ValType.F64] }] as const;

/** Injected globals, all exported under {@link Layout.exportPrefix} + name. */
export const GLOBALS = [
  /** Instructions since `limit`, so negative until the slice is used up; exact whenever the host can look. */
  { name: 'counter', type: ValType.I64 },
  /** Absolute counter at which the slice ends: executed instructions = limit + counter. */
  { name: 'limit', type: ValType.I64 },
  /** Stack units left to whatever the host calls next. */
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
} as const;

export interface SupportIndices {
  /** `(counter i64, depth i32) -> i64`: the cold path of function entries. */
  readonly enter: number;
  /** `(counter i64) -> i64`: the cold path of loop headers. */
  readonly poll: number;
  /** Per memory: `memory.grow` within the limits. */
  readonly memoryGrow: number;
  /** Per table: `table.grow` within the limits. */
  readonly tableGrow: number;
  /** First index after the support functions: the wrappers of exports. */
  readonly end: number;
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
  /** Prefix of the injected exports; no export of the guest starts with it. */
  readonly exportPrefix: string;

  constructor(readonly module: Module) {
    this.types = new TypeTable(module.types);
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
    this.definedStart = this.importedFunctions + ENGINE_IMPORTS.length;
    this.importWrappers = this.definedStart + module.functions.length;
    const enter = this.importWrappers + this.importedFunctions;
    const memoryGrow = enter + 2;
    const tableGrow = memoryGrow + memories.length;
    this.support = { enter, poll: enter + 1, memoryGrow, tableGrow, end: tableGrow + tables.length };
    this.exportPrefix = freePrefix(module);
  }

  /** Where a guest function is now: a defined one itself, an imported one through its wrapper. */
  functionIndex(original: number): number {
    return original < this.importedFunctions
      ? this.importWrappers + original
      : this.definedStart + original - this.importedFunctions;
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
