/**
 * Carries out what the loop leaves for: fuel, host calls, first calls, helpers, traps. The loop runs in turns of at most
 * a million instructions, because V8 replaces the code of a function only when it is entered anew.
 */
import { FtWasmError } from '../../errors.js';
import { ENTRY_COST } from '../../inject/costs.js';
import { GuestStop, type InstanceOptions, type Outcome, type TrapCode } from '../engine.js';
import type { CodeRange } from './code-map.js';
import { Entry, Exit, State } from './generated/abi.js';
import { Ir } from './generated/ir.js';
import { HelperTrap, runHelper } from './helpers.js';
import { HostBridge } from './host-bridge.js';
import type { Machine } from './machine.js';
import { positionOf, steppingAddress } from './positions.js';
import { Slices } from './slices.js';
import { sizeOf } from './translate/frame.js';
import { isTrap, trapOf } from './traps.js';
import { readValue, writeValue } from './values.js';

const CALL_RECORD_BYTES = 12;

/** The run has reached its target and can go on. */
export interface Stopped {
  readonly kind: 'stopped';
  readonly counter: number;
}

/** A run that waits for another one to end. */
interface SuspendedRun {
  readonly pc: number;
  readonly fp: number;
  readonly pending: number;
  readonly resultTypes: readonly number[];
  readonly target: number;
}

/** Where the loop goes on. */
export interface Continuation {
  readonly pc: number;
  readonly fp: number;
  /** What the edge costs that leads there. */
  readonly pending: number;
}

/** A run whose frames are in place, see place-frames.ts. */
export interface PlacedRun extends Continuation {
  readonly resultTypes: readonly number[];
  /** A host function (by reference) that has not answered; its arguments are where the results will be. */
  readonly unanswered: number | undefined;
}

export class Runner {
  /** Executed instructions; exact whenever the loop is not running. */
  counter = 0;
  readonly slices: Slices;
  readonly host: HostBridge;
  /** The counter at which the loop's fuel will be zero. */
  private stopAt = 0;
  /** The charge of the edge that the run goes on with. */
  private pending = 0;
  /** That edge was looked up at before. */
  private lookedUp = false;
  /** A host function that is to be called before the run goes on. */
  private unanswered: number | undefined;
  /** The counter at which a run stops wherever it is. */
  private target = Number.POSITIVE_INFINITY;
  /** What the run in progress returns. */
  private resultTypes: readonly number[] = [];

  constructor(
    private readonly machine: Machine,
    options: InstanceOptions,
  ) {
    this.slices = new Slices(options);
    const { limits, onStanding } = options;
    this.host = new HostBridge(machine, limits.stackUnitsMax, () => this.counter, onStanding);
  }

  /** Calls a function and runs it to an outcome. @throws FtWasmError FTW_HOST, or what a host function throws */
  invoke(ref: number, args: readonly unknown[]): Outcome {
    if (this.machine.functions.definition(ref).kind === 'host') return this.callHostDirectly(ref, args);
    return this.within(() => this.begin(ref, args) ?? this.toEnd());
  }

  /** Runs on from frames that are in place to an outcome, as {@link invoke} does. */
  continue(run: PlacedRun): Outcome {
    return this.within(() => {
      this.beginAt(run);
      return this.toEnd();
    });
  }

  private within(run: () => Outcome): Outcome {
    const outer = this.suspend();
    this.host.gate.nesting++;
    try {
      return run();
    } finally {
      this.host.gate.nesting--;
      this.unsuspend(outer);
    }
  }

  private toEnd(): Outcome {
    const ended = this.resume(Number.POSITIVE_INFINITY);
    if (ended.kind === 'stopped') throw new Error('a run without a target cannot stop');
    return ended;
  }

  /** What a run inside another one must put back. */
  suspend(): SuspendedRun {
    const { pending, resultTypes, target } = this;
    const { pc, fp } = this.machine;
    return { pc, fp, pending, resultTypes, target };
  }

  unsuspend({ pc, fp, ...rest }: SuspendedRun): void {
    Object.assign(this, rest);
    this.machine.goTo(pc, fp);
  }

  /** Pushes the outermost frame of a run; {@link resume} runs it. @returns a trap if there is no room for it */
  begin(ref: number, args: readonly unknown[]): Outcome | undefined {
    const entered = this.enter(ref, args);
    if (typeof entered !== 'number') return entered;
    this.resultTypes = this.machine.functions.definition(ref).type.results;
    this.pending = entered;
    return undefined;
  }

  /** The same with frames that are in place. */
  beginAt({ fp, pc, pending, resultTypes, unanswered }: PlacedRun): void {
    this.machine.goTo(pc, fp);
    this.resultTypes = resultTypes;
    this.pending = pending;
    this.unanswered = unanswered;
    // Behind a host call there is nothing to look up at, and runs inside of it start with edges of their own.
    this.lookedUp = unanswered === undefined;
  }

  /** The host call that was not answered when the frames were captured. @returns what going on behind it costs */
  private answer(): number {
    const ref = this.unanswered!;
    this.unanswered = undefined;
    return this.host.answer(ref);
  }

  /** Runs until the run ends, or exactly `target` instructions have been executed in all. */
  resume(target: number): Outcome | Stopped {
    this.target = target;
    const { machine } = this;
    try {
      if (this.unanswered !== undefined) this.pending = this.answer();
      let stop = this.atEdge(this.pending);
      while (!stop) {
        machine.takeHook();
        const exit = machine.runLoop();
        machine.leaveHook();
        this.counter = this.stopAt - machine.memory.getI64(State.FUEL);
        const next = this.handle(exit);
        if (typeof next === 'object') return next;
        stop = next !== undefined && this.atEdge(next);
      }
      return { kind: 'stopped', counter: this.counter };
    } catch (thrown) {
      if (thrown instanceof GuestStop) return { ...thrown.stop, counter: this.counter };
      if (thrown instanceof HelperTrap) return this.trappedAt(this.machine.pc, thrown.trap, thrown.message);
      throw thrown;
    }
  }

  /** An exported import: a run without frames. */
  private callHostDirectly(ref: number, args: readonly unknown[]): Outcome {
    const { machine } = this;
    const { params, results } = machine.functions.definition(ref).type;
    const fp = (this.host.freeStack + 15) & ~15;
    this.writeArguments(fp, params, args);
    const run = { pc: machine.halt, fp, pending: 0, resultTypes: results, unanswered: ref };
    return this.continue(run);
  }

  /** Pushes the outermost frame of a run. @returns what entering costs, or a trap */
  private enter(ref: number, args: readonly unknown[]): number | Outcome {
    const { machine } = this;
    const entry = machine.entryOf(ref);
    const { memory } = machine;
    const fp = (this.host.freeStack + 15) & ~15;
    const units = this.host.freeUnits - memory.u32[(entry + Entry.UNITS) >> 2]!;
    if (units < machine.unitsLeftMin(entry))
      return this.trapped(this.counter + ENTRY_COST, ...trapOf(Exit.STACK_OVERFLOW));
    if (fp + memory.u32[(entry + Entry.FRAME_BYTES) >> 2]! > memory.u32[State.STACK_END >> 2]!)
      throw this.stackExhausted();
    const header = fp + memory.u16[(entry + Entry.HEADER) >> 1]!;
    memory.u8.fill(0, fp, header);
    this.writeArguments(fp, machine.functions.definition(ref).type.params, args);
    memory.u32[header >> 2] = machine.halt;
    memory.u32[(header >> 2) + 1] = units;
    this.machine.goTo(entry + Entry.SIZE, fp);
    return memory.u16[(entry + Entry.COST) >> 1]!;
  }

  private writeArguments(fp: number, types: readonly number[], args: readonly unknown[]): void {
    const { memory, references } = this.machine;
    let at = fp;
    for (const [index, type] of types.entries()) {
      writeValue(memory, at, type, args[index], references);
      at += sizeOf(type);
    }
  }

  /** At an edge whose charge of `pending` is not taken: looks up, stops at the target, or lets the loop run on. */
  private atEdge(pending: number): boolean {
    this.pending = pending;
    if (!this.lookedUp) this.lookUp();
    this.lookedUp = false;
    if (this.counter + this.pending > this.target && this.isAtTarget()) return true;
    this.refuel(this.pending);
    return false;
  }

  /**
   * The target is reached, or inside of what the edge pays for. Stops are in the code whose instructions are charged one
   * by one, where the next one waits for its charge; only a function whose entry is not counted yet stops in any code.
   */
  private isAtTarget(): boolean {
    const { machine } = this;
    const { pc } = machine;
    const range = machine.code.find(pc);
    // Behind the outermost frame: the run ends.
    if (range === undefined) return false;
    if (range.stepping) return true;
    if (pc === range.entry + Entry.SIZE) {
      if (this.counter >= this.target) return true;
      this.counter += ENTRY_COST;
    }
    this.machine.goTo(steppingAddress(machine, range, pc), this.machine.fp);
    this.pending = 0;
    return false;
  }

  /** Lets the loop run on: at least over the edge that costs `pending`, at most to the next place to look up. */
  private refuel(pending: number): void {
    const { counter } = this;
    this.stopAt = Math.max(
      Math.min(this.slices.limit, this.target, counter + this.machine.regions.turn),
      counter + pending,
    );
    this.machine.memory.setI64(State.FUEL, this.stopAt - counter - pending);
  }

  /** @returns the charge of the edge to go on with, undefined to go on as it is, or how the run ended */
  private handle(exit: number): number | undefined | Outcome {
    switch (exit) {
      case Exit.FUEL: {
        const pending = this.machine.memory.getI64(State.COST);
        this.counter -= pending;
        this.machine.regions.look(this.machine.pc, this.machine.fp);
        return pending;
      }
      case Exit.CALL_HOST:
        return this.host.call(this.machine.pc, this.machine.memory.u32[(this.machine.pc + 8) >> 2]!);
      case Exit.CALL_SLOW:
        return this.slowCall();
      case Exit.HELPER:
        this.machine.goTo(this.machine.pc + runHelper(this.machine, this.machine.pc, this.machine.fp), this.machine.fp);
        return undefined;
      case Exit.HALTED:
        return this.returned();
      case Exit.STACK_EXHAUSTED:
        throw this.stackExhausted();
      case Exit.STACK_OVERFLOW:
        return this.trapped(this.counter + ENTRY_COST, ...trapOf(exit), this.machine.pc);
      default:
        if (!isTrap(exit)) throw new Error(`the loop ended with unknown code ${exit}`);
        return this.trappedAt(this.machine.pc, ...trapOf(exit));
    }
  }

  /**
   * At an edge: looks up if this is a place for it, that is a loop header or the entry of a function that is guarded
   * (where entering is already counted). @throws GuestStop
   */
  private lookUp(): void {
    const { counter, machine } = this;
    const { pc } = machine;
    if (counter + ENTRY_COST < this.slices.limit) return;
    const range = this.machine.code.find(pc);
    if (range === undefined) return;
    const position = pc - range.entry - Entry.SIZE;
    const atEntry = position === 0;
    if (atEntry) {
      if (this.machine.unitsLeftMin(range.entry) !== 0) return;
    } else if (counter < this.slices.limit || !isLoopHeader(range, position)) return;
    this.counter = atEntry ? counter + ENTRY_COST : counter;
    this.host.gate.whileLooking(() => this.slices.check(this.counter));
    this.host.gate.pass(pc, this.machine.fp, this.machine.halt);
    this.counter = counter;
  }

  /** A callee that the loop cannot enter by itself: not translated yet, or the host's. */
  private slowCall(): number | undefined {
    const { machine } = this;
    const { pc } = machine;
    const { memory, functions } = machine;
    const op = memory.u16[pc >> 1]!;
    const lazy = op === Ir.call_lazy;
    const ref = lazy ? memory.u32[(pc + 8) >> 2]! : memory.u32[State.CALLEE >> 2]!;
    if (functions.definition(ref).kind === 'guest') {
      const entry = machine.entryOf(ref);
      if (lazy) patchCall(machine, pc, entry);
      return undefined;
    }
    if (op === Ir.call_indirect) return this.host.call(pc + CALL_RECORD_BYTES, ref);
    return this.host.tailCall(pc + (op === Ir.return_call ? 8 : CALL_RECORD_BYTES), ref);
  }

  private returned(): Outcome {
    const { machine } = this;
    const { fp } = machine;
    const values: unknown[] = [];
    let at = fp;
    for (const type of this.resultTypes) {
      values.push(readValue(machine.memory, at, type, machine.references));
      at += sizeOf(type);
    }
    return { kind: 'returned', counter: this.counter, values };
  }

  private trapped(counter: number, trap: TrapCode, message: string, pc?: number): Outcome {
    this.counter = counter;
    const range = pc === undefined ? undefined : this.machine.code.find(pc);
    if (range === undefined || pc === undefined) return { kind: 'trapped', counter, trap, message };
    const { offset } = positionOf(this.machine, range, pc);
    return { kind: 'trapped', counter, trap, message, functionIndex: this.functionIndexOf(range.ref), offset };
  }

  /** A trap in the middle of what an edge has paid for: what was not executed is taken back. */
  private trappedAt(pc: number, trap: TrapCode, message: string): Outcome {
    const range = this.machine.code.find(pc);
    if (range === undefined) return this.trapped(this.counter, trap, message);
    const { charged } = positionOf(this.machine, range, pc);
    return this.trapped(this.counter - charged, trap, message, pc);
  }

  private functionIndexOf(ref: number): number {
    const definition = this.machine.functions.definition(ref);
    return definition.kind === 'guest' ? definition.index : -1;
  }

  private stackExhausted(): FtWasmError {
    const message =
      "the frames of the guest's functions that do not recurse need more than the interpreter's value stack";
    return new FtWasmError('FTW_HOST', message, { counter: this.counter });
  }
}

function isLoopHeader({ loopHeaders }: CodeRange, position: number): boolean {
  for (let i = 0; i < loopHeaders.length; i += 2) if (loopHeaders[i] === position) return true;
  return false;
}

/** From its second execution on, the call goes straight to the callee's code. */
function patchCall({ memory }: Machine, pc: number, entry: number): void {
  memory.u16[pc >> 1] = Ir.call;
  memory.u32[(pc + 8) >> 2] = entry;
}
