/**
 * The state of a toy guest, as it travels from one replica to another. Since the program is deterministic its state is what
 * its calls were answered so far: a restored guest is one that has been given the same answers, in silence.
 */
import { decodeBatch, encodeBatch } from '../../src/log/codec.js';
import type { Entry } from '../../src/log/entry.js';

const LENGTH_BYTES = 4;

/** Entries behind the first `from` of `history`, framed. */
export function exportHistory(history: readonly Entry[], from: number): Uint8Array {
  const batch = encodeBatch(from + 1, history[from - 1]?.counter ?? 0, history.slice(from));
  const bytes = new Uint8Array(LENGTH_BYTES + batch.length);
  new DataView(bytes.buffer).setUint32(0, batch.length);
  bytes.set(batch, LENGTH_BYTES);
  return bytes;
}

/** Everything that {@link exportHistory} gave, cut anywhere. */
export function importHistory(pieces: readonly Uint8Array[]): Entry[] {
  const bytes = Buffer.concat(pieces);
  const entries: Entry[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    at += LENGTH_BYTES;
    entries.push(...decodeBatch(bytes.subarray(at, at + length)).entries);
    at += length;
  }
  return entries;
}
