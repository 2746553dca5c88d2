/** Captures of one instance: what was captured, as frames of the canonical form, runs on from here as often as wanted. */
import { FtWasmError, invariant } from '../../errors.js';
import type { FuncType } from '../../wasm/module.js';
import type { Outcome } from '../engine.js';
import type { EngineState, Frame, PendingCall } from '../state.js';
import { externalReference, holdsExternal, SlotBits } from './bits.js';
import { type CapturePoint, cannotCapture } from './capture-gate.js';
import { InstanceContents } from './contents.js';
import { DELTA_BEFORE_RETURN, type FrameAccess, readFrames } from './frames.js';
import type { InstanceSpaces } from './instantiate.js';
import { placeFrames } from './place-frames.js';
import type { PlacedRun, Runner } from './runner.js';
import { FrameShapes } from './shapes.js';

export class CapturedRun {
  readonly access: FrameAccess;
  private readonly contents: InstanceContents;
  /** Outermost first. */
  private frames: readonly Frame[] = [];
  private pendingCall: PendingCall | undefined;

  constructor(
    private readonly spaces: InstanceSpaces,
    private readonly runner: Runner,
  ) {
    const bits = new SlotBits(spaces);
    this.access = { machine: spaces.machine, shapes: new FrameShapes(spaces), bits };
    this.contents = new InstanceContents(spaces, bits);
  }

  /** @throws FTW_UNSUPPORTED when other instances live in the same machine: their frames are not this one's */
  request(): void {
    if (this.spaces.isLinked) throw cannotCapture('an instance that is linked with another one');
    this.runner.host.gate.wanted = true;
  }

  /** Takes over what the run has left behind if it was captured. */
  after(outcome: Outcome): Outcome {
    if (outcome.kind === 'captured') this.take(this.runner.host.gate.point!);
    return outcome;
  }

  /** @throws FTW_UNSUPPORTED for external references: no other instance could know them */
  state(): EngineState {
    if (this.spaces.isLinked) throw cannotCapture('an instance that is linked with another one');
    invariant(this.runner.host.gate.nesting === 0, 'the state of a guest that runs');
    return this.stateWith(this.frames, this.pendingCall);
  }

  stateWith(frames: readonly Frame[], pendingCall?: PendingCall): EngineState {
    const values = frames.flatMap(({ locals, operands }) => [...locals, ...operands]);
    if (holdsExternal([...values, ...(pendingCall?.args ?? [])])) throw externalReference();
    const { counter, slices } = this.runner;
    return {
      ...{ counter, sliceEnd: slices.sliceEnd, frames },
      ...(pendingCall === undefined ? {} : { pendingCall }),
      ...this.contents.save(),
    };
  }

  /** @throws FTW_SNAPSHOT when it does not fit the module */
  load(state: EngineState): void {
    this.contents.load(state);
    this.frames = state.frames;
    this.pendingCall = state.pendingCall;
    this.runner.counter = state.counter;
    this.runner.slices.sliceEnd = state.sliceEnd;
  }

  resume(): Outcome {
    invariant(this.frames.length > 0 || this.pendingCall !== undefined, 'there is nothing to resume');
    invariant(this.runner.host.gate.nesting === 0, 'the guest runs already');
    const outcome = this.runner.continue(this.place(false));
    if (outcome.kind !== 'captured') this.clear();
    return this.after(outcome);
  }

  /** Puts what was captured onto the value stack. `stepping`: such that the run can stop at its first instruction. */
  place(stepping: boolean): PlacedRun {
    const { frames, pendingCall, runner, spaces } = this;
    const { functionRefs, functionTypes } = spaces;
    const { stackUnitsMax } = spaces.machine.limits;
    const pending = pendingCall && functionTypes[pendingCall.functionIndex];
    const at = placeFrames(this.access, frames, { stackUnitsMax, pending, stepping });
    if (pendingCall !== undefined) this.access.bits.writeAll(argumentsAt(at, spaces), pendingCall.args);
    const outermost = frames[0]?.functionIndex ?? pendingCall?.functionIndex;
    invariant(outermost !== undefined, 'neither frames nor a call');
    runner.host.gate.goOn();
    return {
      ...at,
      resultTypes: (functionTypes[outermost] as FuncType).results,
      unanswered: pendingCall && functionRefs[pendingCall.functionIndex]!,
    };
  }

  /** Nothing is captured any more. */
  clear(): void {
    this.frames = [];
    this.pendingCall = undefined;
  }

  private take({ call, fp, pc }: CapturePoint): void {
    const { machine } = this.spaces;
    const type = call && machine.functions.definition(call.ref).type;
    const pendingResults = type?.results.length ?? 0;
    this.frames = readFrames(this.access, { pc, fp, waiting: false, pendingResults }).reverse();
    this.pendingCall = call && {
      functionIndex: this.spaces.functionRefs.indexOf(call.ref),
      args: this.access.bits.readAll(call.at, type!.params),
    };
  }
}

/** The arguments of the call in front of the place where the run goes on. */
function argumentsAt({ fp, pc }: { readonly fp: number; readonly pc: number }, { machine }: InstanceSpaces): number {
  return pc === machine.halt ? fp : fp + machine.memory.u16[(pc - DELTA_BEFORE_RETURN) >> 1]!;
}

/** @throws FtWasmError FTW_SNAPSHOT if the pending call is of no imported function, or has other arguments */
export function checkPendingCall({ functionTypes, module }: InstanceSpaces, call: PendingCall | undefined): void {
  if (call === undefined) return;
  const { args, functionIndex } = call;
  const imported = functionTypes.length - module.bodies.length;
  const params = functionIndex < imported ? functionTypes[functionIndex]?.params : undefined;
  if (params?.length === args.length && params.every((type, at) => type === args[at]!.type)) return;
  const message = `the snapshot waits for a call of function ${functionIndex} that the module cannot have made: it is of another module`;
  throw new FtWasmError('FTW_SNAPSHOT', message, { functionIndex });
}
