/**
 * A guest reduced to what the protocol cares about: each event mixes one value from outside into a hash chain and has
 * one output, the digest so far. A log batch carries the values and, for checking, the digests of whoever made it.
 */
const BYTES_PER_EVENT = 8;

export const COUNTER_PER_EVENT = 100;

export class ToyGuest {
  /** Digest after each event; index 0 is the start. */
  readonly digests: number[] = [0x811c9dc5];

  get event(): number {
    return this.digests.length - 1;
  }

  /** Executes one event per value and returns the batch that records them. */
  run(values: readonly number[]): Uint8Array {
    const view = new DataView(new ArrayBuffer(values.length * BYTES_PER_EVENT));
    for (const [index, value] of values.entries()) {
      view.setUint32(index * BYTES_PER_EVENT, value);
      view.setUint32(index * BYTES_PER_EVENT + 4, this.#execute(value));
    }
    return new Uint8Array(view.buffer);
  }

  /** Executes a batch of somebody else; false if the digests differ. */
  replay(batch: Uint8Array): boolean {
    const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
    for (let at = 0; at < batch.byteLength; at += BYTES_PER_EVENT) {
      if (this.#execute(view.getUint32(at)) !== view.getUint32(at + 4)) return false;
    }
    return true;
  }

  #execute(value: number): number {
    const previous = this.digests.at(-1) as number;
    const digest = Math.imul(previous ^ value, 0x01000193) >>> 0;
    this.digests.push(digest);
    return digest;
  }
}
