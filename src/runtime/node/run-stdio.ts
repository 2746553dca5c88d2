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

  /** `onBroken` hears, once, that standard output cannot be written. What stderr cannot take is lost. */
  constructor(streams: StdioStreams, onBroken: (error: FtWasmError) => void) {
    this.stdout = this.#watch(streams.stdout, onBroken);
    this.stderr = this.#watch(streams.stderr, () => {});
  }

  /** Resolves when everything written so far has left. */
  async drained(): Promise<void> {
    while (this.#pending > 0) await this.#idle.promise;
  }

  #watch(stream: WritableLike, onBroken: (error: FtWasmError) => void): WritableLike {
    let broken = false;
    const write: WritableLike['write'] = (bytes, done) => {
      if (broken) {
        done?.();
        return true;
      }
      this.#pending++;
      return stream.write(bytes, (error) => {
        if (error && !broken) {
          broken = true;
          onBroken(brokenError(error));
        }
        done?.();
        this.#left();
      });
    };
    return { write };
  }

  #left(): void {
    if (--this.#pending > 0) return;
    this.#idle.resolve();
    this.#idle = deferred<void>();
  }
}

function brokenError(cause: Error): FtWasmError {
  const { code: errno, message } = cause as NodeJS.ErrnoException;
  return new FtWasmError('FTW_IO', `standard output cannot be written: ${message}`, { errno }, { cause });
}
