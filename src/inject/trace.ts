/** Which instruction of the source each piece of one function's rewritten code comes from. */
export class Trace {
  /** End of the body in the writer that holds it, and its size. */
  bodyEnd = 0;
  bodyBytes = 0;
  /** Bytes in front of the code that was walked: locals, the test at the entry. */
  prefixBytes = 0;
  /** Ascending pairs: place in the code that was walked, place in the source. */
  private readonly pairs: number[] = [];

  /** `codeStart`: of the source. */
  constructor(private readonly codeStart: number) {}

  /** Begins another walk. */
  clear(): void {
    this.pairs.length = 0;
  }

  /** The body is finished: sizes of its prefix and of all of it, and its end in the writer that holds it. */
  finish(prefixBytes: number, bodyBytes: number, bodyEnd: number): void {
    this.prefixBytes = prefixBytes;
    this.bodyBytes = bodyBytes;
    this.bodyEnd = bodyEnd;
  }

  add(written: number, source: number): void {
    this.pairs.push(written, source);
  }

  /** The source of the code at `offset` bytes behind the start of the body. */
  originalAt(offset: number): number {
    const { pairs } = this;
    const written = offset - this.prefixBytes;
    let source = this.codeStart;
    for (let at = 0; at < pairs.length && pairs[at]! <= written; at += 2) source = pairs[at + 1]!;
    return source;
  }
}
