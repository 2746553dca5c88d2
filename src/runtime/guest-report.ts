/** What a finished run means for its owner: an exit code and one line for people. */
import type { Outcome } from '../engine/engine.js';
import { EXIT_CODES } from '../replica/exit-codes.js';
import { describePlace } from './describe-place.js';
import { errorExitCode } from './error-exit-code.js';
import type { GuestReport } from './guest/protocol.js';

/** A trap ends a process as an abort does (128 + SIGABRT), as Wasmtime shows it. */
const TRAP_EXIT_CODE = 134;

export function reportExitCode(report: GuestReport): number {
  switch (report.kind) {
    case 'outcome':
      return outcomeExitCode(report.outcome);
    case 'diverged':
      return EXIT_CODES.divergence;
    case 'fault':
      return errorExitCode(report.code);
  }
}

export function describeReport(report: GuestReport): string {
  if (report.kind === 'fault') return report.message;
  const where = report.place === undefined ? '' : `, in ${describePlace(report.place)}`;
  return (report.kind === 'outcome' ? describeOutcome(report.outcome) : report.message) + where;
}

/** The guest's own exit code; out of fuel counts as a trap; a guest that was asked to stop did so in good order. */
export function outcomeExitCode(outcome: Outcome): number {
  switch (outcome.kind) {
    case 'exited':
      return outcome.exitCode & 0xff;
    case 'trapped':
    case 'out-of-fuel':
      return TRAP_EXIT_CODE;
    default:
      return EXIT_CODES.ok;
  }
}

export function describeOutcome(outcome: Outcome): string {
  const at = `after ${outcome.counter} instructions`;
  switch (outcome.kind) {
    case 'exited':
      return `exited with code ${outcome.exitCode} ${at}`;
    case 'trapped':
      return `trapped: ${outcome.trap} (${outcome.message}) ${at}`;
    case 'out-of-fuel':
      return `out of fuel ${at}`;
    case 'waiting':
      return `stopped ${at}`;
    case 'captured':
      return `captured ${at}`;
    case 'returned':
      return `returned ${at}`;
  }
}
