/**
 * Outputs that wait for the output rule (R1) on a primary, or are retained by a backup until the primary says that they
 * have left (R2): the same queue, in guest order, tagged with the event number they depend on. Pure.
 */
import type { StreamId } from '../host/services.js';
import type { ShutdownHow } from './ring-messages.js';

export type Output =
  | { readonly kind: 'stdio'; readonly fd: 1 | 2; readonly bytes: Uint8Array; readonly event: number }
  | { readonly kind: 'send'; readonly stream: StreamId; readonly bytes: Uint8Array; readonly event: number }
  | { readonly kind: 'shutdown'; readonly stream: StreamId; readonly how: ShutdownHow; readonly event: number }
  | { readonly kind: 'close'; readonly stream: StreamId; readonly event: number };

export class HeldOutputs {
  #queue: Output[] = [];
  #head = 0;
  #bytes = 0;
  #released = 0;
  #trimmed = 0;

  /** Bytes held: the primary's output buffer, bounded by each stream's window. */
  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#queue.length - this.#head;
  }

  /** Highest event number whose outputs may leave. */
  get releasedEvent(): number {
    return this.#released;
  }

  /**
   * Adds an output and says what becomes of it: `held` here; to be sent right now (`emit`); or already sent by the
   * primary, which this backup's execution is behind (`trimmed`).
   */
  push(output: Output): 'held' | 'emit' | 'trimmed' {
    if (output.event <= this.#trimmed) return 'trimmed';
    if (output.event <= this.#released && this.size === 0) return 'emit';
    this.#queue.push(output);
    this.#bytes += byteLength(output);
    return 'held';
  }

  /** What is held, oldest first. */
  *[Symbol.iterator](): Generator<Output> {
    for (let index = this.#head; index < this.#queue.length; index++) yield this.#queue[index];
  }

  /** Takes out everything that depends on events up to `event`, in order. */
  release(event: number, emit: (output: Output) => void): void {
    this.#released = Math.max(this.#released, event);
    while (this.#head < this.#queue.length && this.#queue[this.#head].event <= this.#released) {
      const output = this.#queue[this.#head++];
      this.#bytes -= byteLength(output);
      emit(output);
    }
    this.#compact();
  }

  /** Drops everything that depends on events up to `event`: the primary has sent it. */
  trim(event: number, dropped: (output: Output) => void): void {
    this.#trimmed = Math.max(this.#trimmed, event);
    while (this.#head < this.#queue.length && this.#queue[this.#head].event <= event) {
      const output = this.#queue[this.#head++];
      this.#bytes -= byteLength(output);
      dropped(output);
    }
    this.#compact();
  }

  clear(): void {
    this.#queue.length = 0;
    this.#head = 0;
    this.#bytes = 0;
  }

  #compact(): void {
    if (this.#head === this.#queue.length) {
      this.#queue.length = 0;
      this.#head = 0;
    } else if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
  }
}

function byteLength(output: Output): number {
  return output.kind === 'stdio' || output.kind === 'send' ? output.bytes.length : 0;
}
