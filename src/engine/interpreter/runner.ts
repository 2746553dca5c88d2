/**
 * Carries out what the loop leaves for: fuel, host calls, first calls, helpers, traps. The loop runs in turns of at most
 * TURN instructions, because V8 replaces the code of a function only when it is entered anew.
 */
import { FtWasmError } from '../../errors.js';
import { ENTRY_COST } from '../../inject/costs.js';
import { GuestStop, type InstanceOptions, type Outcome, type TrapCode } from '../engine.js';
import type { CodeRange } from './code-map.js';
import { Entry, Exit, State } from './generated/abi.js';
import { Ir } from './generated/ir.js';
import { HelperTrap, runHelper } from './helpers.js';
import { HostCalls } from './host-calls.js';
import type { Machine } from './machine.js';
import { positionOf, steppingAddress } from './positions.js';
import { Slices } from './slices.js';
import { sizeOf } from './translate/frame.js';
import { isTrap, trapOf } from './traps.js';
import { readValue, writeValue } from './values.js';

/** About a millisecond. */
const TURN = 1_000_000;
const CALL_RECORD_BYTES = 12;

/** The run has reached its target and can go on. */
export interface Stopped {
  readonly kind: 'stopped';
  readonly counter: number;
}

/** A run that waits for another one to end. */
interface SuspendedRun {
  readonly freeStack: number;
  readonly freeUnits: number;
  readonly pc: number;
  readonly fp: number;
  readonly pending: number;
  readonly resultTypes: readonly number[];
  readonly target: number;
}

export class Runner {
  /** Executed instructions; exact whenever the loop is not running. */
  counter = 0;
  private readonly slices: Slices;
  private readonly hostCalls: HostCalls;
  /** The counter at which the loop's fuel will be zero. */
  private stopAt = 0;
  /** The charge of the edge that the run goes on with. */
  private pending = 0;
  /** The counter at which a run stops wherever it is. */
  private target = Number.POSITIVE_INFINITY;
  /** What the run in progress returns. */
  private resultTypes: readonly number[] = [];
  /** While a host function runs: first free address of the stack, and depth budget that is left. */
  private freeStack: number;
  private freeUnits: number;

  constructor(
    private readonly machine: Machine,
    options: InstanceOptions,
  ) {
    this.slices = new Slices(options);
    this.hostCalls = new HostCalls(machine);
    this.freeStack = machine.stackStart;
    this.freeUnits = options.limits.stackUnitsMax;
  }

  /** Calls a function and runs it to an outcome. @throws FtWasmError FTW_HOST, or what a host function throws */
  invoke(ref: number, args: readonly unknown[]): Outcome {
    if (this.machine.functions.definition(ref).kind === 'host') return this.callHostDirectly(ref, args);
    const outer = this.suspend();
    try {
      const refused = this.begin(ref, args);
      if (refused !== undefined) return refused;
      const ended = this.resume(Number.POSITIVE_INFINITY);
      if (ended.kind === 'stopped') throw new Error('a run without a target cannot stop');
      return ended;
    } finally {
      this.unsuspend(outer);
    }
  }

  /** What a run inside another one must put back. */
  suspend(): SuspendedRun {
    const { freeStack, freeUnits, pc, fp, pending, resultTypes, target } = this;
    return { freeStack, freeUnits, pc, fp, pending, resultTypes, target };
  }

  unsuspend({ pc, fp, ...rest }: SuspendedRun): void {
    Object.assign(this, rest);
    this.writeState(pc, fp);
  }

  /** Pushes the outermost frame of a run; {@link resume} runs it. @returns a trap if there is no room for it */
  begin(ref: number, args: readonly unknown[]): Outcome | undefined {
    const entered = this.enter(ref, args);
    if (typeof entered !== 'number') return entered;
    this.resultTypes = this.machine.functions.definition(ref).type.results;
    this.pending = entered;
    return undefined;
  }

  /** Runs until the run ends, or exactly `target` instructions have been executed in all. */
  resume(target: number): Outcome | Stopped {
    this.target = target;
    const { machine } = this;
    try {
      let stop = this.atEdge(this.pending);
      while (!stop) {
        const exit = machine.runLoop();
        this.counter = this.stopAt - machine.memory.getI64(State.FUEL);
        const next = this.handle(exit);
        if (typeof next === 'object') return next;
        stop = next !== undefined && this.atEdge(next);
      }
      return { kind: 'stopped', counter: this.counter };
    } catch (thrown) {
      if (thrown instanceof GuestStop) return { ...thrown.stop, counter: this.counter };
      if (thrown instanceof HelperTrap) return this.trappedAt(this.pc, thrown.trap, thrown.message);
      throw thrown;
    }
  }

  private callHostDirectly(ref: number, args: readonly unknown[]): Outcome {
    const definition = this.machine.functions.definition(ref);
    if (definition.kind !== 'host') throw new Error('not a host function');
    try {
      const result = (definition.call as (...values: unknown[]) => unknown)(...args, this.counter);
      const values = definition.type.results.length === 0 ? [] : Array.isArray(result) ? result : [result];
      return { kind: 'returned', counter: this.counter, values };
    } catch (thrown) {
      if (thrown instanceof GuestStop) return { ...thrown.stop, counter: this.counter };
      throw thrown;
    }
  }

  /** Pushes the outermost frame of a run. @returns what entering costs, or a trap */
  private enter(ref: number, args: readonly unknown[]): number | Outcome {
    const { machine } = this;
    const entry = machine.entryOf(ref);
    const { memory } = machine;
    const fp = (this.freeStack + 15) & ~15;
    const units = this.freeUnits - memory.u32[(entry + Entry.UNITS) >> 2]!;
    if (units < 0) return this.trapped(this.counter + ENTRY_COST, ...trapOf(Exit.STACK_OVERFLOW));
    if (fp + memory.u32[(entry + Entry.FRAME_BYTES) >> 2]! > memory.u32[State.STACK_END >> 2]!)
      throw this.stackExhausted();
    const header = fp + memory.u16[(entry + Entry.HEADER) >> 1]!;
    memory.u8.fill(0, fp, header);
    let at = fp;
    for (const [index, type] of machine.functions.definition(ref).type.params.entries()) {
      writeValue(memory, at, type, args[index], machine.references);
      at += sizeOf(type);
    }
    memory.u32[header >> 2] = machine.halt;
    memory.u32[(header >> 2) + 1] = units;
    this.writeState(entry + Entry.SIZE, fp);
    return memory.u16[(entry + Entry.COST) >> 1]!;
  }

  private writeState(pc: number, fp: number): void {
    const { u32 } = this.machine.memory;
    u32[State.PC >> 2] = pc;
    u32[State.FP >> 2] = fp;
  }

  get pc(): number {
    return this.machine.memory.u32[State.PC >> 2]!;
  }

  get fp(): number {
    return this.machine.memory.u32[State.FP >> 2]!;
  }

  /** At an edge whose charge of `pending` is not taken: looks up, stops at the target, or lets the loop run on. */
  private atEdge(pending: number): boolean {
    this.pending = this.lookUp(pending);
    if (this.counter + this.pending > this.target && this.isAtTarget()) return true;
    this.refuel(this.pending);
    return false;
  }

  /**
   * The target is reached, or inside of what the edge pays for. Stops are in the code whose instructions are charged one
   * by one, where the next one waits for its charge; only a function whose entry is not counted yet stops in any code.
   */
  private isAtTarget(): boolean {
    const { machine, pc } = this;
    const range = machine.code.find(pc);
    // Behind the outermost frame: the run ends.
    if (range === undefined) return false;
    if (range.stepping) return true;
    if (pc === range.entry + Entry.SIZE) {
      if (this.counter >= this.target) return true;
      this.counter += ENTRY_COST;
    }
    this.writeState(steppingAddress(machine, range, pc), this.fp);
    this.pending = 0;
    return false;
  }

  /** Lets the loop run on: at least over the edge that costs `pending`, at most to the next place to look up. */
  private refuel(pending: number): void {
    const { counter } = this;
    this.stopAt = Math.max(Math.min(this.slices.limit, this.target, counter + TURN), counter + pending);
    this.machine.memory.setI64(State.FUEL, this.stopAt - counter - pending);
  }

  /** @returns the charge of the edge to go on with, undefined to go on as it is, or how the run ended */
  private handle(exit: number): number | undefined | Outcome {
    switch (exit) {
      case Exit.FUEL: {
        const pending = this.machine.memory.getI64(State.COST);
        this.counter -= pending;
        return pending;
      }
      case Exit.CALL_HOST:
        return this.hostCall(this.pc, this.machine.memory.u32[(this.pc + 8) >> 2]!);
      case Exit.CALL_SLOW:
        return this.slowCall();
      case Exit.HELPER:
        this.writeState(this.pc + runHelper(this.machine, this.pc, this.fp), this.fp);
        return undefined;
      case Exit.HALTED:
        return this.returned();
      case Exit.STACK_EXHAUSTED:
        throw this.stackExhausted();
      case Exit.STACK_OVERFLOW:
        return this.trapped(this.counter + ENTRY_COST, ...trapOf(exit), this.pc);
      default:
        if (!isTrap(exit)) throw new Error(`the loop ended with unknown code ${exit}`);
        return this.trappedAt(this.pc, ...trapOf(exit));
    }
  }

  /**
   * At an edge that costs `pending`: looks up if this is a place for it, that is a loop header or the entry of a function
   * that can recurse (where entering is already counted). @throws GuestStop
   */
  private lookUp(pending: number): number {
    const { counter, pc } = this;
    if (counter + ENTRY_COST < this.slices.limit) return pending;
    const range = this.machine.code.find(pc);
    if (range === undefined) return pending;
    const position = pc - range.entry - Entry.SIZE;
    const atEntry = position === 0;
    if (atEntry) {
      if (!this.machine.isRecursive(range.ref)) return pending;
    } else if (counter < this.slices.limit || !isLoopHeader(range, position)) return pending;
    const seen = atEntry ? counter + ENTRY_COST : counter;
    this.counter = seen;
    this.slices.check(seen);
    this.counter = counter;
    return pending;
  }

  /** The call record at `record` calls the host function `ref`. */
  private hostCall(record: number, ref: number): number {
    const { u16 } = this.machine.memory;
    this.callHost(record, ref);
    const { fp } = this;
    this.writeState(record + CALL_RECORD_BYTES, fp);
    return u16[(record + 6) >> 1]!;
  }

  /** Calls the host; results are where the arguments were. */
  private callHost(record: number, ref: number): void {
    const { machine, fp } = this;
    const { u16, u32 } = machine.memory;
    const at = fp + u16[(record + 2) >> 1]!;
    const header = fp + u16[(record + 4) >> 1]!;
    const outer = [this.freeStack, this.freeUnits] as const;
    this.freeStack = at + this.hostCalls.bytesOf(ref);
    this.freeUnits = u32[(header >> 2) + 1]!;
    this.hostCalls.call(ref, at, this.counter);
    [this.freeStack, this.freeUnits] = outer;
  }

  /** A callee that the loop cannot enter by itself: not translated yet, or the host's. */
  private slowCall(): number | undefined {
    const { machine, pc } = this;
    const { memory, functions } = machine;
    const op = memory.u16[pc >> 1]!;
    const lazy = op === Ir.call_lazy;
    const ref = lazy ? memory.u32[(pc + 8) >> 2]! : memory.u32[State.CALLEE >> 2]!;
    if (functions.definition(ref).kind === 'guest') {
      const entry = machine.entryOf(ref);
      if (lazy) patchCall(machine, pc, entry);
      return undefined;
    }
    if (op === Ir.call_indirect) return this.hostCall(pc + CALL_RECORD_BYTES, ref);
    return this.hostTailCall(pc + (op === Ir.return_call ? 8 : CALL_RECORD_BYTES), ref);
  }

  /** Calls the host with this frame's arguments, then returns what it answers from this frame. */
  private hostTailCall(record: number, ref: number): number {
    this.callHost(record, ref);
    const { memory } = this.machine;
    const { fp } = this;
    const at = fp + memory.u16[(record + 2) >> 1]!;
    memory.u8.copyWithin(fp, at, at + this.hostCalls.bytesOf(ref));
    const back = memory.u32[(fp + memory.u16[(record + 4) >> 1]!) >> 2]!;
    this.writeState(back, fp - memory.u16[(back - 10) >> 1]!);
    return memory.u16[(back - 6) >> 1]!;
  }

  private returned(): Outcome {
    const { machine, fp } = this;
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
    const range = this.machine.code.find(pc)!;
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
