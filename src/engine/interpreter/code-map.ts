/** Which function a code address belongs to. */

/** Translated code of one function, in one of its two forms. */
export interface CodeRange {
  /** Address of the Entry record; code starts behind it. */
  readonly entry: number;
  readonly end: number;
  /** Reference of the function. */
  readonly ref: number;
  /** Every instruction waits for its own charge. */
  readonly stepping: boolean;
  /** Pairs of code position (from the first instruction) and module offset of each loop. */
  readonly loopHeaders: Int32Array;
}

export class CodeMap {
  /** Sorted, because code is allocated upwards. */
  private readonly ranges: CodeRange[] = [];

  add(range: CodeRange): void {
    this.ranges.push(range);
  }

  /** The range that contains `address`, undefined for addresses outside of code. */
  find(address: number): CodeRange | undefined {
    let low = 0;
    let high = this.ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ranges[middle]!.entry <= address) low = middle + 1;
      else high = middle;
    }
    const range = this.ranges[low - 1];
    return range !== undefined && address < range.end ? range : undefined;
  }

  all(): readonly CodeRange[] {
    return this.ranges;
  }
}
