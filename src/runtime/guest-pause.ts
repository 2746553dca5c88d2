/** Several may want the guest to wait; it goes on when none of them does any more. */
import type { GuestControl } from './ports.js';

export type PauseReason = 'log' | 'disk';

export class GuestPause {
  readonly #reasons = new Set<PauseReason>();

  constructor(private readonly guest: Pick<GuestControl, 'paused'>) {}

  set(reason: PauseReason, paused: boolean): void {
    if (this.#reasons.has(reason) === paused) return;
    if (paused) this.#reasons.add(reason);
    else this.#reasons.delete(reason);
    this.guest.paused = this.#reasons.size > 0;
  }
}
