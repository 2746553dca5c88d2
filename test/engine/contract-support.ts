/** What the parts of the engine contract share. */
import { DEFAULT_LIMITS, type Engine, type HostFunction, type InstanceOptions } from '../../src/engine/engine.js';
import { assemble } from '../support/modules.js';

/** How far an engine can be held to the letter. */
export interface EngineTraits {
  /** The counter at a trap is exact (otherwise it is that of the last host call or check). */
  readonly exactAtTraps: boolean;
  /** A null table element and one of another type give different trap codes. */
  readonly tellsNullFromType: boolean;
}

export type HostFunctions = Record<string, (...args: never[]) => number | bigint | undefined>;

/** Limits that fit a test process's main thread. */
export const TEST_LIMITS = { ...DEFAULT_LIMITS, memoryPagesMax: 16, tableElementsMax: 64, stackUnitsMax: 20_000 };

export function instanceOptions(host: HostFunctions = {}, options: Partial<InstanceOptions> = {}): InstanceOptions {
  const resolve = (_module: string, name: string) => host[name] as HostFunction | undefined;
  return { imports: { resolve }, limits: TEST_LIMITS, sliceFuel: 1_000_000, ...options };
}

/** Assembles, prepares, instantiates and runs the start function. */
export function starter(engine: Engine) {
  return async (text: string, host: HostFunctions = {}, options: Partial<InstanceOptions> = {}) => {
    const prepared = await engine.prepare(assemble(text));
    const instance = prepared.instantiate(instanceOptions(host, options));
    return { instance, started: instance.start() };
  };
}
