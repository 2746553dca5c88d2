/**
 * The one linear memory of a machine, see generated/abi.ts for its map: state, function records, then an arena for
 * everything whose size the guest decides (value stack, code, tables, globals), then the guest's memory.
 */
import { FtWasmError } from '../../errors.js';
import { Memory } from './generated/abi.js';
import { type WasmMemory, WebAssembly } from './webassembly.js';

export const PAGE = 0x1_0000;
const GUEST_PAGE = Memory.GUEST / PAGE;
/** What is left for a guest of the 4 GiB that a memory can have. */
export const GUEST_PAGES_MAX = 0x1_0000 - GUEST_PAGE;
const TWO_32 = 0x1_0000_0000;

export class LinearMemory {
  readonly wasm: WasmMemory = new WebAssembly.Memory({ initial: GUEST_PAGE, maximum: 0x1_0000 });
  u8!: Uint8Array;
  u16!: Uint16Array;
  u32!: Uint32Array;
  view!: DataView;
  /** Pages of the guest's memory. */
  guestPages = 0;
  private free: number = Memory.ARENA;

  constructor() {
    this.renew();
  }

  /** Views are detached whenever the memory grows. */
  private renew(): void {
    const { buffer } = this.wasm;
    this.u8 = new Uint8Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.view = new DataView(buffer);
  }

  /** Grows the guest's memory. @throws FtWasmError FTW_HOST when the host cannot deliver what the limits allow */
  growGuest(pages: number): void {
    const total = this.guestPages + pages;
    try {
      if (total > GUEST_PAGES_MAX) throw new RangeError(`the interpreter has room for ${GUEST_PAGES_MAX} pages`);
      this.wasm.grow(pages);
    } catch (cause) {
      const message = `the host cannot provide a guest memory of ${total} pages: ${(cause as Error).message}`;
      throw new FtWasmError('FTW_HOST', message, { pages: total }, { cause });
    }
    this.guestPages = total;
    this.renew();
  }

  /** Reserves zeroed bytes. @throws FtWasmError FTW_LIMIT when the arena is full */
  allocate(size: number, align = 16): number {
    const at = Math.ceil(this.free / align) * align;
    if (at + size > Memory.GUEST) {
      const room = Memory.GUEST - Memory.ARENA;
      const message = `the code and tables of the guest need more than the interpreter's ${room} bytes`;
      throw new FtWasmError('FTW_LIMIT', message, { room });
    }
    this.free = at + size;
    return at;
  }

  /** A 64-bit number that is an integer below 2^63 in magnitude; exact below 2^53. */
  getI64(at: number): number {
    return this.view.getInt32(at + 4, true) * TWO_32 + this.u32[at >> 2]!;
  }

  setI64(at: number, value: number): void {
    this.view.setInt32(at + 4, Math.floor(value / TWO_32), true);
    this.view.setUint32(at, value % TWO_32, true);
  }
}
