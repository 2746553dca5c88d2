/** Memory 0 of an instance. Growing detaches the buffer, so both views are made anew when they are found empty. */
import type { GuestMemory } from '../engine.js';
import type { WasmMemory } from './webassembly.js';

export class CompiledMemory implements GuestMemory {
  private currentBytes: Uint8Array;
  private currentView: DataView;
  hostWrites: GuestMemory['hostWrites'];

  constructor(private readonly memory: WasmMemory) {
    this.currentBytes = new Uint8Array(memory.buffer);
    this.currentView = new DataView(memory.buffer);
  }

  get bytes(): Uint8Array {
    if (this.currentBytes.length === 0) this.renew();
    return this.currentBytes;
  }

  get view(): DataView {
    if (this.currentBytes.length === 0) this.renew();
    return this.currentView;
  }

  private renew(): void {
    this.currentBytes = new Uint8Array(this.memory.buffer);
    this.currentView = new DataView(this.memory.buffer);
  }
}
