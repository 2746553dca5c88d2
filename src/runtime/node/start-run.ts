/** One guest on this machine alone, from start to end: `run`, and `record`, which keeps the log. */
import { performance } from 'node:perf_hooks';
import type { FtWasmError } from '../../errors.js';
import { EXIT_CODES } from '../../replica/exit-codes.js';
import { deferred } from '../deferred.js';
import type { GuestReport, StateDigest } from '../guest/protocol.js';
import { describeReport, reportExitCode } from '../guest-report.js';
import { checkGuestOptions, usage } from '../options.js';
import { failureExitCode, outcomeName, type RunExit, runStats } from '../run-exit.js';
import { GuestHost } from './guest-host.js';
import type { ResumePlan } from './resume.js';
import type { RecordedRunOptions, RunRecording } from './run-recording.js';
import { RunStdio } from './run-stdio.js';

export interface RunOptions extends RecordedRunOptions {
  /** Write a recording to this file. */
  readonly record?: string;
  /** Go on from this snapshot, a file, instead of starting anew. Arguments, environment and private files are its own. */
  readonly resume?: string;
  /** Report a digest of the guest's state about every so many instructions. */
  readonly digestEvery?: number;
  readonly onStateDigest?: (digest: StateDigest) => void;
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
  #recording: RunRecording | undefined;
  #plan: ResumePlan | undefined;
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
    if (resume !== undefined) {
      const { planResume } = await import('./resume.js');
      this.#plan = await planResume(resume, options);
    }
    const { fuel = this.#plan?.fuel } = options;
    this.#host = await GuestHost.open(
      {
        ...options,
        ...(fuel === undefined ? {} : { fuel }),
        ...(this.#plan === undefined ? {} : { limits: this.#plan.limits }),
      },
      {
        logging,
        mayBeCaptured: logging || resume !== undefined,
        ...(digestEvery === undefined ? {} : { digestEvery }),
        ...(this.#plan === undefined ? {} : { guest: this.#plan.guest, manifest: this.#plan.manifest }),
      },
      {
        onState: (...state) => this.#recording?.captures.onState(...state),
        onCaptured: (...captured) => this.#recording?.captures.onCaptured(...captured),
        onCaptureFailed: (...failed) => this.#recording?.captures.onCaptureFailed(...failed),
        onBatch: (_first, last, _counter, batch) => this.#batch(last, batch),
        onLive: () => {},
        onReport: this.#report.resolve,
        onStdinFailed: (error) => this.#options.onWarning?.(`standard input cannot be read: ${error.message}`),
        ...(onStateDigest === undefined ? {} : { onStateDigest }),
      },
    );
    try {
      await this.#host.listeners.bind();
      if (record !== undefined) {
        const { RunRecording } = await import('./run-recording.js');
        this.#recording = await RunRecording.create(record, this.#options, this.#host, (error) => this.#fail(error));
      }
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
    if (this.#recording === undefined) gate.release(Number.POSITIVE_INFINITY);
    listeners.serve(this.#plan?.epoch ?? 0);
    if (this.#plan !== undefined) for await (const piece of this.#plan.pieces()) guest.restore(piece);
    this.#startedMs = performance.now();
    guest.start('live');
    this.#recording?.start();
    void this.#host.feedStdin(this.#options.stdin);
  }

  #batch(lastEvent: number, batch: Uint8Array): void {
    this.#logBytes += batch.length;
    this.#recording?.batch(batch, () => this.#host.gate.release(lastEvent));
  }

  /** The first failure ends the run. */
  #fail(error: FtWasmError): void {
    this.#failure ??= error;
    this.#host.guest.stop();
  }

  async #finish(report: GuestReport): Promise<RunExit> {
    const wallMs = performance.now() - this.#startedMs;
    const outcome = outcomeName(report);
    const guestExitCode = outcome === 'stopped' ? this.#stopExitCode : reportExitCode(report);
    await this.#recording?.close(report, outcome, guestExitCode).catch((error: FtWasmError) => {
      this.#failure ??= error;
    });
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
}
