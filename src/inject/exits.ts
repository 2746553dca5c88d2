/**
 * Which sites of a function share the code that saves the frame: those where the same locals are live and the operands have
 * the same types. (An exit that saved more than a site needs would keep dead values alive in the hot code: a quarter of
 * SQLite's time.) An exit saves only what another one, whose set is smaller, does not, and goes on there.
 */
import type { ValType as ValTypeOf } from '../wasm/module.js';

/** How many exits a new one is compared with: those made last, or those next in size. */
const COMPARED_EXITS = 32;

/** {@link Exits.nextOf}: the frame is complete. */
export const COMPLETE = -1;

export class Exits {
  count = 0;
  private words = 1;
  /** Exit of each site, in the order in which they were made. */
  private exitOf = new Int32Array(256);
  /** `words` words per exit: the locals that are live. */
  private live = new Int32Array(256);
  private sizes = new Int32Array(256);
  private operands: (readonly ValTypeOf[])[] = [];
  /** Exits in the order in which they are written: larger sets first. And the place of each exit in that order. */
  private order = new Int32Array(256);
  private rank = new Int32Array(256);
  /** By rank: rank of the exit that goes on. */
  private next = new Int32Array(256);

  begin(words: number): void {
    this.count = 0;
    this.words = words;
    this.operands.length = 0;
  }

  /** Gives the site an exit; `live` holds the sets of all sites. */
  assign(site: number, live: Int32Array, operands: readonly ValTypeOf[]): void {
    if (site >= this.exitOf.length) this.exitOf = enlarged(this.exitOf);
    const from = site * this.words;
    const oldest = Math.max(0, this.count - COMPARED_EXITS);
    let exit = this.count - 1;
    while (exit >= oldest && !this.same(exit, live, from, operands)) exit--;
    this.exitOf[site] = exit >= oldest ? exit : this.open(live, from, operands);
  }

  /** All sites have their exits: puts these in order. */
  finish(): void {
    const { count, next, order, rank, sizes } = this;
    for (let exit = 0; exit < count; exit++) {
      let at = exit;
      for (; at > 0 && sizes[order[at - 1]!]! < sizes[exit]!; at--) order[at] = order[at - 1]!;
      order[at] = exit;
    }
    for (let at = 0; at < count; at++) rank[order[at]!] = at;
    for (let at = 0; at < count; at++) next[at] = this.findNext(at);
  }

  /** Rank of a site's exit. Ranks count from 0 in the order in which exits are written. */
  of(site: number): number {
    return this.rank[this.exitOf[site]!]!;
  }

  /** Rank of the exit that saves the rest, or {@link COMPLETE}. It is greater than `rank`. */
  nextOf(rank: number): number {
    return this.next[rank]!;
  }

  operandsOf(rank: number): readonly ValTypeOf[] {
    return this.operands[this.order[rank]!]!;
  }

  /** Puts the locals that the exit saves itself into `locals`, ascending; answers how many. There must be room for all. */
  localsOf(rank: number, locals: Int32Array): number {
    const { live, next, order, words } = this;
    const from = order[rank]! * words;
    const rest = next[rank] === COMPLETE ? -1 : order[next[rank]!]! * words;
    let count = 0;
    for (let word = 0; word < words; word++) {
      let left = live[from + word]!;
      if (rest >= 0) left &= ~live[rest + word]!;
      for (; left !== 0; left &= left - 1) locals[count++] = word * 32 + 31 - Math.clz32(left & -left);
    }
    return count;
  }

  /** The largest set that is part of this one's. */
  private findNext(rank: number): number {
    const { count, live, operands, order, words } = this;
    const exit = order[rank]!;
    const end = Math.min(count, rank + 1 + COMPARED_EXITS);
    for (let at = rank + 1; at < end; at++) {
      const other = order[at]!;
      let word = 0;
      while (word < words && (live[other * words + word]! & ~live[exit * words + word]!) === 0) word++;
      if (word === words && sameTypes(operands[exit]!, operands[other]!)) return at;
    }
    return COMPLETE;
  }

  private same(exit: number, live: Int32Array, from: number, operands: readonly ValTypeOf[]): boolean {
    const { words } = this;
    for (let word = 0; word < words; word++) if (this.live[exit * words + word] !== live[from + word]) return false;
    return sameTypes(operands, this.operands[exit]!);
  }

  private open(live: Int32Array, from: number, operands: readonly ValTypeOf[]): number {
    const { words } = this;
    const exit = this.count++;
    if (exit >= this.sizes.length) this.grow();
    while ((exit + 1) * words > this.live.length) this.live = enlarged(this.live);
    let size = 0;
    for (let word = 0; word < words; word++) {
      this.live[exit * words + word] = live[from + word]!;
      size += bitCount(live[from + word]!);
    }
    this.sizes[exit] = size;
    this.operands.push(operands);
    return exit;
  }

  private grow(): void {
    this.sizes = enlarged(this.sizes);
    this.order = enlarged(this.order);
    this.rank = enlarged(this.rank);
    this.next = enlarged(this.next);
  }
}

function sameTypes(some: readonly ValTypeOf[], others: readonly ValTypeOf[]): boolean {
  if (some.length !== others.length) return false;
  for (let at = 0; at < some.length; at++) if (some[at] !== others[at]) return false;
  return true;
}

/** Hacker's Delight, figure 5-2. */
function bitCount(word: number): number {
  let bits = word - ((word >>> 1) & 0x5555_5555);
  bits = (bits & 0x3333_3333) + ((bits >>> 2) & 0x3333_3333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}

function enlarged(from: Int32Array): Int32Array<ArrayBuffer> {
  const into = new Int32Array(from.length * 2);
  into.set(from);
  return into;
}
