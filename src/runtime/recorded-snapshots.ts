/**
 * Snapshots inside a recording: their pieces stand between the batches as they came, several frames to a snapshot. A frame:
 *
 *     number of the snapshot u32   what u8   a piece, or for `At` the event and the counter as f64
 *
 * A snapshot is of use once its last piece and its place have come; one that was cut off is left aside.
 */
import { LogFormatError } from '../errors.js';
import type { Position } from '../log/entry.js';
import { encodeFrame, FrameKind } from '../log/file.js';

const What = { Piece: 0, LastPiece: 1, At: 2 } as const;
const HEAD_BYTES = 5;

export interface RecordedSnapshot extends Position {
  readonly number: number;
}

export function encodeSnapshotPiece(number: number, piece: Uint8Array, last: boolean): Uint8Array {
  return frame(number, last ? What.LastPiece : What.Piece, piece);
}

export function encodeSnapshotPlace(number: number, { counter, event }: Position): Uint8Array {
  const body = new Uint8Array(16);
  const view = new DataView(body.buffer);
  view.setFloat64(0, event, true);
  view.setFloat64(8, counter, true);
  return frame(number, What.At, body);
}

function frame(number: number, what: number, body: Uint8Array): Uint8Array {
  const payload = new Uint8Array(HEAD_BYTES + body.length);
  new DataView(payload.buffer).setUint32(0, number, true);
  payload[4] = what;
  payload.set(body, HEAD_BYTES);
  return encodeFrame(FrameKind.Snapshot, payload);
}

/** The snapshots of a recording as their frames come. */
export class RecordedSnapshots {
  readonly #places = new Map<number, Position>();
  readonly #ended = new Set<number>();

  /** Those that are whole, in the order of the run. */
  get complete(): RecordedSnapshot[] {
    const whole = [...this.#places].filter(([number]) => this.#ended.has(number));
    return whole.map(([number, place]) => ({ number, ...place })).sort((a, b) => a.counter - b.counter);
  }

  /** Takes a frame; answers the piece in it, if it is one. Throws LogFormatError. */
  take(payload: Uint8Array): { readonly number: number; readonly piece: Uint8Array } | undefined {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
    if (payload.length < HEAD_BYTES || payload[4]! > What.At)
      throw new LogFormatError('a snapshot in the recording is damaged');
    const number = view.getUint32(0, true);
    if (payload[4] !== What.At) {
      if (payload[4] === What.LastPiece) this.#ended.add(number);
      return { number, piece: payload.subarray(HEAD_BYTES) };
    }
    if (payload.length !== HEAD_BYTES + 16)
      throw new LogFormatError('the place of a snapshot in the recording is damaged');
    this.#places.set(number, {
      event: view.getFloat64(HEAD_BYTES, true),
      counter: view.getFloat64(HEAD_BYTES + 8, true),
    });
    return undefined;
  }
}
