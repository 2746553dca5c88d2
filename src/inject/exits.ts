/**
 * Which sites of a function share the code that saves the frame. They can if their operands have the same types; the exit
 * then saves what is live at any of its sites. Sharing makes the code smaller, but keeps values alive where nobody reads
 * them, so an exit saves at most {@link DEAD_LOCALS_MAX} locals more than any of its sites needs.
 */
import type { ValType as ValTypeOf } from '../wasm/module.js';

const DEAD_LOCALS_MAX = 2;

/** How many exits a site is compared with: those made last, because neighbours are alike. */
const COMPARED_EXITS = 16;

const NO_OPERANDS: readonly ValTypeOf[] = [];
const smallSet = new Int32Array(1);

export class Exits {
  count = 0;
  private words = 1;
  private exitOf = new Int32Array(256);
  /** `words` words per exit: the locals that it saves. */
  private saved = new Int32Array(256);
  /** Fewest locals that are live at one of the exit's sites. */
  private fewest = new Int32Array(256);
  private operands: (readonly ValTypeOf[])[] = [];

  begin(words: number): void {
    this.count = 0;
    this.words = words;
    this.operands.length = 0;
  }

  /** Exit of a site. */
  of(site: number): number {
    return this.exitOf[site]!;
  }

  operandsOf(exit: number): readonly ValTypeOf[] {
    return this.operands[exit]!;
  }

  /** The locals that an exit saves, ascending. */
  localsOf(exit: number): number[] {
    const locals: number[] = [];
    for (let word = 0; word < this.words; word++) {
      for (let left = this.saved[exit * this.words + word]!; left !== 0; left &= left - 1) {
        locals.push(word * 32 + 31 - Math.clz32(left & -left));
      }
    }
    return locals;
  }

  /** Gives the site an exit; `live` holds the sets of all sites. */
  assign(site: number, live: Int32Array, operands: readonly ValTypeOf[] = NO_OPERANDS): void {
    if (site >= this.exitOf.length) this.exitOf = enlarged(this.exitOf);
    const { words } = this;
    if (words === 1 && operands.length === 0) return this.assignSmall(site, live[site]!);
    const from = site * words;
    let needed = 0;
    for (let word = 0; word < words; word++) needed += bitCount(live[from + word]!);
    const oldest = Math.max(0, this.count - COMPARED_EXITS);
    for (let exit = this.count - 1; exit >= oldest; exit--) {
      if (!this.fits(exit, live, from, needed, operands)) continue;
      this.exitOf[site] = exit;
      this.fewest[exit] = Math.min(this.fewest[exit]!, needed);
      for (let word = 0; word < words; word++) this.saved[exit * words + word]! |= live[from + word]!;
      return;
    }
    this.exitOf[site] = this.open(live, from, needed, operands);
  }

  /** The same for a function of at most 32 locals. */
  private assignSmall(site: number, live: number): void {
    const { count, fewest, saved } = this;
    const needed = bitCount(live);
    const oldest = Math.max(0, count - COMPARED_EXITS);
    for (let exit = count - 1; exit >= oldest; exit--) {
      const together = saved[exit]! | live;
      const least = Math.min(needed, fewest[exit]!);
      if (bitCount(together) - least > DEAD_LOCALS_MAX || this.operands[exit]!.length > 0) continue;
      this.exitOf[site] = exit;
      fewest[exit] = least;
      saved[exit] = together;
      return;
    }
    smallSet[0] = live;
    this.exitOf[site] = this.open(smallSet, 0, needed, NO_OPERANDS);
  }

  private fits(exit: number, live: Int32Array, from: number, needed: number, operands: readonly ValTypeOf[]): boolean {
    if (!sameTypes(operands, this.operands[exit]!)) return false;
    const { words } = this;
    let together = 0;
    for (let word = 0; word < words; word++)
      together += bitCount(this.saved[exit * words + word]! | live[from + word]!);
    return together - Math.min(needed, this.fewest[exit]!) <= DEAD_LOCALS_MAX;
  }

  private open(live: Int32Array, from: number, needed: number, operands: readonly ValTypeOf[]): number {
    const { words } = this;
    const exit = this.count++;
    if (exit >= this.fewest.length) this.fewest = enlarged(this.fewest);
    while ((exit + 1) * words > this.saved.length) this.saved = enlarged(this.saved);
    for (let word = 0; word < words; word++) this.saved[exit * words + word] = live[from + word]!;
    this.fewest[exit] = needed;
    this.operands.push(operands);
    return exit;
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
