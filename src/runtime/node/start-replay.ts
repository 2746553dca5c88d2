/** A recording, run again on this machine: same output, same exit code, or a divergence report. */
import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { DivergenceError, FtWasmError } from '../../errors.js';
import { POSITION_ZERO } from '../../log/entry.js';
import { EXIT_CODES } from '../../replica/exit-codes.js';
import { deferred } from '../deferred.js';
import type { GuestReport, StateDigest } from '../guest/protocol.js';
import { type GuestOptions, usage } from '../options.js';
import { judgeReplay } from '../replay-end.js';
import { failureExitCode, type RunExit, runStats } from '../run-exit.js';
import { guestConfig } from './guest-config.js';
import { GuestHost, readModule } from './guest-host.js';
import { batchesOf, type RecordingSurvey, surveyRecording } from './recording-file.js';
import { RunStdio } from './run-stdio.js';
import type { Run } from './start-run.js';

/** So much of the log may wait for the guest. */
const QUEUED_BYTES_MAX = 8 * 1024 * 1024;
const QUEUE_LOOK_MS = 2;

export interface ReplayOptions extends Pick<GuestOptions, 'cacheDirectory' | 'engine' | 'stdio' | 'onProgress'> {
  /** Path of the recording. */
  readonly recording: string;
  /** The module's path or bytes, if it is not in the recording, or not where the recording says. */
  readonly module?: string | Uint8Array;
  /** Stop at the first pre-emption point at or after this counter; default: replay everything. */
  readonly until?: number;
  readonly digestEvery?: number;
  readonly onStateDigest?: (digest: StateDigest) => void;
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
    const { guest, wasi } = this.#survey;
    const { engine = guest.engine, until, digestEvery = until === undefined ? undefined : 0 } = this.#options;
    const { cacheDirectory, onProgress, onStateDigest } = this.#options;
    const fuel = fuelOf(this.#survey, until);
    this.#host = await GuestHost.open(
      {
        module: this.#module,
        engine,
        limits: guest.limits,
        stdio: this.#stdio,
        ...(fuel === undefined ? {} : { fuel }),
        ...(cacheDirectory === undefined ? {} : { cacheDirectory }),
        ...(onProgress === undefined ? {} : { onProgress }),
      },
      {
        logging: false,
        guest: guestConfig(wasi),
        ...(digestEvery === undefined ? {} : { digestEvery }),
      },
      {
        onBatch: () => {},
        onLive: () => {},
        onReport: this.#report.resolve,
        ...(onStateDigest === undefined ? {} : { onStateDigest }),
      },
    );
    try {
      this.#checkManifest();
    } catch (error) {
      await this.#host.close();
      throw error;
    }
    this.#host.gate.release(Number.POSITIVE_INFINITY);
    this.#startedMs = performance.now();
    this.#host.guest.start('replay');
    void this.#feed();
  }

  stop(exitCode: number = EXIT_CODES.ok): void {
    this.#left = true;
    this.#stopExitCode = exitCode;
    this.#host.guest.stop();
  }

  /** The facts of the recording against ours. The configuration is the recording's own, so only a forged one can differ. */
  #checkManifest(): void {
    const recorded = this.#survey.header.manifest;
    // Another version of this package is no obstacle as long as it rewrites and logs in the same way; fuel may be ours.
    const ours = { ...this.#host.manifest, version: recorded['version'], fuel: recorded['fuel'] };
    for (const [fact, value] of Object.entries(ours)) {
      if (recorded[fact] === value) continue;
      const message = `replay diverged before it began: the recording has ${fact} ${recorded[fact] ?? 'not at all'}, this replay ${value}`;
      throw new DivergenceError(message, {
        difference: fact,
        position: POSITION_ZERO,
        expected: recorded[fact],
        seen: value,
      });
    }
  }

  async #feed(): Promise<void> {
    const { guest } = this.#host;
    const { path, last } = this.#survey;
    try {
      for await (const batch of batchesOf(path)) {
        if (this.#ended) return;
        guest.batch(batch);
        while (guest.queuedBytes > QUEUED_BYTES_MAX && !this.#ended) await delay(QUEUE_LOOK_MS);
        this.#options.onReplayProgress?.(guest.executed.counter, last.counter);
      }
      guest.endLog();
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
export async function loadModule(
  options: Pick<ReplayOptions, 'module'>,
  survey: RecordingSurvey): Promise<Uint8Array> {
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
