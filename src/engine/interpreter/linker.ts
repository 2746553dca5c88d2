/** Finds what a module imports, and the machine that its instance must live in. */
import { LinkError } from '../../errors.js';
import type { Import, ImportDesc, Module } from '../../wasm/module.js';
import { ValType } from '../../wasm/module.js';
import type { HostFunction, InstanceOptions } from '../engine.js';
import { asExtern, fits, type InterpreterExtern } from './externs.js';
import type { Machine } from './machine.js';

/** What an import resolved to, in the order of the imports. */
export type Resolved =
  | { readonly entry: Import; readonly host: HostFunction }
  | { readonly entry: Import; readonly extern: InterpreterExtern };

/** @throws LinkError that lists every import that nothing provides, or that has another type */
export function resolveImports(module: Module, { imports }: InstanceOptions): Resolved[] {
  const missing: string[] = [];
  const resolved: Resolved[] = [];
  for (const entry of module.imports) {
    const found = provide(module, entry, imports);
    if (found === undefined) missing.push(describe(entry));
    else resolved.push(found);
  }
  if (missing.length > 0) {
    const list = missing.join(', ');
    throw new LinkError(`the module imports what the host does not provide: ${list}`, { missing });
  }
  return resolved;
}

function provide(module: Module, entry: Import, imports: InstanceOptions['imports']): Resolved | undefined {
  const { module: from, name, desc } = entry;
  const extern = asExtern(imports.resolveExtern?.(from, name, desc.kind));
  if (extern !== undefined) return checked(module, entry, extern);
  if (desc.kind !== 'func') return undefined;
  const type = module.types[desc.typeIndex]!;
  const crosses = [...type.params, ...type.results].every((each) => each !== ValType.V128 && each !== ValType.ExnRef);
  const host = crosses ? imports.resolve(from, name, type) : undefined;
  return host && { entry, host };
}

function checked(module: Module, entry: Import, extern: InterpreterExtern): Resolved {
  if (fits(extern, entry.desc, module.types)) return { entry, extern };
  const name = describe(entry);
  throw new LinkError(`incompatible import type: ${name} is another ${extern.kind} than the module expects`, { name });
}

function describe({ module, name, desc }: Import): string {
  return desc.kind === 'func' ? `${module}.${name}` : `${module}.${name} (${desc.kind})`;
}

/**
 * The machine of the instance whose memory, table or global is imported, since those exist in one linear memory only.
 * An imported function alone can be called from any machine. @throws LinkError when two machines would be needed
 */
export function machineFor(module: Module, resolved: readonly Resolved[]): Machine | undefined {
  const shared = new Set<Machine>();
  const callees = new Set<Machine>();
  for (const each of resolved) {
    if (!('extern' in each)) continue;
    if (each.extern.kind === 'func') callees.add(each.extern.machine);
    else if (!isCopied(each.entry.desc)) shared.add(each.extern.machine);
  }
  if (shared.size > 1)
    throw new LinkError('imports memories, tables or globals of instances that do not share a machine', {});
  const [machine] = shared;
  const ownsMemory = module.memories.length > 0;
  if (machine === undefined) return [...callees].find((callee) => !ownsMemory || !callee.hasMemory);
  if (ownsMemory && machine.hasMemory) {
    throw new LinkError('the module has a memory, and imports a table or global of an instance with another one', {});
  }
  return machine;
}

/** Immutable globals of plain numbers are copied: they need no common machine. */
function isCopied(desc: ImportDesc): boolean {
  return (
    desc.kind === 'global' &&
    !desc.global.mutable &&
    desc.global.type !== ValType.FuncRef &&
    desc.global.type !== ValType.ExternRef
  );
}
