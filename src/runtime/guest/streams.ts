/**
 * The guest thread's view of its client connections: bytes that have arrived and were not received yet, and how much of
 * each output window is in use. Lives only on a live replica; what of it is replicated is in the WASI state.
 */
import type { AdoptedStream } from '../../gateway/replica-port.js';
import { gatewayOf } from '../../gateway/stream-id.js';
import type { StreamId } from '../../host/services.js';

import { Slab } from '../slab.js';

/** Bytes of output that may be under way per stream before the guest sees "would block". */
export const OUTPUT_WINDOW_BYTES = 1 << 20;

const EMPTY = new Uint8Array(0);

interface Stream {
  /** Received chunks, oldest first; `skip` bytes of the first are already taken. */
  readonly chunks: Uint8Array[];
  skip: number;
  readable: number;
  ended: boolean;
  reset: boolean;
  /** Output bytes sent and not yet credited. */
  underWay: number;
  /** Input bytes taken since the last credit to the I/O thread. */
  taken: number;
}

export class StreamTable {
  readonly #streams = new Map<StreamId, Stream>();
  readonly #pending: StreamId[][];
  readonly #slab = new Slab();

  constructor(readonly listenerCount: number) {
    this.#pending = Array.from({ length: listenerCount }, () => []);
  }

  open(stream: StreamId, listener: number): void {
    this.#streams.set(stream, newStream());
    this.#pending[listener]?.push(stream);
  }

  /** The guest has dialled. */
  connected(stream: StreamId): void {
    this.#streams.set(stream, newStream());
  }

  /**
   * Takes over the streams that a replayed guest holds when it goes live. Those that a gateway carries live on; the others
   * were connections of the replica that died. Returns the former.
   */
  adopt(streams: readonly AdoptedStream[]): AdoptedStream[] {
    const carried = streams.filter(({ stream }) => gatewayOf(stream) !== undefined);
    for (const { stream } of carried) this.#streams.set(stream, newStream());
    return carried;
  }

  /** Adds a copy of `bytes`; a stream that the guest has closed swallows them. */
  data(stream: StreamId, bytes: Uint8Array): void {
    const state = this.#streams.get(stream);
    if (state === undefined) return;
    state.chunks.push(this.#slab.copy(bytes));
    state.readable += bytes.length;
  }

  end(stream: StreamId): void {
    const state = this.#streams.get(stream);
    if (state !== undefined) state.ended = true;
  }

  reset(stream: StreamId): void {
    const state = this.#streams.get(stream);
    if (state === undefined) return;
    state.reset = true;
    state.chunks.length = 0;
    state.readable = 0;
  }

  credit(stream: StreamId, bytes: number): void {
    const state = this.#streams.get(stream);
    if (state !== undefined) state.underWay -= bytes;
  }

  sent(stream: StreamId, bytes: number): void {
    const state = this.#streams.get(stream);
    if (state !== undefined) state.underWay += bytes;
  }

  forget(stream: StreamId): void {
    this.#streams.delete(stream);
  }

  pendingAccepts(listener: number): number {
    return this.#pending[listener]?.length ?? 0;
  }

  accept(listener: number): StreamId | undefined {
    return this.#pending[listener]?.shift();
  }

  readable(stream: StreamId): number {
    return this.#streams.get(stream)?.readable ?? 0;
  }

  ended(stream: StreamId): boolean {
    return this.#streams.get(stream)?.ended ?? true;
  }

  /** A stream this replica never saw belonged to a primary that died: its connection died with it. */
  isReset(stream: StreamId): boolean {
    return this.#streams.get(stream)?.reset ?? true;
  }

  writable(stream: StreamId): number {
    const state = this.#streams.get(stream);
    return state === undefined ? 0 : Math.max(0, OUTPUT_WINDOW_BYTES - state.underWay);
  }

  receive(stream: StreamId, max: number, peek: boolean): Uint8Array {
    const state = this.#streams.get(stream);
    if (state === undefined || state.readable === 0 || max === 0) return EMPTY;
    const first = state.chunks[0];
    const inFirst = first.length - state.skip;
    const bytes =
      inFirst >= max || state.chunks.length === 1
        ? first.subarray(state.skip, state.skip + Math.min(max, inFirst))
        : gather(state, Math.min(max, state.readable));
    if (!peek) drop(state, bytes.length);
    return bytes;
  }

  /** Returns and clears the input bytes taken from `stream` once they reach `threshold`; 0 below it. */
  takenAtLeast(stream: StreamId, threshold: number): number {
    const state = this.#streams.get(stream);
    if (state === undefined || state.taken < threshold) return 0;
    const taken = state.taken;
    state.taken = 0;
    return taken;
  }
}

function newStream(): Stream {
  return { chunks: [], skip: 0, readable: 0, ended: false, reset: false, underWay: 0, taken: 0 };
}

function gather(state: Stream, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  let skip = state.skip;
  for (const chunk of state.chunks) {
    const part = chunk.subarray(skip, skip + length - at);
    bytes.set(part, at);
    at += part.length;
    skip = 0;
    if (at === length) break;
  }
  return bytes;
}

function drop(state: Stream, length: number): void {
  state.readable -= length;
  state.taken += length;
  let left = length;
  while (left > 0) {
    const inFirst = state.chunks[0].length - state.skip;
    if (left < inFirst) {
      state.skip += left;
      return;
    }
    left -= inFirst;
    state.chunks.shift();
    state.skip = 0;
  }
}
