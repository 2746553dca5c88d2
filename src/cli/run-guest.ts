/** `ft-wasm run`, `record` and `replay`: one guest from start to end; its exit code is the command's. */
import { constants } from 'node:os';
import { keepCompiledCode, type Run, type StateDigest, startReplay, startRun } from '../index.js';
import { Progress } from './progress.js';
import type { ReplayCommandOptions, ReportOptions, RunCommandOptions } from './run-options.js';
import { RunReporter } from './run-report.js';
import type { CliProcess } from './streams.js';
import { writeStats } from './write-stats.js';

/** What every run is given by the command line. */
interface Hooks {
  readonly onProgress: (done: number, total: number) => void;
  readonly onStateDigest: (digest: StateDigest) => void;
  readonly onWarning: (message: string) => void;
}

/** Runs or records a guest; returns the exit code. Rejects if it cannot start. */
export function runGuest({ run, report }: RunCommandOptions, process: CliProcess): Promise<number> {
  const { stdin, stdinIsFile, ...stdio } = process;
  keepCompiledCode(run.cacheDirectory);
  return toTheEnd(process, report, (hooks) =>
    startRun({ ...run, ...hooks, stdio, stdin, ...(stdinIsFile !== undefined && { stdinIsFile }) }),
  );
}

/** Replays a recording; returns the exit code of the recorded run, or 73 if the replay diverged. Rejects if it cannot start. */
export function replay({ replay, report }: ReplayCommandOptions, process: CliProcess): Promise<number> {
  keepCompiledCode(replay.cacheDirectory);
  return toTheEnd(process, report, (hooks, progress) =>
    startReplay({ ...replay, ...hooks, stdio: process, onReplayProgress: progress.of('replaying') }),
  );
}

async function toTheEnd(
  process: CliProcess,
  report: ReportOptions,
  start: (hooks: Hooks, progress: Progress) => Promise<Run>,
): Promise<number> {
  const reporter = new RunReporter(process.stderr, report.json);
  const progress = new Progress(process.stderr);
  const stopListening = ignoreStreamErrors(process);
  let run: Run | undefined;
  let signalled: number | undefined;
  const stopSignals = process.onSignal((signal) => {
    signalled ??= exitCodeOf(signal);
    run?.stop(signalled);
  });
  try {
    run = await start(
      {
        onProgress: progress.of('compiling'),
        onStateDigest: (digest) => reporter.stateDigest(digest),
        onWarning: (message) => reporter.warning(message),
      },
      progress,
    );
    // A signal may have come while the module was being compiled.
    if (signalled !== undefined) run.stop(signalled);
    const exit = await run.done;
    progress.clear();
    reporter.end(exit);
    if (report.stats !== undefined) await writeStats(report.stats, exit.stats);
    return exit.exitCode;
  } finally {
    progress.clear();
    stopSignals();
    stopListening();
  }
}

/** A run that a signal ended shows it as any process does. */
function exitCodeOf(signal: string): number {
  return 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);
}

/** Errors of the streams reach whoever writes to them; without a listener they would end the process as well. */
function ignoreStreamErrors({ stdout, stderr }: CliProcess): () => void {
  const ignore = (): void => {};
  for (const stream of [stdout, stderr]) stream.on('error', ignore);
  return () => {
    for (const stream of [stdout, stderr]) stream.off('error', ignore);
  };
}
