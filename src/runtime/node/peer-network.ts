/** The logging channel's listener and dialer, and the heartbeat socket, on one port number. */

import { type Address, formatAddress, parseAddress } from '../../transport/address.js';
import type { Channel } from '../../transport/channel.js';
import { dialTcp, listenTcp, type TcpListener } from '../../transport/node/tcp.js';
import { HeartbeatSocket, type HeartbeatTarget } from '../../transport/node/udp.js';
import type { PeerNetwork } from '../ports.js';

/** Tries to find a port that is free for TCP and UDP alike, when port 0 was asked for. */
const ANY_PORT_TRIES = 10;
/** A host that is up answers a connection attempt at once; later than this proves nothing. */
const PROBE_TIMEOUT_MS = 1000;

/** A probe that was accepted is watched for so long. */
const PROBE_HOLD_MS = 100;
/** Connections that are accepted and cut again, one after the other, before the answer is "not gone". */
const PROBES_MAX = 20;

export interface PeerNetworkHandlers {
  onChannel(channel: Channel): void;
  onHeartbeat(payload: Uint8Array): void;
}

export class NodePeerNetwork implements PeerNetwork {
  readonly address: string;
  readonly #listener: TcpListener;
  readonly #heartbeats: HeartbeatSocket;
  /** Resolved heartbeat targets; null while the name is being looked up. */
  readonly #targets = new Map<string, HeartbeatTarget | null>();
  #closed = false;

  private constructor(listener: TcpListener, heartbeats: HeartbeatSocket) {
    this.#listener = listener;
    this.#heartbeats = heartbeats;
    this.address = formatAddress(listener.address);
  }

  /** Binds TCP and UDP at `address`. Rejects with FTW_IO if either is taken. */
  static async open(address: Address, handlers: PeerNetworkHandlers): Promise<NodePeerNetwork> {
    for (let tries = 1; ; tries++) {
      const listener = await listenTcp(address, (channel) => handlers.onChannel(channel));
      try {
        const heartbeats = await HeartbeatSocket.open(listener.address, ({ payload }) => handlers.onHeartbeat(payload));
        return new NodePeerNetwork(listener, heartbeats);
      } catch (error) {
        listener.close();
        if (address.port !== 0 || tries === ANY_PORT_TRIES) throw error;
      }
    }
  }

  dial(address: string): Promise<Channel> {
    return dialTcp(parseAddress(address));
  }

  async isGone(address: string): Promise<boolean> {
    const target = parseAddress(address);
    for (let tries = 0; tries < PROBES_MAX; tries++) {
      try {
        const channel = await dialTcp(target, { timeoutMs: PROBE_TIMEOUT_MS });
        // A process that is being torn down loses its sockets one by one: the listening one may outlive the rest by
        // moments, and what connects to it then is cut at once. A process that lives keeps the connection.
        if (!(await closesWithin(channel, PROBE_HOLD_MS))) return false;
      } catch (error) {
        const code = (error as { cause?: NodeJS.ErrnoException }).cause?.code;
        // The same, cut even before this side knew that it was connected.
        if (code !== 'ECONNRESET') return code === 'ECONNREFUSED';
      }
    }
    return false;
  }

  heartbeat(address: string, epoch: number, payload: Uint8Array): void {
    const target = this.#targets.get(address);
    if (target === undefined) this.#lookUp(address);
    else if (target !== null) this.#heartbeats.send(target, epoch, payload);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.close();
    void this.#heartbeats.close();
  }

  #lookUp(address: string): void {
    this.#targets.set(address, null);
    this.#heartbeats.resolve(parseAddress(address)).then(
      (target) => this.#targets.set(address, target),
      // Tried again with the next heartbeat; the channel's own errors name the cause.
      () => this.#targets.delete(address),
    );
  }
}

/** Whether the peer closes `channel` within `ms`; it is closed in any case. */
function closesWithin(channel: Channel, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve(false);
      channel.destroy();
    }, ms);
    channel.start({
      onFrame: () => {},
      onClose: () => {
        clearTimeout(timer);
        resolve(true);
      },
    });
  });
}
