/**
 * Keeps a gateway attached to whichever replica is live: asks all of them whenever there is no link, and the others now
 * and then even while there is one, because a primary that lost its epoch without noticing looks alive (R5).
 */
import { ChannelError } from '../errors.js';
import { type Gateway, type GatewaySink, NotLiveError } from '../gateway/gateway.js';
import { RecordKind, readRecords } from '../gateway/records.js';
import type { Channel } from '../transport/channel.js';
import { type Frame, FrameType } from '../transport/frame.js';
import type { Timers } from './ports.js';

/** Pause between two questions to one replica while no link is up: a failover should not wait for this. */
const SEARCH_MS = 10;
/** The same while a link is up. */
const WATCH_MS = 500;
/** A replica that accepts the connection, but does not answer within this time, is asked again. */
const ANSWER_MS = 1000;

export interface KeeperParts {
  readonly gateway: Gateway;
  readonly replicas: readonly string[];
  dial(address: string): Promise<Channel>;
  readonly timers: Timers;
  onAttached(address: string, epoch: number): void;
  onDetached(address: string, reason: string): void;
}

export class GatewayKeeper {
  readonly #parts: KeeperParts;
  #current: { readonly address: string; readonly channel: Channel } | undefined;
  #closed = false;
  /** Per replica: how to cancel its next question, or undefined while one is under way. */
  readonly #next = new Map<string, (() => void) | undefined>();

  constructor(parts: KeeperParts) {
    this.#parts = parts;
  }

  /** Address of the replica that serves; undefined while none does. */
  get attachedTo(): string | undefined {
    return this.#current?.address;
  }

  start(): void {
    for (const address of this.#parts.replicas) void this.#ask(address);
  }

  close(): void {
    this.#closed = true;
    for (const cancel of this.#next.values()) cancel?.();
    this.#current?.channel.close();
  }

  async #ask(address: string): Promise<void> {
    this.#next.set(address, undefined);
    if (this.#current?.address !== address) {
      try {
        await this.#question(address, await this.#parts.dial(address));
      } catch {
        // Not there, not live or not of our kind: somebody else is, or it will be asked again.
      }
    }
    if (this.#closed) return;
    const pauseMs = this.#current === undefined ? SEARCH_MS : WATCH_MS;
    this.#next.set(
      address,
      this.#parts.timers.after(pauseMs, () => void this.#ask(address)),
    );
  }

  /** Resolves once the replica has answered, or will not. */
  #question(address: string, channel: Channel): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#parts.timers.after(ANSWER_MS, () => channel.destroy());
      let attached = false;
      channel.start({
        onFrame: (frame) => {
          if (!attached && !this.#accepts(frame)) {
            channel.destroy();
            return;
          }
          if (!attached) this.#attach(address, channel);
          attached = true;
          cancel();
          this.#deliver(channel, frame);
          resolve();
        },
        onClose: (reason) => {
          cancel();
          this.#lost(channel, reason.error?.message ?? `connection ${reason.kind}`);
          resolve();
        },
      });
      const { gateway } = this.#parts;
      channel.send({ type: FrameType.Gateway, epoch: gateway.epoch, payload: gateway.attachPayload() });
    });
  }

  /** Whether the first frame says "attached", by a replica that is not older than what is known. */
  #accepts(frame: Frame): boolean {
    const { gateway } = this.#parts;
    if (this.#closed || frame.type !== FrameType.Gateway) return false;
    if (gateway.attached ? frame.epoch <= gateway.epoch : frame.epoch < gateway.epoch) return false;
    let first: RecordKind | undefined;
    try {
      readRecords(frame.payload, (record) => {
        first ??= record.kind;
      });
    } catch {
      return false;
    }
    return first === RecordKind.Attached;
  }

  #attach(address: string, channel: Channel): void {
    const previous = this.#current;
    this.#current = { address, channel };
    previous?.channel.destroy();
    const sink: GatewaySink = {
      send: (payload, epoch) => channel.send({ type: FrameType.Gateway, epoch, payload }),
      later: queueMicrotask,
    };
    this.#parts.gateway.linkUp(sink);
  }

  #deliver(channel: Channel, frame: Frame): void {
    const { gateway } = this.#parts;
    const wasAttached = gateway.attached;
    try {
      gateway.frame(frame.payload, frame.epoch);
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error;
      channel.destroy(error instanceof NotLiveError ? undefined : error);
      return;
    }
    if (!wasAttached && gateway.attached) this.#parts.onAttached(this.#current?.address ?? '', gateway.epoch);
  }

  #lost(channel: Channel, reason: string): void {
    if (this.#current?.channel !== channel) return;
    const { address } = this.#current;
    this.#current = undefined;
    this.#parts.gateway.linkDown();
    if (this.#closed) return;
    this.#parts.onDetached(address, reason);
    // Nobody waits for the next slow round now.
    for (const [replica, cancel] of this.#next) {
      if (cancel === undefined) continue;
      cancel();
      void this.#ask(replica);
    }
  }
}
