/** Raw client connections for tests of streams: everything a client can do to a connection, and what it saw. */
import { once } from 'node:events';
import net from 'node:net';
import { onTestFinished } from 'vitest';

export class ClientSocket {
  readonly socket: net.Socket;
  /** Bytes received so far. */
  received = 0;
  /** How the server's side went: undefined while it is open. */
  ending: 'end' | 'reset' | undefined;
  readonly #waiters = new Set<() => void>();

  private constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('data', (bytes) => {
      this.received += bytes.length;
      this.#wake();
    });
    socket.on('end', () => this.#end('end'));
    socket.on('error', () => this.#end('reset'));
    socket.on('close', () => this.#wake());
  }

  /** Connects; `reads: false` for a client that never takes anything. */
  static async connect(address: { host: string; port: number }, { reads = true } = {}): Promise<ClientSocket> {
    const socket = net.connect({ ...address, allowHalfOpen: true, noDelay: true });
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    const client = new ClientSocket(socket);
    if (!reads) socket.pause();
    return client;
  }

  /** Resolves once `done` holds. */
  until(done: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!done()) return;
        this.#waiters.delete(check);
        resolve();
      };
      this.#waiters.add(check);
      check();
    });
  }

  /** Sends `total` bytes of the pattern from `offset` on, as fast as the connection takes them. */
  async sendPattern(total: number, offset = 0): Promise<void> {
    for (let at = offset; at < offset + total; at += CHUNK_BYTES) {
      const bytes = pattern(at, Math.min(CHUNK_BYTES, offset + total - at));
      if (!this.socket.write(bytes)) await once(this.socket, 'drain');
    }
  }

  /** Checks every byte that arrives against the pattern; returns a function that throws if one was wrong. */
  checkPattern(): () => void {
    let wrongAt = -1;
    let at = 0;
    this.socket.on('data', (bytes: Buffer) => {
      if (wrongAt < 0 && !bytes.equals(pattern(at, bytes.length))) wrongAt = at;
      at += bytes.length;
    });
    return () => {
      if (wrongAt >= 0) throw new Error(`wrong bytes in the chunk at offset ${wrongAt}`);
    };
  }

  #end(how: 'end' | 'reset'): void {
    this.ending ??= how;
    this.#wake();
  }

  #wake(): void {
    for (const check of [...this.#waiters]) check();
  }
}

const CHUNK_BYTES = 64 * 1024;
const PERIOD = 251;
const PATTERN = Buffer.alloc(
  2 * 1024 * 1024,
  Uint8Array.from({ length: PERIOD }, (_, index) => index),
);

/** `length` bytes of the pattern at `offset`: byte i is i % 251. */
export function pattern(offset: number, length: number): Buffer {
  const start = offset % PERIOD;
  return PATTERN.subarray(start, start + length);
}
