/** The places of one function where its frame can be saved, and what is saved there. See `capture.ts`. */
import { invariant } from '../errors.js';
import { lebU32At } from '../wasm/instructions.js';
import type { FunctionBody, ValType as ValTypeOf } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';
import type { CallAnalysis } from './call-graph.js';
import { Liveness } from './liveness.js';
import { SAVE_ORDER, type SaveFunctions } from './save-functions.js';

/** What a site saves, in the order in which it does. */
export interface SavedSite {
  /** Original offset of the instruction that is executed next. */
  readonly offset: number;
  /** A local's index, or -1 - n for the n-th operand. */
  readonly values: readonly number[];
  readonly types: readonly ValTypeOf[];
  /** Types of all operands, without the results of the call under way. */
  readonly operands: readonly ValTypeOf[];
}

export class CaptureSites {
  readonly liveness: Liveness;
  /** Called for every site that is written, while somebody wants to know; `id` is what the site tells the host. */
  onSite: ((id: number, site: SavedSite) => void) | undefined;

  constructor(
    bytes: Uint8Array,
    private readonly calls: CallAnalysis,
    private readonly preemption: boolean,
    readonly saves: SaveFunctions,
    /** Original offset of a place in `bytes`. */
    readonly originalOffset: (pos: number) => number = (pos) => pos,
  ) {
    this.liveness = new Liveness(bytes, (op, immediates) => this.isSite(bytes, op, immediates));
  }

  load(body: FunctionBody, locals: number): void {
    this.liveness.analyse(body.code, locals);
  }

  mayLeave(callee: number): boolean {
    return this.calls.mayLeave[callee] === 1;
  }

  typeMayLeave(type: number): boolean {
    return this.calls.typeMayLeave[type] === 1;
  }

  /** The locals to save at the place `pos`: those that are live, by type. */
  liveLocals(pos: number, types: Uint8Array): number[] {
    this.liveness.siteAhead(pos);
    invariant(this.liveness.siteOffset === pos, `no site at ${pos}`);
    return sortedByType(this.liveness.liveLocals(), types);
  }

  private isSite(bytes: Uint8Array, op: number, immediates: number): boolean {
    if (op === Op.Loop) return this.preemption;
    if (op === Op.Call) return this.mayLeave(lebU32At(bytes, immediates));
    return this.typeMayLeave(lebU32At(bytes, immediates));
  }
}

/** Locals in the order in which they are saved. */
export function sortedByType(locals: readonly number[], types: Uint8Array): number[] {
  const sorted: number[] = [];
  for (const type of SAVE_ORDER) {
    if (sorted.length === locals.length) break;
    for (const local of locals) if (types[local] === type) sorted.push(local);
  }
  return sorted;
}
