/**
 * Keeps a gateway attached to whichever replica is live: asks all of them, and the others even while there is a link,
 * because a primary that lost its epoch without noticing looks alive (R5). A replica that is not live keeps the question and
 * answers it at the moment when it goes live, so that a failover waits for no timer of the gateway.
 */
import { ChannelError } from '../errors.js';
import { type Gateway, type GatewaySink, NotLiveError } from '../gateway/gateway.js';
import { RecordKind, readJson, readRecords } from '../gateway/records.js';
import type { Channel } from '../transport/channel.js';
import { type Frame, FrameType } from '../transport/frame.js';
import type { Timers } from './ports.js';

/** Pause between two questions to one replica while no link is up: a failover should not wait for this. */
const SEARCH_MS = 10;
/** The same while a link is up. */
const WATCH_MS = 500;
/** A replica that accepts the connection, but does not answer within this time, is asked again. */
const ANSWER_MS = 1000;
/**
 * A question that waits for its replica to go live is repeated so often: the connection may have died unnoticed. On the same
 * connection, for a failover that met no question there would wait for one.
 */
const RENEW_MS = 2000;

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
  #current: Link | undefined;
  #closed = false;
  /** Per replica: how to cancel its next question, or undefined while one is under way. */
  readonly #next = new Map<string, (() => void) | undefined>();
  /** Connections whose replica will answer when it goes live. */
  readonly #standing = new Set<Channel>();
  /** Per replica: why it does not serve, as of its last answer or silence. */
  readonly #troubles = new Map<string, string>();

  constructor(parts: KeeperParts) {
    this.#parts = parts;
  }

  /** Address of the replica that serves; undefined while none does. */
  get attachedTo(): string | undefined {
    return this.#current?.address;
  }

  /** Per replica that was asked in vain: why. */
  get troubles(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#troubles);
  }

  start(): void {
    for (const address of this.#parts.replicas) void this.#ask(address);
  }

  close(): void {
    this.#closed = true;
    for (const cancel of this.#next.values()) cancel?.();
    for (const channel of this.#standing) channel.close();
    this.#current?.channel.close();
  }

  async #ask(address: string): Promise<void> {
    this.#next.set(address, undefined);
    if (this.#current?.address !== address) {
      try {
        await this.#question(address, await this.#parts.dial(address));
      } catch (error) {
        // Not there: somebody else is, or it will be asked again.
        this.#troubles.set(address, error instanceof Error ? error.message : String(error));
      }
    }
    if (this.#closed) return;
    this.#askLater(address, this.#current === undefined ? SEARCH_MS : WATCH_MS);
  }

  /** Resolves once the replica serves this gateway, or the connection has ended. */
  #question(address: string, channel: Channel): Promise<void> {
    return new Promise((resolve) => {
      let attached = false;
      let cancel = (): void => {};
      const ask = (): void => {
        cancel = this.#parts.timers.after(ANSWER_MS, () => {
          this.#troubles.set(address, `no answer within ${ANSWER_MS} ms`);
          channel.destroy();
        });
        this.#sendQuestion(channel);
      };
      const settle = (): void => {
        cancel();
        this.#standing.delete(channel);
        resolve();
      };
      /** Number that this gateway has when it asks first. */
      const asked = this.#parts.gateway.number;
      channel.start({
        onFrame: (frame) => {
          if (attached) return this.#deliver(channel, frame);
          const answer = this.#answer(frame, asked);
          if (answer.kind === 'attached') {
            attached = true;
            settle();
            const leave = this.#attach(address, channel);
            this.#deliver(channel, frame);
            return leave();
          }
          this.#troubles.set(address, answer.reason);
          if (answer.kind === 'refused') return channel.destroy();
          cancel();
          cancel = this.#parts.timers.after(RENEW_MS, ask);
          if (this.#standing.has(channel)) return;
          this.#standing.add(channel);
          // It was asked before another replica gave this gateway a number.
          if (this.#parts.gateway.attached) this.#sendQuestion(channel);
        },
        onClose: (reason) => {
          settle();
          if (reason.error !== undefined) this.#troubles.set(address, reason.error.message);
          this.#lost(channel, reason.error?.message ?? `connection ${reason.kind}`);
        },
        onDrain: () => {
          if (this.#current?.channel !== channel) return;
          this.#current.congested = false;
          this.#parts.gateway.drained();
        },
      });
      ask();
    });
  }

  #sendQuestion(channel: Channel): void {
    const { gateway } = this.#parts;
    channel.send({ type: FrameType.Gateway, epoch: gateway.epoch, payload: gateway.attachPayload() });
  }

  /** What a replica's first words mean. `waits`: it is not live, and will say so when it is. */
  #answer(frame: Frame, asked: number): Answer {
    const { gateway } = this.#parts;
    if (this.#closed || frame.type !== FrameType.Gateway) return refused('it does not speak the gateway protocol');
    let answer: Answer = refused('it gave no answer');
    try {
      readRecords(frame.payload, (record) => {
        const { kind, bytes } = record;
        if (kind === RecordKind.Attached) {
          // Asked by a gateway that had no number yet, it would give a second one, and know nothing of the first.
          const isNumbered = asked === gateway.number || readJson(record)['gateway'] === gateway.number;
          answer = isNumbered ? { kind: 'attached' } : refused('it was asked before another replica answered');
        } else if (kind === RecordKind.NotLive) answer = { kind: 'waits', reason: new TextDecoder().decode(bytes) };
      });
    } catch (error) {
      return refused((error as Error).message);
    }
    if (answer.kind !== 'attached') return answer;
    const tooOld = gateway.attached ? frame.epoch <= gateway.epoch : frame.epoch < gateway.epoch;
    return tooOld ? refused(`it is of epoch ${frame.epoch}; the service is of epoch ${gateway.epoch}`) : answer;
  }

  /** What is returned takes leave of the replica that served before: clients need not wait for that. */
  #attach(address: string, channel: Channel): () => void {
    const previous = this.#current;
    this.#current = new Link(address, channel, this.#parts.timers.soon ?? queueMicrotask);
    this.#troubles.clear();
    if (previous !== undefined) this.#parts.onDetached(previous.address, `${address} is live in a newer epoch`);
    this.#parts.gateway.linkUp(this.#current);
    return () => previous?.channel.destroy();
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
    if (wasAttached || !gateway.attached) return;
    // Clients wait for what the gateway has just said; whoever wants to know of it does not.
    channel.flush?.();
    this.#parts.onAttached(this.#current?.address ?? '', gateway.epoch);
    // Those that wait to go live should know the number that this one has given.
    for (const standing of this.#standing) this.#sendQuestion(standing);
  }

  #lost(channel: Channel, reason: string): void {
    if (this.#current?.channel !== channel) return;
    const { address } = this.#current;
    this.#current = undefined;
    this.#parts.gateway.linkDown();
    if (this.#closed) return;
    this.#parts.onDetached(address, reason);
    // Nobody waits for the next slow round now. Where a question stands, the successor is about to answer it, and this thread
    // has better to do than to dial the dead.
    for (const [replica, cancel] of this.#next) {
      if (cancel === undefined) continue;
      cancel();
      if (this.#standing.size === 0) void this.#ask(replica);
      else this.#askLater(replica, SEARCH_MS);
    }
  }

  #askLater(address: string, ms: number): void {
    const cancel = this.#parts.timers.after(ms, () => void this.#ask(address));
    this.#next.set(address, cancel);
  }
}

type Answer = { readonly kind: 'attached' } | { readonly kind: 'waits' | 'refused'; readonly reason: string };

function refused(reason: string): Answer {
  return { kind: 'refused', reason };
}

/** The connection to the replica that serves. */
class Link implements GatewaySink {
  congested = false;

  constructor(
    readonly address: string,
    readonly channel: Channel,
    readonly later: (flush: () => void) => void,
  ) {}

  send(payload: Uint8Array, epoch: number): void {
    this.congested = !this.channel.send({ type: FrameType.Gateway, epoch, payload });
  }

  close(): void {
    this.channel.close();
  }
}
