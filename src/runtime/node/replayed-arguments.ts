/** The arguments of recorded calls: a recording does not hold them, a replay computes them again. */
import { FtWasmError } from '../../errors.js';
import type { Fields } from '../../wasi/decode-result.js';
import { deferred } from '../deferred.js';
import { type ReplayedCall, unpackArguments } from '../guest/replayed-call.js';
import type { WritableLike } from '../options.js';
import { type ReplayOptions, startReplay } from './start-replay.js';
import type { Run } from './start-run.js';

/** What the guest writes was seen when it was recorded. */
const NOWHERE: WritableLike = {
  write(_bytes, done) {
    done?.();
    return true;
  },
};

/** So many calls may wait for who reads them before the replay waits. */
const WAITING_MAX = 10_000;

export interface ArgumentsOptions extends Pick<ReplayOptions, 'module' | 'engine' | 'cacheDirectory' | 'onProgress'> {
  /** The module is compiled. */
  readonly onPrepared?: () => void;
  /** Told why arguments are left out: from the beginning, or from where a replay does something else. */
  readonly onMissing?: (reason: string) => void;
}

/** Goes through a replay call by call, as fast as it is asked. */
export class ReplayedArguments {
  readonly #calls: ReplayedCall[] = [];
  #next = 0;
  #run: Run | undefined;
  #ended = false;
  #changed = deferred<void>();

  /** Starts the replay of `recording`; if it cannot be replayed, there are no arguments. */
  static async start(recording: string, options: ArgumentsOptions): Promise<ReplayedArguments> {
    const { onMissing, onPrepared, ...given } = options;
    const replayed = new ReplayedArguments();
    try {
      await replayed.#start({ ...given, recording }, onMissing);
      onPrepared?.();
    } catch (error) {
      if (!(error instanceof FtWasmError)) throw error;
      replayed.#end();
      onMissing?.(error.message);
    }
    return replayed;
  }

  async #start(options: ReplayOptions, onMissing: ArgumentsOptions['onMissing']): Promise<void> {
    this.#run = await startReplay({
      ...options,
      stdio: { stdout: NOWHERE, stderr: NOWHERE },
      onReplayed: (event, packed) => {
        this.#calls.push({ event, arguments: unpackArguments(packed) });
        this.#wake();
      },
      isHeld: () => this.#calls.length - this.#next > WAITING_MAX,
    });
    void this.#run.done.then(({ error }) => {
      if (error !== undefined) onMissing?.(error.message);
      this.#end();
    });
  }

  /** Those of entry number `event`, if the replay came to that call; calls must be asked for in order. */
  async of(event: number): Promise<Fields | undefined> {
    for (;;) {
      const next = this.#calls[this.#next];
      if (next !== undefined && next.event >= event) return next.event === event ? this.#take().arguments : undefined;
      if (next !== undefined) this.#take();
      else if (this.#ended) return undefined;
      else await this.#changed.promise;
    }
  }

  /** Ends the replay, wherever it is. */
  async close(): Promise<void> {
    this.#calls.length = this.#next = 0;
    this.#run?.stop();
    await this.#run?.done;
  }

  #take(): ReplayedCall {
    const call = this.#calls[this.#next++]!;
    if (this.#next === this.#calls.length) this.#calls.length = this.#next = 0;
    return call;
  }

  #end(): void {
    this.#ended = true;
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = deferred();
  }
}
