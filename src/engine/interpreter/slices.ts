/** How far the guest may run until it looks up: the nearer of the slice's end and the end of its fuel. */
import { GuestStop, type InstanceOptions } from '../engine.js';

export class Slices {
  private readonly fuelMax: number;
  /** Counter from which on the next look calls `onSlice`. */
  sliceEnd: number;

  constructor(private readonly options: InstanceOptions) {
    this.fuelMax = options.fuelMax ?? Number.POSITIVE_INFINITY;
    this.sliceEnd = options.sliceFuel;
  }

  /** Counter at which the guest must look up next. */
  get limit(): number {
    return Math.min(this.sliceEnd, this.fuelMax);
  }

  /** The guest looks up. @throws GuestStop 'out-of-fuel', or what `onSlice` throws */
  check(counter: number): void {
    if (counter >= this.fuelMax) throw new GuestStop({ kind: 'out-of-fuel' });
    if (counter < this.sliceEnd) return;
    this.sliceEnd = counter + this.options.sliceFuel;
    this.options.onSlice?.(counter);
  }
}
