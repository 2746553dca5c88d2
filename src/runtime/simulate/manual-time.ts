/** Time that passes only when nothing else can happen, so that equal scripts see equal times. */
import type { HostClock } from '../../host/services.js';

const NS_PER_MS = 1_000_000n;

export class ManualTime implements HostClock {
  #realtime = 1_700_000_000_000_000_000n;
  #monotonic = 5_000_000_000n;

  realtimeNs(): bigint {
    return this.#realtime;
  }

  monotonicNs(): bigint {
    return this.#monotonic;
  }

  /** Lets `ms` pass, which need not be whole. */
  advance(ms: number): void {
    const ns = BigInt(Math.ceil(ms * Number(NS_PER_MS)));
    this.#realtime += ns;
    this.#monotonic += ns;
  }
}
