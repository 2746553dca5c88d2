/**
 * The interface behind which both engines stand: `compiled/` (rewritten module on V8) and `interpreter/` (the loop in
 * `assembly/`). An engine knows nothing about WASI, logs or replicas; it runs code, counts instructions and reports
 * outcomes as values.
 */
import type { ExternKind, FuncType } from '../wasm/module.js';
import type { EngineState } from './state.js';

/** Why a trap happened. Traps are compared by code and position, never by an engine's message text. */
export type TrapCode =
  | 'unreachable'
  | 'memory-out-of-bounds'
  | 'table-out-of-bounds'
  | 'indirect-call-null'
  | 'indirect-call-type'
  | 'integer-divide-by-zero'
  | 'integer-overflow'
  | 'invalid-conversion'
  | 'stack-overflow'
  | 'uncaught-exception'
  | 'null-reference'
  | 'other';

/** A WebAssembly value at the boundary: i64 as bigint, i32/f32/f64 as number, references opaque. */
export type BoundaryValue = number | bigint | unknown;

/**
 * How a run ended. `counter` is the instruction count (design.md section 3), exact below 2^53. The compiled engine's
 * counter at a trap is that of the last host call or check before it; the interpreter's is exact.
 */
export type Outcome =
  | { kind: 'returned'; counter: number; values: readonly BoundaryValue[] }
  | { kind: 'exited'; counter: number; exitCode: number }
  | { kind: 'trapped'; counter: number; trap: TrapCode; message: string; functionIndex?: number; offset?: number }
  | { kind: 'out-of-fuel'; counter: number }
  | { kind: 'waiting'; counter: number }
  | { kind: 'captured'; counter: number };

/** A place in the code of the original module, whatever an engine made of it. */
export interface CodePlace {
  /** In the original function index space, imports first. */
  readonly functionIndex: number;
  /** Byte offset in the module, where the engine can tell. */
  readonly offset?: number;
}

/**
 * One imported function as the engine calls it: the WebAssembly arguments (i32 as signed number, i64 as bigint)
 * followed by ONE extra number, the exact counter at this call (the call itself included). No BigInt on that path.
 */
export type HostFunction = (...argsThenCounter: never[]) => number | bigint | undefined;

/**
 * An exported function, table, memory or global of an instance, as another instance of the SAME engine can import it.
 * Opaque. Guests of the command line never need it: WASI imports functions only.
 */
export type Extern = object;

/** Answers imports by name; `undefined` means "not provided" and the engine collects all of them into a LinkError. */
export interface HostImports {
  resolve(module: string, name: string, type: FuncType): HostFunction | undefined;
  /** Asked before `resolve`, and for imports that are no functions: something that another instance exports. */
  resolveExtern?(module: string, name: string, kind: ExternKind): Extern | undefined;
}

/** Thrown by a host function to end the run with an outcome; engines catch it, it never leaves `run`. */
export class GuestStop {
  /** 'captured': the host call is not answered but kept as the state's `pendingCall`; not in a run inside another. */
  constructor(
    readonly stop:
      | { kind: 'exited'; exitCode: number }
      | { kind: 'waiting' }
      | { kind: 'out-of-fuel' }
      | { kind: 'captured' },
  ) {}
}

/** Limits that are part of the handshake: every replica has the same ones (design.md section 5). */
export interface EngineLimits {
  /** Upper bound of every linear memory, in 64 KiB pages; growth past it fails with -1 on every replica. */
  readonly memoryPagesMax: number;
  /** Upper bound of all tables together, in elements; growth past it fails with -1 on every replica. */
  readonly tableElementsMax: number;
  /**
   * Call-depth budget. Entering a function on a cycle of the call graph takes `frameUnits` (src/inject) of it, eight bytes
   * of declared frame each. If less is left, the next entry that is guarded (`recursion.ts`; at least one function of each
   * cycle is) is a trap 'stack-overflow', before any other effect of the entry but its 1.
   */
  readonly stackUnitsMax: number;
}

export const DEFAULT_LIMITS: EngineLimits = {
  memoryPagesMax: 65536,
  tableElementsMax: 10_000_000,
  stackUnitsMax: 200_000,
};

export interface InstanceOptions {
  readonly imports: HostImports;
  readonly limits: EngineLimits;
  /**
   * Instructions between two calls of `onSlice`. A pre-emption point is a loop header (each time it is reached) or a guarded
   * entry (`recursion.ts` in src/inject; each cycle of the call graph has one): everything that is unbounded passes one. The
   * counter there includes the 1 for entering.
   */
  readonly sliceFuel: number;
  /** Called at the first pre-emption point at or after each slice's end; may throw GuestStop. */
  readonly onSlice?: (counter: number) => void;
  /** Hard stop: the guest ends with 'out-of-fuel' at the first pre-emption point where counter >= fuelMax. */
  readonly fuelMax?: number;
  /**
   * The guest leaves its code to be captured (`true`), and is about to run on in it (`false`): between the two it stands
   * still. The latter may come more than once, as each frame of a resumed guest may need work before it runs on.
   */
  readonly onStanding?: (stands: boolean) => void;
}

/** A guest's linear memory as the host sees it. `bytes` must be re-read after anything that may run guest code. */
export interface GuestMemory {
  /** The current view; replaced when the memory grows. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** To be told what host functions may write; absent while nobody wants to know. */
  readonly hostWrites?: HostWrites | undefined;
}

/** Who wants to know what host functions write to a memory. */
export interface HostWrites {
  /** A host function is called. */
  begin(): void;
  /** It may write there, from now on until it returns. */
  range(start: number, bytes: number): void;
}

/** Pages of 64 KiB of memory 0, each with a note whether it may have been written. */
export interface WrittenPages {
  /** Whether the page may have been written since it was last asked about. */
  take(page: number): boolean;
}

/** Code of a module that notes which pages it writes, see {@link Engine.marking}; opaque, can be sent to other threads. */
export type MarkingCode = object;

/** Where code is, as an engine runs it: in a form that only the engine knows. */
export type CodeAddress = string;

/** What captures at some place of a module need, made ahead; opaque, can be sent to other threads. */
export type CaptureSupport = object;

/** Makes what captures of a module need, in any thread. */
export interface CaptureMaker {
  /** For a guest that is captured with a frame there; undefined if none can be. `marked`: for marked code too. */
  make(address: CodeAddress, marked: boolean): CaptureSupport | undefined;
}

/** A module ready to be instantiated any number of times (decoded, validated, instrumented, compiled). */
export interface PreparedModule {
  /** SHA-256 of the original bytes, hex. */
  readonly hash: string;
  readonly imports: readonly { module: string; name: string; kind: string; type?: FuncType }[];
  readonly exports: readonly { name: string; kind: string; type?: FuncType }[];
  instantiate(options: InstanceOptions): EngineInstance;
  /**
   * An instance that continues from a state of this module with {@link EngineInstance.resume}. Absent on an engine that
   * cannot. @throws FtWasmError FTW_SNAPSHOT when the state does not fit the module
   */
  restore?(state: EngineState, options: InstanceOptions): EngineInstance;
}

export interface EngineInstance {
  /** Memory 0, or undefined if the module has none. */
  readonly memory: GuestMemory | undefined;
  /** Executed instructions so far; exact while inside a host function or between runs. */
  readonly counter: number;
  /** Runs the start function if the module has one. Must come before the first `call`. */
  start(): Outcome;
  /** Calls an exported function and runs it to an outcome. */
  call(exportName: string, args: readonly BoundaryValue[]): Outcome;
  /** The guest's place when `error` was made by a host function that it called; absent on an engine that cannot tell. */
  locate?(error: Error): CodePlace | undefined;
  /**
   * Asks for the outcome 'captured': at the next pre-emption point that is looked at (inside `onSlice` that is the present
   * one), or when the host call under way has returned. While a host function runs an export, after that one's return.
   * @throws FTW_UNSUPPORTED when the module's frames cannot be captured
   */
  requestCapture?(): void;
  /**
   * Whether a host function may throw GuestStop 'captured' now; {@link requestCapture} waits until it may. Without it: always.
   */
  canCaptureNow?(): boolean;
  /** The state between runs or after the outcome 'captured'. @throws FTW_UNSUPPORTED for an external reference in it */
  state?(): EngineState;
  /** Runs on what was captured, here or in the instance that the state came from, to the outcome of the captured call. */
  resume?(): Outcome;
  /**
   * After the outcome 'captured': {@link resume} goes on in code that notes which pages it writes, from now on. Nothing else
   * changes; only slower. Absent where that cannot be: without a memory or with several. @throws FTW_HOST, FTW_UNSUPPORTED
   * when it is not done
   */
  beginMarking?: ((code: MarkingCode) => WrittenPages) | undefined;
  /** After the outcome 'captured': {@link resume} goes on in the usual code. */
  endMarking?(): void;
  /**
   * Where the guest is now, innermost first, as far as that can be told cheaply and a capture there would have to make
   * something; for {@link CaptureMaker.make}, whose `marked` this is.
   */
  addresses?(marked: boolean): readonly CodeAddress[];
  /** What would otherwise be made when the guest is captured at that place, and stands still for it. */
  support?(made: CaptureSupport): void;
  /** An export for another instance's {@link HostImports.resolveExtern}; absent on an engine that cannot link. */
  extern?(exportName: string): Extern | undefined;
}

export interface Engine {
  readonly name: 'compiled' | 'interpreter';
  /**
   * Decodes, validates, rewrites and compiles. Throws DecodeError; `onProgress` gets bytes done and total. `imports`: what
   * instances will be given, so that a module that does not link is refused (LinkError) before the long part of the work; nothing
   * of it is called.
   */
  prepare(
    bytes: Uint8Array,
    onProgress?: (done: number, total: number) => void,
    imports?: HostImports,
  ): Promise<PreparedModule>;
  /** For {@link EngineInstance.beginMarking} of a module that can be prepared; takes about as long as that. */
  marking?(bytes: Uint8Array): Promise<MarkingCode>;
  /** For {@link EngineInstance.support} of a module that can be prepared; undefined if it cannot be captured. */
  captureMaker?(bytes: Uint8Array): Promise<CaptureMaker | undefined>;
}
