/**
 * What rewritten bodies name and their module does not have by itself: functions that save frames, slow entries, types of
 * blocks. Each is made when a body asks for it first, and numbered in that order.
 *
 * Where ranges of bodies are rewritten apart, each range numbers its own, from the same number on. {@link References} notes
 * every place where such a number stands, so that it can be replaced when the ranges are put together.
 */
import { readS33, readU32, sizeOfU32, writeS32, writeU32 } from '../bytes/leb128.js';
import type { FuncType, ValType } from '../wasm/module.js';
import type { AddedFunction } from './added-functions.js';
import type { Layout } from './layout.js';
import { saveFunction } from './save-functions.js';
import { slowEntry } from './slow-entries.js';

/** A function for values of these types (`save-functions.ts`), or for entries of an original type (`slow-entries.ts`). */
export type Wanted = { readonly saves: readonly ValType[] } | { readonly entryOf: number };

/** What a range of bodies has asked for, in order. */
export interface Numbered {
  readonly functions: readonly Wanted[];
  readonly types: readonly FuncType[];
}

/** The functions that the bodies of a module ask for, each once. */
export class WantedFunctions {
  private readonly indexByKey = new Map<string, number>();

  /** `add` gives a function of the rewritten module its index. */
  constructor(
    private readonly layout: Layout,
    private readonly add: (added: AddedFunction) => number,
  ) {}

  indexOf(wanted: Wanted): number {
    const key = 'saves' in wanted ? `saves ${wanted.saves.join()}` : `entryOf ${wanted.entryOf}`;
    let index = this.indexByKey.get(key);
    if (index === undefined) {
      const { layout } = this;
      index = this.add('saves' in wanted ? saveFunction(layout, wanted.saves) : slowEntry(layout, wanted.entryOf));
      this.indexByKey.set(key, index);
    }
    return index;
  }
}

const IS_TYPE = 1;

/** The places of the numbers: those of finished bodies, and of the one under way. */
export class References {
  /** `place * 2`, plus {@link IS_TYPE} for a block type. Places count from the start of the range. */
  private entries = new Int32Array(256);
  private count = 0;
  private finished = 0;
  /** The same for the entry of the function under way, in front of its walked code; places in its body. */
  private readonly entry: number[] = [];

  /** Another walk over the body under way. */
  begin(): void {
    this.count = this.finished;
    this.entry.length = 0;
  }

  /** At `place` of the code that is walked a number is written next. */
  add(place: number, isType: boolean): void {
    if (this.count === this.entries.length) {
      const entries = new Int32Array(this.count * 2);
      entries.set(this.entries);
      this.entries = entries;
    }
    this.entries[this.count++] = place * 2 + (isType ? IS_TYPE : 0);
  }

  /** The same at `place` of the body, in front of that code. */
  addEntry(place: number, isType: boolean): void {
    this.entry.push(place * 2 + (isType ? IS_TYPE : 0));
  }

  /** Ends a body that starts at `start` of the range and whose walked code starts `prefix` bytes behind that. */
  finish(start: number, prefix: number): void {
    const { entry, finished } = this;
    for (let at = finished; at < this.count; at++) this.entries[at]! += (start + prefix) * 2;
    for (const each of entry) this.add(start + (each >> 1), (each & IS_TYPE) === IS_TYPE);
    entry.length = 0;
    this.finished = this.count;
  }

  get list(): Int32Array {
    return this.entries.slice(0, this.finished);
  }
}

/** The numbers of the whole module for those of a range. */
export class Renumbering {
  constructor(
    private readonly firstFunction: number,
    private readonly functions: readonly number[],
    private readonly firstType: number,
    private readonly types: readonly number[],
  ) {}

  /** The range has counted as the whole module does. */
  get changesNothing(): boolean {
    const same = (numbers: readonly number[], first: number) => numbers.every((number, at) => number === first + at);
    return same(this.functions, this.firstFunction) && same(this.types, this.firstType);
  }

  functionIndex(index: number): number {
    return this.functions[index - this.firstFunction]!;
  }

  typeIndex(index: number): number {
    return this.types[index - this.firstType]!;
  }
}

/** Replaces the numbers in `code`, the bytes of a range. False if one of them would take another number of bytes. */
export function renumber(code: Uint8Array, references: Int32Array, renumbering: Renumbering): boolean {
  const cursor = { bytes: code, pos: 0, end: code.length };
  for (const reference of references) {
    const place = reference >>> 1;
    cursor.pos = place;
    if ((reference & IS_TYPE) === 0) {
      const index = renumbering.functionIndex(readU32(cursor));
      if (sizeOfU32(index) !== cursor.pos - place) return false;
      writeU32(code, place, index);
    } else {
      const index = renumbering.typeIndex(readS33(cursor));
      // Signed: one bit less per byte.
      if (sizeOfU32(index * 2) !== cursor.pos - place) return false;
      writeS32(code, place, index);
    }
  }
  return true;
}
