/** A surveyed directory's contents, in the order in which a new guest is given them. */
import { framesOf } from './directory.js';
import { FrameKind } from './format.js';
import type { Crc32, Storage } from './storage.js';
import { numberAt, type Recovered } from './survey.js';

export type RecoveredItem =
  | { readonly kind: 'piece'; readonly bytes: Uint8Array }
  /** Outputs that belong to the state; all pieces have come. */
  | { readonly kind: 'outputs'; readonly bytes: Uint8Array }
  | { readonly kind: 'batch'; readonly lastEvent: number; readonly bytes: Uint8Array }
  | { readonly kind: 'progress'; readonly bytes: Uint8Array };

const BATCH_NUMBERS_BYTES = 24;
const OUTPUTS_NUMBERS_BYTES = 16;

/** Pieces, then outputs, then the log behind them. @throws FTW_DURABLE if a file has changed since the survey */
export async function* recoveredItems(
  storage: Storage,
  crc32: Crc32,
  recovered: Recovered,
): AsyncGenerator<RecoveredItem, void> {
  const { snapshot } = recovered;
  if (snapshot !== undefined) yield* stateOf(storage, crc32, snapshot.name);
  for (const name of recovered.logs) {
    for await (const frame of framesOf(storage, crc32, name, () => {})) {
      if (frame.kind === FrameKind.Progress) yield { kind: 'progress', bytes: frame.payload };
      if (frame.kind !== FrameKind.Batch) continue;
      const lastEvent = numberAt(frame, 1);
      if (lastEvent <= (snapshot?.event ?? 0)) continue;
      yield { kind: 'batch', lastEvent, bytes: frame.payload.subarray(BATCH_NUMBERS_BYTES) };
    }
  }
}

async function* stateOf(storage: Storage, crc32: Crc32, name: string): AsyncGenerator<RecoveredItem, void> {
  let outputs: Uint8Array | undefined;
  for await (const frame of framesOf(storage, crc32, name, () => {})) {
    if (frame.kind === FrameKind.Piece) yield { kind: 'piece', bytes: frame.payload };
    else if (frame.kind === FrameKind.Outputs) outputs = frame.payload.subarray(OUTPUTS_NUMBERS_BYTES);
  }
  if (outputs !== undefined) yield { kind: 'outputs', bytes: outputs };
}
