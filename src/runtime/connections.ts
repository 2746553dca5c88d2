/**
 * The connections of one replica's logging channel, in and out. Peers are numbered for the protocol; gateways and
 * operators, who come in on the same address, are handed on by the type of their first frame.
 */
import { ChannelError } from '../errors.js';
import { decodeMessage, encodeMessage } from '../replica/codec.js';
import type { Message } from '../replica/messages.js';
import type { PeerId } from '../replica/types.js';
import type { Channel, ChannelHandlers } from '../transport/channel.js';
import { type Frame, FrameType } from '../transport/frame.js';
import { sortChannel } from './channel-sorter.js';
import type { Timers } from './ports.js';
import { StateFrames } from './state-frames.js';

export interface ConnectionEvents {
  /** `address`: where this replica has dialled it; undefined if it has dialled this replica. */
  onPeer(peer: PeerId, address: string | undefined): void;
  onMessage(peer: PeerId, message: Message): void;
  onPeerClosed(peer: PeerId, reason: string): void;
  /** What a live replica tells its backups about gateways' streams. @throws ChannelError if it is damaged. */
  onGatewayProgress(payload: Uint8Array): void;
  /** Handlers for a caller that is no peer. */
  onCaller(type: FrameType, channel: Channel): ChannelHandlers;
}

export class Connections {
  readonly #events: ConnectionEvents;
  readonly #timers: Timers;
  readonly #peers = new Map<PeerId, Channel>();
  /** Connections that others have made, peers' and callers' alike. */
  readonly #accepted = new Set<Channel>();
  readonly #states = new StateFrames();
  #nextPeer = 1;
  #closed = false;

  constructor(timers: Timers, events: ConnectionEvents) {
    this.#timers = timers;
    this.#events = events;
  }

  /** Somebody has connected to this replica's log address. */
  accept(channel: Channel): void {
    // A gateway that came now would attach to a replica that is on its way out.
    if (this.#closed) return channel.destroy();
    this.#accepted.add(channel);
    sortChannel(channel, this.#timers, {
      choose: (type) =>
        type === FrameType.Gateway || type === FrameType.Control
          ? this.#events.onCaller(type, channel)
          : this.#adopt(channel, undefined),
      onClose: () => this.#accepted.delete(channel),
    });
  }

  /** This replica has connected to a peer. */
  dialled(channel: Channel, address: string): void {
    channel.start(this.#adopt(channel, address));
  }

  send(peer: PeerId, message: Message): void {
    const channel = this.#peers.get(peer);
    if (message.type === 'state') return void channel?.send(this.#states.frame(message));
    channel?.send({ type: FrameType.Peer, epoch: message.epoch, payload: encodeMessage(message) });
  }

  /** Tells all peers how far gateways' clients have come. */
  sendGatewayProgress(epoch: number, payload: Uint8Array): void {
    for (const channel of this.#peers.values()) channel.send({ type: FrameType.Gateway, epoch, payload });
  }

  /** The same for one of them. */
  sendProgressTo(peer: PeerId, epoch: number, payload: Uint8Array): void {
    this.#peers.get(peer)?.send({ type: FrameType.Gateway, epoch, payload });
  }

  closePeer(peer: PeerId): void {
    this.#peers.get(peer)?.close();
  }

  /** Sends what is queued and closes every connection. */
  close(): void {
    this.#closed = true;
    for (const channel of [...this.#peers.values(), ...this.#accepted]) channel.close();
  }

  #adopt(channel: Channel, address: string | undefined): ChannelHandlers {
    if (this.#closed) channel.destroy();
    const peer = this.#nextPeer++;
    this.#peers.set(peer, channel);
    this.#events.onPeer(peer, address);
    return {
      onFrame: (frame) => this.#receive(peer, channel, frame),
      onClose: (reason) => {
        this.#peers.delete(peer);
        this.#events.onPeerClosed(peer, reason.error?.message ?? `connection ${reason.kind}`);
      },
    };
  }

  /** Anything that is not one of our messages is a failed peer (R11). */
  #receive(peer: PeerId, channel: Channel, frame: Frame): void {
    try {
      if (frame.type === FrameType.Gateway) return this.#events.onGatewayProgress(frame.payload);
      const message = decodeMessage(frame.payload);
      if (frame.type === FrameType.Peer && message.epoch === frame.epoch) return this.#events.onMessage(peer, message);
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error;
    }
    channel.destroy();
  }
}
