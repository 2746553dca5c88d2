/**
 * Heartbeat datagrams: one frame each, on the UDP port with the number of the log-listen port. Anyone can send to a UDP
 * port, so whatever is not one intact heartbeat frame is counted and ignored.
 */
import dgram from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIPv4 } from 'node:net';
import { ChannelError } from '../../errors.js';
import { type Address, formatAddress } from '../address.js';
import { encodeFrame, FRAME_HEADER_BYTES, type Frame, FrameType } from '../frame.js';
import { FrameDecoder } from '../frame-decoder.js';
import { crc32 } from './crc32.js';
import { listenError } from './listen-error.js';

/** Keeps a heartbeat within every network's smallest datagram. */
export const HEARTBEAT_PAYLOAD_BYTES_MAX = 512;

export interface Heartbeat {
  readonly epoch: number;
  readonly payload: Uint8Array;
  /** The sender's address as the datagram says; not to be trusted for anything but messages. */
  readonly from: Address;
}

/** A resolved peer; made by {@link HeartbeatSocket.resolve}, so that sending never waits for a name server. */
export interface HeartbeatTarget {
  readonly ip: string;
  readonly port: number;
}

export class HeartbeatSocket {
  readonly address: Address;
  readonly #socket: dgram.Socket;
  readonly #family: 4 | 6;
  #ignored = 0;
  #closed = false;

  private constructor(socket: dgram.Socket, host: string, onHeartbeat: (heartbeat: Heartbeat) => void) {
    const bound = socket.address();
    this.address = { host, port: bound.port };
    this.#socket = socket;
    this.#family = bound.family === 'IPv6' ? 6 : 4;
    socket.on('message', (bytes, from) => {
      const frame = decodeHeartbeat(bytes);
      if (frame === undefined) this.#ignored++;
      else onHeartbeat({ epoch: frame.epoch, payload: frame.payload, from: { host: from.address, port: from.port } });
    });
    // Delivery failures concern one datagram; a peer that hears nothing is what the failure detector is for.
    socket.on('error', () => {});
  }

  /**
   * Binds to `address`; port 0 chooses one.
   * @throws FtWasmError FTW_IO naming the address if it cannot be used.
   */
  static async open(address: Address, onHeartbeat: (heartbeat: Heartbeat) => void): Promise<HeartbeatSocket> {
    const socket = await bind(address);
    return new HeartbeatSocket(socket, address.host, onHeartbeat);
  }

  /** Datagrams that were not an intact heartbeat. */
  get ignored(): number {
    return this.#ignored;
  }

  /**
   * Looks a peer's name up, once, in the address family of this socket.
   * @throws ChannelError FTW_CHANNEL if the name is unknown.
   */
  async resolve(peer: Address): Promise<HeartbeatTarget> {
    const host = peer.host || 'localhost';
    try {
      const found = await lookup(host, this.#family === 4 ? { family: 4 } : { all: false, verbatim: false });
      const mapped = this.#family === 6 && isIPv4(found.address);
      return { ip: mapped ? `::ffff:${found.address}` : found.address, port: peer.port };
    } catch (cause) {
      const name = formatAddress(peer);
      const family = this.#family === 4 ? 'IPv4' : 'IPv4 or IPv6';
      const message = `cannot send heartbeats to ${name}: the host has no ${family} address`;
      throw new ChannelError('FTW_CHANNEL', message, { remote: name }, { cause });
    }
  }

  /** Sends one heartbeat; losses are silent, as on any network. `payload` has at most 512 bytes. */
  send(target: HeartbeatTarget, epoch: number, payload: Uint8Array): void {
    if (this.#closed) return;
    this.#socket.send(
      encodeFrame({ type: FrameType.Heartbeat, epoch, payload }, crc32),
      target.port,
      target.ip,
      () => {},
    );
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await new Promise<void>((resolve) => this.#socket.close(resolve));
  }
}

function decodeHeartbeat(bytes: Uint8Array): Frame | undefined {
  if (bytes.length > FRAME_HEADER_BYTES + HEARTBEAT_PAYLOAD_BYTES_MAX) return undefined;
  const decoder = new FrameDecoder({ crc32, payloadBytesMax: HEARTBEAT_PAYLOAD_BYTES_MAX });
  const frames: Frame[] = [];
  try {
    decoder.push(bytes, (frame) => frames.push(frame));
  } catch {
    return undefined;
  }
  const [frame] = frames;
  const intact = frames.length === 1 && decoder.pendingBytes === 0 && frame?.type === FrameType.Heartbeat;
  return intact ? frame : undefined;
}

/** An empty host binds to every interface of both families, or of IPv4 where the machine has no IPv6. */
async function bind(address: Address): Promise<dgram.Socket> {
  if (address.host !== '') {
    const { family } = await lookup(address.host).catch((error) => {
      throw listenError(address, error);
    });
    return bindTo(family === 6 ? 'udp6' : 'udp4', address);
  }
  try {
    return await bindTo('udp6', address);
  } catch (error) {
    if ((error as { details?: { errno?: string } }).details?.errno !== 'EAFNOSUPPORT') throw error;
    return bindTo('udp4', address);
  }
}

function bindTo(type: 'udp4' | 'udp6', address: Address): Promise<dgram.Socket> {
  const socket = dgram.createSocket({ type });
  return new Promise((resolve, reject) => {
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close();
      reject(listenError(address, error));
    });
    socket.bind({ port: address.port, ...(address.host === '' ? {} : { address: address.host }) }, () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}
