/**
 * Which way the injected conditionals go: the custom section `metadata.code.branch_hint` (branch hinting proposal). Behind
 * a branch that is never taken an engine neither keeps values in registers nor places code in the way of the rest; what
 * it does not know it takes for as likely as not. An engine without the proposal skips the section.
 */
import { ByteWriter } from '../bytes/writer.js';

export const BRANCH_HINT_SECTION = 'metadata.code.branch_hint';

/** Entries of the section, and how many. */
export interface WrittenHints {
  readonly functions: number;
  readonly entries: Uint8Array;
}

export class BranchHints {
  /** One entry per function that has hints: its index, how many, and per hint its place, size and value. */
  private readonly entries = new ByteWriter();
  private functions = 0;
  /** `place * 2 + likely` for each hint of the code that is being walked, and of the function's entry. */
  private places = new Int32Array(256);
  private count = 0;
  private readonly entryPlaces: number[] = [];

  /** Another walk. */
  begin(): void {
    this.count = 0;
    this.entryPlaces.length = 0;
  }

  /** The `if` or `br_if` at `place` of the code that is walked is nearly always, or nearly never, taken. Places ascend. */
  add(place: number, likely: boolean): void {
    if (this.count === this.places.length) {
      const places = new Int32Array(this.count * 2);
      places.set(this.places);
      this.places = places;
    }
    this.places[this.count++] = place * 2 + (likely ? 1 : 0);
  }

  /** The same for the function's entry, which precedes the code that is walked; `place` counts from the start of the body. */
  addEntry(place: number, likely: boolean): void {
    this.entryPlaces.push(place * 2 + (likely ? 1 : 0));
  }

  /**
   * Ends a function. `index`: in the rewritten module, ascending. `prefix`: bytes between the start of the body and the
   * code that was walked.
   */
  finish(index: number, prefix: number): void {
    const { count, entries, entryPlaces, places } = this;
    const hints = count + entryPlaces.length;
    if (hints === 0) return;
    this.functions++;
    entries.u32(index);
    entries.u32(hints);
    for (const place of entryPlaces) this.write(place);
    for (let at = 0; at < count; at++) this.write(places[at]! + prefix * 2);
    entryPlaces.length = 0;
  }

  /** Adds what was written for a later range of functions. */
  append({ functions, entries }: WrittenHints): void {
    this.functions += functions;
    this.entries.copy(entries);
  }

  /** What was written so far. */
  get written(): WrittenHints {
    return { functions: this.functions, entries: this.entries.bytes.slice() };
  }

  /** The content of the section behind its name; undefined if there are no hints. */
  content(): Uint8Array | undefined {
    if (this.functions === 0) return undefined;
    const out = new ByteWriter(this.entries.length + 8);
    out.u32(this.functions);
    out.copy(this.entries.bytes);
    return out.finish();
  }

  private write(place: number): void {
    this.entries.u32(place >>> 1);
    this.entries.u8(1);
    this.entries.u8(place & 1);
  }
}
