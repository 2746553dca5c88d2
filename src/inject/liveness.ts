/**
 * Which locals can still be read after a place where the frame can be captured. Only those are saved there: the others
 * would be kept alive by code that almost never runs.
 *
 * The usual backward analysis on structured control flow. A first walk writes the instructions that matter down (locals,
 * blocks, branches, sites); then the list is walked backwards until no loop's header changes any more. A place behind
 * `br` needs no special care: a branch replaces what is live, so what stands behind it has no say.
 */
import { immediatesAt, lebU32At, opcodeAt, skipImmediates, skipLeb } from '../wasm/instructions.js';
import type { Range } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';

/** What {@link Liveness} keeps of an instruction, as two numbers: kind and operand. */
const Event = {
  Get: 0,
  Set: 1,
  Block: 2,
  Loop: 3,
  If: 4,
  Else: 5,
  End: 6,
  Br: 7,
  BrIf: 8,
  Table: 9,
  Leave: 10,
  Site: 11,
};

export class Liveness {
  /** Offsets of the sites, ascending: after a call, or of the first instruction of a loop's body. */
  private sites = new Int32Array(64);
  private siteCount = 0;
  private events = new Int32Array(1024);
  private length = 0;
  /** Words of a set of locals. */
  private words = 1;
  private readonly liveAt: Uint32Array[] = [];
  private cursor = 0;

  /** `mayLeave`: which calls are sites, by opcode and immediates. */
  constructor(
    private readonly bytes: Uint8Array,
    private readonly isSite: (op: number, immediates: number) => boolean,
  ) {}

  get hasSites(): boolean {
    return this.siteCount > 0;
  }

  /** Analyses a body with `locals` parameters and locals. */
  analyse(code: Range, locals: number): void {
    this.words = Math.max(1, (locals + 31) >>> 5);
    this.length = 0;
    this.siteCount = 0;
    this.cursor = 0;
    this.collect(code.start, code.end);
    if (this.siteCount > 0) this.solve();
  }

  /** Begins another walk over the sites. */
  rewind(): void {
    this.cursor = 0;
  }

  /** Whether a place at `offset` or later is a site; offsets must not descend between calls. */
  siteAhead(offset: number): boolean {
    while (this.cursor < this.siteCount && this.sites[this.cursor]! < offset) this.cursor++;
    return this.cursor < this.siteCount;
  }

  /** Whether local `index` is live at the site that {@link siteAhead} found. */
  isLive(index: number): boolean {
    return (this.liveAt[this.cursor]![index >>> 5]! & (1 << (index & 31))) !== 0;
  }

  private collect(start: number, end: number): void {
    const { bytes } = this;
    for (let pos = start; pos < end; ) {
      const op = opcodeAt(bytes, pos);
      const immediates = immediatesAt(bytes, pos);
      pos = skipImmediates(bytes, op, immediates);
      switch (op) {
        case Op.LocalGet:
          this.event(Event.Get, lebU32At(bytes, immediates));
          break;
        case Op.LocalSet:
        case Op.LocalTee:
          this.event(Event.Set, lebU32At(bytes, immediates));
          break;
        case Op.Block:
          this.event(Event.Block, 0);
          break;
        case Op.Loop:
          this.event(Event.Loop, 0);
          if (this.isSite(op, immediates)) this.site(pos);
          break;
        case Op.If:
          this.event(Event.If, 0);
          break;
        case Op.Else:
          this.event(Event.Else, 0);
          break;
        case Op.End:
          this.event(Event.End, 0);
          break;
        case Op.Br:
          this.event(Event.Br, lebU32At(bytes, immediates));
          break;
        case Op.BrIf:
          this.event(Event.BrIf, lebU32At(bytes, immediates));
          break;
        case Op.BrTable:
          this.event(Event.Table, immediates);
          break;
        case Op.Return:
        case Op.Unreachable:
        case Op.ReturnCall:
        case Op.ReturnCallIndirect:
          this.event(Event.Leave, 0);
          break;
        case Op.Call:
        case Op.CallIndirect:
          if (this.isSite(op, immediates)) this.site(pos);
          break;
      }
    }
  }

  private event(kind: number, operand: number): void {
    if (this.length === this.events.length) this.events = enlarged(this.events);
    this.events[this.length++] = kind;
    this.events[this.length++] = operand;
  }

  private site(offset: number): void {
    if (this.siteCount === this.sites.length) this.sites = enlarged(this.sites);
    this.event(Event.Site, this.siteCount);
    this.sites[this.siteCount++] = offset;
  }

  /** Walks backwards until the headers of all loops are what the walk before assumed of them. */
  private solve(): void {
    const headers = new Map<number, Uint32Array>();
    while (this.walkBack(headers));
  }

  /** One walk; answers whether something became live at a loop's header. */
  private walkBack(headers: Map<number, Uint32Array>): boolean {
    const { events, words } = this;
    let changed = false;
    const live = new Uint32Array(words);
    /** Enclosing labels: what is live where a branch to them goes, and (for `if`) behind them. */
    const labels: Uint32Array[] = [];
    /** Per label: what is live behind it, and for an `else` what is live at the start of that arm. */
    const after: Uint32Array[] = [];
    const elseArms: (Uint32Array | undefined)[] = [];
    const starts = this.blockStarts();
    for (let at = this.length - 2; at >= 0; at -= 2) {
      const operand = events[at + 1]!;
      switch (events[at]) {
        case Event.Get:
          live[operand >>> 5]! |= 1 << (operand & 31);
          break;
        case Event.Set:
          live[operand >>> 5]! &= ~(1 << (operand & 31));
          break;
        case Event.End: {
          const start = starts.get(at)!;
          const behind = live.slice();
          after.push(behind);
          elseArms.push(undefined);
          if (start >= 0 && events[start] === Event.Loop) {
            const header = headers.get(start) ?? new Uint32Array(words);
            headers.set(start, header);
            labels.push(header);
          } else labels.push(behind);
          break;
        }
        case Event.Else:
          elseArms[elseArms.length - 1] = live.slice();
          live.set(after[after.length - 1]!);
          break;
        case Event.If:
          join(live, elseArms[elseArms.length - 1] ?? after[after.length - 1]!);
          labels.pop();
          after.pop();
          elseArms.pop();
          break;
        case Event.Loop:
          if (join(labels[labels.length - 1]!, live)) changed = true;
          labels.pop();
          after.pop();
          elseArms.pop();
          break;
        case Event.Block:
          labels.pop();
          after.pop();
          elseArms.pop();
          break;
        case Event.Br:
          live.set(labels[labels.length - 1 - operand]!);
          break;
        case Event.BrIf:
          join(live, labels[labels.length - 1 - operand]!);
          break;
        case Event.Table:
          this.table(live, labels, operand);
          break;
        case Event.Leave:
          live.fill(0);
          break;
        case Event.Site:
          this.liveAt[operand] = live.slice();
          break;
      }
    }
    return changed;
  }

  private table(live: Uint32Array, labels: readonly Uint32Array[], immediates: number): void {
    const { bytes } = this;
    live.fill(0);
    let pos = skipLeb(bytes, immediates);
    for (let left = lebU32At(bytes, immediates) + 1; left > 0; left--) {
      join(live, labels[labels.length - 1 - lebU32At(bytes, pos)]!);
      pos = skipLeb(bytes, pos);
    }
  }

  /** For each `end`, which event opened its block; -1 for the function's own. */
  private blockStarts(): Map<number, number> {
    const starts = new Map<number, number>();
    const open: number[] = [-1];
    for (let at = 0; at < this.length; at += 2) {
      const kind = this.events[at];
      if (kind === Event.Block || kind === Event.Loop || kind === Event.If) open.push(at);
      else if (kind === Event.End) starts.set(at, open.pop()!);
    }
    return starts;
  }
}

/** Adds `from` to `into`; answers whether that was anything new. */
function join(into: Uint32Array, from: Uint32Array): boolean {
  let changed = false;
  for (let word = 0; word < into.length; word++) {
    const joined = (into[word]! | from[word]!) >>> 0;
    if (joined !== into[word]) {
      into[word] = joined;
      changed = true;
    }
  }
  return changed;
}

function enlarged(from: Int32Array): Int32Array<ArrayBuffer> {
  const into = new Int32Array(from.length * 2);
  into.set(from);
  return into;
}
