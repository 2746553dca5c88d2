/** How often a recording is given a snapshot, so that a replay can begin near the place it is wanted for. */

/**
 * After so many instructions or so many milliseconds since the last one; or never. `auto`: seldom enough to cost little, in
 * time and on disk, however large the guest, and often enough that a replay to any place near the end takes a small part of
 * the time that the run took.
 */
export type SnapshotInterval = { readonly instructions: number } | { readonly ms: number } | 'auto' | 'none';

/** `auto`: a run that is shorter has none. */
export const AUTO_FIRST_MS = 10_000;
/** `auto`: the distance grows with the run, so that their number grows with its logarithm only. */
const RUN_SHARE = 1 / 10;
/** `auto`: snapshots are being taken for no more than this share of the time. */
const TIME_SHARE_MAX = 1 / 20;

export interface SinceSnapshot {
  /** Of the guest, since the last snapshot was begun. */
  readonly instructions: number;
  readonly ms: number;
  /** Since the start of the run. */
  readonly runMs: number;
  /** How long the last one took, until it was handed to the disk; 0 before the first. */
  readonly tookMs: number;
}

/** Whether it is time for the next one. */
export function isSnapshotDue(every: SnapshotInterval, since: SinceSnapshot): boolean {
  if (every === 'none') return false;
  if (every === 'auto') {
    const { runMs, tookMs } = since;
    return since.ms >= Math.max(AUTO_FIRST_MS, runMs * RUN_SHARE, tookMs / TIME_SHARE_MAX);
  }
  return 'ms' in every ? since.ms >= every.ms : since.instructions >= every.instructions;
}
