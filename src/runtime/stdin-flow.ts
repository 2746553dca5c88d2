/**
 * How far standard input may be read ahead of the guest: not at all before the guest has asked for input (what it leaves
 * belongs to whoever reads after it), then a window.
 */
import { type Deferred, deferred } from './deferred.js';

const WINDOW_BYTES = 256 * 1024;

export class StdinFlow {
  readonly #wanted = deferred<void>();
  #ahead = 0;
  #room: Deferred<void> | undefined;

  /** Resolves when the guest asks for input for the first time. */
  get wanted(): Promise<void> {
    return this.#wanted.promise;
  }

  /** The guest has taken so many bytes, or asks for the first ones. */
  taken(bytes: number): void {
    this.#wanted.resolve();
    this.#ahead -= bytes;
    if (this.#ahead < WINDOW_BYTES) this.#room?.resolve();
  }

  /** Counts bytes given to the guest; resolves when there is room for more. */
  async given(bytes: number): Promise<void> {
    this.#ahead += bytes;
    if (this.#ahead < WINDOW_BYTES) return;
    this.#room = deferred<void>();
    await this.#room.promise;
  }
}
