/**
 * The operand and control stacks of the validation algorithm (core spec, appendix "Validation Algorithm"), in flat
 * typed arrays: a hostile body can nest millions of blocks, which must cost bytes, not objects or JavaScript frames.
 */
import { checkLimit } from '../limits.js';

/** Type of an operand in unreachable code, where nothing is known. */
export const UNKNOWN = 0;

/** What opened a control frame. */
export const FrameKind = {
  Function: 0,
  Block: 1,
  Loop: 2,
  If: 3,
  Else: 4,
  Try: 5,
  Catch: 6,
  CatchAll: 7,
  TryTable: 8,
} as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

export class OperandStack {
  height = 0;
  private types = new Uint8Array(256);

  push(type: number, offset: number): void {
    if (this.height === this.types.length) this.grow(offset);
    this.types[this.height++] = type;
  }

  /** The type at `at`, counted from the bottom. */
  at(at: number): number {
    return this.types[at]!;
  }

  private grow(offset: number): void {
    checkLimit('operands', this.height + 1, 'operands on the stack', offset);
    const bigger = new Uint8Array(this.types.length * 2);
    bigger.set(this.types);
    this.types = bigger;
  }
}

/** Control frames; `depth` of them are open, the innermost is `depth - 1`. */
export class ControlStack {
  depth = 0;
  kinds = new Uint8Array(64);
  /** Block type as read: s33, negative for the value types and the empty type, else a type index. */
  blockTypes = new Int32Array(64);
  /** Height of the operand stack where the frame starts. */
  heights = new Uint32Array(64);
  unreachable = new Uint8Array(64);

  push(kind: FrameKind, blockType: number, height: number): void {
    if (this.depth === this.kinds.length) this.grow();
    const at = this.depth++;
    this.kinds[at] = kind;
    this.blockTypes[at] = blockType;
    this.heights[at] = height;
    this.unreachable[at] = 0;
  }

  private grow(): void {
    const length = this.kinds.length * 2;
    const enlarge = <T extends Uint8Array | Int32Array | Uint32Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.kinds = enlarge(this.kinds, new Uint8Array(length));
    this.blockTypes = enlarge(this.blockTypes, new Int32Array(length));
    this.heights = enlarge(this.heights, new Uint32Array(length));
    this.unreachable = enlarge(this.unreachable, new Uint8Array(length));
  }
}
