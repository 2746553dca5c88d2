/** Standard input read synchronously from a file descriptor, for commands that run the guest on the main thread. */
import { readSync } from 'node:fs';
import { FtWasmError } from '../../errors.js';
import type { HostInput } from '../services.js';

const STDIN_FD = 0;
const CHUNK_BYTES = 65536;

/** Blocks when `fd` does; a descriptor in non-blocking mode reports "nothing yet". */
export class NodeInput implements HostInput {
  constructor(private readonly fd: number = STDIN_FD) {}

  read(max: number): Uint8Array | undefined {
    const buffer = new Uint8Array(Math.min(max, CHUNK_BYTES));
    try {
      return buffer.subarray(0, readSync(this.fd, buffer));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN') return undefined;
      if (code === 'EOF') return new Uint8Array(0);
      throw new FtWasmError(
        'FTW_IO',
        `standard input cannot be read: ${(error as Error).message}`,
        { code },
        { cause: error },
      );
    }
  }
}
