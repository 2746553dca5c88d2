/** How a run, recording or replay ended, as the library hands it out and `--stats` writes it. */
import type { FtWasmError } from '../errors.js';
import { errorExitCode } from './error-exit-code.js';
import type { GuestPlace, GuestReport } from './guest/protocol.js';

/** One JSON object per run; a replay that reproduces its recording has the same numbers, `wallMs` apart. */
export interface RunStats {
  /** Executed instructions, in Wasmtime's fuel unit. */
  readonly instructions: number;
  /** All host calls, the pure ones included. */
  readonly hostCalls: number;
  /** Entries logged or replayed. */
  readonly entries: number;
  /** Bytes of packed log batches, before framing; 0 if nothing was logged. */
  readonly logBytes: number;
  /** Bytes that the guest has written to stdio and streams. */
  readonly outputBytes: number;
  /** Of all host calls and their arguments. */
  readonly digest: string;
  /** From the first instruction to the last, without compiling. */
  readonly wallMs: number;
  readonly exitCode: number;
  /** Trap code ('out-of-fuel' included), or null. */
  readonly trap: string | null;
  /**
   * returned, exited, trapped, out-of-fuel, stopped (from outside), until (a replay at the place where it was told to stop),
   * incomplete (a replay at the end of a recording that was cut off), diverged or fault.
   */
  readonly outcome: string;
  /** Where the trap or the divergence happened, if that is known. */
  readonly place?: GuestPlace;
  /** Digest of memory 0 at the end; only if digests were asked for. */
  readonly memoryDigest?: string;
}

export interface RunExit {
  readonly exitCode: number;
  /** One line for people. */
  readonly reason: string;
  readonly stats: RunStats;
  /** What was wrong, if the guest's end was not its own: its code and details as those of FtWasmError. */
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly details: Readonly<Record<string, unknown>>;
  };
}

/** What only the I/O thread knows about a run. */
export interface RunMeasures {
  readonly exitCode: number;
  readonly outcome: string;
  readonly logBytes: number;
  readonly wallMs: number;
}

export function runStats(report: GuestReport, measures: RunMeasures): RunStats {
  const { exitCode, outcome, logBytes } = measures;
  const wallMs = Math.round(measures.wallMs * 1000) / 1000;
  if (report.kind === 'fault') {
    const nothing = { instructions: 0, hostCalls: 0, entries: 0, outputBytes: 0, digest: '', trap: null };
    return { ...nothing, logBytes, wallMs, exitCode, outcome };
  }
  const { position, hostCalls, outputBytes, digest, place, memoryDigest } = report;
  return {
    instructions: report.kind === 'outcome' ? report.outcome.counter : position.counter,
    hostCalls,
    entries: position.event,
    logBytes,
    outputBytes,
    digest,
    wallMs,
    exitCode,
    trap: outcome === 'trapped' || outcome === 'out-of-fuel' ? trapOf(report) : null,
    outcome,
    ...(place === undefined ? {} : { place }),
    ...(memoryDigest === undefined ? {} : { memoryDigest }),
  };
}

/** The trap code of a run that trapped; running out of fuel is one, as in Wasmtime. */
export function trapOf(report: GuestReport): string | null {
  if (report.kind !== 'outcome') return null;
  const { outcome } = report;
  if (outcome.kind === 'trapped') return outcome.trap;
  return outcome.kind === 'out-of-fuel' ? outcome.kind : null;
}

/** The name of how the guest itself ended; 'waiting' is what an engine calls a guest that was told to stop. */
export function outcomeName(report: GuestReport): string {
  if (report.kind !== 'outcome') return report.kind;
  return report.outcome.kind === 'waiting' ? 'stopped' : report.outcome.kind;
}

/** A process whose reader went away ends as SIGPIPE would have ended it (128 + 13). */
const BROKEN_PIPE_EXIT_CODE = 141;

/** The exit code of a run that this host could not carry on with. */
export function failureExitCode({ code, details }: FtWasmError): number {
  return details['errno'] === 'EPIPE' ? BROKEN_PIPE_EXIT_CODE : errorExitCode(code);
}
