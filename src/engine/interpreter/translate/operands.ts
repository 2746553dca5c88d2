/**
 * The operand stack at translation time. An entry either is in its fixed place in the frame, or stands for a local or a
 * constant that is only copied there when somebody needs it to be there.
 */
import { ValType } from '../../../wasm/module.js';
import { sizeOf } from './frame.js';

export const Kind = { Slot: 0, Local: 1, Const: 2 } as const;

export class Operands {
  height = 0;
  readonly types: number[] = [];
  readonly kinds: number[] = [];
  /** Fixed place of each entry, an offset from fp. */
  readonly places: number[] = [];
  /** Local index, or the low half of a constant. */
  readonly values: number[] = [];
  /** High half of a constant. */
  readonly highs: number[] = [];
  /** First free place. */
  top = 0;
  /** Largest `top` and `height` seen, and whether a v128 was. */
  topMax = 0;
  heightMax = 0;
  wide = false;

  begin(base: number): void {
    this.height = 0;
    this.top = base;
    this.topMax = base;
    this.heightMax = 0;
    this.wide = false;
  }

  /** Pushes an entry that is in its place, and returns that place. */
  push(type: number): number {
    return this.pushAs(type, Kind.Slot, 0, 0);
  }

  pushLocal(type: number, local: number): void {
    this.pushAs(type, Kind.Local, local, 0);
  }

  pushConst(type: number, low: number, high: number): void {
    this.pushAs(type, Kind.Const, low, high);
  }

  private pushAs(type: number, kind: number, value: number, high: number): number {
    const { height, top } = this;
    this.types[height] = type;
    this.kinds[height] = kind;
    this.values[height] = value;
    this.highs[height] = high;
    this.places[height] = top;
    this.height = height + 1;
    if (height >= this.heightMax) this.heightMax = height + 1;
    if (type === ValType.V128) this.wide = true;
    this.top = top + sizeOf(type);
    if (this.top > this.topMax) this.topMax = this.top;
    return top;
  }

  /** Removes the top entry and returns its index, where it can still be read. */
  pop(): number {
    const index = --this.height;
    this.top = this.places[index]!;
    return index;
  }

  /** Cuts the stack to `height` entries. */
  cut(height: number): void {
    if (height < this.height) this.top = this.places[height]!;
    this.height = height;
  }

  pushAll(types: readonly number[]): void {
    for (let i = 0; i < types.length; i++) this.push(types[i]!);
  }
}
