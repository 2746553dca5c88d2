/** Data and element segments of all instances of a machine, numbered across them. A dropped one is empty. */

export class Segments {
  readonly data: Uint8Array[] = [];
  /** Raw references. */
  readonly elements: Uint32Array[] = [];
  readonly droppedData = new Set<number>();
  readonly droppedElements = new Set<number>();

  dropData(index: number): void {
    this.data[index] = new Uint8Array(0);
    this.droppedData.add(index);
  }

  dropElements(index: number): void {
    this.elements[index] = new Uint32Array(0);
    this.droppedElements.add(index);
  }
}
