/**
 * Failure detection (R9): a peer that was silent for the failure timeout counts as dead. It is only a hint to try for
 * the epoch; the arbiter decides. Time during which this process itself did not run (SIGSTOP, a suspended machine)
 * does not count: what the peer sent meanwhile still waits in our socket buffers.
 */
export class SilenceDetector {
  readonly #timeoutMs: number;
  #lastHeardMs: number;

  constructor(timeoutMs: number, nowMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#lastHeardMs = nowMs;
  }

  heard(nowMs: number): void {
    this.#lastHeardMs = Math.max(this.#lastHeardMs, nowMs);
  }

  /** This process slept for `gapMs`. */
  forgive(gapMs: number): void {
    this.#lastHeardMs += gapMs;
  }

  silentMs(nowMs: number): number {
    return nowMs - this.#lastHeardMs;
  }

  isSilent(nowMs: number): boolean {
    return this.silentMs(nowMs) >= this.#timeoutMs;
  }
}

/** Notices that the process slept: two steps further apart than half the failure timeout. */
export class SleepDetector {
  readonly #thresholdMs: number;
  #lastStepMs: number | undefined;

  constructor(failureTimeoutMs: number) {
    this.#thresholdMs = failureTimeoutMs / 2;
  }

  /** Milliseconds slept before this step; 0 if it came in time. */
  step(nowMs: number): number {
    const gapMs = nowMs - (this.#lastStepMs ?? nowMs);
    this.#lastStepMs = nowMs;
    return gapMs > this.#thresholdMs ? gapMs : 0;
  }
}
