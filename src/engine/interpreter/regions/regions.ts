/**
 * Dynamic superinstructions (after Piumarta and Riccardi, "Optimizing direct threaded code by selective inlining", 1998, and
 * Ertl and Gregg): functions and loops that turn out to be hot become WebAssembly, generated from their IR. See RATIONALE.md,
 * "Why hot code is generated from the interpreter's own code".
 *
 * Where the guest spends its time is found by looking at where it stands at the end of each turn. Which regions exist, and
 * since when, has no influence on anything that can be observed.
 */
import { Entry } from '../generated/abi.js';
import { Ir } from '../generated/ir.js';
import { type WasmModule, type WasmTable, WebAssembly } from '../webassembly.js';
import { Analysis, CODE_BYTES_MAX } from './analysis.js';
import { type Generated, generate, type Part } from './generate.js';
import type { RegionHost } from './host.js';
import { gatewayModule } from './region-module.js';

/** Instructions per turn: about a millisecond, and while the guest is being looked at. */
const TURN_MAX = 1_000_000;
const TURN_MIN = 50_000;
/** Frames of the stack that a look counts. */
const FRAMES_MAX = 8;
const HOOK_BYTES = 16;
const DELTA_BEFORE_RETURN = 10;

export interface RegionOptions {
  /** Looks that must have found a place before it becomes a region; 0: none ever does. */
  readonly hotAfter: number;
  /** Instructions between two looks; by default there are more looks while there is something to find. */
  readonly turn?: number;
  /** Every function becomes a region when it is first called. */
  readonly atOnce?: boolean;
}

export const DEFAULT_REGIONS: RegionOptions = { hotAfter: 3 };
export const NO_REGIONS: RegionOptions = { hotAfter: 0 };

/** Compiled once. */
let gateway: WasmModule | undefined;

export class Regions {
  /** Instructions until the next look. */
  turn: number;
  private readonly table: WasmTable = new WebAssembly.Table({ element: 'anyfunc', initial: 1 });
  /** Hooks by the address of the code that they stand for. */
  readonly hooks = new Map<number, number>();
  /** Looks by address of a loop header or function entry; infinite once there is a region, or cannot be one. */
  private readonly heat = new Map<number, number>();
  private readonly analyses = new Map<number, Analysis>();

  constructor(
    private readonly machine: RegionHost,
    private readonly options: RegionOptions,
  ) {
    this.turn = options.hotAfter === 0 ? TURN_MAX : (options.turn ?? TURN_MIN);
  }

  /** What the loop imports: see assembly/exec/region.ts. */
  enter(memory: object): unknown {
    gateway ??= new WebAssembly.Module(gatewayModule());
    return this.instantiate(gateway, memory)['0'];
  }

  /** A function has got its code. */
  translated(ref: number): void {
    if (this.options.atOnce === true) this.make(ref, undefined);
  }

  /** The guest stands at `pc` at the end of a turn. */
  look(pc: number, fp: number): void {
    if (this.options.hotAfter === 0) return;
    const found = this.hottest(pc, fp);
    if (found !== undefined) this.make(found.ref, found.header);
    if (this.options.turn !== undefined) return;
    this.turn = found === undefined ? Math.min(this.turn + TURN_MIN, TURN_MAX) : TURN_MIN;
  }

  /** Counts what is on the stack. @returns what has just become hot: the innermost of it */
  private hottest(pc: number, fp: number): { ref: number; header: number | undefined } | undefined {
    const { machine } = this;
    let at = pc;
    let frame = fp;
    for (let depth = 0; depth < FRAMES_MAX && at !== machine.halt; depth++) {
      const range = machine.code.find(at);
      if (range === undefined || range.stepping || range.end - range.entry > CODE_BYTES_MAX) return undefined;
      const { ref, entry } = range;
      const position = at - entry - Entry.SIZE;
      for (const { start } of this.analysisOf(ref).loopsAround(position)) {
        if (this.heats(entry + Entry.SIZE + start)) return { ref, header: start };
      }
      if (this.heats(entry)) return { ref, header: undefined };
      const { u16, u32 } = machine.memory;
      at = u32[(frame + u16[(entry + Entry.HEADER) >> 1]!) >> 2]!;
      frame -= u16[(at - DELTA_BEFORE_RETURN) >> 1]!;
    }
    return undefined;
  }

  private heats(address: number): boolean {
    const heat = (this.heat.get(address) ?? 0) + 1;
    const isHot = heat >= this.options.hotAfter && heat < Number.POSITIVE_INFINITY;
    this.heat.set(address, isHot ? Number.POSITIVE_INFINITY : heat);
    return isHot;
  }

  private analysisOf(ref: number): Analysis {
    let analysis = this.analyses.get(ref);
    if (analysis === undefined) {
      analysis = new Analysis(this.machine, ref);
      this.analyses.set(ref, analysis);
    }
    return analysis;
  }

  private make(ref: number, header: number | undefined): void {
    const generated = generate(this.machine, ref, header);
    if (generated !== undefined) this.install(generated);
  }

  private install({ bytes, parts }: Generated): void {
    const exports = this.instantiate(new WebAssembly.Module(bytes), this.machine.memory.wasm);
    for (const [index, part] of parts.entries()) {
      const number = this.table.grow(1);
      this.table.set(number, exports[String(index)]);
      this.hook(part, number);
    }
  }

  private instantiate(module: WasmModule, memory: object): Readonly<Record<string, unknown>> {
    const imports = { env: { memory, table: this.table } };
    return new WebAssembly.Instance(module, imports).exports;
  }

  /** Calls of the function, or the ways back to the loop's header, lead to the region from now on. */
  private hook({ region }: Part, number: number): void {
    const { code, entry, isFunction } = region;
    const { memory } = this.machine;
    const hook = memory.allocate(HOOK_BYTES);
    memory.u16[hook >> 1] = Ir.region;
    memory.u16[(hook >> 1) + 1] = code.header;
    memory.u32[(hook + 4) >> 2] = code.address(entry.start);
    memory.u32[(hook + 8) >> 2] = number;
    this.hooks.set(code.address(entry.start), hook);
    if (isFunction) {
      this.heat.set(code.entry, Number.POSITIVE_INFINITY);
      memory.u32[(code.entry + Entry.CODE) >> 2] = hook;
      memory.u32[(code.entry + Entry.REGION) >> 2] = number;
      return;
    }
    for (const { ops } of region.blocks) {
      const at = ops.at(-1)!;
      for (const field of code.targetFields(at, entry.start))
        memory.u32[code.address(field) >> 2] = hook - code.address(at);
    }
  }
}
