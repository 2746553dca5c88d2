/** Index spaces (core spec 2.5.1): imports come first, then what the module defines. */
import type { ExternKind, FuncType, GlobalType, ImportDesc, Limits, Module, TableType } from './module.js';

type DescOf<K extends ExternKind> = Extract<ImportDesc, { kind: K }>;

function imported<K extends ExternKind>(module: Module, kind: K): DescOf<K>[] {
  const descs: DescOf<K>[] = [];
  for (const { desc } of module.imports) if (desc.kind === kind) descs.push(desc as DescOf<K>);
  return descs;
}

/** Number of imported functions: the index of the first defined one. */
export function importedFunctionCount(module: Module): number {
  let count = 0;
  for (const { desc } of module.imports) if (desc.kind === 'func') count++;
  return count;
}

/** Type index of every function, imports first. */
export function functionTypeIndices(module: Module): Uint32Array {
  const imports = imported(module, 'func');
  const indices = new Uint32Array(imports.length + module.functions.length);
  for (const [at, desc] of imports.entries()) indices[at] = desc.typeIndex;
  indices.set(module.functions, imports.length);
  return indices;
}

/** Signature of function `index` (imports included), undefined if there is no such function or type. */
export function functionType(module: Module, index: number): FuncType | undefined {
  const typeIndex = functionTypeIndices(module)[index];
  return typeIndex === undefined ? undefined : module.types[typeIndex];
}

/** Every table, imports first. */
export function allTables(module: Module): TableType[] {
  return [...imported(module, 'table').map((desc) => desc.table), ...module.tables.map(({ table }) => table)];
}

/** Every memory, imports first. */
export function allMemories(module: Module): Limits[] {
  return [...imported(module, 'memory').map((desc) => desc.memory), ...module.memories];
}

/** Every global, imports first. */
export function allGlobals(module: Module): GlobalType[] {
  return [...imported(module, 'global').map((desc) => desc.global), ...module.globals.map(({ global }) => global)];
}

/** Type index of every exception tag, imports first. */
export function allTags(module: Module): number[] {
  return [...imported(module, 'tag').map((desc) => desc.typeIndex), ...module.tags.map((tag) => tag.typeIndex)];
}
