/** `ft-wasm snapshot`: the state of a recorded run at a place, as a file. */
import { type SnapshotOptions, snapshotRecording } from '../index.js';
import { Progress } from './progress.js';
import type { CliProcess } from './streams.js';

/** Writes the snapshot and says what it is of. Rejects if it cannot be made. */
export async function snapshot(options: SnapshotOptions, json: boolean, process: CliProcess): Promise<void> {
  const progress = new Progress(process.stderr);
  try {
    const result = await snapshotRecording({
      ...options,
      onProgress: progress.of('compiling'),
      onReplayProgress: progress.of('replaying'),
    });
    progress.clear();
    const { bytes, counter, event, path } = result;
    const text = `${path}: counter ${counter}, event ${event}, ${bytes} bytes`;
    process.stdout.write(`${json ? JSON.stringify(result) : text}\n`);
  } finally {
    progress.clear();
  }
}
