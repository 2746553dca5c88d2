/** A half-open range of defined functions, counted without imports. */
export interface FunctionRange {
  readonly from: number;
  readonly to: number;
}
