/** A guest's stdout and stderr on this process's. */
import type { WritableLike } from '../options.js';
import type { StdioPort } from '../ports.js';

export class StreamStdio implements StdioPort {
  readonly #stdout: WritableLike;
  readonly #stderr: WritableLike;

  constructor(streams: { readonly stdout: WritableLike; readonly stderr: WritableLike } = process) {
    this.#stdout = streams.stdout;
    this.#stderr = streams.stderr;
  }

  write(fd: 1 | 2, bytes: Uint8Array, done?: () => void): void {
    // A reader that went away (EPIPE) ends the bytes' way here; the guest cannot be told, its write was long acknowledged.
    (fd === 1 ? this.#stdout : this.#stderr).write(bytes, () => done?.());
  }
}
