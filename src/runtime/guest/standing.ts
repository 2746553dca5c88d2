/** How long the guest stands still for captures: from leaving its code until it is in its code again. */
import type { HostClock } from '../../host/services.js';

export class Standing {
  #sinceNs: bigint | undefined;
  #totalNs = 0n;

  constructor(private readonly clock: HostClock) {}

  /** See {@link InstanceOptions.onStanding}. */
  set(stands: boolean): void {
    if (stands) {
      this.#sinceNs ??= this.clock.monotonicNs();
    } else if (this.#sinceNs !== undefined) {
      this.#totalNs += this.clock.monotonicNs() - this.#sinceNs;
      this.#sinceNs = undefined;
    }
  }

  /** Milliseconds since the last call of this, the present stand included. */
  takeMs(): number {
    const nowNs = this.clock.monotonicNs();
    const totalNs = this.#totalNs + (this.#sinceNs === undefined ? 0n : nowNs - this.#sinceNs);
    if (this.#sinceNs !== undefined) this.#sinceNs = nowNs;
    this.#totalNs = 0n;
    return Number(totalNs / 100n) / 1e4;
  }
}
