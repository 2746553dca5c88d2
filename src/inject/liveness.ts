/**
 * Which locals can still be read after a place where the frame can be captured. Only those are saved there: the others
 * would be kept alive by code that almost never runs.
 *
 * The usual backward analysis on structured control flow. The pass notes the instructions that matter while it walks
 * forward (locals, blocks, branches, sites); {@link Liveness.solve} then goes back through the notes, 32 locals at a time,
 * so that a set is one number. What is live at a loop's header is known only when the header is reached: if it is more
 * than was assumed, the loop is gone through again. Code that cannot be reached has no notes. In a function with handlers
 * every local counts as live: a call can go on in any of them.
 */
import { lebU32At, skipLeb } from '../wasm/instructions.js';
import { FLAT_OPCODES, Op } from '../wasm/opcode.js';

/** A note is `operand * 16 + kind`. */
export const Note = {
  ...{ None: 0, Get: 1, Set: 2, Br: 3, BrIf: 4, Table: 5, Block: 6, Loop: 7 },
  ...{ If: 8, Else: 9, End: 10, LoopEnd: 11, Leave: 12, Site: 13, Try: 14 },
} as const;

/** By flat opcode. */
const NOTE_OF = new Uint8Array(FLAT_OPCODES);
for (const [op, note] of [
  [Op.LocalGet, Note.Get],
  [Op.LocalSet, Note.Set],
  [Op.LocalTee, Note.Set],
  [Op.Br, Note.Br],
  [Op.BrIf, Note.BrIf],
  [Op.BrTable, Note.Table],
  [Op.Block, Note.Block],
  [Op.Loop, Note.Loop],
  [Op.If, Note.If],
  [Op.Try, Note.Try],
  [Op.TryTable, Note.Try],
  [Op.Else, Note.Else],
  [Op.End, Note.End],
  [Op.Return, Note.Leave],
  [Op.Unreachable, Note.Leave],
  [Op.ReturnCall, Note.Leave],
  [Op.ReturnCallIndirect, Note.Leave],
] as const) {
  NOTE_OF[op] = note;
}

export class Liveness {
  /** For the pass's hot loop, which writes notes of locals itself. There is room for one per byte of code. */
  notes = new Int32Array(1024);
  length = 0;
  /** Sites so far. */
  sites = 0;
  /** Words of a set of locals. */
  words = 1;
  /** `words` words per site, after {@link solve}. */
  live = new Int32Array(64);
  private codeStart = 0;
  private locals = 0;
  private handlers = false;
  private loops = 0;
  /** Kinds of the blocks that are open, or the numbers of the loops. */
  private readonly open: number[] = [];
  /** What is live at the header of each loop, as far as is known. */
  private headers = new Int32Array(64);

  constructor(private readonly bytes: Uint8Array) {}

  /** Begins with a body of `locals` parameters and locals whose code is [start, end). */
  begin(locals: number, start: number, end: number): void {
    this.words = Math.max(1, (locals + 31) >>> 5);
    this.length = 0;
    this.sites = 0;
    this.locals = locals;
    this.handlers = false;
    this.loops = 0;
    this.open.length = 0;
    this.codeStart = start;
    // An instruction makes at most as many notes as it has bytes: a loop two, with its site.
    const room = end - start;
    if (room > this.notes.length) this.notes = new Int32Array(room * 2);
  }

  /** Notes an instruction, whose immediates start at `immediates`. */
  note(op: number, immediates: number): void {
    const kind = NOTE_OF[op]!;
    if (kind === Note.None) return;
    if (kind <= Note.BrIf) return this.add(kind, lebU32At(this.bytes, immediates));
    if (kind === Note.Table) return this.add(kind, immediates - this.codeStart);
    if (kind === Note.Loop) {
      this.open.push(this.loops);
      return this.add(kind, this.loops++);
    }
    if (kind === Note.End) return this.end();
    if (kind === Note.Try) this.handlers = true;
    if (kind === Note.Block || kind === Note.If) this.open.push(NO_LOOP);
    this.add(kind, 0);
  }

  /** Notes a site at this place; answers its number. */
  site(): number {
    this.add(Note.Site, this.sites);
    return this.sites++;
  }

  /** Finds out what is live at each site. */
  solve(): void {
    const { words } = this;
    if (this.sites * words > this.live.length) this.live = new Int32Array(this.sites * words * 2);
    if (this.handlers) return this.everythingIsLive();
    if (this.loops > this.headers.length) this.headers = new Int32Array(this.loops * 2);
    for (let word = 0; word < words; word++) {
      this.headers.fill(0, 0, this.loops);
      this.goBack(word);
    }
  }

  private everythingIsLive(): void {
    const { live, locals, sites, words } = this;
    for (let at = 0; at < sites * words; at++) {
      const left = locals - (at % words) * 32;
      live[at] = left >= 32 ? -1 : 2 ** left - 1;
    }
  }

  private add(kind: number, operand: number): void {
    this.notes[this.length++] = (operand << 4) | kind;
  }

  private end(): void {
    const loop = this.open.pop();
    if (loop === undefined || loop === NO_LOOP) this.add(Note.End, 0);
    else this.add(Note.LoopEnd, loop);
  }

  private goBack(word: number): void {
    const { headers, labels, notes, words } = this;
    let live = 0;
    let depth = 0;
    for (let at = this.length - 1; at >= 0; at--) {
      const note = notes[at]!;
      const operand = note >>> 4;
      switch (note & 15) {
        case Note.Get:
          if (operand >>> 5 === word) live |= 1 << (operand & 31);
          break;
        case Note.Set:
          if (operand >>> 5 === word) live &= ~(1 << (operand & 31));
          break;
        case Note.End:
          labels.open(depth++, live, live, at);
          break;
        case Note.LoopEnd:
          labels.open(depth++, headers[operand]!, live, at);
          break;
        case Note.Block:
          depth--;
          break;
        case Note.Loop: {
          const more = live & ~headers[operand]!;
          depth--;
          if (more === 0) break;
          headers[operand]! |= more;
          at = labels.endAt[depth]! + 1;
          live = labels.after[depth]!;
          break;
        }
        case Note.Else:
          labels.elseArm[depth - 1] = live;
          labels.hasElse[depth - 1] = 1;
          live = labels.after[depth - 1]!;
          break;
        case Note.If:
          depth--;
          live |= labels.hasElse[depth] === 1 ? labels.elseArm[depth]! : labels.after[depth]!;
          break;
        case Note.Br:
          live = labels.target[depth - 1 - operand]!;
          break;
        case Note.BrIf:
          live |= labels.target[depth - 1 - operand]!;
          break;
        case Note.Table:
          live = this.table(operand + this.codeStart, depth);
          break;
        case Note.Leave:
          live = 0;
          break;
        case Note.Site:
          this.live[operand * words + word] = live;
          break;
      }
    }
  }

  private table(immediates: number, depth: number): number {
    const { bytes, labels } = this;
    let live = 0;
    let pos = skipLeb(bytes, immediates);
    for (let left = lebU32At(bytes, immediates) + 1; left > 0; left--) {
      live |= labels.target[depth - 1 - lebU32At(bytes, pos)]!;
      pos = skipLeb(bytes, pos);
    }
    return live;
  }

  private readonly labels = new Labels();
}

/** In {@link Liveness.open}: a block that is no loop. */
const NO_LOOP = -1;

/** The labels that are open on the way back, by depth: 32 locals of each set. */
class Labels {
  /** What is live where a branch to the label goes. */
  target = new Int32Array(64);
  /** What is live behind its block. */
  after = new Int32Array(64);
  /** What is live at the start of its `else` arm, if it has one. */
  elseArm = new Int32Array(64);
  hasElse = new Uint8Array(64);
  /** The note of its `end`. */
  endAt = new Int32Array(64);

  open(depth: number, target: number, after: number, at: number): void {
    if (depth === this.target.length) this.grow();
    this.target[depth] = target;
    this.after[depth] = after;
    this.hasElse[depth] = 0;
    this.endAt[depth] = at;
  }

  private grow(): void {
    this.target = enlarged(this.target);
    this.after = enlarged(this.after);
    this.elseArm = enlarged(this.elseArm);
    this.endAt = enlarged(this.endAt);
    const hasElse = new Uint8Array(this.hasElse.length * 2);
    hasElse.set(this.hasElse);
    this.hasElse = hasElse;
  }
}

function enlarged(from: Int32Array): Int32Array<ArrayBuffer> {
  const into = new Int32Array(from.length * 2);
  into.set(from);
  return into;
}
