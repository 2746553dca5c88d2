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
import { FLAT_OPCODES, Op } from '../wasm/opcode.js';

/** What {@link Liveness} keeps of an instruction, as two numbers: kind and operand. Those up to BrIf have an index. */
const Event = {
  ...{ None: 0, Get: 1, Set: 2, Br: 3, BrIf: 4 },
  ...{ Table: 5, Block: 6, Loop: 7, If: 8, Else: 9, End: 10, Leave: 11, Call: 12, Site: 13 },
};

/** By flat opcode. */
const EVENT_OF = new Uint8Array(FLAT_OPCODES);
for (const [op, event] of [
  [Op.LocalGet, Event.Get],
  [Op.LocalSet, Event.Set],
  [Op.LocalTee, Event.Set],
  [Op.Br, Event.Br],
  [Op.BrIf, Event.BrIf],
  [Op.BrTable, Event.Table],
  [Op.Block, Event.Block],
  [Op.Loop, Event.Loop],
  [Op.If, Event.If],
  [Op.Else, Event.Else],
  [Op.End, Event.End],
  [Op.Return, Event.Leave],
  [Op.Unreachable, Event.Leave],
  [Op.ReturnCall, Event.Leave],
  [Op.ReturnCallIndirect, Event.Leave],
  [Op.Call, Event.Call],
  [Op.CallIndirect, Event.Call],
] as const) {
  EVENT_OF[op] = event;
}

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

  /** Offset of the site that {@link siteAhead} found. */
  get siteOffset(): number {
    return this.sites[this.cursor]!;
  }

  /** The locals that are live at the site that {@link siteAhead} found, ascending. */
  liveLocals(): number[] {
    const live: number[] = [];
    for (const [word, bits] of this.liveAt[this.cursor]!.entries()) {
      for (let left = bits; left !== 0; left &= left - 1) live.push(word * 32 + 31 - Math.clz32(left & -left));
    }
    return live;
  }

  private collect(start: number, end: number): void {
    const { bytes } = this;
    for (let pos = start; pos < end; ) {
      const op = opcodeAt(bytes, pos);
      const immediates = immediatesAt(bytes, pos);
      pos = skipImmediates(bytes, op, immediates);
      const kind = EVENT_OF[op]!;
      if (kind === Event.None) continue;
      if (kind === Event.Call) {
        if (this.isSite(op, immediates)) this.site(pos);
        continue;
      }
      const operand = kind === Event.Table ? immediates : kind <= Event.BrIf ? lebU32At(bytes, immediates) : 0;
      this.event(kind, operand);
      if (kind === Event.Loop && this.isSite(op, immediates)) this.site(pos);
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
    const starts = this.blockStarts();
    while (this.walkBack(headers, starts));
  }

  /** One walk; answers whether something became live at a loop's header. */
  private walkBack(headers: Map<number, Uint32Array>, starts: ReadonlyMap<number, number>): boolean {
    const { events, words } = this;
    let changed = false;
    const live = new Uint32Array(words);
    const labels: Label[] = [];
    for (let at = this.length - 2; at >= 0; at -= 2) {
      const operand = events[at + 1]!;
      switch (events[at]) {
        case Event.Get:
          live[operand >>> 5]! |= 1 << (operand & 31);
          break;
        case Event.Set:
          live[operand >>> 5]! &= ~(1 << (operand & 31));
          break;
        case Event.End:
          labels.push(this.opened(starts.get(at)!, live.slice(), headers));
          break;
        case Event.Else: {
          const label = labels[labels.length - 1]!;
          label.elseArm = live.slice();
          live.set(label.after);
          break;
        }
        case Event.If: {
          const { after, elseArm } = labels.pop()!;
          join(live, elseArm ?? after);
          break;
        }
        case Event.Loop:
          if (join(labels.pop()!.target, live)) changed = true;
          break;
        case Event.Block:
          labels.pop();
          break;
        case Event.Br:
          live.set(labels[labels.length - 1 - operand]!.target);
          break;
        case Event.BrIf:
          join(live, labels[labels.length - 1 - operand]!.target);
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

  /** The label whose `end` has just been met, from below. */
  private opened(start: number, after: Uint32Array, headers: Map<number, Uint32Array>): Label {
    if (start < 0 || this.events[start] !== Event.Loop) return { target: after, after, elseArm: undefined };
    const header = headers.get(start) ?? new Uint32Array(this.words);
    headers.set(start, header);
    return { target: header, after, elseArm: undefined };
  }

  private table(live: Uint32Array, labels: readonly Label[], immediates: number): void {
    const { bytes } = this;
    live.fill(0);
    let pos = skipLeb(bytes, immediates);
    for (let left = lebU32At(bytes, immediates) + 1; left > 0; left--) {
      join(live, labels[labels.length - 1 - lebU32At(bytes, pos)]!.target);
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

/** A label on the way back through its block. */
interface Label {
  /** What is live where a branch to it goes. */
  readonly target: Uint32Array;
  /** What is live behind its block. */
  readonly after: Uint32Array;
  /** What is live at the start of its `else` arm. */
  elseArm: Uint32Array | undefined;
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
