/** This replica's own connections: those on its TCP listeners (`--tcplisten`), and those that its guest has dialled. */
import net from 'node:net';
import { FtWasmError } from '../../errors.js';
import { directStreams } from '../../gateway/stream-id.js';
import type { StreamId } from '../../host/services.js';
import type { Address } from '../../transport/address.js';
import { formatAddress } from '../../transport/address.js';
import { listenError } from '../../transport/node/listen-error.js';
import type { ClientPort, StreamEvents } from '../client-port.js';
import type { Output } from '../held-outputs.js';

/** A client may be this far ahead of the guest before its socket is no longer read. */
const INPUT_WINDOW_BYTES = 256 * 1024;
/** Output that has left is reported to the guest in steps of this size: small traffic costs no message. */
const CREDIT_STEP_BYTES = 64 * 1024;
/** How long an orderly close waits for clients to take their last bytes, in ms. */
const DRAIN_MS_MAX = 2000;

interface Client {
  readonly socket: net.Socket;
  /** Input bytes that the guest has not taken yet. */
  ahead: number;
  /** Output bytes already credited to the guest. */
  credited: number;
}

export class ClientListeners implements ClientPort {
  readonly #addresses: readonly Address[];
  readonly #events: StreamEvents;
  readonly #clients = new Map<StreamId, Client>();
  /** Connections that came before streams could be numbered. */
  readonly #early: { readonly socket: net.Socket; readonly number: () => void }[] = [];
  #servers: net.Server[] = [];
  /** Undefined until {@link serve}. */
  #nextStream: number | undefined;

  constructor(addresses: readonly Address[], events: StreamEvents) {
    this.#addresses = addresses;
    this.#events = events;
  }

  get connections(): number {
    return this.#clients.size;
  }

  /** The addresses listened on, with the ports that were chosen where 0 was asked for. */
  get addresses(): string[] {
    return this.#servers.map((server, index) => {
      const { port } = server.address() as net.AddressInfo;
      return formatAddress({ host: this.#addresses[index].host, port });
    });
  }

  async bind(): Promise<void> {
    if (this.#servers.length > 0) return;
    try {
      for (const [listener, address] of this.#addresses.entries()) {
        this.#servers.push(await this.#listen(listener, address));
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  serve(epoch: number): void {
    this.#nextStream = directStreams(epoch);
    for (const { number } of this.#early.splice(0)) number();
  }

  /** Makes a connection that the guest has dialled one of its streams; `adopted` comes before anything that it carries. */
  adopt(socket: net.Socket, adopted: (stream: StreamId) => void): void {
    this.#attach(socket, adopted);
  }

  emit(output: Exclude<Output, { kind: 'stdio' }>): void {
    const client = this.#clients.get(output.stream);
    if (client === undefined) return;
    switch (output.kind) {
      case 'send':
        client.socket.write(output.bytes);
        this.#credit(output.stream, client);
        break;
      case 'shutdown':
        if (output.how !== 'read') client.socket.end();
        break;
      case 'close':
        this.#clients.delete(output.stream);
        client.socket.destroySoon();
        break;
    }
  }

  consumed(stream: StreamId, bytes: number): void {
    const client = this.#clients.get(stream);
    if (client === undefined) return;
    client.ahead -= bytes;
    if (client.socket.isPaused() && client.ahead <= INPUT_WINDOW_BYTES / 2) client.socket.resume();
  }

  async drained(): Promise<void> {
    const waiting = [...this.#clients.values()].map(
      ({ socket }) => new Promise<void>((resolve) => socket.end(() => resolve()).once('close', () => resolve())),
    );
    const late = new Promise<void>((resolve) => setTimeout(resolve, DRAIN_MS_MAX).unref());
    await Promise.race([Promise.all(waiting), late]);
  }

  close(): void {
    for (const server of this.#servers) server.close();
    this.#servers = [];
    for (const { socket } of this.#early.splice(0)) socket.destroy();
    for (const { socket } of this.#clients.values()) socket.destroy();
    this.#clients.clear();
  }

  #listen(listener: number, address: Address): Promise<net.Server> {
    const server = net.createServer({ noDelay: true, allowHalfOpen: true }, (socket) => this.#accept(listener, socket));
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(address, error)));
      const where = address.host === '' ? { port: address.port } : { host: address.host, port: address.port };
      server.listen({ ...where, backlog: 1024 }, () => {
        // A failed accept (out of file descriptors) concerns one connection only.
        server.removeAllListeners('error').on('error', () => {});
        resolve(server);
      });
    });
  }

  #accept(listener: number, socket: net.Socket): void {
    this.#attach(socket, (stream) => this.#events.open(stream, listener));
  }

  #attach(socket: net.Socket, opened: (stream: StreamId) => void): void {
    if (this.#nextStream === undefined) {
      this.#early.push({ socket: socket.on('error', () => {}), number: () => this.#attach(socket, opened) });
      return;
    }
    const stream = this.#nextStream++;
    const client: Client = { socket, ahead: 0, credited: 0 };
    this.#clients.set(stream, client);
    opened(stream);
    socket.on('data', (bytes) => {
      client.ahead += bytes.length;
      this.#events.data(stream, bytes);
      if (client.ahead > INPUT_WINDOW_BYTES) socket.pause();
    });
    socket.on('drain', () => this.#credit(stream, client));
    socket.on('end', () => this.#events.eof(stream));
    socket.on('error', () => this.#drop(stream));
    socket.on('close', () => {
      // Both directions ended in good order: input that the guest has not read yet is still to be had.
      if (socket.readableEnded && socket.writableFinished) this.#clients.delete(stream);
      else this.#drop(stream);
    });
  }

  /** Reports output that the operating system has taken. */
  #credit(stream: StreamId, client: Client): void {
    const left = client.socket.bytesWritten - client.socket.writableLength;
    if (left - client.credited < CREDIT_STEP_BYTES) return;
    this.#events.credit(stream, left - client.credited);
    client.credited = left;
  }

  #drop(stream: StreamId): void {
    if (this.#clients.delete(stream)) this.#events.reset(stream);
  }
}

/** True for the error of an address that another process still holds: worth trying again after a failover. */
export function isAddressInUse(error: unknown): boolean {
  return error instanceof FtWasmError && error.details['errno'] === 'EADDRINUSE';
}
