/** The gateway's side of the clients: TCP listeners, and each client's socket behind the gateway's interface. */
import net from 'node:net';
import { performance } from 'node:perf_hooks';
import type { ClientSocket, ClientStream } from '../../gateway/client-stream.js';
import type { Gateway } from '../../gateway/gateway.js';
import { type Address, formatAddress } from '../../transport/address.js';
import { listenError } from '../../transport/node/listen-error.js';

/** A client that was told that the guest closed its connection gets so long to take its last bytes, in ms. */
const LINGER_MS = 10_000;
/** A client that has vanished without a word is found out by probes after this silence. */
const KEEP_ALIVE_MS = 60_000;

export class GatewayClients {
  readonly #gateway: Gateway;
  readonly #servers: net.Server[] = [];
  readonly #sockets = new Set<net.Socket>();
  readonly #hosts: string[] = [];

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
  }

  /** The addresses taken, with the ports that were chosen where 0 was asked for. */
  get addresses(): string[] {
    return this.#servers.map((server, index) => {
      const { port } = server.address() as net.AddressInfo;
      return formatAddress({ host: this.#hosts[index], port });
    });
  }

  /** Listens for clients of the guest's listener number `index`, the number of calls before. Rejects with FTW_IO. */
  async listen(address: Address): Promise<void> {
    const index = this.#servers.length;
    const server = net.createServer({ noDelay: true, allowHalfOpen: true }, (socket) => this.#accept(index, socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(address, error)));
      const where = address.host === '' ? { port: address.port } : { host: address.host, port: address.port };
      server.listen({ ...where, backlog: 1024 }, resolve);
    });
    // A failed accept (out of file descriptors) concerns one connection only.
    server.removeAllListeners('error').on('error', () => {});
    this.#servers.push(server);
    this.#hosts.push(address.host);
  }

  /** Stops accepting and cuts whoever is left. */
  close(): void {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(listener: number, socket: net.Socket): void {
    this.#sockets.add(socket);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    const adapter = new SocketAdapter(socket, (bytes) => this.#gateway.delivered(stream, bytes));
    const stream: ClientStream = this.#gateway.connect(listener, adapter, performance.now());
    socket.on('data', (bytes) => {
      if (!adapter.closing) this.#gateway.input(stream, bytes);
    });
    socket.on('end', () => this.#gateway.inputEnd(stream));
    socket.on('drain', () => adapter.reportTaken());
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#gateway.disconnected(stream);
    });
  }
}

class SocketAdapter implements ClientSocket {
  /** The guest has closed the connection: what the client still sends goes nowhere. */
  closing = false;
  readonly #socket: net.Socket;
  readonly #onTaken: (bytes: number) => void;
  /** Output given to the socket so far, and how much of it was reported as taken. */
  #written = 0;
  #reported = 0;

  constructor(socket: net.Socket, onTaken: (bytes: number) => void) {
    this.#socket = socket;
    this.#onTaken = onTaken;
  }

  write(bytes: Uint8Array): void {
    // The bytes are a view into a link's frame, which nobody changes; but where they have to wait, they must not keep all
    // the rest of the frame in memory.
    const waits = this.#socket.writableLength > 0;
    this.#socket.write(waits && bytes.length < bytes.buffer.byteLength / 2 ? bytes.slice() : bytes);
    this.#written += bytes.length;
    this.reportTaken();
  }

  /** Reports output that the operating system has taken since the last time. */
  reportTaken(): void {
    const taken = this.#written - this.#socket.writableLength;
    if (taken > this.#reported) this.#onTaken(taken - this.#reported);
    this.#reported = taken;
  }

  end(): void {
    this.#socket.end();
  }

  close(): void {
    this.closing = true;
    this.#socket.end();
    // Reading on keeps a client that still sends from turning our last bytes into a reset.
    this.#socket.resume();
    const timer = setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
    this.#socket.once('end', () => this.#socket.destroySoon()).once('close', () => clearTimeout(timer));
    if (this.#socket.readableEnded) this.#socket.destroySoon();
  }

  reset(): void {
    this.closing = true;
    this.#socket.resetAndDestroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }
}
