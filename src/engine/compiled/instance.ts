/** A running guest on V8: runs exports, turns whatever ends a run into an outcome. */
import { FtWasmError, invariant, LinkError } from '../../errors.js';
import { Halt, SLICE_MAX, sliceEnd } from '../../inject/index.js';
import type { FuncType } from '../../wasm/module.js';
import {
  type BoundaryValue,
  type CodeAddress,
  type CodePlace,
  type EngineInstance,
  GuestStop,
  type Outcome,
  type WrittenPages,
} from '../engine.js';
import type { EngineState, Frame, PendingCall, TypedBits } from '../state.js';
import { currentAddresses } from './addresses.js';
import { cannotCapture, insideHandler } from './capturing.js';
import { LEAVING } from './exchange.js';
import { CompiledMemory } from './guest-memory.js';
import {
  type InjectedGlobals,
  type InstanceCapture,
  type InstanceParts,
  limitedGlobals,
  type Marking,
} from './instance-parts.js';
import { isException, outcomeOf } from './outcome.js';
import type { FrameDepth, Resumer, Returned } from './resumer.js';

export class CompiledInstance implements EngineInstance {
  readonly memory: CompiledMemory | undefined;
  readonly beginMarking: EngineInstance['beginMarking'];
  readonly support: EngineInstance['support'];
  /** What the guest runs in, see {@link goOnIn}. */
  private parts: InstanceParts;
  private globals: InjectedGlobals;
  /** Runs that are under way: more than one when a host function calls an export. */
  private nesting = 0;
  /** What a host function or check threw to end the run. */
  private thrown: { readonly value: unknown } | undefined;
  /** The exact counter of the capture under way: functions that save their frames return none. */
  private capturedAt = 0;

  private get capture(): InstanceCapture | undefined {
    return this.parts.capture;
  }

  constructor(private readonly plain: InstanceParts) {
    const { marking, memory, monitor, support } = plain;
    this.memory = memory && new CompiledMemory(memory);
    this.parts = plain;
    this.globals = limitedGlobals(plain);
    this.setCounter(0);
    if (support !== undefined) this.support = support;
    this.beginMarking = marking && ((code) => this.goOnMarking(marking(plain, code)));
    monitor.instance = this;
  }

  get counter(): number {
    return Number((this.globals.base.value as bigint) + (this.globals.counter.value as bigint));
  }

  start(): Outcome {
    const { exports, prefix } = this.parts;
    const start = exports[`${prefix}start`];
    if (start === undefined) return { kind: 'returned', counter: this.counter, values: [] };
    return this.run(start as (...args: unknown[]) => unknown, []);
  }

  call(exportName: string, args: readonly BoundaryValue[]): Outcome {
    const { exports } = this.parts;
    const exported = Object.hasOwn(exports, exportName) ? exports[exportName] : undefined;
    if (typeof exported !== 'function') {
      throw new LinkError(`the module exports no function named ${JSON.stringify(exportName)}`, { exportName });
    }
    return this.run(exported as (...args: unknown[]) => unknown, args);
  }

  locate(error: Error): CodePlace | undefined {
    return this.parts.locate(error);
  }

  /** Nothing of marked code, in which the guest does not stay for long. */
  addresses(marked: boolean): readonly CodeAddress[] {
    if (this.parts !== this.plain) return [];
    const { isSupported = () => true } = this.plain;
    return currentAddresses().filter((address) => !isSupported(address, marked));
  }

  requestCapture(): void {
    if (this.capture === undefined) throw cannotCapture(this.parts.obstacle());
    this.parts.monitor.wantsAnswers = true;
  }

  /** Not in a run inside another one, nor while a frame holds an exception: its depth says so in the lowest bit. */
  canCaptureNow(): boolean {
    if (this.capture === undefined || this.nesting !== 1) return false;
    return !this.parts.handlers || ((this.globals.depth.value as number) & 1) === 0;
  }

  state(): EngineState {
    if (this.capture === undefined) throw cannotCapture(this.parts.obstacle());
    invariant(this.nesting === 0, 'the state of a guest that runs');
    const { capturing, contents } = this.capture;
    capturing.checkPortable();
    const { frames, pendingCall } = capturing;
    return {
      ...{ counter: this.counter, sliceEnd: this.parts.slices.sliceEnd, frames },
      ...(pendingCall === undefined ? {} : { pendingCall }),
      ...contents.save(),
    };
  }

  endMarking(): void {
    if (this.parts === this.plain) return;
    this.memory!.hostWrites = undefined;
    this.goOnIn(this.plain);
  }

  private goOnMarking({ marks, parts }: Marking): WrittenPages {
    this.goOnIn(parts);
    this.memory!.hostWrites = marks;
    return marks;
  }

  /** The captured guest goes on in another instance's code; the memory is the same. */
  private goOnIn(parts: InstanceParts): void {
    const { memories: _, ...state } = this.state();
    const { capturing, contents } = parts.capture!;
    contents.loadSmall(state);
    capturing.frames = state.frames;
    capturing.pendingCall = state.pendingCall;
    this.parts = parts;
    this.globals = limitedGlobals(parts);
    this.setCounter(state.counter);
  }

  /** Takes over what another instance of the module was. @throws FTW_SNAPSHOT when it does not fit */
  load(state: EngineState): void {
    if (this.capture === undefined) throw cannotCapture(this.parts.obstacle());
    const { capturing, contents } = this.capture;
    contents.load(state);
    capturing.frames = state.frames;
    capturing.pendingCall = state.pendingCall;
    this.setCounter(state.counter);
  }

  resume(): Outcome {
    if (this.capture === undefined) throw cannotCapture(this.parts.obstacle());
    const { capturing } = this.capture;
    invariant(capturing.frames.length > 0 || capturing.pendingCall !== undefined, 'there is nothing to resume');
    invariant(this.nesting === 0, 'the guest runs already');
    return this.within(() => this.resumeFrames(this.capture!));
  }

  /** A host function has thrown: the guest traps as soon as it gets control, or saves its frames. */
  threw(thrown: unknown, functionIndex: number, type: FuncType, args: readonly unknown[]): void {
    if (asksForCapture(thrown)) {
      if (this.canCaptureNow()) {
        this.capture!.capturing.beginBeforeAnswer(functionIndex, type, args);
        return this.haltForCapture();
      }
      return this.stopWith(this.capture === undefined ? cannotCapture(this.parts.obstacle()) : insideHandler());
    }
    this.stopWith(thrown);
  }

  /** A host function has returned and a capture is wanted; in a run inside another one it has to wait. */
  answered(type: FuncType, result: unknown): void {
    if (!this.canCaptureNow() || this.globals.halt.value !== Halt.None) return;
    this.capture!.capturing.beginAfterCall(type, result);
    this.haltForCapture();
  }

  /** The guest's slice is used up. Answers how many instructions it may run until the next check. */
  check(counter: number): number {
    const { monitor, slices } = this.parts;
    try {
      slices.check(counter);
    } catch (thrown) {
      if (asksForCapture(thrown)) this.requestCapture();
      else this.stopWith(thrown);
    }
    if (monitor.wantsAnswers && this.canCaptureNow() && this.globals.halt.value === Halt.None) {
      this.capture!.capturing.beginAtCheck();
      this.haltForCapture();
    }
    return sliceOf(slices.limit - counter);
  }

  private stopWith(thrown: unknown): void {
    this.thrown ??= { value: thrown };
    this.globals.halt.value = Halt.Stop;
  }

  private haltForCapture(): void {
    this.parts.onStanding(true);
    this.parts.monitor.wantsAnswers = false;
    this.capturedAt = this.counter;
    this.globals.halt.value = Halt.Capture;
  }

  /** With a slice that is used up already, the next pre-emption point looks, even if no instruction is before it. */
  private setCounter(counter: number): void {
    const left = this.parts.slices.limit - counter;
    const relative = sliceEnd(this.parts.handlers) - (left > 0 ? sliceOf(left) : 0);
    this.globals.base.value = BigInt(counter - relative);
    this.globals.counter.value = BigInt(relative);
  }

  private get wholeDepth(): number {
    const { handlers, limits } = this.parts;
    return handlers ? limits.stackUnitsMax * 2 : limits.stackUnitsMax;
  }

  private run(exported: (...args: unknown[]) => unknown, args: readonly BoundaryValue[]): Outcome {
    return this.within(() => {
      const result = this.untilLeft(() => exported(...args));
      if (this.globals.halt.value === Halt.Capture) return this.captured(this.capture!, []);
      const values = result === undefined ? [] : Array.isArray(result) ? result : [result];
      return { kind: 'returned', counter: this.counter, values };
    });
  }

  private within(run: () => Outcome): Outcome {
    const depth = this.nesting === 0 ? this.wholeDepth : this.globals.depth.value;
    this.globals.depth.value = depth;
    this.nesting++;
    try {
      return run();
    } catch (error) {
      this.capture?.capturing.clear();
      return this.endOf(error);
    } finally {
      this.globals.depth.value = depth;
      this.nesting--;
    }
  }

  /** Runs guest code that throws or returns when its frames have been saved. */
  private untilLeft<T>(run: () => T): T | undefined {
    try {
      return run();
    } catch (thrown) {
      if (thrown !== LEAVING || this.globals.halt.value !== Halt.Capture) throw thrown;
      return undefined;
    }
  }

  /** All functions were left because frames were to be saved; `outer` frames were not running. */
  private captured({ capturing }: InstanceCapture, outer: readonly Frame[]): Outcome {
    this.globals.halt.value = Halt.None;
    this.setCounter(this.capturedAt);
    const answers = capturing.finish(outer);
    const { counter } = this;
    if (answers === undefined) return { kind: 'captured', counter };
    return { kind: 'returned', counter, values: capturing.values(answers) };
  }

  /** Innermost first: each frame is handed the results of the one above it. */
  private resumeFrames(capture: InstanceCapture): Outcome {
    const { capturing, resumer } = capture;
    const { frames, pendingCall } = capturing;
    let returned: Returned | undefined = { results: [], counter: this.globals.counter.value as bigint };
    if (pendingCall !== undefined) {
      const answer = this.askAgain(capture, pendingCall);
      if (answer === undefined) return this.captured(capture, frames);
      returned = { results: answer, counter: this.globals.counter.value as bigint };
    }
    let thrown: { readonly exception: unknown } | undefined;
    const depths = resumer.depthsOf(frames);
    for (let at = frames.length - 1; at >= 0; at--) {
      try {
        returned = this.untilLeft(goOn(resumer, frames[at]!, depths[at]!, returned!, thrown));
        thrown = undefined;
      } catch (exception) {
        if (!isException(exception) || this.thrown !== undefined) throw exception;
        thrown = { exception };
        continue;
      }
      if (this.globals.halt.value === Halt.Capture) return this.captured(capture, frames.slice(0, at));
    }
    capturing.clear();
    if (thrown !== undefined) throw thrown.exception;
    this.globals.counter.value = returned!.counter;
    return { kind: 'returned', counter: this.counter, values: capturing.values(returned!.results) };
  }

  /** Makes the host call that was not answered; undefined if it is captured (again). @throws what it throws */
  private askAgain({ capturing, resumer }: InstanceCapture, call: PendingCall): readonly TypedBits[] | undefined {
    const { functions, importTypes, onStanding } = this.parts;
    const { args, functionIndex } = call;
    // The host may answer when somebody waits for the guest.
    const innermost = capturing.frames.at(-1);
    if (innermost !== undefined) resumer.prepare(innermost);
    this.globals.depth.value = resumer.depthsOf(capturing.frames).at(-1)?.left ?? this.wholeDepth;
    const given = capturing.values(args);
    onStanding(false);
    const result = functions[functionIndex]!(...given, this.counter);
    if (this.globals.halt.value === Halt.Capture) return undefined;
    if (this.thrown !== undefined) throw this.thrown.value;
    return capturing.answer(importTypes[functionIndex]!, result);
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
      return {
        kind: 'trapped',
        counter,
        trap: 'stack-overflow',
        message: 'call stack exhausted',
        ...this.locate(error as Error),
      };
    }
    if (halt === Halt.GrowFailed) {
      throw new FtWasmError('FTW_HOST', 'a memory or table could not grow although the limits allow it', { counter });
    }
    const outcome = outcomeOf(error, counter);
    return outcome.kind === 'trapped' ? { ...outcome, ...this.locate(error as Error) } : outcome;
  }
}

/** How many of `left` instructions the injected code can count down at once; a slice has at least one. */
function sliceOf(left: number): number {
  return Math.max(1, Math.min(SLICE_MAX, left));
}

/** Runs a frame on with what the one above it has returned or thrown. */
function goOn(
  resumer: Resumer,
  frame: Frame,
  depth: FrameDepth,
  above: Returned,
  thrown: { readonly exception: unknown } | undefined,
): () => Returned {
  return () => (thrown ? resumer.raise(frame, thrown.exception, depth) : resumer.run(frame, above, depth));
}

function asksForCapture(thrown: unknown): boolean {
  return thrown instanceof GuestStop && thrown.stop.kind === 'captured';
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
