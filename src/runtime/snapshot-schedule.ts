/** When a snapshot is due: so that a recovery has little to replay, and the disk not much more to write than the log. */

export interface SnapshotPolicy {
  /** Log bytes behind the last snapshot; more if that was larger, so that snapshots never outweigh the log. */
  readonly snapshotLogBytes: number;
  /** Time since the last snapshot, if anything has happened. */
  readonly snapshotEveryMs: number;
}

/** Snapshots take no more than this share of the time. */
const TIME_SHARE_MAX = 1 / 20;
/** Pause before one that failed, or had to give way, is tried again. */
const RETRY_MS = 2_000;

export class SnapshotSchedule {
  readonly #policy: SnapshotPolicy;
  #logBytes = 0;
  #lastEvent = 0;
  #snapshotEvent = 0;
  #snapshotBytes = 0;
  #beganMs: number | undefined;
  #doneMs: number;
  #tookMs = 0;
  #notBeforeMs = 0;
  #wanted = false;
  #impossible = false;

  constructor(policy: SnapshotPolicy, nowMs: number) {
    this.#policy = policy;
    this.#doneMs = nowMs;
  }

  /** One is under way, to the disk at least. */
  get isBusy(): boolean {
    return this.#beganMs !== undefined;
  }

  /** An earlier life has left this snapshot. */
  found({ event, bytes }: { readonly event: number; readonly bytes: number }): void {
    this.#snapshotEvent = event;
    this.#snapshotBytes = bytes;
  }

  logged(lastEvent: number, bytes: number): void {
    this.#lastEvent = lastEvent;
    this.#logBytes += bytes;
  }

  /** As soon as possible. */
  want(): void {
    this.#wanted = true;
  }

  isDue(nowMs: number): boolean {
    const { snapshotLogBytes, snapshotEveryMs } = this.#policy;
    if (this.#impossible || this.isBusy || nowMs < this.#notBeforeMs) return false;
    if (this.#wanted) return true;
    if (this.#lastEvent <= this.#snapshotEvent) return false;
    if (this.#logBytes >= Math.max(snapshotLogBytes, this.#snapshotBytes)) return true;
    return nowMs - this.#doneMs >= Math.max(snapshotEveryMs, this.#tookMs / TIME_SHARE_MAX);
  }

  /** Log bytes are counted from here: the state may lie later, never much earlier. */
  begun(nowMs: number): void {
    this.#beganMs = nowMs;
    this.#logBytes = 0;
  }

  /** Returns how long it took, in ms. */
  done(nowMs: number, event: number, bytes: number): number {
    this.#tookMs = nowMs - (this.#beganMs ?? nowMs);
    this.#beganMs = undefined;
    this.#doneMs = nowMs;
    this.#snapshotEvent = event;
    this.#snapshotBytes = bytes;
    this.#wanted = false;
    return this.#tookMs;
  }

  /** Or it gave way to something else. `retry`: another attempt may succeed. */
  failed(nowMs: number, retry: boolean): void {
    this.#beganMs = undefined;
    this.#notBeforeMs = nowMs + RETRY_MS;
    this.#wanted = retry;
    this.#impossible = !retry;
  }
}
