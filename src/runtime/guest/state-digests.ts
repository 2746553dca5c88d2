/** Digests of the guest's memory at regular positions: how two replays of one recording are compared. */
import { Digest } from '../../bytes/digest.js';
import type { GuestMemory } from '../../engine/engine.js';

/** Decides at which pre-emption points a digest is due; the same ones in every run with the same interval. */
export class DigestSchedule {
  #next: number;

  /** `every`: instructions; 0 for never. `from`: the counter at which the run goes on. */
  constructor(
    private readonly every: number,
    from = 0,
  ) {
    this.#next = every === 0 ? 0 : (Math.floor(from / every) + 1) * every;
  }

  isDue(counter: number): boolean {
    if (this.every === 0 || counter < this.#next) return false;
    this.#next = (Math.floor(counter / this.every) + 1) * this.every;
    return true;
  }
}

/** Of a guest without memory: the digest of no bytes. */
export function memoryDigest(memory: GuestMemory | undefined): string {
  const digest = new Digest();
  digest.updateBytes(memory?.bytes ?? new Uint8Array(0));
  return digest.hex();
}
