/**
 * TCP listeners and dialers that hand out channels.
 */
import net from 'node:net';
import { ChannelError } from '../../errors.js';
import { type Address, formatAddress } from '../address.js';
import { listenError } from './listen-error.js';
import { TcpChannel, type TcpChannelOptions } from './tcp-channel.js';

export interface TcpListener {
  /** Where it listens, with the port that was chosen if 0 was asked for. */
  readonly address: Address;
  /** Stops accepting and frees the port; channels that exist live on. */
  close(): void;
}

/**
 * Listens on `address` and gives every accepted connection to `onChannel` as a channel that has not been started.
 * @throws FtWasmError FTW_IO naming the address if it cannot be used.
 */
export async function listenTcp(
  address: Address,
  onChannel: (channel: TcpChannel) => void,
  options: TcpChannelOptions = {},
): Promise<TcpListener> {
  const server = net.createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    onChannel(new TcpChannel(socket, remoteName(socket), options));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(address, error)));
    server.listen(address.host === '' ? { port: address.port } : { host: address.host, port: address.port }, () =>
      resolve(),
    );
  });
  // A failed accept (out of descriptors, say) concerns one connection, not the listener; the peer will dial again.
  server.removeAllListeners('error').on('error', () => {});
  const { port } = server.address() as net.AddressInfo;
  return {
    address: { host: address.host, port },
    close: () => void server.close(),
  };
}

export interface DialOptions extends TcpChannelOptions {
  /** How long to wait for the connection. Default 5000. */
  readonly timeoutMs?: number;
  /** Gives up at once when aborted. */
  readonly signal?: AbortSignal;
}

const DIAL_TIMEOUT_MS = 5_000;

/**
 * Connects to `address`.
 * @throws ChannelError FTW_CHANNEL naming host and port if that fails, times out or is aborted.
 */
export function dialTcp(address: Address, options: DialOptions = {}): Promise<TcpChannel> {
  const timeoutMs = options.timeoutMs ?? DIAL_TIMEOUT_MS;
  const remote = formatAddress(address);
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: address.host || 'localhost', port: address.port });
    const settle = (): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
      socket.off('connect', onConnect).off('error', onError);
    };
    const fail = (reason: string, cause?: Error): void => {
      settle();
      socket.on('error', () => {}).destroy();
      const message = `cannot connect to ${remote}: ${reason}`;
      reject(new ChannelError('FTW_CHANNEL', message, { remote, reason }, { cause }));
    };
    const onAbort = (): void => fail('the attempt was cancelled');
    const onError = (error: NodeJS.ErrnoException): void => fail(dialReason(error), error);
    const onConnect = (): void => {
      settle();
      resolve(new TcpChannel(socket, remote, options));
    };
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs);
    socket.once('error', onError).once('connect', onConnect);
    if (options.signal?.aborted) onAbort();
    else options.signal?.addEventListener('abort', onAbort);
  });
}

function remoteName(socket: net.Socket): string {
  return formatAddress({ host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 });
}

function dialReason(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'connection refused, nothing listens there';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the host name is unknown';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'no route to the host';
    case 'ETIMEDOUT':
      return 'the connection attempt timed out';
    default:
      return error.message || (error.code ?? 'unknown error');
  }
}
