/**
 * A machine: one linear memory, one loop, and the instances that live in it. Usually that is one instance; instances
 * that share a memory, table or global by import are in the same machine.
 */
import { instantiateSync } from '@assemblyscript/loader';
import type { EngineLimits } from '../engine.js';
import { CodeMap } from './code-map.js';
import { Functions } from './functions.js';
import { Entry, Memory, State } from './generated/abi.js';
import { Ir } from './generated/ir.js';
import { LinearMemory } from './memory.js';
import { References } from './references.js';
import { type RegionOptions, Regions } from './regions/regions.js';
import { Segments } from './segments.js';
import { Tables } from './tables.js';
import { Translator } from './translate/translate.js';
import type { WasmModule } from './webassembly.js';

interface LoopExports {
  /** Runs from the state block until something needs the host; returns an Exit code. */
  run(): number;
}

/** Room for the frames of functions that cannot recurse, which take no stack units, and for an overdrawn budget. */
const STACK_SLACK_BYTES = 16 << 20;
/** A unit is 8 bytes of declared frame; results may need as much again (see FrameLayout). */
const STACK_BYTES_PER_UNIT = 16;

/** One translator serves all machines: it is only busy while it runs. */
const translator = new Translator();

export class Machine {
  readonly memory = new LinearMemory();
  readonly functions = new Functions(this.memory);
  readonly tables = new Tables(this.memory);
  readonly segments = new Segments();
  readonly references = new References(this);
  readonly code = new CodeMap();
  readonly regions: Regions;
  /** Runs the loop; returns an Exit code. */
  readonly runLoop: () => number;
  readonly stackStart: number;
  /** Where the outermost frame of a run returns to. */
  readonly halt: number;
  /** Declared maximum of the guest memory, in pages. */
  guestPagesMax = 0x1_0000;
  /** An instance has brought a memory; there is room for one. */
  hasMemory = false;
  /** Instances that live here. */
  instances = 0;
  /** Code in stepping form, by function reference. */
  private readonly steppingEntries = new Map<number, number>();

  constructor(
    loop: WasmModule,
    readonly limits: EngineLimits,
    regions: RegionOptions,
  ) {
    this.regions = new Regions(this, regions);
    const { wasm } = this.memory;
    const imports = { env: { memory: wasm }, region: { enter: this.regions.enter(wasm) } };
    const instance = instantiateSync(loop as never, imports as never) as unknown as { exports: LoopExports };
    this.runLoop = instance.exports.run;
    const stackBytes = limits.stackUnitsMax * STACK_BYTES_PER_UNIT + STACK_SLACK_BYTES;
    this.stackStart = this.memory.allocate(stackBytes);
    this.memory.u32[State.STACK_END >> 2] = this.stackStart + stackBytes;
    this.halt = this.writeHalt();
  }

  /** A call record with nothing in it, as a return expects in front of its address, and the halt instruction. */
  private writeHalt(): number {
    const at = this.memory.allocate(16);
    this.memory.u16[at >> 1] = Ir.call_tail;
    this.memory.u16[(at + 12) >> 1] = Ir.halt;
    return at + 12;
  }

  /** Address of a guest function's Entry record; translates it on its first call. */
  entryOf(ref: number): number {
    const known = this.functions.entry(ref);
    if (known !== 0) return known;
    const entry = this.place(ref, false);
    this.functions.setEntry(ref, entry);
    this.regions.translated(ref);
    return entry;
  }

  /** The same function in the form in which every instruction waits for its own charge. */
  steppingEntryOf(ref: number): number {
    const known = this.steppingEntries.get(ref);
    if (known !== undefined) return known;
    const entry = this.place(ref, true);
    this.steppingEntries.set(ref, entry);
    return entry;
  }

  private place(ref: number, stepping: boolean): number {
    const { memory } = this;
    const definition = this.functions.definition(ref);
    if (definition.kind === 'host') throw new Error('a host function has no code');
    const { bytes, relocations, loopHeaders } = translator.translate(definition.env, definition.index, { stepping });
    const entry = memory.allocate(bytes.length, 8);
    memory.u8.set(bytes, entry);
    for (const at of relocations) memory.u32[(entry + at) >> 2]! += entry + Entry.SIZE;
    memory.u32[(entry + Entry.CODE) >> 2] = entry + Entry.SIZE;
    this.code.add({ entry, end: entry + bytes.length, ref, stepping, loopHeaders });
    return entry;
  }

  /** The least that a frame of a function can have left of the depth budget; 0 says that its entry is guarded. */
  unitsLeftMin(entry: number): number {
    return (this.memory.u16[(entry + Entry.UNITS_LEFT) >> 1]! << 16) >> 16;
  }

  /** Where the loop goes on, or has stopped. */
  get pc(): number {
    return this.memory.u32[State.PC >> 2]!;
  }

  /** The loop stands at a region's hook: the code that it stands for is where it goes on. */
  leaveHook(): void {
    const { u16, u32 } = this.memory;
    const { pc } = this;
    if (u16[pc >> 1] === Ir.region) u32[State.PC >> 2] = u32[(pc + 4) >> 2]!;
  }

  /** The code where the loop goes on is a region: it goes on at that one's hook. */
  takeHook(): void {
    const hook = this.regions.hooks.get(this.pc);
    if (hook !== undefined) this.memory.u32[State.PC >> 2] = hook;
  }

  get fp(): number {
    return this.memory.u32[State.FP >> 2]!;
  }

  goTo(pc: number, fp: number): void {
    this.memory.u32[State.PC >> 2] = pc;
    this.memory.u32[State.FP >> 2] = fp;
  }

  /** Bytes of the guest's memory. */
  get guestBytes(): number {
    return this.memory.guestPages * 0x1_0000;
  }

  guestView(): Uint8Array {
    return new Uint8Array(this.memory.wasm.buffer, Memory.GUEST, this.guestBytes);
  }
}
