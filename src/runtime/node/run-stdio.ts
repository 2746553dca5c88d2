/** The way of a run's stdout and stderr to this process's: notices a reader that went away, and when everything has left. */
import { FtWasmError } from '../../errors.js';
import { deferred } from '../deferred.js';
import type { WritableLike } from '../options.js';

export interface StdioStreams {
  readonly stdout: WritableLike;
  readonly stderr: WritableLike;
}

export class RunStdio implements StdioStreams {
  readonly stdout: WritableLike;
  readonly stderr: WritableLike;
  #pending = 0;
  #idle = deferred<void>();
  #broken = false;

  /** `onBroken` hears, once, that standard output cannot be written. What stderr cannot take is lost. */
  constructor(
    streams: StdioStreams,
    private readonly onBroken: (error: FtWasmError) => void,
  ) {
    this.stdout = this.#watch(streams.stdout, (error) => this.#break(error));
    this.stderr = this.#watch(streams.stderr, () => {});
  }

  /** Resolves when everything written so far has left. */
  async drained(): Promise<void> {
    while (this.#pending > 0) await this.#idle.promise;
  }

  #watch(stream: WritableLike, onError: (error: Error) => void): WritableLike {
    return {
      write: (bytes, done) => {
        this.#pending++;
        return stream.write(bytes, (error) => {
          if (error) onError(error);
          done?.();
          this.#left();
        });
      },
    };
  }

  #left(): void {
    if (--this.#pending > 0) return;
    this.#idle.resolve();
    this.#idle = deferred<void>();
  }

  #break(cause: Error): void {
    if (this.#broken) return;
    this.#broken = true;
    const { code: errno, message } = cause as NodeJS.ErrnoException;
    this.onBroken(new FtWasmError('FTW_IO', `standard output cannot be written: ${message}`, { errno }, { cause }));
  }
}
