/** Keeps a running guest's log on disk, and holds the guest when the disk is slower than it is. */
import type { FtWasmError } from '../../errors.js';
import { encodeFrame, FrameKind } from '../../log/file.js';
import { RecordingOutput } from './recording-output.js';

/** The guest waits while more than this many bytes wait for the disk. */
const QUEUED_BYTES_MAX = 16 * 1024 * 1024;

export class Recorder {
  #holding = false;

  private constructor(
    private readonly output: RecordingOutput,
    private readonly guest: { paused: boolean },
  ) {}

  /** Creates or replaces the file at `path`. Rejects with FTW_IO; `onFailure` hears of a disk that fails later. */
  static async create(
    path: string,
    guest: { paused: boolean },
    onFailure: (error: FtWasmError) => void,
  ): Promise<Recorder> {
    return new Recorder(await RecordingOutput.create(path, onFailure), guest);
  }

  /** Adds one packed batch; `onWritten` is called when it is in the file. */
  batch(batch: Uint8Array, onWritten: () => void): void {
    this.output.append(encodeFrame(FrameKind.Batch, batch), () => {
      if (this.#holding && this.output.queuedBytes < QUEUED_BYTES_MAX / 2) this.#hold(false);
      onWritten();
    });
    if (!this.#holding && this.output.queuedBytes > QUEUED_BYTES_MAX) this.#hold(true);
  }

  append(frame: Uint8Array, onWritten?: () => void): void {
    this.output.append(frame, onWritten);
  }

  /** For what may be large and comes before the guest runs. */
  async appendAndFlush(frame: Uint8Array): Promise<void> {
    this.output.append(frame);
    await this.output.flushed();
  }

  /** Rejects with FTW_IO if not everything could be written. */
  async close(): Promise<void> {
    this.#hold(false);
    await this.output.close();
  }

  #hold(paused: boolean): void {
    this.#holding = paused;
    this.guest.paused = paused;
  }
}
