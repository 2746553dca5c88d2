/**
 * Which edge pays for which instructions. A *site* is a 16-bit cost field in the code (of a branch's edge, a call's
 * continuation, the function's entry ...); it pays for everything that is executed from there up to the next decision:
 * a conditional branch, a call, a loop header. Unconditional forward branches and joins do not end what a site pays for,
 * so they cost nothing at run time: the sites that are open at a jump wait at its label and open again there.
 *
 * Invariant: at every place of the code, (instructions executed) = (charges of the sites passed) - (what the last one
 * has yet to see executed); at a decision the latter is zero, hence the counter is exact at calls and loop headers.
 */

import type { CodeBuffer } from './code-buffer.js';
import { ByteCosts } from './costs.js';

/** Sites that wait at a label: their fields, and what each has to pay so far. */
export interface WaitingSites {
  readonly at: number[];
  readonly owed: number[];
}

export function noSites(): WaitingSites {
  return { at: [], owed: [] };
}

/** Positions that are no fields: what an edge would still have to pay is asked for, or the function's entry pays. */
const PROBE = -1;
const ENTRY = -2;

/** Above this, code is split by an extra `charge` instruction, since a cost field has 16 bits. */
const COST_SPLIT = 60_000;

export class Meter {
  /** Cost of all instructions translated so far, in code order: only differences mean anything. */
  private total = 0;
  private at: number[] = [];
  private start: number[] = [];
  private oldest = 0;
  /** Answer to {@link probe}. */
  probed = 0;

  constructor(
    private readonly code: CodeBuffer,
    private readonly payEntry: (cost: number) => void,
  ) {}

  begin(): void {
    this.total = 0;
    this.at.length = 0;
    this.start.length = 0;
    this.probed = 0;
  }

  /** Cost of everything translated so far. */
  get counted(): number {
    return this.total;
  }

  /** Adds an executed operator. */
  count(op: number): void {
    this.total += ByteCosts[op]!;
  }

  /** Adds `cost` instructions. */
  add(cost: number): void {
    this.total += cost;
  }

  /** Opens a site: the field at `at` pays from here on. */
  open(at: number): void {
    if (this.at.length === 0) this.oldest = this.total;
    this.at.push(at);
    this.start.push(this.total);
  }

  /** The function's entry pays from here on. */
  openEntry(): void {
    this.open(ENTRY);
  }

  /** Asks for what the sites that are open here still have to pay after this place. */
  probe(): void {
    this.open(PROBE);
  }

  /** A decision: all open sites get their costs. */
  close(): void {
    for (let i = 0; i < this.at.length; i++) this.pay(this.at[i]!, this.total - this.start[i]!);
    this.at.length = 0;
    this.start.length = 0;
  }

  /** A forward jump: the open sites wait at its label. */
  suspend(label: WaitingSites): void {
    for (let i = 0; i < this.at.length; i++) {
      label.at.push(this.at[i]!);
      label.owed.push(this.total - this.start[i]!);
    }
    this.at.length = 0;
    this.start.length = 0;
  }

  /** A branch's field pays from a label on that is not bound yet. */
  wait(label: WaitingSites, at: number): void {
    label.at.push(at);
    label.owed.push(0);
  }

  /** A label is bound: its sites join the open ones. */
  resume(label: WaitingSites): void {
    for (let i = 0; i < label.at.length; i++) {
      const start = this.total - label.owed[i]!;
      if (this.at.length === 0 || start < this.oldest) this.oldest = start;
      this.at.push(label.at[i]!);
      this.start.push(start);
    }
    label.at.length = 0;
    label.owed.length = 0;
  }

  /** The open sites owe so much that their fields would overflow soon. */
  get isFull(): boolean {
    return this.at.length > 0 && this.total - this.oldest > COST_SPLIT;
  }

  private pay(at: number, cost: number): void {
    if (at === PROBE) this.probed = cost;
    else if (at === ENTRY) this.payEntry(cost);
    else this.code.set16(at, cost);
  }
}
