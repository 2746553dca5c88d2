/** Exports that can be imported by another instance, and whether they fit an import (core spec 3.4.1, 4.5.1). */
import type { FuncType, GlobalType, ImportDesc, Limits, TableType } from '../../wasm/module.js';
import type { Machine } from './machine.js';
import type { Runner } from './runner.js';

/** What an export is inside: an address or reference in its machine. */
export type InterpreterExtern = { readonly machine: Machine; readonly runner: Runner } & (
  | { readonly kind: 'func'; readonly ref: number; readonly type: FuncType }
  | { readonly kind: 'table'; readonly record: number; readonly table: TableType }
  | { readonly kind: 'memory'; readonly memory: Limits }
  | { readonly kind: 'global'; readonly address: number; readonly global: GlobalType }
);

/** Marks externs of this engine among whatever a host may hand in. */
const known = new WeakSet<object>();

export function registerExtern(extern: InterpreterExtern): InterpreterExtern {
  known.add(extern);
  return extern;
}

export function asExtern(value: object | undefined): InterpreterExtern | undefined {
  return value !== undefined && known.has(value) ? (value as InterpreterExtern) : undefined;
}

export function sameType(a: FuncType, b: FuncType): boolean {
  return a.params.join() === b.params.join() && a.results.join() === b.results.join();
}

/** Whether an extern may be imported as `desc`; sizes are the current ones. */
export function fits(extern: InterpreterExtern, desc: ImportDesc, types: readonly FuncType[]): boolean {
  switch (extern.kind) {
    case 'func':
      return desc.kind === 'func' && sameType(extern.type, types[desc.typeIndex]!);
    case 'table': {
      if (desc.kind !== 'table' || desc.table.element !== extern.table.element) return false;
      return limitsFit(extern.machine.tables.length(extern.record), extern.table.limits.max, desc.table.limits);
    }
    case 'memory':
      return desc.kind === 'memory' && limitsFit(extern.machine.memory.guestPages, extern.memory.max, desc.memory);
    case 'global': {
      if (desc.kind !== 'global') return false;
      return desc.global.type === extern.global.type && desc.global.mutable === extern.global.mutable;
    }
  }
}

function limitsFit(size: number, max: number | undefined, wanted: Limits): boolean {
  return size >= wanted.min && (wanted.max === undefined || (max !== undefined && max <= wanted.max));
}
