/**
 * What all parts of a region's code share. Its promise: at every exit the frame, State.FUEL and memory are exactly what the
 * loop would have left at the instruction that the exit names, so nothing else has to know that regions exist.
 */
import { ValType } from '../../../wasm/module.js';
import { State } from '../generated/abi.js';
import { Body, Param } from './body.js';
import type { CallSites } from './calls.js';
import type { Region } from './graph.js';
import { Homes } from './homes.js';
import type { RegionHost } from './host.js';
import type { Block, IrCode } from './ir-code.js';
import type { Liveness } from './liveness.js';

/** Label of the block that all exits leave; behind it locals are written back. */
const EXIT = 'exit';

/** Where the code of a callee is called: its number in the same module, if it is in it. */
export type CalleeIndex = (entry: number) => number | undefined;

export interface Surroundings {
  readonly machine: RegionHost;
  readonly calls: CallSites;
  readonly liveness: Liveness;
  readonly calleeIndex: CalleeIndex;
}

export class Emitter {
  readonly body = new Body();
  readonly homes: Homes;
  readonly code: IrCode;
  /** Bytes of guest memory; it cannot grow while a region runs. */
  readonly limit: number;
  private readonly status: number;
  private readonly scratch = new Map<string, number>();

  constructor(
    readonly region: Region,
    readonly around: Surroundings,
  ) {
    this.code = region.code;
    this.homes = new Homes(region, around.calls, this.body);
    this.limit = this.body.newLocal(ValType.I64);
    this.status = this.body.newLocal(ValType.I32);
  }

  /** A local variable for short use. */
  temporary(type: number, purpose = 'value'): number {
    const key = `${purpose} ${type}`;
    let local = this.scratch.get(key);
    if (local === undefined) {
      local = this.body.newLocal(type);
      this.scratch.set(key, local);
    }
    return local;
  }

  /** Everything: `emitBlocks` writes the blocks. @returns the function's code, as in the code section */
  finish(emitBlocks: () => void): Uint8Array {
    const { body, region } = this;
    const main = body.code;
    body.open('block', EXIT);
    emitBlocks();
    body.op('unreachable').end();
    this.epilogue();
    const rest = main.bytes.slice();
    main.truncate(0);
    this.prologue(region.isFunction);
    main.copy(rest);
    return main.finish();
  }

  /** In a function that was just entered, all locals but the parameters are zero, as homes are. */
  private prologue(isFunction: boolean): void {
    const { around, body, code, homes, region } = this;
    body.i32(0).memory('i64.load', State.MEMORY_BYTES).set(this.limit);
    const live = around.liveness.at(region.entry.start);
    for (const [key, home] of homes.all) {
      if (homes.isLocal(home.slot)) {
        if (!isFunction || home.slot < code.paramBytes) homes.load(home);
      } else if (live.has(key)) homes.load(home);
    }
  }

  private epilogue(): void {
    const { body, homes } = this;
    for (const slot of this.region.isFunction ? this.ownLocals() : []) this.storeLocal(slot);
    for (const slot of homes.written) {
      if (!this.region.isFunction || slot < this.code.paramBytes) this.storeLocal(slot);
    }
    body.i32(0).get(Param.FP).memory('i32.store', State.FP);
    body.get(this.status).get(Param.FUEL).op('end');
  }

  /** Places of the locals behind the parameters. */
  ownLocals(): number[] {
    return [...this.code.locals.keys()].filter((slot) => slot >= this.code.paramBytes);
  }

  storeLocal(slot: number): void {
    const { code, homes } = this;
    homes.store(homes.of(slot, code.locals.get(slot)!));
  }

  /** Leaves to the loop, which goes on at code position `at`; `live`: operands that it needs there. */
  exit(at: number, live: ReadonlySet<number>): void {
    const { body } = this;
    this.storeOperands(live);
    body.i32(this.code.address(at)).set(this.status).br(EXIT);
  }

  storeOperands(live: ReadonlySet<number>): void {
    for (const each of live) {
      const home = this.homes.all.get(each);
      if (home !== undefined) this.homes.store(home);
    }
  }

  /** Pops a condition: leaves if it holds. */
  exitIf(at: number, live: ReadonlySet<number>): void {
    this.body.open('if');
    this.exit(at, live);
    this.body.end();
  }

  /** Takes an edge's charge; where fuel is short, the loop takes the edge itself, and stops. */
  charge(cost: number, at: number, live: ReadonlySet<number>): void {
    if (cost === 0) return;
    const { body } = this;
    body.get(Param.FUEL).i64(cost).op('i64.lt_s');
    this.exitIf(at, live);
    body.get(Param.FUEL).i64(cost).op('i64.sub').set(Param.FUEL);
  }

  isInside(position: number): Block | undefined {
    const block = this.code.blockAt(position);
    return block !== undefined && this.region.blocks.has(block) ? block : undefined;
  }
}
