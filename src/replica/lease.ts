/**
 * The right to release output under R5. Acknowledgements alone are not enough: a primary that was stopped for a while
 * may find old ones in its socket buffers after a backup has taken over. Therefore each heartbeat of the primary
 * carries its own time, the backup echoes the newest one it has heard, and with the echo it promises not to claim the
 * epoch before the failure timeout has passed since then. (It may break the promise only when the primary's process is
 * known to be dead or has handed over.) The primary releases while every backup's promise is fresh.
 *
 * Both sides only compare times of their own clock; the quarter kept back allows for clocks of different speed. A clock
 * that stands still while the machine is suspended can stretch a lease; what is released under it is still only what
 * the backups have, and therefore part of the new primary's history too.
 */
const LEASE_SHARE = 0.75;

export class Lease {
  readonly #durationMs: number;
  #echoMs = Number.NEGATIVE_INFINITY;

  constructor(failureTimeoutMs: number) {
    this.#durationMs = failureTimeoutMs * LEASE_SHARE;
  }

  /** `echoMs` is a time of our own clock, returned by the backup. */
  renew(echoMs: number): void {
    this.#echoMs = Math.max(this.#echoMs, echoMs);
  }

  isValid(nowMs: number): boolean {
    return nowMs - this.#echoMs < this.#durationMs;
  }
}
