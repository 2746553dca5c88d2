/** Whether a replay did what its recording says, and what its end means. Pure. */
import { EXIT_CODES } from '../replica/exit-codes.js';
import type { GuestReport } from './guest/protocol.js';
import { describeReport, reportExitCode } from './guest-report.js';
import type { RecordedEnd } from './recording.js';
import { outcomeName, trapOf } from './run-exit.js';

/** What is known of the recording, and what the replay was asked for. */
export interface ReplayPlan {
  /** Undefined if the recording was cut off. */
  readonly end: RecordedEnd | undefined;
  /** Number of the last entry. */
  readonly lastEvent: number;
  /** Where to stop, or undefined for the end. */
  readonly until: number | undefined;
}

/** How a replay ended. */
export interface ReplayVerdict {
  /** See RunStats.outcome. */
  readonly outcome: string;
  readonly exitCode: number;
  readonly reason: string;
  /** Set if it did something else than the recording. */
  readonly divergence?: { readonly message: string; readonly details: Readonly<Record<string, unknown>> };
}

/** Exit code of a replay that stopped where it should. */
const STOPPED_EXIT_CODE = 0;

export function judgeReplay(report: GuestReport, plan: ReplayPlan): ReplayVerdict {
  const { end, until } = plan;
  if (report.kind === 'fault') return { outcome: 'fault', exitCode: reportExitCode(report), reason: report.message };
  const { counter, event } = { ...report.position, counter: counterOf(report) };
  const at = `at counter ${counter}, event ${event}`;
  if (report.kind === 'outcome' && isStopAt(report, until)) {
    return { outcome: 'until', exitCode: STOPPED_EXIT_CODE, reason: `stopped ${at}, as asked` };
  }
  const wantsMore = report.kind === 'diverged' && report.details['difference'] === 'end';
  const stopped = report.kind === 'outcome' && trapOf(report) === 'out-of-fuel';
  if (end === undefined && (wantsMore || (stopped && event === plan.lastEvent))) {
    const reason = `the recording was cut off: its last entry is event ${event}, the guest stands at counter ${counter}`;
    return { outcome: 'incomplete', exitCode: STOPPED_EXIT_CODE, reason };
  }
  if (end?.outcome === 'stopped' && (wantsMore || stopped)) return judgeStopped(report, end);
  if (report.kind === 'diverged') {
    const reason = describeReport(report);
    return {
      outcome: 'diverged',
      exitCode: reportExitCode(report),
      reason,
      divergence: { message: reason, details: report.details },
    };
  }
  const difference = end === undefined ? undefined : differenceFrom(report, end);
  const left = plan.lastEvent - event;
  if (left > 0)
    return diverged(report, `the guest ${describeReport(report)} with ${left} entries of the recording left`);
  if (difference !== undefined) return diverged(report, difference);
  return { outcome: outcomeName(report), exitCode: reportExitCode(report), reason: describeReport(report) };
}

type Ended = Extract<GuestReport, { kind: 'outcome' }>;
type Replayed = Exclude<GuestReport, { kind: 'fault' }>;

/** The recorded run was told to stop; this one must have come to the same place. */
function judgeStopped(report: Replayed, end: RecordedEnd): ReplayVerdict {
  const same = counterOf(report) === end.counter && report.digest === end.digest;
  if (!same)
    return diverged(report, `the recording was stopped at counter ${end.counter}, the replay at ${counterOf(report)}`);
  const reason = `stopped at counter ${end.counter}, event ${end.event}, where the recording was stopped`;
  return { outcome: 'stopped', exitCode: end.exitCode, reason };
}

function isStopAt(report: Ended, until: number | undefined): boolean {
  return until !== undefined && report.outcome.kind === 'out-of-fuel' && report.outcome.counter >= until;
}

function counterOf(report: Replayed): number {
  return report.kind === 'outcome' ? report.outcome.counter : report.position.counter;
}

/** The first fact about the end that is another one than recorded. */
function differenceFrom(report: Ended, end: RecordedEnd): string | undefined {
  const facts: [name: string, recorded: unknown, replayed: unknown][] = [
    ['outcome', end.outcome, outcomeName(report)],
    ['trap', end.trap, trapOf(report)],
    ['exit code', end.exitCode, reportExitCode(report)],
    ['host calls', end.hostCalls, report.hostCalls],
    ['output bytes', end.outputBytes, report.outputBytes],
    ['digest', end.digest, report.digest],
  ];
  // Where a trap happened, one engine counts exactly and the other up to its last check.
  if (end.outcome !== 'trapped') facts.push(['counter', end.counter, report.outcome.counter]);
  const wrong = facts.find(([, recorded, replayed]) => recorded !== replayed);
  return wrong && `the ${wrong[0]} at the end differs: the recording has ${wrong[1]}, the guest ${wrong[2]}`;
}

function diverged(report: Replayed, what: string): ReplayVerdict {
  const { event } = report.position;
  const message = `replay diverged behind event ${event}: ${what}`;
  const details = { difference: 'end', position: { counter: counterOf(report), event } };
  return { outcome: 'diverged', exitCode: EXIT_CODES.divergence, reason: message, divergence: { message, details } };
}
