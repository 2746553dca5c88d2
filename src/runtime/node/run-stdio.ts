/**
 * The way of a run's stdout and stderr to this process's: many small writes of a burst leave as one, a reader that went
 * away is noticed, and so is when everything has left.
 */
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
  /** Written during this turn of the event loop, in order; consecutive writes to one stream are one write. */
  #burst: { stream: GuardedStream; parts: Uint8Array[] }[] = [];
  #pending = 0;
  #idle = deferred<void>();

  /** `onBroken` hears, once, that standard output cannot be written. What stderr cannot take is lost. */
  constructor(streams: StdioStreams, onBroken: (error: FtWasmError) => void) {
    this.stdout = this.#gather(new GuardedStream(streams.stdout, onBroken));
    this.stderr = this.#gather(new GuardedStream(streams.stderr, () => {}));
  }

  /** Resolves when everything written so far has left. */
  async drained(): Promise<void> {
    while (this.#pending > 0 || this.#burst.length > 0) await this.#idle.promise;
  }

  #gather(stream: GuardedStream): WritableLike {
    return {
      write: (bytes, done) => {
        if (this.#burst.length === 0) queueMicrotask(() => this.#flush());
        const last = this.#burst.at(-1);
        if (last?.stream === stream) last.parts.push(bytes);
        else this.#burst.push({ stream, parts: [bytes] });
        // Nobody waits for one write of a run: a run waits for all of them, see `drained`.
        done?.();
        return true;
      },
    };
  }

  #flush(): void {
    const burst = this.#burst;
    this.#burst = [];
    for (const { stream, parts } of burst) {
      this.#pending++;
      stream.write(parts.length === 1 ? parts[0]! : Buffer.concat(parts), () => this.#left());
    }
  }

  #left(): void {
    if (--this.#pending > 0) return;
    this.#idle.resolve();
    this.#idle = deferred<void>();
  }
}

/** A stream that swallows everything once it is broken. */
class GuardedStream {
  #broken = false;

  constructor(
    private readonly stream: WritableLike,
    private readonly onBroken: (error: FtWasmError) => void,
  ) {}

  write(bytes: Uint8Array, done: () => void): void {
    if (this.#broken) return done();
    this.stream.write(bytes, (error) => {
      if (error) this.#break(error);
      done();
    });
  }

  #break(cause: Error): void {
    if (this.#broken) return;
    this.#broken = true;
    const { code: errno, message } = cause as NodeJS.ErrnoException;
    this.onBroken(new FtWasmError('FTW_IO', `standard output cannot be written: ${message}`, { errno }, { cause }));
  }
}
