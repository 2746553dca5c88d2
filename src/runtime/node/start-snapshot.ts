/** The state of a recorded run at a place of one's choice, as a file. */
import { FtWasmError } from '../../errors.js';
import type { Position } from '../../log/entry.js';
import { deferred } from '../deferred.js';
import type { GuestReport } from '../guest/protocol.js';
import { describeReport } from '../guest-report.js';
import { usage, type WritableLike } from '../options.js';
import type { GuestHost } from './guest-host.js';
import { GUEST_ENDED } from './guest-thread.js';
import { type RecordingSurvey, surveyRecording } from './recording-file.js';
import { beginReplay, feedReplay, openReplay, replayStart } from './replay-host.js';
import { SnapshotFile } from './snapshot-file.js';
import { fuelOf, loadModule, type ReplayOptions } from './start-replay.js';

export interface SnapshotOptions
  extends Pick<ReplayOptions, 'engine' | 'from' | 'module' | 'onProgress' | 'onReplayProgress' | 'recording'> {
  /** At the first logged host call or pre-emption point at or after this counter; default: where the recording ends. */
  readonly at?: number;
  /** The file to write. */
  readonly output: string;
}

export interface SnapshotResult extends Position {
  readonly path: string;
  /** Size of the file. */
  readonly bytes: number;
}

/** There is one capture in the life of such a replay. */
const CAPTURE = 1;

/**
 * Replays a recording to a place and writes down the guest's state there. Rejects with FTW_SNAPSHOT if the guest ends before,
 * FTW_DIVERGENCE if the replay diverges, FTW_IO if the file cannot be written.
 */
export async function snapshotRecording(options: SnapshotOptions): Promise<SnapshotResult> {
  const { at, from, output, recording } = options;
  if (at !== undefined && !(Number.isSafeInteger(at) && at > 0)) {
    throw usage(`at must be a whole number above 0, not ${at}`);
  }
  const survey = await surveyRecording(recording);
  const module = await loadModule(options, survey);
  const start = await replayStart(survey, from, at);
  const file = await SnapshotFile.create(output);
  try {
    const place = await new Capturing(options, survey, module, file).run(start);
    await file.close();
    return { ...place, path: output, bytes: file.bytes };
  } catch (error) {
    await file.abandon();
    throw error;
  }
}

/** The replay, and the state that comes out of it. */
class Capturing {
  /** Answers the place, or throws what went wrong. */
  readonly #result = deferred<() => Position>();
  #position: Position = { event: 0, counter: 0 };
  #isOver = false;
  /** The guest's thread has given everything. */
  #isWhole = false;

  constructor(
    private readonly options: SnapshotOptions,
    private readonly survey: RecordingSurvey,
    private readonly module: Uint8Array,
    private readonly file: SnapshotFile,
  ) {}

  async run(start: Parameters<typeof beginReplay>[1]): Promise<Position> {
    const host = await this.#open();
    try {
      host.guest.capture(CAPTURE);
      await beginReplay(host, start);
      const onProgress = this.options.onReplayProgress;
      const isOver = () => this.#isOver;
      feedReplay(host, this.survey, { start, isOver, onProgress }).catch((error: unknown) => this.#fail(error));
      const result = await this.#result.promise;
      return result();
    } finally {
      this.#isOver = true;
      await host.close();
    }
  }

  async #open(): Promise<GuestHost> {
    const { engine, onProgress } = this.options;
    const silent: WritableLike = {
      write: (_bytes, done) => {
        done?.();
        return true;
      },
    };
    const host: GuestHost = await openReplay(
      this.survey,
      {
        module: this.module,
        stdio: { stdout: silent, stderr: silent },
        ...(engine === undefined ? {} : { engine }),
        ...(onProgress === undefined ? {} : { onProgress }),
      },
      // Where a replay would have to stop, a snapshot is taken instead.
      { captureAt: fuelOf(this.survey, this.options.at) ?? Number.MAX_SAFE_INTEGER },
      {
        onReport: (report) => this.#ended(report),
        onState: (capture, piece, last) => this.#piece(host, capture, piece, last),
        onCaptured: (_capture, event, counter) => {
          this.#position = { event, counter };
        },
        onCaptureFailed: (_capture, reason) => {
          if (reason !== GUEST_ENDED)
            this.#fail(new FtWasmError('FTW_SNAPSHOT', `no snapshot can be taken: ${reason}`));
        },
      },
    );
    return host;
  }

  #piece(host: GuestHost, capture: number, piece: Uint8Array, last: boolean): void {
    const { length } = piece;
    if (last) this.#isWhole = true;
    this.file.write(piece.slice()).then(
      () => (last ? this.#result.resolve(() => this.#position) : host.guest.stateCredit(capture, length)),
      (error: unknown) => this.#fail(error),
    );
  }

  #ended(report: GuestReport): void {
    // It runs on behind the snapshot, and may end while the last piece is being written.
    if (this.#isWhole) return;
    const code = report.kind === 'diverged' ? 'FTW_DIVERGENCE' : report.kind === 'fault' ? report.code : 'FTW_SNAPSHOT';
    const { at } = this.options;
    const where = at === undefined ? 'the end of the recording' : `counter ${at}`;
    const message =
      report.kind === 'outcome' ? `the guest ended before ${where}: it ${describeReport(report)}` : report.message;
    this.#fail(new FtWasmError(code, message));
  }

  #fail(error: unknown): void {
    this.#result.resolve(() => {
      throw error;
    });
  }
}
