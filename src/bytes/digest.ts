/**
 * The running digest: 64 bits in two 32-bit lanes, made of `Math.imul` and rotations only, so that it is the same on
 * every machine and costs a few nanoseconds per word. It finds accidental differences between replicas; it is not
 * cryptographic. The first lane is MurmurHash3's body; the second mixes the word with another multiplier and the
 * first lane, so that a collision in one lane is independent of the other.
 */

/** A digest's whole state, as plain numbers for logs and snapshots. */
export interface DigestState {
  readonly a: number;
  readonly b: number;
  /** Words hashed so far, modulo 2^32. */
  readonly words: number;
}

/** Below this many bytes, assembling words by hand is cheaper than making a DataView. */
const SMALL_BYTES = 64;

function finalMix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

export class Digest {
  private a = 0x243f6a88 | 0;
  private b = 0x85a308d3 | 0;
  private words = 0;

  /** Mixes in the low 32 bits of `value`. */
  update(value: number): void {
    let k = Math.imul(value, 0xcc9e2d51);
    k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
    let a = this.a ^ k;
    a = (Math.imul((a << 13) | (a >>> 19), 5) + 0xe6546b64) | 0;
    const b = this.b ^ Math.imul(value, 0x9e3779b1);
    this.b = (Math.imul((b << 17) | (b >>> 15), 0x85ebca77) + a) | 0;
    this.a = a;
    this.words = (this.words + 1) | 0;
  }

  /** Mixes in both halves of a 64-bit integer given as bigint, low half first. */
  updateBigInt(value: bigint): void {
    this.update(Number(BigInt.asIntN(32, value)));
    this.update(Number(BigInt.asIntN(32, value >> 32n)));
  }

  /** Mixes in the length and the bytes, as little-endian words; a last partial word is padded with zeros. */
  updateBytes(bytes: Uint8Array): void {
    const { length } = bytes;
    this.update(length);
    const whole = length & ~3;
    if (length >= SMALL_BYTES) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, length);
      for (let at = 0; at < whole; at += 4) this.update(view.getInt32(at, true));
    } else {
      for (let at = 0; at < whole; at += 4) {
        this.update(bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
      }
    }
    if (whole === length) return;
    let tail = 0;
    for (let at = length - 1; at >= whole; at--) tail = (tail << 8) | bytes[at]!;
    this.update(tail);
  }

  /** 32 finalised bits, unsigned; the digest itself goes on unchanged. */
  low32(): number {
    return finalMix(this.a ^ this.words) >>> 0;
  }

  /** 64 finalised bits as 16 hexadecimal digits. */
  hex(): string {
    const high = finalMix(this.b ^ Math.imul(this.words, 0x9e3779b1)) >>> 0;
    return high.toString(16).padStart(8, '0') + this.low32().toString(16).padStart(8, '0');
  }

  save(): DigestState {
    return { a: this.a, b: this.b, words: this.words };
  }

  restore(state: DigestState): void {
    this.a = state.a | 0;
    this.b = state.b | 0;
    this.words = state.words | 0;
  }
}
