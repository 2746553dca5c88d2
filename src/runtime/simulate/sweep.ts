/** The crash sweep: a script is run once undisturbed, then once per crash point, and clients must not see any difference. */
import type { Outcome } from '../../engine/engine.js';
import { usage } from '../options.js';
import { CRASH_STEPS, type CrashPoint, type CrashRunResult, runScript, type ServiceFactory } from './crash-run.js';
import type { Script } from './script.js';
import type { ClientRecord } from './script-clients.js';

/** After every entry, after the entries given, or after so many drawn at random; at each step of the protocol. */
export type CrashAt =
  | { readonly kind: 'every-entry' }
  | { readonly kind: 'entries'; readonly entries: readonly number[] }
  | { readonly kind: 'random'; readonly count: number; readonly seed: number };

/** A run in which clients were served otherwise than undisturbed. */
export interface CrashDifference extends CrashPoint {
  /** One line: which client, where, what. */
  readonly what: string;
}

export interface SweepReport {
  /** Log entries of the undisturbed run. */
  readonly entries: number;
  /** Runs with a crash. */
  readonly runs: number;
  /** Runs whose clients saw what they saw undisturbed, by step. */
  readonly equal: Readonly<Record<string, number>>;
  readonly differences: readonly CrashDifference[];
  /** What the clients were sent in the undisturbed run. */
  readonly clients: readonly ClientRecord[];
  readonly outcome: Outcome;
}

/** Throws FTW_USAGE if the script does not run to its end even undisturbed. */
export function sweep(
  makeService: ServiceFactory,
  script: Script,
  crashAt: CrashAt,
  onProgress: (done: number, total: number) => void = () => {},
): SweepReport {
  const undisturbed = runScript(makeService, script);
  const events = chooseEvents(crashAt, undisturbed.entries);
  const points = events.flatMap((event) => CRASH_STEPS.map((step) => ({ event, step })));
  const equal: Record<string, number> = Object.fromEntries(CRASH_STEPS.map((step) => [step, 0]));
  const differences: CrashDifference[] = [];
  for (const [done, point] of points.entries()) {
    const what = differenceAt(makeService, script, point, undisturbed);
    if (what === undefined) equal[point.step] = (equal[point.step] ?? 0) + 1;
    else differences.push({ ...point, what });
    onProgress(done + 1, points.length);
  }
  const { entries, clients, outcome } = undisturbed;
  return { entries, runs: points.length, equal, differences, clients, outcome };
}

function chooseEvents(crashAt: CrashAt, entries: number): number[] {
  const all = Array.from({ length: entries }, (_, index) => index + 1);
  if (crashAt.kind === 'every-entry') return all;
  if (crashAt.kind === 'random') return draw(all, crashAt.count, crashAt.seed);
  const beyond = crashAt.entries.find((entry) => entry < 1 || entry > entries);
  if (beyond === undefined) return [...crashAt.entries];
  throw usage(`the primary cannot die after entry ${beyond}: the script's run has entries 1 to ${entries}`);
}

/** `count` of `items`, in order, drawn by a linear congruential generator. */
function draw(items: readonly number[], count: number, seed: number): number[] {
  const left = [...items];
  const drawn: number[] = [];
  let state = seed >>> 0;
  while (drawn.length < count && left.length > 0) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    drawn.push(...left.splice(Math.floor((state / 2 ** 32) * left.length), 1));
  }
  return drawn.sort((a, b) => a - b);
}

function differenceAt(
  makeService: ServiceFactory,
  script: Script,
  point: CrashPoint,
  undisturbed: CrashRunResult,
): string | undefined {
  let result: CrashRunResult;
  try {
    result = runScript(makeService, script, point);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (!result.crashed) return `the guest logged only ${result.entries} entries`;
  if (result.outcome.kind !== undisturbed.outcome.kind) {
    return `the guest ended as '${result.outcome.kind}' instead of '${undisturbed.outcome.kind}'`;
  }
  for (const [index, expected] of undisturbed.clients.entries()) {
    const what = compareClients(expected, result.clients[index]);
    if (what !== undefined) return what;
  }
  return undefined;
}

function compareClients(expected: ClientRecord, seen: ClientRecord | undefined): string | undefined {
  const { name, bytes, end } = expected;
  if (seen === undefined) return `client ${name} never connected`;
  const length = Math.max(bytes.length, seen.bytes.length);
  for (let at = 0; at < length; at++) {
    if (bytes[at] === seen.bytes[at]) continue;
    return `client ${name} was sent ${excerpt(seen.bytes, at)} instead of ${excerpt(bytes, at)} at byte ${at}`;
  }
  return end === seen.end ? undefined : `client ${name}'s connection was '${seen.end}' at the end instead of '${end}'`;
}

function excerpt(bytes: Uint8Array, at: number): string {
  const text = String.fromCharCode(...bytes.subarray(at, at + 40));
  return text === '' ? 'nothing' : JSON.stringify(text);
}
