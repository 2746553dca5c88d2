/** One guest on this machine alone, from start to end: `run`, and `record`, which keeps the log. */
import { resolve as absolutePath } from 'node:path';
import { performance } from 'node:perf_hooks';
import { DEFAULT_LIMITS } from '../../engine/engine.js';
import type { FtWasmError } from '../../errors.js';
import { EXIT_CODES } from '../../replica/exit-codes.js';
import { deferred } from '../deferred.js';
import type { GuestReport, StateDigest } from '../guest/protocol.js';
import { describeReport, reportExitCode } from '../guest-report.js';
import { checkGuestOptions, type GuestOptions, usage } from '../options.js';
import { encodeRecordedEnd, encodeRecordingStart } from '../recording.js';
import { failureExitCode, outcomeName, type RunExit, runStats, trapOf } from '../run-exit.js';
import type { SnapshotInterval } from '../snapshot-interval.js';
import { GuestHost } from './guest-host.js';
import { PeriodicSnapshots } from './periodic-snapshots.js';
import { Recorder } from './recorder.js';
import { planResume, type ResumePlan } from './resume.js';
import { RunStdio } from './run-stdio.js';

export interface RunOptions extends GuestOptions {
  /** Write a recording to this file. */
  readonly record?: string;
  /** Go on from this snapshot, a file, instead of starting anew. Arguments, environment and private files are its own. */
  readonly resume?: string;
  /** How often a recording is given a snapshot; default: `auto`. */
  readonly snapshotEvery?: SnapshotInterval;
  /** Report a digest of the guest's state about every so many instructions. */
  readonly digestEvery?: number;
  readonly onStateDigest?: (digest: StateDigest) => void;
  /** Called with one line about something that does not end the run. */
  readonly onWarning?: (message: string) => void;
}

/** A guest that runs. */
export interface Run {
  /** Resolves when the guest has ended and all of its output has left; never rejects. */
  readonly done: Promise<RunExit>;
  /** Ends the guest at its next host call or loop, in good order; `exitCode` is then that of the run (default 0). */
  stop(exitCode?: number): void;
}

/** Starts `options.module`. Rejects if the module, an address or the recording cannot be used. */
export async function startRun(options: RunOptions): Promise<Run> {
  checkGuestOptions(options);
  if (options.resume !== undefined && options.record !== undefined) {
    throw usage('a run that goes on from a snapshot cannot be recorded: the recording would lack its beginning');
  }
  const run = new RunningGuest(options);
  await run.start();
  return run;
}

class RunningGuest implements Run {
  readonly done: Promise<RunExit>;
  readonly #options: RunOptions;
  readonly #report = deferred<GuestReport>();
  readonly #stdio: RunStdio;
  #host!: GuestHost;
  #recorder: Recorder | undefined;
  #plan: ResumePlan | undefined;
  #snapshots: PeriodicSnapshots | undefined;
  #startedMs = 0;
  #stopExitCode: number = EXIT_CODES.ok;
  #logBytes = 0;
  /** What this host could not do, which ended the run. */
  #failure: FtWasmError | undefined;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#stdio = new RunStdio(options.stdio ?? process, (error) => this.#fail(error));
    this.done = this.#report.promise.then((report) => this.#finish(report));
  }

  async start(): Promise<void> {
    const options = { ...this.#options, stdio: this.#stdio };
    const { record, digestEvery, onStateDigest, resume } = options;
    const logging = record !== undefined;
    if (resume !== undefined) this.#plan = await planResume(resume, options);
    const { fuel = this.#plan?.fuel } = options;
    this.#host = await GuestHost.open(
      {
        ...options,
        ...(fuel === undefined ? {} : { fuel }),
        ...(this.#plan === undefined ? {} : { limits: this.#plan.limits }),
      },
      {
        logging,
        ...(digestEvery === undefined ? {} : { digestEvery }),
        ...(this.#plan === undefined ? {} : { guest: this.#plan.guest, manifest: this.#plan.manifest }),
      },
      {
        onState: (_number, piece, last) => this.#snapshots?.piece(piece, last),
        onCaptured: (_number, event, counter) => this.#snapshots?.captured(event, counter),
        onCaptureFailed: (_number, reason) => this.#snapshots?.failed(reason),
        onBatch: (_first, last, _counter, batch) => this.#batch(last, batch),
        onLive: () => {},
        onReport: this.#report.resolve,
        onStdinFailed: (error) => this.#options.onWarning?.(`standard input cannot be read: ${error.message}`),
        ...(onStateDigest === undefined ? {} : { onStateDigest }),
      },
    );
    try {
      await this.#host.listeners.bind();
      if (record !== undefined) this.#recorder = await this.#startRecording(record);
    } catch (error) {
      await this.#host.close();
      throw error;
    }
    await this.#startGuest();
  }

  stop(exitCode: number = EXIT_CODES.ok): void {
    this.#stopExitCode = exitCode;
    this.#host.guest.stop();
  }

  async #startGuest(): Promise<void> {
    const { listeners, gate, guest } = this.#host;
    for (const address of listeners.addresses) {
      this.#options.onEvent?.({ name: 'listening', level: 'info', fields: { kind: 'client', address } });
    }
    // What leaves while recording waits for the disk, so that no output is ever ahead of its recording.
    if (this.#recorder === undefined) gate.release(Number.POSITIVE_INFINITY);
    listeners.serve(this.#plan?.epoch ?? 0);
    if (this.#plan !== undefined) for await (const piece of this.#plan.pieces()) guest.restore(piece);
    this.#startedMs = performance.now();
    guest.start('live');
    this.#snapshots?.start();
    void this.#host.feedStdin(this.#options.stdin);
  }

  async #startRecording(path: string): Promise<Recorder> {
    const { module, limits, fuel, engine = 'compiled', snapshotEvery: every = 'auto', onWarning } = this.#options;
    const host = this.#host;
    const recorder = await Recorder.create(path, host.guest, (error) => this.#fail(error));
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
    if (every !== 'none') this.#snapshots = new PeriodicSnapshots(every, host.guest, recorder, onWarning);
    return recorder;
  }

  #batch(lastEvent: number, batch: Uint8Array): void {
    this.#logBytes += batch.length;
    this.#recorder?.batch(batch, () => this.#host.gate.release(lastEvent));
  }

  /** The first failure ends the run. */
  #fail(error: FtWasmError): void {
    this.#failure ??= error;
    this.#host.guest.stop();
  }

  async #finish(report: GuestReport): Promise<RunExit> {
    const wallMs = performance.now() - this.#startedMs;
    this.#snapshots?.stop();
    const outcome = outcomeName(report);
    const guestExitCode = outcome === 'stopped' ? this.#stopExitCode : reportExitCode(report);
    await this.#closeRecording(report, outcome, guestExitCode);
    await this.#stdio.drained();
    await this.#host.close();
    const failure = this.#failure;
    const exitCode = failure === undefined ? guestExitCode : failureExitCode(failure);
    const stats = runStats(report, { exitCode, outcome, logBytes: this.#logBytes, wallMs });
    if (failure !== undefined) return { exitCode, reason: failure.message, stats, error: failure };
    const reason = describeReport(report);
    if (report.kind !== 'fault') return { exitCode, reason, stats };
    return { exitCode, reason, stats, error: { code: report.code, message: report.message, details: {} } };
  }

  async #closeRecording(report: GuestReport, outcome: string, exitCode: number): Promise<void> {
    const recorder = this.#recorder;
    if (recorder === undefined) return;
    if (report.kind === 'outcome') {
      const { position, digest, hostCalls, outputBytes } = report;
      const { counter } = report.outcome;
      const { event } = position;
      recorder.append(
        encodeRecordedEnd({ outcome, exitCode, trap: trapOf(report), counter, event, digest, hostCalls, outputBytes }),
      );
    }
    await recorder.close().catch((error: FtWasmError) => {
      this.#failure ??= error;
    });
  }
}
