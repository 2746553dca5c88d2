/** A line of progress on a terminal for what takes long; nothing in a pipe or a file. */
import type { Writable } from 'node:stream';

/** What is done before this time says nothing. */
const QUIET_MS = 1_000;
const REDRAW_MS = 100;
const CLEAR_LINE = '\r\x1b[K';

export class Progress {
  readonly #stderr: Writable & { isTTY?: boolean };
  readonly #startedMs = performance.now();
  #drawnMs = 0;
  #drawn = false;

  constructor(stderr: Writable & { isTTY?: boolean }) {
    this.#stderr = stderr;
  }

  /** A callback for one activity. */
  of(activity: string): (done: number, total: number) => void {
    return (done, total) => this.#draw(activity, done, total);
  }

  /** Takes the line away; what is written next starts on a clean one. */
  clear(): void {
    if (this.#drawn) this.#stderr.write(CLEAR_LINE);
    this.#drawn = false;
  }

  #draw(activity: string, done: number, total: number): void {
    const now = performance.now();
    if (this.#stderr.isTTY !== true || now - this.#startedMs < QUIET_MS) return;
    if (done >= total) return this.clear();
    if (now - this.#drawnMs < REDRAW_MS) return;
    this.#drawnMs = now;
    this.#drawn = true;
    this.#stderr.write(`${CLEAR_LINE}${activity}: ${Math.floor((100 * done) / total)} %`);
  }
}
