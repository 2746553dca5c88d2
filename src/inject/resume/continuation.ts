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
 *     cont(try)     = try  cont(inner) rest  handlers  end           so that its handlers apply again; try_table alike
 *     cont(place)   = the operands of each label, pushed before the next one is opened
 *
 * So the operand stack is that of the original at every instruction, and only the depths of labels change.
 */
import { ByteWriter } from '../../bytes/writer.js';
import { CatchKind, immediatesAt, lebU32At, opcodeAt, skipImmediates, skipLeb } from '../../wasm/instructions.js';
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
  /** Instructions up to the first one that is new: pushes and `try`; each costs 1 that must not be charged. */
  readonly repeated: number;
  /** Branches that the guest does not have. */
  readonly freeBranches: ReadonlySet<number>;
  /** Place in `bytes` of an `unreachable` where the exception of the call under way is to be raised; -1 if none is. */
  readonly raiseAt: number;
  /** Original offset of a place in `bytes`. */
  originalOffset(pos: number): number;
}

/** `raise`: the call under way at the place has not returned but thrown. */
export function continuation(
  bytes: Uint8Array,
  code: { end: number },
  types: readonly FuncType[],
  place: Place,
  raise: boolean,
): Continuation {
  return new Builder(bytes, code.end, types, place, raise).build();
}

class Builder {
  private readonly out = new ByteWriter(1024);
  private readonly types: FuncType[] = [];
  private readonly freeBranches = new Set<number>();
  /** Where copied pieces start: in the output and in the original. */
  private readonly pieces: { readonly at: number; readonly original: number }[] = [];
  private repeated = 0;
  private raiseAt = -1;
  /** Open labels in the output. The function's own is number 0. */
  private open = 1;
  /** Per enclosing label of the place: the label in the output to which a branch to it goes. */
  private readonly labels: number[] = [0];

  constructor(
    private readonly bytes: Uint8Array,
    private readonly end: number,
    private readonly moduleTypes: readonly FuncType[],
    private readonly place: Place,
    private readonly raise: boolean,
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
      ...{ bytes, types: this.types, repeated: this.repeated, freeBranches: this.freeBranches },
      raiseAt: this.raiseAt,
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
      this.repeated++;
    }
  }

  /** Continues inside of label `at`, to its end; answers the original offset behind it (or of the place). */
  private inner(at: number): number {
    const label = this.place.labels[at];
    if (label === undefined) return this.atPlace();
    if (label.kind === LabelKind.Loop) return this.loop(at);
    if (label.kind === LabelKind.Try) return this.legacyTry(at);
    return label.kind === LabelKind.TryTable ? this.tryTable(at) : this.block(at);
  }

  private atPlace(): number {
    if (this.raise) {
      this.raiseAt = this.out.length;
      this.out.u8(Op.Unreachable);
    }
    return this.place.offset;
  }

  private legacyTry(at: number): number {
    const { bytes, out, place } = this;
    out.u8(Op.Try);
    this.repeated++;
    out.s32(this.blockType([], place.labels[at]!.type.results));
    this.labels[at] = this.open++;
    let end = this.firstPart(at);
    // Handlers stand inside of the same label.
    for (; bytes[end] === Op.Catch || bytes[end] === Op.CatchAll; ) {
      const arm = skipImmediates(bytes, bytes[end]!, end + 1);
      out.copy(bytes, end, arm);
      end = bodyEnd(bytes, arm);
      this.copy(arm, end, at + 1);
    }
    if (bytes[end] === Op.End) {
      this.close();
      return end + 1;
    }
    // The label of `delegate` counts from outside of the `try`.
    this.open--;
    this.op(Op.Delegate, this.target(lebU32At(bytes, end + 1), 0, at));
    return skipLeb(bytes, end + 1);
  }

  private tryTable(at: number): number {
    const { bytes, out, place } = this;
    const { start, type } = place.labels[at]!;
    out.u8(Op.TryTable);
    this.repeated++;
    out.s32(this.blockType([], type.results));
    this.catchClauses(skipLeb(bytes, start + 1), 0, at);
    this.labels[at] = this.open++;
    const end = this.firstPart(at);
    this.close();
    return end + 1;
  }

  /** Copies the vector of clauses of a `try_table`; answers where it ends. */
  private catchClauses(start: number, nested: number, depth: number): number {
    const { bytes, out } = this;
    let left = lebU32At(bytes, start);
    let pos = skipLeb(bytes, start);
    out.u32(left);
    for (; left > 0; left--) {
      const clause = pos;
      pos = bytes[pos]! < CatchKind.CatchAll ? skipLeb(bytes, pos + 1) : pos + 1;
      out.copy(bytes, clause, pos);
      out.u32(this.target(lebU32At(bytes, pos), nested, depth));
      pos = skipLeb(bytes, pos);
    }
    return pos;
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
      if (op === Op.Delegate) nested--;
      if (namesLabels(op)) {
        flush(op === Op.TryTable ? skipLeb(bytes, immediates) : immediates);
        this.branch(op, immediates, nested, depth);
        from = next;
      }
      if (opensBlock(op)) nested++;
      else if (op === Op.End) nested--;
      pos = next;
    }
    flush(end);
  }

  private branch(op: number, immediates: number, nested: number, depth: number): void {
    const { bytes, out } = this;
    const target = (relative: number) => this.target(relative, nested, depth);
    if (op === Op.TryTable) return void this.catchClauses(skipLeb(bytes, immediates), nested, depth);
    if (op !== Op.BrTable) return out.u32(target(lebU32At(bytes, immediates)));
    let left = lebU32At(bytes, immediates);
    out.u32(left);
    for (let pos = skipLeb(bytes, immediates); left >= 0; left--, pos = skipLeb(bytes, pos)) {
      out.u32(target(lebU32At(bytes, pos)));
    }
  }

  /** What a label is called in the output, from inside of `depth` enclosing labels of the place and `nested` others. */
  private target(relative: number, nested: number, depth: number): number {
    if (relative < nested) return relative;
    return nested + this.open - 1 - this.labels[depth - 1 - (relative - nested)]!;
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

function opensBlock(op: number): boolean {
  return op === Op.Block || op === Op.Loop || op === Op.If || op === Op.Try || op === Op.TryTable;
}

function namesLabels(op: number): boolean {
  const names: readonly number[] = [Op.Br, Op.BrIf, Op.BrTable, Op.Rethrow, Op.Delegate, Op.TryTable];
  return names.includes(op);
}

function endsArm(op: number): boolean {
  return op === Op.End || op === Op.Else || op === Op.Catch || op === Op.CatchAll || op === Op.Delegate;
}

/** The `end`, `else`, `catch` or `delegate` of the body that `pos` is in, at its own level. */
function bodyEnd(bytes: Uint8Array, pos: number): number {
  for (let nested = 0; ; ) {
    const op = opcodeAt(bytes, pos);
    if (opensBlock(op)) nested++;
    else if (nested === 0 && endsArm(op)) return pos;
    else if (op === Op.End || op === Op.Delegate) nested--;
    pos = skipImmediates(bytes, op, immediatesAt(bytes, pos));
  }
}
