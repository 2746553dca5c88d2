/** Gathers a link's records so that one frame carries everything that one turn of the event loop brought up. */
import type { StreamId } from '../host/services.js';
import { type RecordKind, RecordWriter } from './records.js';

/** A frame leaves when it has grown to this size, even within one turn. */
const FRAME_BYTES = 256 * 1024;

/** Where a link's payloads go. */
export interface RecordSink {
  send(payload: Uint8Array): void;
  /** Runs `flush` at the end of this turn. */
  later(flush: () => void): void;
  /** True while the connection has more bytes waiting than it should: bulk data waits for `drained`. */
  readonly congested?: boolean;
}

export class RecordBatch {
  readonly #sink: RecordSink;
  readonly #writer = new RecordWriter();
  #scheduled = false;

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  /** Whether bulk data should wait. */
  get congested(): boolean {
    return this.#sink.congested === true;
  }

  add(kind: RecordKind, stream: StreamId, value: number, bytes?: Uint8Array): void {
    this.#writer.add(kind, stream, value, bytes);
    if (this.#writer.length >= FRAME_BYTES) this.flush();
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#sink.later(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  /** Sends what is there now. */
  flush(): void {
    if (this.#writer.length > 0) this.#sink.send(this.#writer.take());
  }
}
