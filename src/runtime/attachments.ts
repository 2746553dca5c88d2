/** Puts the attachments of a recording together again. Memory is taken as the bytes come, not as the header promises them. */

export class Attachments {
  readonly complete: Uint8Array[] = [];
  readonly #sizes: readonly number[];
  #pieces: Uint8Array[] = [];
  #received = 0;

  /** `sizes`: bytes of each, in order. */
  constructor(sizes: readonly number[]) {
    this.#sizes = sizes;
    this.#finishWhole();
  }

  get isComplete(): boolean {
    return this.complete.length === this.#sizes.length;
  }

  get missingBytes(): number {
    return this.#sizes.slice(this.complete.length).reduce((sum, size) => sum + size, 0) - this.#received;
  }

  /** Takes the next piece; false if it does not fit what is expected. */
  add(piece: Uint8Array): boolean {
    const size = this.#sizes[this.complete.length];
    if (size === undefined || this.#received + piece.length > size) return false;
    this.#pieces.push(piece);
    this.#received += piece.length;
    this.#finishWhole();
    return true;
  }

  /** Moves on behind everything that is whole, empty ones included. */
  #finishWhole(): void {
    while (!this.isComplete && this.#sizes[this.complete.length] === this.#received) {
      this.complete.push(join(this.#pieces, this.#received));
      this.#pieces = [];
      this.#received = 0;
    }
  }
}

function join(pieces: readonly Uint8Array[], length: number): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
