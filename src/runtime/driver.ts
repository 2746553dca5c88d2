/**
 * Carries out the protocol's effects on one replica and reports back with inputs: the only place where the pure state
 * machine of src/replica meets channels, guest thread, clients, arbiter and timers. It decides nothing itself.
 */
import type { Arbiter } from '../arbiter/arbiter.js';
import { ArbiterUnreachableError } from '../arbiter/arbiter.js';
import { ChannelError } from '../errors.js';
import type { AdoptedStream } from '../gateway/replica-port.js';
import { decodeMessage, encodeMessage } from '../replica/codec.js';
import type { GuestOutcome } from '../replica/messages.js';
import { Replica } from '../replica/replica.js';
import type { ArbiterResult, Effect, Input, PeerId, ReplicaConfig } from '../replica/types.js';
import type { Channel, ChannelHandlers } from '../transport/channel.js';
import { type Frame, FrameType } from '../transport/frame.js';
import { sortChannel } from './channel-sorter.js';
import type { Clients } from './clients.js';
import { GATEWAY_ABSENT_MS, progressPayload, serveGateway, takeProgressPayload } from './gateway-links.js';
import type { OutputGate } from './output-gate.js';
import type { EventListener, GuestControl, PeerNetwork, Timers } from './ports.js';

/** An arbiter that does not answer within this time counts as unreachable. */
const ARBITER_TIMEOUT_MS = 2000;
/** Pause between two attempts to take a client address that the dead primary may still hold. */
const REBIND_MS = 25;

export interface DriverParts {
  readonly config: ReplicaConfig;
  readonly arbiter: Arbiter;
  readonly network: PeerNetwork;
  readonly guest: GuestControl;
  readonly clients: Clients;
  readonly gate: OutputGate;
  readonly timers: Timers;
  readonly onEvent: EventListener;
  /** The replica is done; everything it owned is closed. */
  readonly onStop: (reason: string, exitCode: number) => void;
}

export class ReplicaDriver {
  readonly #parts: DriverParts;
  readonly #replica: Replica;
  readonly #channels = new Map<PeerId, Channel>();
  /** Connections that others have made, peers' and gateways' alike. */
  readonly #accepted = new Set<Channel>();
  #nextPeer = 1;
  #stopTicking: (() => void) | undefined;
  #stopped = false;
  /** Inputs that arise while effects are being carried out wait here: steps never nest. */
  readonly #inputs: Input[] = [];
  #stepping = false;
  #releasedEvent = 0;
  #epoch = 0;

  constructor(parts: DriverParts) {
    this.#parts = parts;
    this.#replica = new Replica(parts.config);
    parts.gate.onLeft((event) => this.#input({ type: 'outputs-left', event }));
  }

  /** Epoch of the newest record this replica has written; 0 while it never had to. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Highest event whose outputs may leave. */
  get releasedEvent(): number {
    return this.#releasedEvent;
  }

  start(): void {
    const { config, timers, guest } = this.#parts;
    this.#stopTicking = timers.every(Math.max(1, config.heartbeatMs / 2), () => {
      this.#input({ type: 'executed', position: guest.executed });
      this.#input({ type: 'tick' });
      this.#tickGateways();
    });
    this.#input({ type: 'start' });
  }

  /** Leaves in good order: a primary hands over, a backup says good-bye. `onStop` follows. */
  shutdown(): void {
    this.#input({ type: 'shutdown' });
  }

  /** A peer or a gateway has connected to this replica's log address. */
  accept(channel: Channel): void {
    this.#accepted.add(channel);
    sortChannel(channel, this.#parts.timers, {
      choose: (type) =>
        type === FrameType.Gateway
          ? serveGateway(this.#parts.clients.gateways, channel, this.#parts.timers)
          : this.#adopt(channel, false),
      onClose: () => this.#accepted.delete(channel),
    });
  }

  /** A datagram has arrived. */
  heartbeat(payload: Uint8Array): void {
    const message = tryDecode(payload);
    if (message?.type === 'heartbeat') this.#input({ type: 'heartbeat', message });
  }

  /** The live guest has logged a batch. */
  guestBatch(firstEvent: number, lastEvent: number, counter: number, batch: Uint8Array): void {
    this.#input({ type: 'log', firstEvent, lastEvent, counter, batch });
  }

  guestLive(streams: readonly AdoptedStream[]): void {
    this.#parts.clients.guestLive(this.#epoch, streams, this.#parts.timers.now() + GATEWAY_ABSENT_MS);
    this.#input({ type: 'guest-live' });
  }

  guestExit(outcome: GuestOutcome): void {
    this.#input({ type: 'guest-exit', outcome });
  }

  guestDiverged(report: string): void {
    this.#input({ type: 'guest-diverged', report });
  }

  hostFault(reason: string): void {
    this.#input({ type: 'host-fault', reason });
  }

  #input(input: Input): void {
    if (this.#stopped) return;
    this.#inputs.push(input);
    if (this.#stepping) return;
    this.#stepping = true;
    try {
      for (let next = this.#inputs.shift(); next !== undefined && !this.#stopped; next = this.#inputs.shift()) {
        for (const effect of this.#replica.step(next, this.#parts.timers.now())) this.#carryOut(effect);
      }
    } finally {
      this.#stepping = false;
    }
  }

  #carryOut(effect: Effect): void {
    const { guest, gate, network, onEvent } = this.#parts;
    switch (effect.type) {
      case 'send':
        this.#send(effect.peer, effect.message);
        break;
      case 'release':
        this.#releasedEvent = effect.event;
        gate.release(effect.event);
        break;
      case 'append-to-guest':
        guest.batch(effect.batch);
        break;
      case 'trim':
        gate.trim(effect.event);
        break;
      case 'heartbeat':
        network.heartbeat(effect.address, effect.message.epoch, encodeMessage(effect.message));
        break;
      case 'throttle':
        guest.throttle = effect.level;
        break;
      case 'pause-log':
        guest.paused = true;
        break;
      case 'resume-log':
        guest.paused = false;
        break;
      case 'event':
        onEvent(effect.name, effect.level, effect.fields);
        break;
      default:
        this.#carryOutRare(effect);
    }
  }

  /** Effects that happen a few times in a replica's life. */
  #carryOutRare(
    effect: Exclude<
      Effect,
      {
        type:
          | 'send'
          | 'release'
          | 'append-to-guest'
          | 'trim'
          | 'heartbeat'
          | 'throttle'
          | 'pause-log'
          | 'resume-log'
          | 'event';
      }
    >,
  ): void {
    switch (effect.type) {
      case 'connect':
        this.#connect(effect.address);
        break;
      case 'close':
        this.#channels.get(effect.peer)?.close();
        break;
      case 'probe':
        this.#probe(effect.address);
        break;
      case 'start-guest':
        if (effect.mode === 'live') this.#serveFresh();
        this.#parts.guest.start();
        break;
      case 'go-live':
        this.#parts.guest.goLive();
        this.#openClients();
        break;
      case 'stop-guest':
        this.#parts.guest.stop();
        break;
      case 'arbiter-read':
        this.#askArbiter(effect.requestId, () => this.#read());
        break;
      case 'arbiter-cas':
        this.#askArbiter(effect.requestId, () => this.#compareAndSet(effect.expectedGeneration, effect.record));
        break;
      case 'stop':
        this.#stop(effect.reason, effect.exitCode);
        break;
    }
  }

  #send(peer: PeerId, message: Parameters<typeof encodeMessage>[0]): void {
    const payload = encodeMessage(message);
    this.#channels.get(peer)?.send({ type: FrameType.Peer, epoch: message.epoch, payload });
  }

  #connect(address: string): void {
    this.#parts.network.dial(address).then(
      (channel) => channel.start(this.#adopt(channel, true)),
      (error: Error) => this.#input({ type: 'connect-failed', reason: error.message }),
    );
  }

  /** A new peer; the handlers are for its channel. */
  #adopt(channel: Channel, dialled: boolean): ChannelHandlers {
    if (this.#stopped) channel.destroy();
    const peer = this.#nextPeer++;
    this.#channels.set(peer, channel);
    this.#input({ type: 'peer-connected', peer, dialled });
    return {
      onFrame: (frame) => this.#receive(peer, channel, frame),
      onClose: (reason) => {
        this.#channels.delete(peer);
        this.#input({ type: 'peer-closed', peer, reason: reason.error?.message ?? `connection ${reason.kind}` });
      },
    };
  }

  /** Anything that is not one of our messages is a failed peer (R11). */
  #receive(peer: PeerId, channel: Channel, frame: Frame): void {
    if (frame.type === FrameType.Gateway) {
      this.#takeProgress(channel, frame.payload);
      return;
    }
    const message = frame.type === FrameType.Peer ? tryDecode(frame.payload) : undefined;
    if (message?.epoch !== frame.epoch) {
      channel.destroy();
      return;
    }
    this.#input({ type: 'message', peer, message });
  }

  #takeProgress(channel: Channel, payload: Uint8Array): void {
    try {
      takeProgressPayload(this.#parts.clients.gateways, payload);
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error;
      channel.destroy(error);
    }
  }

  #probe(address: string): void {
    this.#parts.network.isGone(address).then((gone) => this.#input({ type: 'probe-result', address, gone }));
  }

  /** Takes the client addresses for a replica that goes live; the dead primary may hold them a moment longer. */
  #openClients(): void {
    const { timers, onEvent } = this.#parts;
    const { listeners } = this.#parts.clients;
    let reported = false;
    const attempt = (): void => {
      if (this.#stopped) return;
      listeners.bind().then(
        () => {
          listeners.serve(this.#epoch);
          for (const address of listeners.addresses) onEvent('listening', 'info', { kind: 'client', address });
        },
        (error: Error) => {
          if (!reported) onEvent('listen-failed', 'warn', { reason: error.message });
          reported = true;
          timers.after(REBIND_MS, attempt);
        },
      );
    };
    attempt();
  }

  /** A guest that starts live has no streams yet. */
  #serveFresh(): void {
    this.#parts.clients.listeners.serve(this.#epoch);
    this.#parts.clients.guestLive(this.#epoch, [], 0);
  }

  #tickGateways(): void {
    const { clients, timers } = this.#parts;
    if (!clients.gateways.live) return;
    clients.gateways.tick(timers.now());
    const payload = progressPayload(clients.gateways);
    if (payload === undefined) return;
    for (const channel of this.#channels.values()) {
      channel.send({ type: FrameType.Gateway, epoch: this.#epoch, payload });
    }
  }

  #askArbiter(requestId: number, ask: () => Promise<ArbiterResult>): void {
    let answered = false;
    const answer = (result: ArbiterResult): void => {
      if (answered) return;
      answered = true;
      cancel();
      this.#input({ type: 'arbiter-result', requestId, result });
    };
    const cancel = this.#parts.timers.after(ARBITER_TIMEOUT_MS, () =>
      answer({ kind: 'unreachable', message: `no answer within ${ARBITER_TIMEOUT_MS} ms` }),
    );
    ask().then(answer, (error: Error) =>
      answer({ kind: error instanceof ArbiterUnreachableError ? 'unreachable' : 'unusable', message: error.message }),
    );
  }

  async #read(): Promise<ArbiterResult> {
    return { kind: 'read', current: await this.#parts.arbiter.read() };
  }

  async #compareAndSet(generation: number, record: Parameters<Arbiter['compareAndSet']>[1]): Promise<ArbiterResult> {
    const result = await this.#parts.arbiter.compareAndSet(generation, record);
    if (!result.won) return { kind: 'lost', current: result.current };
    this.#epoch = record.epoch;
    this.#parts.clients.gateways.raiseEpoch(record.epoch);
    return { kind: 'won', generation: result.generation };
  }

  #stop(reason: string, exitCode: number): void {
    this.#stopped = true;
    this.#stopTicking?.();
    for (const channel of [...this.#channels.values(), ...this.#accepted]) channel.close();
    this.#parts.onStop(reason, exitCode);
  }
}

function tryDecode(payload: Uint8Array): ReturnType<typeof decodeMessage> | undefined {
  try {
    return decodeMessage(payload);
  } catch {
    return undefined;
  }
}
