/**
 * Calls from the guest into the host. Nothing may be thrown across the guest's frames, because a handler in the guest
 * (`catch_all`) would swallow it: what a host function throws is kept, the guest is told to stop, and it traps.
 */
import { LinkError } from '../../errors.js';
import type { FuncType, Import, Module } from '../../wasm/module.js';
import { ValType } from '../../wasm/module.js';
import type { HostImports } from '../engine.js';
import type { WasmImports } from './webassembly.js';

type AnyFunction = (...args: unknown[]) => unknown;

/** Keeps what was thrown and makes the guest stop. */
export type OnThrow = (thrown: unknown) => void;

/** The import object for the guest's own imports. @throws LinkError naming everything that cannot be provided */
export function linkImports(module: Module, imports: HostImports, onThrow: OnThrow): WasmImports {
  const linked: Record<string, Record<string, AnyFunction>> = {};
  const missing: string[] = [];
  for (const entry of module.imports) {
    const host = provide(module, entry, imports);
    if (host === undefined) {
      missing.push(describe(entry));
      continue;
    }
    linked[entry.module] ??= Object.create(null) as Record<string, AnyFunction>;
    linked[entry.module]![entry.name] = guarded(host.function, host.type, onThrow);
  }
  if (missing.length > 0) {
    const list = missing.join(', ');
    throw new LinkError(`the module imports what the host does not provide: ${list}`, { missing });
  }
  return linked;
}

function provide(module: Module, { module: from, name, desc }: Import, imports: HostImports) {
  if (desc.kind !== 'func') return undefined;
  const type = module.types[desc.typeIndex]!;
  const crosses = [...type.params, ...type.results].every((each) => each !== ValType.V128 && each !== ValType.ExnRef);
  const found = crosses ? imports.resolve(from, name, type) : undefined;
  return found && { function: found as AnyFunction, type };
}

function describe({ module, name, desc }: Import): string {
  return desc.kind === 'func' ? `${module}.${name}` : `${module}.${name} (${desc.kind})`;
}

/** The host function with a net under it; fixed parameter lists, because these calls are hot. */
function guarded(host: AnyFunction, type: FuncType, onThrow: OnThrow): AnyFunction {
  const nothing = type.results[0] === ValType.I64 ? 0n : 0;
  const caught = (thrown: unknown) => {
    onThrow(thrown);
    return type.results.length > 1 ? type.results.map((result) => (result === ValType.I64 ? 0n : 0)) : nothing;
  };
  return GUARDS[type.params.length + 1]?.(host, caught) ?? guardAny(host, caught);
}

type Guard = (host: AnyFunction, caught: (thrown: unknown) => unknown) => AnyFunction;

const guardAny: Guard =
  (host, caught) =>
  (...args) => {
    try {
      return host(...args);
    } catch (thrown) {
      return caught(thrown);
    }
  };

/** By number of arguments, the counter included. */
const GUARDS: readonly (Guard | undefined)[] = [
  undefined,
  (host, caught) => (a) => {
    try {
      return host(a);
    } catch (thrown) {
      return caught(thrown);
    }
  },
  (host, caught) => (a, b) => {
    try {
      return host(a, b);
    } catch (thrown) {
      return caught(thrown);
    }
  },
  (host, caught) => (a, b, c) => {
    try {
      return host(a, b, c);
    } catch (thrown) {
      return caught(thrown);
    }
  },
  (host, caught) => (a, b, c, d) => {
    try {
      return host(a, b, c, d);
    } catch (thrown) {
      return caught(thrown);
    }
  },
  (host, caught) => (a, b, c, d, e) => {
    try {
      return host(a, b, c, d, e);
    } catch (thrown) {
      return caught(thrown);
    }
  },
  (host, caught) => (a, b, c, d, e, f) => {
    try {
      return host(a, b, c, d, e, f);
    } catch (thrown) {
      return caught(thrown);
    }
  },
];
