/** A running guest on V8: runs exports, turns whatever ends a run into an outcome. */
import { FtWasmError, LinkError } from '../../errors.js';
import { GLOBALS, Halt, type InjectedGlobal } from '../../inject/index.js';
import {
  type BoundaryValue,
  type EngineInstance,
  type EngineLimits,
  type GuestMemory,
  GuestStop,
  type Outcome,
} from '../engine.js';
import { CompiledMemory } from './guest-memory.js';
import type { Slices } from './slices.js';
import { trapCodeOf } from './traps.js';
import { type WasmExports, type WasmGlobal, type WasmMemory, WebAssembly } from './webassembly.js';

export class CompiledInstance implements EngineInstance {
  readonly memory: GuestMemory | undefined;
  private readonly globals: InjectedGlobals;
  /** Runs that are under way: more than one when a host function calls an export. */
  private nesting = 0;
  /** What a host function or check threw to end the run. */
  private thrown: { readonly value: unknown } | undefined;

  constructor(
    private readonly exports: WasmExports,
    private readonly prefix: string,
    private readonly limits: EngineLimits,
    private readonly slices: Slices,
    memory: WasmMemory | undefined,
  ) {
    this.memory = memory && new CompiledMemory(memory);
    this.globals = injectedGlobals(exports, prefix);
    this.globals.memoryPagesMax.value = limits.memoryPagesMax | 0;
    this.globals.tableElementsMax.value = Math.min(limits.tableElementsMax, 0xffff_ffff) | 0;
    this.globals.counter.value = BigInt(-slices.limit);
    this.globals.limit.value = BigInt(slices.limit);
  }

  get counter(): number {
    return Number((this.globals.limit.value as bigint) + (this.globals.counter.value as bigint));
  }

  start(): Outcome {
    const start = this.exports[`${this.prefix}start`];
    if (start === undefined) return { kind: 'returned', counter: this.counter, values: [] };
    return this.run(start as (...args: unknown[]) => unknown, []);
  }

  call(exportName: string, args: readonly BoundaryValue[]): Outcome {
    const exported = Object.hasOwn(this.exports, exportName) ? this.exports[exportName] : undefined;
    if (typeof exported !== 'function') {
      throw new LinkError(`the module exports no function named ${JSON.stringify(exportName)}`, { exportName });
    }
    return this.run(exported as (...args: unknown[]) => unknown, args);
  }

  /** Called when a host function throws: the guest traps as soon as it gets control. */
  stopWith(thrown: unknown): void {
    this.thrown ??= { value: thrown };
    this.globals.halt.value = Halt.Stop;
  }

  /** The guest's slice is used up. Answers how many instructions it may run until the next check. */
  check(counter: number): number {
    try {
      this.slices.check(counter);
    } catch (thrown) {
      this.stopWith(thrown);
    }
    return Math.max(1, this.slices.limit - counter);
  }

  private run(exported: (...args: unknown[]) => unknown, args: readonly BoundaryValue[]): Outcome {
    const depth = this.nesting === 0 ? this.limits.stackUnitsMax : this.globals.depth.value;
    this.globals.depth.value = depth;
    this.nesting++;
    try {
      const result = exported(...args);
      const values = result === undefined ? [] : Array.isArray(result) ? result : [result];
      return { kind: 'returned', counter: this.counter, values };
    } catch (error) {
      return this.endOf(error);
    } finally {
      this.globals.depth.value = depth;
      this.nesting--;
    }
  }

  /** What ended the run. @throws what a host function threw, FTW_HOST when the host has failed the guest */
  private endOf(error: unknown): Outcome {
    const { thrown, counter } = this;
    const halt = this.globals.halt.value;
    this.thrown = undefined;
    this.globals.halt.value = Halt.None;
    if (thrown !== undefined) {
      if (thrown.value instanceof GuestStop) return { ...thrown.value.stop, counter };
      throw thrown.value;
    }
    if (halt === Halt.StackOverflow) {
      return { kind: 'trapped', counter, trap: 'stack-overflow', message: 'call stack exhausted' };
    }
    if (halt === Halt.GrowFailed) {
      throw new FtWasmError('FTW_HOST', 'a memory or table could not grow although the limits allow it', { counter });
    }
    return outcomeOf(error, counter);
  }
}

type InjectedGlobals = Readonly<Record<InjectedGlobal, WasmGlobal>>;

function injectedGlobals(exports: WasmExports, prefix: string): InjectedGlobals {
  const entries = GLOBALS.map(({ name }) => [name, exports[prefix + name] as WasmGlobal]);
  return Object.fromEntries(entries) as InjectedGlobals;
}

/** An instance whose data or element segments did not fit: it traps before its first instruction. */
export class StillbornInstance implements EngineInstance {
  readonly memory = undefined;
  readonly counter = 0;

  constructor(private readonly outcome: Outcome) {}

  start(): Outcome {
    return this.outcome;
  }

  call(): Outcome {
    return this.outcome;
  }
}

/** Outcome of an error that V8 raised in guest code. @throws `error` itself if the guest is not to blame */
export function outcomeOf(error: unknown, counter: number): Outcome {
  if (error instanceof WebAssembly.RuntimeError) {
    return { kind: 'trapped', counter, trap: trapCodeOf(error.message), message: error.message };
  }
  if (isException(error)) {
    return { kind: 'trapped', counter, trap: 'uncaught-exception', message: 'uncaught WebAssembly exception' };
  }
  if (error instanceof RangeError) {
    const message = `the engine's own stack overflowed before the guest's limit; lower the stack limit or give the thread a larger stack: ${error.message}`;
    throw new FtWasmError('FTW_HOST', message, { counter }, { cause: error });
  }
  throw error;
}

function isException(error: unknown): boolean {
  const { Exception } = WebAssembly;
  return Exception !== undefined && error instanceof Exception;
}
