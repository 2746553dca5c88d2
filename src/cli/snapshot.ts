/** `ft-wasm snapshot`: the state of a running replica, or of a recorded run at a place, as a file. */
import { requestSnapshot, type SnapshotOptions, type SnapshotResult, snapshotRecording } from '../index.js';
import { Progress } from './progress.js';
import type { SnapshotCommand } from './snapshot-options.js';
import type { CliProcess } from './streams.js';

/** Writes the snapshot and says what it is of. Rejects if it cannot be made. */
export async function snapshot(command: SnapshotCommand, json: boolean, process: CliProcess): Promise<void> {
  const result =
    'replica' in command
      ? await requestSnapshot(command.replica, command.output)
      : await ofRecording(command.recording, process);
  const { bytes, counter, event, path } = result;
  const text = `${path}: counter ${counter}, event ${event}, ${bytes} bytes`;
  process.stdout.write(`${json ? JSON.stringify(result) : text}\n`);
}

async function ofRecording(options: SnapshotOptions, process: CliProcess): Promise<SnapshotResult> {
  const progress = new Progress(process.stderr);
  try {
    return await snapshotRecording({
      ...options,
      onProgress: progress.of('compiling'),
      onReplayProgress: progress.of('replaying'),
    });
  } finally {
    progress.clear();
  }
}
