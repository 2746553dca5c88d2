/**
 * Calls from the guest into the host. Nothing may be thrown across the guest's frames, because a handler in the guest
 * (`catch_all`) would swallow it: what a host function throws is kept, the guest is told to stop, and it traps. Only captures
 * throw (`exchange.ts`), past handlers of their own.
 */
import { LinkError } from '../../errors.js';
import type { FuncType, Import, Module } from '../../wasm/module.js';
import { ValType } from '../../wasm/module.js';
import type { HostImports } from '../engine.js';
import type { WasmImports } from './webassembly.js';

export type AnyFunction = (...args: unknown[]) => unknown;

/** Who is told how calls of the host end. */
export interface HostMonitor {
  /** A capture is wanted: {@link answered} is called. Looked at after every call, so it is a plain field. */
  wantsAnswers: boolean;
  /** `type` is the import's. */
  answered(type: FuncType, result: unknown): void;
  /** Keeps what was thrown and makes the guest stop. `args` end with the counter. */
  threw(thrown: unknown, functionIndex: number, type: FuncType, args: readonly unknown[]): void;
}

export interface Linked {
  /** The import object for the guest's own imports. */
  readonly imports: WasmImports;
  /** The same functions by index. */
  readonly functions: readonly AnyFunction[];
}

/** @throws LinkError naming everything that cannot be provided */
export function linkImports(module: Module, imports: HostImports, monitor: HostMonitor): Linked {
  const linked: Record<string, Record<string, AnyFunction>> = {};
  const functions: AnyFunction[] = [];
  const missing: string[] = [];
  for (const entry of module.imports) {
    const host = provide(module, entry, imports);
    if (host === undefined) {
      missing.push(describe(entry));
      continue;
    }
    linked[entry.module] ??= Object.create(null) as Record<string, AnyFunction>;
    const guard = guarded(host.function, host.type, functions.length, monitor);
    linked[entry.module]![entry.name] = guard;
    functions.push(guard);
  }
  if (missing.length > 0) {
    const list = missing.join(', ');
    throw new LinkError(`the module imports what the host does not provide: ${list}`, { missing });
  }
  return { imports: linked, functions };
}

/** @throws LinkError as {@link linkImports} */
export function assertLinks(module: Module, imports: HostImports): void {
  linkImports(module, imports, { wantsAnswers: false, answered: () => {}, threw: () => {} });
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
function guarded(host: AnyFunction, type: FuncType, functionIndex: number, monitor: HostMonitor): AnyFunction {
  const nothing = type.results[0] === ValType.I64 ? 0n : 0;
  const end: CallEnd = {
    monitor,
    answered: (result) => {
      monitor.answered(type, result);
      return result;
    },
    threw: (thrown, args) => {
      monitor.threw(thrown, functionIndex, type, args);
      return type.results.length > 1 ? type.results.map((result) => (result === ValType.I64 ? 0n : 0)) : nothing;
    },
  };
  return GUARDS[type.params.length + 1]?.(host, end) ?? guardAny(host, end);
}

/** What happens when a host function has returned or thrown. */
interface CallEnd {
  readonly monitor: { readonly wantsAnswers: boolean };
  answered(result: unknown): unknown;
  threw(thrown: unknown, args: readonly unknown[]): unknown;
}

type Guard = (host: AnyFunction, end: CallEnd) => AnyFunction;

const guardAny: Guard =
  (host, end) =>
  (...args) => {
    try {
      const result = host(...args);
      return end.monitor.wantsAnswers ? end.answered(result) : result;
    } catch (thrown) {
      return end.threw(thrown, args);
    }
  };

/** By number of arguments, the counter included. */
const GUARDS: readonly (Guard | undefined)[] = [
  undefined,
  (host, end) => (a) => {
    try {
      const result = host(a);
      return end.monitor.wantsAnswers ? end.answered(result) : result;
    } catch (thrown) {
      return end.threw(thrown, [a]);
    }
  },
  (host, end) => (a, b) => {
    try {
      const result = host(a, b);
      return end.monitor.wantsAnswers ? end.answered(result) : result;
    } catch (thrown) {
      return end.threw(thrown, [a, b]);
    }
  },
  (host, end) => (a, b, c) => {
    try {
      const result = host(a, b, c);
      return end.monitor.wantsAnswers ? end.answered(result) : result;
    } catch (thrown) {
      return end.threw(thrown, [a, b, c]);
    }
  },
  (host, end) => (a, b, c, d) => {
    try {
      const result = host(a, b, c, d);
      return end.monitor.wantsAnswers ? end.answered(result) : result;
    } catch (thrown) {
      return end.threw(thrown, [a, b, c, d]);
    }
  },
  (host, end) => (a, b, c, d, e) => {
    try {
      const result = host(a, b, c, d, e);
      return end.monitor.wantsAnswers ? end.answered(result) : result;
    } catch (thrown) {
      return end.threw(thrown, [a, b, c, d, e]);
    }
  },
  (host, end) => (a, b, c, d, e, f) => {
    try {
      const result = host(a, b, c, d, e, f);
      return end.monitor.wantsAnswers ? end.answered(result) : result;
    } catch (thrown) {
      return end.threw(thrown, [a, b, c, d, e, f]);
    }
  },
];
