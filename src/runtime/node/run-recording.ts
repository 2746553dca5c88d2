/** The recording of a run: its header, its log and snapshots, its end. Loaded when a run is recorded. */
import { resolve as absolutePath } from 'node:path';
import { DEFAULT_LIMITS } from '../../engine/engine.js';
import type { FtWasmError } from '../../errors.js';
import type { GuestReport } from '../guest/protocol.js';
import type { GuestOptions } from '../options.js';
import type { CaptureEvents } from '../ports.js';
import { encodeRecordedEnd, encodeRecordingStart } from '../recording.js';
import { trapOf } from '../run-exit.js';
import type { SnapshotInterval } from '../snapshot-interval.js';
import type { GuestHost } from './guest-host.js';
import { PeriodicSnapshots } from './periodic-snapshots.js';
import { Recorder } from './recorder.js';

export interface RecordedRunOptions extends GuestOptions {
  /** How often a recording is given a snapshot; default: `auto`. */
  readonly snapshotEvery?: SnapshotInterval;
  /** Called with one line about something that does not end the run. */
  readonly onWarning?: (message: string) => void;
}

export class RunRecording {
  readonly #recorder: Recorder;
  readonly #snapshots: PeriodicSnapshots | undefined;

  private constructor(recorder: Recorder, snapshots: PeriodicSnapshots | undefined) {
    this.#recorder = recorder;
    this.#snapshots = snapshots;
  }

  /** Creates the file and writes how the guest is started. Rejects with FTW_IO; `onFailure` hears of a disk that fails later. */
  static async create(
    path: string,
    options: RecordedRunOptions,
    host: GuestHost,
    onFailure: (error: FtWasmError) => void,
  ): Promise<RunRecording> {
    const { module, limits, fuel, engine = 'compiled', snapshotEvery: every = 'auto', onWarning } = options;
    const recorder = await Recorder.create(path, host.guest, onFailure);
    const start = encodeRecordingStart({
      engine,
      module: host.module,
      modulePath: typeof module === 'string' ? absolutePath(module) : undefined,
      limits: { ...DEFAULT_LIMITS, ...limits },
      fuel,
      wasi: host.config.config,
      manifest: host.manifest,
      snapshots: every !== 'none',
    });
    for (const frame of start) await recorder.appendAndFlush(frame);
    if (every === 'none') return new RunRecording(recorder, undefined);
    return new RunRecording(recorder, new PeriodicSnapshots(every, host.guest, recorder, onWarning));
  }

  /** What the guest tells of a capture. */
  readonly captures: CaptureEvents = {
    onState: (_number, piece, last) => this.#snapshots?.piece(piece, last),
    onCaptured: (_number, event, counter) => this.#snapshots?.captured(event, counter),
    onCaptureFailed: (_number, reason) => this.#snapshots?.failed(reason),
  };

  /** The guest runs. */
  start(): void {
    this.#snapshots?.start();
  }

  /** Adds one packed batch; `onWritten` is called when it is in the file. */
  batch(batch: Uint8Array, onWritten: () => void): void {
    this.#recorder.batch(batch, onWritten);
  }

  /** The guest has ended. Rejects with FTW_IO if not all of the recording is on the disk. */
  async close(report: GuestReport, outcome: string, exitCode: number): Promise<void> {
    this.#snapshots?.stop();
    if (report.kind === 'outcome') {
      const { position, digest, hostCalls, outputBytes } = report;
      const { counter } = report.outcome;
      const { event } = position;
      this.#recorder.append(
        encodeRecordedEnd({ outcome, exitCode, trap: trapOf(report), counter, event, digest, hostCalls, outputBytes }),
      );
    }
    await this.#recorder.close();
  }
}
