/** Where IR is written before it is copied into the linear memory. Positions are byte offsets from the function's code. */

const INITIAL_BYTES = 1 << 16;
/** No instruction with fixed fields is longer; br_table reserves its own room. */
const LONGEST = 64;

export class CodeBuffer {
  private u16 = new Uint16Array(INITIAL_BYTES / 2);
  private i32 = new Int32Array(this.u16.buffer);
  /** Start of every instruction, in order; superinstructions are matched over it. */
  starts = new Int32Array(INITIAL_BYTES / 8);
  count = 0;
  /** End of the code written so far. */
  pos = 0;

  clear(): void {
    this.pos = 0;
    this.count = 0;
  }

  /** Starts an instruction of `size` bytes and returns its position. */
  begin(op: number, size: number): number {
    const at = this.pos;
    if (at + size + LONGEST > this.u16.byteLength) this.grow(at + size + LONGEST);
    if (this.count === this.starts.length) this.starts = enlarged(this.starts, this.count * 2);
    this.starts[this.count++] = at;
    this.u16[at >> 1] = op;
    this.pos = at + size;
    return at;
  }

  /** An instruction of up to three 16-bit fields and nothing else. */
  emit3(op: number, x: number, y: number, z: number): number {
    const at = this.begin(op, 8);
    const { u16 } = this;
    u16[(at >> 1) + 1] = x;
    u16[(at >> 1) + 2] = y;
    u16[(at >> 1) + 3] = z;
    return at;
  }

  /** Three 16-bit fields, then a 32-bit one at offset 8. */
  emit3w(op: number, x: number, y: number, z: number, wide: number): number {
    const at = this.emit3(op, x, y, z);
    this.pos = at + 12;
    this.i32[(at >> 2) + 2] = wide;
    return at;
  }

  /** One 16-bit field, then a 32-bit one at offset 4. */
  emit1w(op: number, x: number, wide: number): number {
    const at = this.begin(op, 8);
    this.u16[(at >> 1) + 1] = x;
    this.i32[(at >> 2) + 1] = wide;
    return at;
  }

  /** Forgets the last instruction, which started at `at`. */
  rewind(at: number): void {
    this.count--;
    this.pos = at;
  }

  /** Start of the last instruction but `back`, -1 if there is none. */
  startBefore(back: number): number {
    return this.count > back ? this.starts[this.count - 1 - back]! : -1;
  }

  get16(at: number): number {
    return this.u16[at >> 1]!;
  }

  set16(at: number, value: number): void {
    this.u16[at >> 1] = value;
  }

  get32(at: number): number {
    return this.i32[at >> 2]!;
  }

  set32(at: number, value: number): void {
    this.i32[at >> 2] = value;
  }

  /** The code as bytes; valid until the next write. */
  bytes(): Uint8Array {
    return new Uint8Array(this.u16.buffer, 0, this.pos);
  }

  private grow(needed: number): void {
    let size = this.u16.byteLength * 2;
    while (size < needed) size *= 2;
    const u16 = new Uint16Array(size / 2);
    u16.set(this.u16);
    this.u16 = u16;
    this.i32 = new Int32Array(u16.buffer);
  }
}

function enlarged(array: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const out = new Int32Array(length);
  out.set(array);
  return out;
}
