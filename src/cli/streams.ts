/** What the command line needs of the process it runs in; tests pass their own. */
import type { Writable } from 'node:stream';

export interface CliProcess {
  /** Only an unreplicated guest reads it: what one replica has read, the other cannot read again. */
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Whether `stdin` is a file, or nothing, and no pipe or terminal. */
  readonly stdinIsFile?: boolean;
  readonly stdout: Writable;
  readonly stderr: Writable & { isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Calls back at the first SIGTERM and the first SIGINT, until the returned function is called. */
  onSignal(callback: (signal: string) => void): () => void;
}
