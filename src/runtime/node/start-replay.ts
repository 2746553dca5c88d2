/** A recording, run again on this machine: same output, same exit code, or a divergence report. */
import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { DivergenceError, FtWasmError } from '../../errors.js';
import { POSITION_ZERO } from '../../log/entry.js';
import { EXIT_CODES } from '../../replica/exit-codes.js';
import { deferred } from '../deferred.js';
import type { GuestReport, StateDigest } from '../guest/protocol.js';
import { type GuestOptions, usage } from '../options.js';
import { judgeReplay } from '../replay-end.js';
import { failureExitCode, type RunExit, runStats } from '../run-exit.js';
import type { GuestHost } from './guest-host.js';
import { readModule } from './read-module.js';
import { type RecordingSurvey, surveyRecording } from './recording-file.js';
import { beginReplay, feedReplay, openReplay, type ReplayStart, replayStart } from './replay-host.js';
import { RunStdio } from './run-stdio.js';
import type { Run } from './start-run.js';

export interface ReplayOptions extends Pick<GuestOptions, 'cacheDirectory' | 'engine' | 'stdio' | 'onProgress'> {
  /** Path of the recording. */
  readonly recording: string;
  /** The module's path or bytes, if it is not in the recording, or not where the recording says. */
  readonly module?: string | Uint8Array;
  /** Stop at the first pre-emption point at or after this counter; default: replay everything. */
  readonly until?: number;
  /**
   * Begin at this snapshot, a file, or at the 'start'. Without it, a replay that ends at `until` and prints no digests
   * begins at the nearest snapshot that the recording itself holds. Output that was made before is not repeated.
   */
  readonly from?: string;
  readonly digestEvery?: number;
  readonly onStateDigest?: (digest: StateDigest) => void;
  /** Told of each call that the log answers, with its arguments packed (guest/replayed-call.ts). */
  readonly onReplayed?: (event: number, packedArguments: Uint8Array) => void;
  /** Whether the replay waits before it takes more of the log. */
  readonly isHeld?: () => boolean;
  readonly onWarning?: (message: string) => void;
  /** Instructions executed so far, and at the end of the log. */
  readonly onReplayProgress?: (counter: number, total: number) => void;
}

/** Starts a replay. Rejects if recording or module cannot be used, or do not belong together (FTW_DIVERGENCE). */
export async function startReplay(options: ReplayOptions): Promise<Run> {
  if (options.until !== undefined && !(Number.isSafeInteger(options.until) && options.until > 0)) {
    throw usage(`until must be a whole number above 0, not ${options.until}`);
  }
  const survey = await surveyRecording(options.recording);
  const { tail, end } = survey;
  if (tail !== undefined) {
    const cut = `its last ${tail.bytes} bytes, from byte ${tail.offset} on, are no whole frame (${tail.reason}) and are left out`;
    options.onWarning?.(`the recording ${survey.path} is torn: ${cut}`);
  } else if (end === undefined) {
    options.onWarning?.(`the recording ${survey.path} was cut off: it does not say how the run ended`);
  }
  const replay = new RunningReplay(options, survey, await loadModule(options, survey));
  await replay.start();
  return replay;
}

class RunningReplay implements Run {
  readonly done: Promise<RunExit>;
  readonly #options: ReplayOptions;
  readonly #survey: RecordingSurvey;
  readonly #module: Uint8Array;
  readonly #report = deferred<GuestReport>();
  readonly #stdio: RunStdio;
  #host!: GuestHost;
  #start: ReplayStart | undefined;
  #startedMs = 0;
  #ended = false;
  /** The replay was ended from outside, so that its end says nothing about the recording. */
  #left = false;
  #stopExitCode: number = EXIT_CODES.ok;
  #failure: FtWasmError | undefined;

  constructor(options: ReplayOptions, survey: RecordingSurvey, module: Uint8Array) {
    this.#options = options;
    this.#survey = survey;
    this.#module = module;
    this.#stdio = new RunStdio(options.stdio ?? process, (error) => this.#fail(error));
    this.done = this.#report.promise.then((report) => this.#finish(report));
  }

  async start(): Promise<void> {
    const { engine, until, digestEvery = until === undefined ? undefined : 0 } = this.#options;
    const { cacheDirectory, onProgress, onReplayed, onStateDigest } = this.#options;
    const tellsArguments = onReplayed === undefined ? undefined : true;
    const fuel = fuelOf(this.#survey, until);
    this.#start = await this.#findStart();
    this.#host = await openReplay(
      this.#survey,
      defined({ module: this.#module, stdio: this.#stdio, engine, fuel, cacheDirectory, onProgress }),
      defined({ digestEvery, tellsArguments }),
      { onReport: this.#report.resolve, ...defined({ onReplayed, onStateDigest }) },
    );
    this.#startedMs = performance.now();
    await beginReplay(this.#host, this.#start);
    void this.#feed();
  }

  stop(exitCode: number = EXIT_CODES.ok): void {
    this.#left = true;
    this.#stopExitCode = exitCode;
    this.#host.guest.stop();
  }

  /** A replay that is asked for its end only may begin near it; one that is to be seen whole begins at the beginning. */
  async #findStart(): Promise<ReplayStart | undefined> {
    const { digestEvery, from, onWarning, until } = this.#options;
    if (from === 'start' || (from === undefined && (until === undefined || digestEvery !== undefined)))
      return undefined;
    const start = await replayStart(this.#survey, from, until);
    if (start !== undefined && from === undefined) {
      onWarning?.(`begins at the recording's snapshot of counter ${start.counter}: output before it is not repeated`);
    }
    return start;
  }

  async #feed(): Promise<void> {
    try {
      await feedReplay(this.#host, this.#survey, {
        start: this.#start,
        isOver: () => this.#ended,
        isHeld: this.#options.isHeld,
        onProgress: this.#options.onReplayProgress,
      });
    } catch (error) {
      this.#fail(error instanceof FtWasmError ? error : new FtWasmError('FTW_IO', (error as Error).message));
    }
  }

  #fail(error: FtWasmError): void {
    this.#failure ??= error;
    this.stop();
  }

  async #finish(report: GuestReport): Promise<RunExit> {
    this.#ended = true;
    const wallMs = performance.now() - this.#startedMs;
    await this.#stdio.drained();
    await this.#host.close();
    const { end, last, logBytes } = this.#survey;
    const failure = this.#failure;
    const { exitCode, outcome, reason, divergence } = this.#left
      ? {
          exitCode: failure === undefined ? this.#stopExitCode : failureExitCode(failure),
          outcome: 'stopped',
          reason: failure?.message ?? 'the replay was stopped',
        }
      : judgeReplay(report, { end, lastEvent: last.event, until: this.#options.until });
    const stats = runStats(report, { exitCode, outcome, logBytes, wallMs });
    if (failure !== undefined) return { exitCode, reason, stats, error: failure };
    if (divergence === undefined) return { exitCode, reason, stats };
    return { exitCode, reason, stats, error: { code: 'FTW_DIVERGENCE', ...divergence } };
  }
}

/**
 * Where the guest must stop at the latest. A recording that was stopped from outside says where. One that was cut off ends
 * behind its last entry: what the guest did then is not known, and it might do it for ever.
 */
export function fuelOf({ end, guest, last }: RecordingSurvey, until?: number): number | undefined {
  const recorded = end === undefined ? last.counter + 1 : end.outcome === 'stopped' ? end.counter : guest.fuel;
  return recorded === null ? until : Math.min(recorded, until ?? Number.POSITIVE_INFINITY);
}

/** The module that was recorded. Rejects with FTW_DIVERGENCE for another one, with FTW_IO or FTW_USAGE if there is none. */
export async function loadModule(options: Pick<ReplayOptions, 'module'>, survey: RecordingSurvey): Promise<Uint8Array> {
  const { module: given } = options;
  const { path } = survey.guest.module;
  const found = given ?? survey.module ?? path;
  if (found === null) throw usage('the module is not in the recording; say where it is');
  const bytes = typeof found === 'string' ? await readModule(found) : found;
  const hash = createHash('sha256').update(bytes).digest('hex');
  const { moduleHash } = survey.header;
  if (hash === moduleHash) return bytes;
  const where = typeof found === 'string' ? found : 'the module';
  const message = `replay diverged before it began: the recording is of a module with SHA-256 ${moduleHash}, ${where} has ${hash}`;
  throw new DivergenceError(message, {
    difference: 'module',
    position: POSITION_ZERO,
    expected: moduleHash,
    seen: hash,
  });
}

/** Without the keys that were not given. */
function defined<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { [K in keyof T]: Exclude<T[K], undefined> };
}
