/**
 * Calls from the guest into the host, as the loop leaves for them: with a call record. The guest goes on behind it, unless
 * the call ends in a capture.
 */
import { CaptureGate, type CapturePoint } from './capture-gate.js';
import { HostCalls } from './host-calls.js';
import type { Machine } from './machine.js';

const CALL_RECORD_BYTES = 12;
/** Fields of a call record, before the return address. */
const COST_BEFORE_RETURN = 6;
const DELTA_BEFORE_RETURN = 10;

export class HostBridge {
  readonly gate: CaptureGate;
  /** While a host function runs: first free address of the stack, and depth budget that is left. */
  freeStack: number;
  freeUnits: number;
  private readonly calls: HostCalls;

  constructor(
    private readonly machine: Machine,
    stackUnitsMax: number,
    private readonly counter: () => number,
    onStanding: (stands: boolean) => void = () => {},
  ) {
    this.gate = new CaptureGate(onStanding);
    this.calls = new HostCalls(machine);
    this.freeStack = machine.stackStart;
    this.freeUnits = stackUnitsMax;
  }

  /** The call record at `record` calls the host function `ref`. @returns what going on behind it costs */
  call(record: number, ref: number): number {
    const { fp } = this.machine;
    const pc = record + CALL_RECORD_BYTES;
    this.callWith(record, ref, { pc, fp });
    return this.goOn(pc, fp);
  }

  /** Calls the host with this frame's arguments, then returns what it answers from this frame. */
  tailCall(record: number, ref: number): number {
    const { machine } = this;
    const { fp, memory } = machine;
    const { u16, u32 } = memory;
    const at = fp + u16[(record + 2) >> 1]!;
    const pc = u32[(fp + u16[(record + 4) >> 1]!) >> 2]!;
    const callerFp = fp - u16[(pc - DELTA_BEFORE_RETURN) >> 1]!;
    this.callWith(record, ref, { pc, fp: callerFp });
    memory.u8.copyWithin(fp, at, at + this.calls.bytesOf(ref));
    return this.goOn(pc, callerFp);
  }

  /** Makes the host call that was not answered when the frames were captured; its arguments are where they were. */
  answer(ref: number): number {
    const { fp, halt, pc } = this.machine;
    if (pc !== halt) return this.call(pc - CALL_RECORD_BYTES, ref);
    this.callAt(ref, fp, this.freeUnits, { pc, fp });
    return this.goOn(pc, fp);
  }

  /** Behind the call, which may have asked for a capture. @throws GuestStop */
  private goOn(pc: number, fp: number): number {
    this.machine.goTo(pc, fp);
    this.gate.pass(pc, fp, this.machine.halt);
    return this.machine.memory.u16[(pc - COST_BEFORE_RETURN) >> 1]!;
  }

  /** Results are where the arguments were. `behind`: where the guest goes on. */
  private callWith(record: number, ref: number, behind: CapturePoint): void {
    const { fp, memory } = this.machine;
    const { u16, u32 } = memory;
    const header = fp + u16[(record + 4) >> 1]!;
    this.callAt(ref, fp + u16[(record + 2) >> 1]!, u32[(header >> 2) + 1]!, behind);
  }

  /** `units` of the depth budget are left for runs inside the call. */
  private callAt(ref: number, at: number, units: number, behind: CapturePoint): void {
    const { freeStack, freeUnits } = this;
    this.freeStack = at + this.calls.bytesOf(ref);
    this.freeUnits = units;
    try {
      this.calls.call(ref, at, this.counter());
    } catch (thrown) {
      throw this.gate.thrownBy(thrown, { ...behind, call: { ref, at } });
    } finally {
      this.freeStack = freeStack;
      this.freeUnits = freeUnits;
    }
  }
}
