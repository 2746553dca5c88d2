/**
 * The source of a function that continues another one at a place in its middle. It is plain guest code, made of pieces of
 * the original body, to be instrumented like any other. All locals and operands are locals that are set beforehand.
 *
 * With the enclosing labels of the place from the outside in, `rest` being what follows in a label's body:
 *
 *     cont(block)   = block  cont(inner) rest  end          an arm of `if` alike
 *     cont(loop)    = block $done
 *                       block $again  cont(inner) rest  br $done  end     here `br` to the loop means $again
 *                       loop  whole body  end
 *                     end
 *     cont(place)   = the operands of each label, pushed before the next one is opened
 *
 * So the operand stack is that of the original at every instruction, and only the depths of labels change.
 */
import { ByteWriter } from '../../bytes/writer.js';
import { immediatesAt, lebU32At, opcodeAt, skipImmediates, skipLeb } from '../../wasm/instructions.js';
import type { FuncType, FunctionBody, ValType } from '../../wasm/module.js';
import { Op } from '../../wasm/opcode.js';
import { LabelKind } from '../function-pass.js';
import { EMPTY_BLOCK } from '../type-table.js';
import type { Place } from './frame-map.js';

export interface Continuation {
  readonly bytes: Uint8Array;
  readonly body: FunctionBody;
  /** Types that its blocks use and the module does not have, to be appended to the module's. */
  readonly types: readonly FuncType[];
  /** Instructions before the first one of the guest; each costs 1 that must not be charged. */
  readonly pushes: number;
  /** Branches that the guest does not have. */
  readonly freeBranches: ReadonlySet<number>;
  /** Original offset of a place in `bytes`. */
  originalOffset(pos: number): number;
}

export function continuation(bytes: Uint8Array, code: { end: number }, types: readonly FuncType[], place: Place) {
  return new Builder(bytes, code.end, types, place).build();
}

class Builder {
  private readonly out = new ByteWriter(1024);
  private readonly types: FuncType[] = [];
  private readonly freeBranches = new Set<number>();
  /** Where copied pieces start: in the output and in the original. */
  private readonly pieces: { readonly at: number; readonly original: number }[] = [];
  private pushes = 0;
  /** Open labels in the output. The function's own is number 0. */
  private open = 1;
  /** Per enclosing label of the place: the label in the output to which a branch to it goes. */
  private readonly labels: number[] = [0];

  constructor(
    private readonly bytes: Uint8Array,
    private readonly end: number,
    private readonly moduleTypes: readonly FuncType[],
    private readonly place: Place,
  ) {}

  build(): Continuation {
    const { out, place } = this;
    const locals = [...place.locals, ...place.operands];
    out.u32(locals.length);
    for (const type of locals) {
      out.u8(1);
      out.u8(type);
    }
    const start = out.length;
    this.pushOperands(0);
    const after = this.inner(1);
    this.copy(after, this.end - 1, 1);
    out.u8(Op.End);
    const bytes = out.finish();
    return {
      ...{ bytes, types: this.types, pushes: this.pushes, freeBranches: this.freeBranches },
      body: { body: { start: 0, end: bytes.length }, code: { start, end: bytes.length } },
      originalOffset: (pos) => this.originalOffset(pos),
    };
  }

  /** Pushes the operands that stand between label `at` and the next one. */
  private pushOperands(at: number): void {
    const { labels, locals, operands } = this.place;
    const end = labels[at + 1]?.height ?? operands.length;
    for (let operand = labels[at]!.height; operand < end; operand++) {
      this.op(Op.LocalGet, locals.length + operand);
      this.pushes++;
    }
  }

  /** Continues inside of label `at`, to its end; answers the original offset behind it (or of the place). */
  private inner(at: number): number {
    const label = this.place.labels[at];
    if (label === undefined) return this.place.offset;
    return label.kind === LabelKind.Loop ? this.loop(at) : this.block(at);
  }

  private block(at: number): number {
    const { kind, type } = this.place.labels[at]!;
    this.openBlock([], type.results);
    this.labels[at] = this.open - 1;
    const end = this.firstPart(at);
    this.close();
    return kind === LabelKind.If ? this.behind(at) : end + 1;
  }

  private loop(at: number): number {
    const { start, type } = this.place.labels[at]!;
    this.openBlock([], type.results);
    this.openBlock([], type.params);
    this.labels[at] = this.open - 1;
    const end = this.firstPart(at);
    this.freeBranches.add(this.out.length);
    this.op(Op.Br, 1);
    this.close();
    const body = skipImmediates(this.bytes, Op.Loop, start + 1);
    this.out.copy(this.bytes, start, body);
    this.labels[at] = this.open++;
    this.copy(body, end, at + 1);
    this.close();
    this.close();
    return end + 1;
  }

  /** From the place to the end of label `at`'s body (the arm's, of a conditional); answers where that is. */
  private firstPart(at: number): number {
    this.pushOperands(at);
    const from = this.inner(at + 1);
    const end = bodyEnd(this.bytes, from);
    this.copy(from, end, at + 1);
    return end;
  }

  /** Behind the conditional `at`, both arms. */
  private behind(at: number): number {
    const { bytes, place } = this;
    const start = place.labels[at]!.start;
    let end = bodyEnd(bytes, skipImmediates(bytes, Op.If, start + 1));
    if (bytes[end] === Op.Else) end = bodyEnd(bytes, end + 1);
    return end + 1;
  }

  /** Copies whole instructions from inside of `depth` enclosing labels of the place. */
  private copy(start: number, end: number, depth: number): void {
    const { bytes, out } = this;
    let from = start;
    let nested = 0;
    const flush = (to: number) => {
      this.pieces.push({ at: out.length, original: from });
      out.copy(bytes, from, to);
    };
    for (let pos = start; pos < end; ) {
      const op = opcodeAt(bytes, pos);
      const immediates = immediatesAt(bytes, pos);
      const next = skipImmediates(bytes, op, immediates);
      if (op === Op.Block || op === Op.Loop || op === Op.If) nested++;
      else if (op === Op.End) nested--;
      else if (op === Op.Br || op === Op.BrIf || op === Op.BrTable) {
        flush(immediates);
        this.branch(op, immediates, nested, depth);
        from = next;
      }
      pos = next;
    }
    flush(end);
  }

  private branch(op: number, immediates: number, nested: number, depth: number): void {
    const { bytes, out } = this;
    const target = (relative: number) => {
      if (relative < nested) return relative;
      return nested + this.open - 1 - this.labels[depth - 1 - (relative - nested)]!;
    };
    if (op !== Op.BrTable) return out.u32(target(lebU32At(bytes, immediates)));
    let left = lebU32At(bytes, immediates);
    out.u32(left);
    for (let pos = skipLeb(bytes, immediates); left >= 0; left--, pos = skipLeb(bytes, pos)) {
      out.u32(target(lebU32At(bytes, pos)));
    }
  }

  private openBlock(params: readonly ValType[], results: readonly ValType[]): void {
    this.out.u8(Op.Block);
    this.out.s32(this.blockType(params, results));
    this.open++;
  }

  private blockType(params: readonly ValType[], results: readonly ValType[]): number {
    if (params.length === 0 && results.length === 0) return EMPTY_BLOCK;
    if (params.length === 0 && results.length === 1) return results[0]! - 0x80;
    return this.moduleTypes.length + this.types.push({ params, results }) - 1;
  }

  private close(): void {
    this.out.u8(Op.End);
    this.open--;
  }

  private op(opcode: number, immediate: number): void {
    this.out.u8(opcode);
    this.out.u32(immediate);
  }

  private originalOffset(pos: number): number {
    let low = 0;
    for (let high = this.pieces.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (this.pieces[middle]!.at <= pos) low = middle + 1;
      else high = middle;
    }
    const { at, original } = this.pieces[low - 1]!;
    return original + pos - at;
  }
}

/** The `end` or `else` of the body that `pos` is in, at its own level. */
function bodyEnd(bytes: Uint8Array, pos: number): number {
  for (let nested = 0; ; ) {
    const op = opcodeAt(bytes, pos);
    if (op === Op.Block || op === Op.Loop || op === Op.If) nested++;
    else if (nested === 0 && (op === Op.End || op === Op.Else)) return pos;
    else if (op === Op.End) nested--;
    pos = skipImmediates(bytes, op, immediatesAt(bytes, pos));
  }
}
