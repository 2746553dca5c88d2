/** A TCP proxy that a test can cut or make dishonest: a network between two replicas. */
import net from 'node:net';
import { afterEach } from 'vitest';

const running = new Set<TcpProxy>();
afterEach(() => {
  for (const proxy of [...running]) proxy.close();
});

/** `replies`: what comes from the target. */
type Stall = 'both' | 'replies';

export class TcpProxy {
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  #corruptNext = false;
  #refusing = false;
  /** Bytes of these directions are swallowed: the connection looks alive, and nothing arrives. */
  #stalled: Stall | undefined;
  #onStalled: () => void = () => {};
  /** Resolves once something was swallowed. */
  readonly stalled = new Promise<void>((resolve) => {
    this.#onStalled = resolve;
  });

  private constructor(target: { host: string; port: number }) {
    this.#server = net.createServer((near) => {
      if (this.#refusing) {
        near.destroy();
        return;
      }
      const far = net.connect(target);
      this.#join(near, far, false);
      this.#join(far, near, true);
    });
    running.add(this);
  }

  /** Listens on a free port of 127.0.0.1 and forwards to `target`, `host:port`. */
  static async open(target: string): Promise<TcpProxy> {
    const at = target.lastIndexOf(':');
    const proxy = new TcpProxy({ host: target.slice(0, at), port: Number(target.slice(at + 1)) });
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as net.AddressInfo).port}`;
  }

  /** Flips one bit in the next bytes that come back from the target, and accepts no new connections. */
  corruptNextReply(): void {
    this.#corruptNext = true;
    this.#refusing = true;
  }

  /** Resets every connection and accepts no new ones. */
  cut(): void {
    this.#refusing = true;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Accepts connections again, and lets everything pass. */
  mend(): void {
    this.#refusing = false;
    this.#stalled = undefined;
  }

  /** From now on nothing passes in these directions; connections stay open, new ones are accepted. */
  stall(directions: Stall): void {
    this.#stalled = directions;
  }

  close(): void {
    running.delete(this);
    this.cut();
    this.#server.close();
  }

  #join(from: net.Socket, to: net.Socket, isReply: boolean): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (bytes) => {
      if (this.#stalled === 'both' || (this.#stalled === 'replies' && isReply)) {
        this.#onStalled();
        return;
      }
      if (isReply && this.#corruptNext) {
        this.#corruptNext = false;
        bytes[bytes.length >> 1]! ^= 0x10;
      }
      to.write(bytes);
    });
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
