/** What an instance is made of. */
import { type CaptureObstacle, GLOBALS, type InjectedGlobal } from '../../inject/index.js';
import type { FuncType } from '../../wasm/module.js';
import type {
  CaptureSupport,
  EngineLimits,
  HostWrites,
  InstanceOptions,
  MarkingCode,
  WrittenPages,
} from '../engine.js';
import type { Capturing } from './capturing.js';
import type { InstanceContents } from './contents.js';
import type { AnyFunction, HostMonitor } from './host-calls.js';
import type { Locate } from './places.js';
import type { Resumer } from './resumer.js';
import type { Slices } from './slices.js';
import type { WasmExports, WasmGlobal, WasmMemory } from './webassembly.js';

/** An instance of marked code, see `marking.ts`. */
export interface Marking {
  readonly parts: InstanceParts;
  readonly marks: WrittenPages & HostWrites;
}

/** What a module that allows captures has besides. */
export interface InstanceCapture {
  readonly capturing: Capturing;
  readonly contents: InstanceContents;
  readonly resumer: Resumer;
}

export interface InstanceParts {
  readonly exports: WasmExports;
  /** Of the injected exports. */
  readonly prefix: string;
  readonly limits: EngineLimits;
  readonly slices: Slices;
  readonly memory: WasmMemory | undefined;
  readonly monitor: InstanceMonitor;
  /** The host's functions by index, and their types. */
  readonly functions: readonly AnyFunction[];
  readonly importTypes: readonly FuncType[];
  readonly locate: Locate;
  /** The module has exception handling. */
  readonly handlers: boolean;
  readonly onStanding: NonNullable<InstanceOptions['onStanding']>;
  /** What keeps the module from being captured, if something does. */
  readonly obstacle: () => CaptureObstacle | undefined;
  readonly capture?: InstanceCapture | undefined;
  /** See {@link EngineInstance.support}. */
  readonly support?: ((made: CaptureSupport) => void) | undefined;
  /** Whether a capture at an address finds all that it needs. */
  readonly isSupported?: ((address: string, marked: boolean) => boolean) | undefined;
  /** Makes an instance of marked code beside this one. Absent where that cannot be. */
  readonly marking?: ((plain: InstanceParts, code: MarkingCode) => Marking) | undefined;
}

/** The instance whose host is watched. */
interface MonitoredInstance extends Pick<HostMonitor, 'answered' | 'threw'> {
  check(counter: number): number;
}

/** Hands what the host does to the instance, which is made after the host's functions are linked. */
export class InstanceMonitor implements HostMonitor {
  wantsAnswers = false;
  instance: MonitoredInstance | undefined;

  answered(type: FuncType, result: unknown): void {
    this.instance!.answered(type, result);
  }

  threw(thrown: unknown, functionIndex: number, type: FuncType, args: readonly unknown[]): void {
    this.instance!.threw(thrown, functionIndex, type, args);
  }
}

export type InjectedGlobals = Readonly<Record<InjectedGlobal, WasmGlobal>>;

/** The injected globals, with the limits in them. */
export function limitedGlobals({ exports, limits, prefix }: InstanceParts): InjectedGlobals {
  const entries = GLOBALS.map(({ name }) => [name, exports[prefix + name] as WasmGlobal]);
  const globals = Object.fromEntries(entries) as InjectedGlobals;
  globals.memoryPagesMax.value = limits.memoryPagesMax | 0;
  globals.tableElementsMax.value = Math.min(limits.tableElementsMax, 0xffff_ffff) | 0;
  return globals;
}
