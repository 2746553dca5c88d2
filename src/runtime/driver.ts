/**
 * Carries out the protocol's effects on one replica and reports back with inputs: the only place where the pure state
 * machine of src/replica meets connections, guest thread, clients, arbiter and timers. It decides nothing itself.
 */
import type { Arbiter } from '../arbiter/arbiter.js';
import type { AdoptedStream } from '../gateway/replica-port.js';
import { EXIT_CODES } from '../replica/exit-codes.js';
import type { GuestOutcome } from '../replica/messages.js';
import { Replica } from '../replica/replica.js';
import type { Effect, Input, ReplicaConfig } from '../replica/types.js';
import type { Channel, ChannelHandlers } from '../transport/channel.js';
import { FrameType } from '../transport/frame.js';
import { type ClientOpening, openClients } from './client-opening.js';
import type { Clients } from './clients.js';
import { Connections } from './connections.js';
import { type Controlled, type ReplicaStatus, type StopReport, serveControl } from './control-link.js';
import { DelayedServing } from './delayed-serving.js';
import type { DurableLink } from './durable-link.js';
import { lingerForGateways, progressPayload, serveGateway, takeProgressPayload } from './gateway-links.js';
import { GuestPause } from './guest-pause.js';
import type { OutputGate } from './output-gate.js';
import { decodeDatagram, Outside } from './outside.js';
import type { CaptureCost, CaptureEvents, EventListener, GuestControl, PeerNetwork, Timers } from './ports.js';
import { abandonStreams, type Recovery } from './recovery.js';
import type { SnapshotReceiver, SnapshotSink } from './snapshot-desk.js';
import { StateTransfer } from './state-transfer.js';

/** Clients wait for the successor, which may be on this machine: what ending a guest and closing connections takes, it goes first. */
const HANDED_OVER_MS = 10;

export interface DriverParts {
  readonly config: ReplicaConfig;
  readonly arbiter: Arbiter;
  readonly network: PeerNetwork;
  readonly guest: GuestControl;
  readonly clients: Clients;
  readonly gate: OutputGate;
  readonly timers: Timers;
  /** Keeps snapshots and the log on disk. */
  readonly durable?: DurableLink | undefined;
  /** What was found on disk, for a service that goes on from there. */
  readonly recovery?: Recovery | undefined;
  readonly onEvent: EventListener;
  /** The replica is done; its connections are closing. */
  readonly onStop: (stop: ReplicaStop) => void;
}

/** Why a replica is done. `mayRejoin`: the service goes on, and this process may take part again with a fresh guest. */
export interface ReplicaStop extends Omit<Extract<Effect, { type: 'stop' }>, 'type'> {
  /** A successor was told to go live. */
  readonly handedOver: boolean;
}

export class ReplicaDriver implements Controlled, CaptureEvents {
  readonly #parts: DriverParts;
  readonly #replica: Replica;
  readonly #outside: Outside;
  readonly #connections: Connections;
  /** Undone at the end: the ticking. */
  readonly #cancels: (() => void)[] = [];
  /** On a successor: the attempts to take the clients' addresses. */
  #opening: ClientOpening | undefined;
  /** Operators who asked for a switch and wait for its end. */
  readonly #stopReports: StopReport[] = [];
  /** The backup that was told to go live. */
  #successor: string | undefined;
  /** Inputs that arise while effects are being carried out wait here: steps never nest. */
  readonly #inputs: Input[] = [];
  #stepping = false;
  #stopped = false;
  /** Set once the guest has ended by itself and this replica is the one that says so. */
  #guestExitCode: number | undefined;
  #releasedEvent = 0;
  /** What the protocol lets go; the disk may be behind. */
  #allowedEvent = 0;
  /** The end of what the guest was given. */
  #givenEvent = 0;
  readonly #serving: DelayedServing;
  #guestStopped = false;
  readonly #pause: GuestPause;
  readonly #states: StateTransfer;
  #guestRuns = false;
  /** False while this replica stands by: what it hears of streams then is void, and would never be forgotten. */
  #keepsOutputs = false;
  /** Of the newest record that this replica has written. */
  #epoch = 0;
  #members: readonly string[] = [];

  constructor(parts: DriverParts) {
    this.#parts = parts;
    this.#replica = new Replica(parts.config);
    this.#pause = new GuestPause(parts.guest);
    this.#serving = new DelayedServing(parts.clients, parts.gate);
    this.#connections = new Connections(parts.timers, {
      onPeer: (peer, address) =>
        this.#input({
          type: 'peer-connected',
          peer,
          ...(address === undefined ? { dialled: false } : { dialled: true, address }),
        }),
      onMessage: (peer, message) => this.#input({ type: 'message', peer, message }),
      onPeerClosed: (peer, reason) => this.#input({ type: 'peer-closed', peer, reason }),
      onGatewayProgress: (payload) => {
        if (!this.#keepsOutputs) return;
        takeProgressPayload(parts.clients.gateways, payload);
        parts.durable?.store.progress(payload);
      },
      onCaller: (type, channel) => this.#serveCaller(type, channel),
    });
    const input = (next: Input): void => this.#input(next);
    this.#states = new StateTransfer({
      ...parts,
      input,
      connections: this.#connections,
      epoch: () => this.#epoch,
      sendGatewayProgress: () => this.#sendGatewayProgress(),
      onOutputsRestored: () => {
        this.#keepsOutputs = true;
      },
      isRunning: () => this.#guestRuns && !this.#guestStopped && !this.#stopped,
    });
    this.#outside = new Outside({ ...parts, connections: this.#connections, input });
    parts.gate.onLeft((event) => {
      parts.durable?.store.left(event);
      this.#input({ type: 'outputs-left', event });
    });
    parts.durable?.attach({
      pause: this.#pause,
      onSynced: () => this.#release(),
      exportOutputs: () => this.#states.exportOutputs(),
      onFailed: (reason) => this.#input({ type: 'durable-failed', reason }),
    });
  }

  /** Epoch of the newest record this replica has written; 0 while it never had to. */
  get epoch(): number {
    return this.#epoch;
  }

  start(): void {
    const { config, timers, guest } = this.#parts;
    const stopTicking = timers.every(Math.max(1, config.heartbeatMs / 2), () => {
      this.#input({ type: 'executed', position: guest.executed });
      this.#input({ type: 'tick' });
      this.#parts.durable?.tick();
      this.#tickGateways();
    });
    this.#cancels.push(stopTicking);
    this.#input({ type: 'start' });
  }

  /** Leaves in good order: a primary hands over, a backup says good-bye. `onStop` follows. */
  shutdown(): void {
    this.#input({ type: 'shutdown' });
  }

  status(): ReplicaStatus {
    const { config, guest, durable } = this.#parts;
    return {
      id: config.id,
      service: config.service,
      role: this.#replica.role,
      epoch: this.#replica.epoch,
      members: this.#replica.announced?.members.map((member) => member.id) ?? this.#members,
      logAddress: config.logAddress,
      ...guest.executed,
      releasedEvent: this.#releasedEvent,
      ...this.#replica.newcomers,
      ...(durable && { durable: durable.status }),
    };
  }

  switchOver(report: StopReport): string | undefined {
    const { role, primaryAddress } = this.#replica;
    if (role !== 'primary') return `it is a ${role}; ask the primary, at ${primaryAddress} when it joined`;
    if (this.#members.length < 2) return 'it has no backup to hand over to';
    this.#stopReports.push(report);
    this.shutdown();
    return undefined;
  }

  snapshot(sink: SnapshotSink): SnapshotReceiver | string {
    return this.#states.snapshot(sink);
  }

  /** A peer, a gateway or an operator has connected to this replica's log address. */
  accept(channel: Channel): void {
    this.#connections.accept(channel);
  }

  /** A datagram has arrived. */
  heartbeat(payload: Uint8Array): void {
    const message = decodeDatagram(payload);
    if (message?.type === 'heartbeat') this.#input({ type: 'heartbeat', message });
  }

  /** The live guest has logged a batch. */
  guestBatch(firstEvent: number, lastEvent: number, counter: number, batch: Uint8Array): void {
    if (!this.#guestStopped && !this.#stopped) this.#parts.durable?.append(firstEvent, lastEvent, counter, batch);
    this.#input({ type: 'log', firstEvent, lastEvent, counter, batch });
  }

  guestLive(streams: readonly AdoptedStream[]): void {
    const { clients, timers, recovery, durable } = this.#parts;
    const serve = (): void => clients.guestLive(this.#epoch, streams, timers.now() + clients.gateways.absentMs);
    if (recovery?.lacksEnd) durable?.clearDoubt(abandonStreams(clients.gateways, streams, serve));
    else if (this.#allowedEvent >= this.#givenEvent) serve();
    else this.#serving.wait(this.#givenEvent, streams, serve);
    this.#opening?.guestLive(clients.gateways.streams.size > 0);
    this.#input({ type: 'guest-live' });
  }

  onState(capture: number, piece: Uint8Array, last: boolean): void {
    this.#states.onState(capture, piece, last);
  }

  onCaptured(capture: number, event: number, counter: number, cost: CaptureCost): void {
    this.#states.onCaptured(capture, event, counter, cost);
  }

  onCaptureFailed(capture: number, reason: string, retry: boolean): void {
    this.#states.onCaptureFailed(capture, reason, retry);
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

  #serveCaller(type: FrameType, channel: Channel): ChannelHandlers {
    const { clients, timers } = this.#parts;
    return type === FrameType.Gateway ? serveGateway(clients.gateways, channel, timers) : serveControl(this, channel);
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
    const { guest, gate, durable } = this.#parts;
    switch (effect.type) {
      case 'send':
        return this.#connections.send(effect.peer, effect.message);
      case 'release':
        return this.#serving.allowed(effect.event, (event) => this.#allow(event));
      case 'append-to-guest':
        this.#givenEvent = effect.lastEvent;
        durable?.append(effect.firstEvent, effect.lastEvent, effect.counter, effect.batch);
        return guest.batch(effect.batch);
      case 'trim':
        durable?.store.left(effect.event);
        return gate.trim(effect.event);
      case 'throttle':
        guest.throttle = effect.level;
        return;
      case 'pause-log':
        return this.#pause.set('log', true);
      case 'resume-log':
        return this.#pause.set('log', false);
      case 'start-guest':
        return this.#startGuest(effect.mode);
      case 'go-live':
        return this.#goLive();
      case 'recover':
        return this.#recover(effect.complete);
      case 'stop-guest':
        this.#guestStopped = true;
        return guest.stop(HANDED_OVER_MS);
      case 'stop':
        return this.#stop(effect);
      case 'event':
        return this.#event(effect);
      case 'connect':
      case 'close':
      case 'heartbeat':
      case 'probe':
      case 'arbiter-prepare':
      case 'arbiter-read':
      case 'arbiter-cas':
        return this.#outside.ask(effect);
      case 'restore-outputs':
        this.#givenEvent = effect.event;
        return this.#states.carryOut(effect);
      default:
        return this.#states.carryOut(effect);
    }
  }

  #event({ name, level, fields }: Extract<Effect, { type: 'event' }>): void {
    if (name === 'epoch-won') {
      this.#epoch = fields['epoch'] as number;
      this.#members = fields['members'] as string[];
      this.#parts.clients.gateways.raiseEpoch(this.#epoch);
      this.#parts.durable?.store.epoch(this.#epoch);
    }
    if (name === 'guest-exit' && this.#replica.role === 'primary') this.#guestExitCode = fields['exitCode'] as number;
    if (name === 'handing-over') this.#successor = fields['id'] as string;
    this.#parts.onEvent(name, level, fields);
  }

  #startGuest(mode: 'live' | 'replay'): void {
    const { clients, guest, durable } = this.#parts;
    this.#keepsOutputs = true;
    durable?.startGuest();
    if (mode === 'live') {
      clients.listeners.serve(this.#epoch);
      // A guest that starts has no streams yet.
      clients.guestLive(this.#epoch, [], 0);
    }
    guest.start(mode);
    this.#guestRuns = true;
  }

  #allow(event: number): void {
    this.#allowedEvent = event;
    this.#release();
  }

  /** R1: what the protocol lets go leaves, once the disk has it if it is to wait for that. */
  #release(): void {
    const { durable, gate } = this.#parts;
    const event = durable?.releasable(this.#allowedEvent) ?? this.#allowedEvent;
    if (event <= this.#releasedEvent) return;
    this.#releasedEvent = event;
    gate.release(event);
  }

  /** The guest replays what was found on disk, then goes live. */
  #recover(endKnown: boolean): void {
    this.#keepsOutputs = true;
    if (!endKnown) this.#parts.durable?.store.doubt(true);
    this.#parts.recovery!.begin(endKnown).then(
      () => {
        if (this.#stopped) return;
        this.#parts.durable?.startGuest();
        this.#guestRuns = true;
        this.#goLive();
      },
      (error: Error) => this.#input({ type: 'durable-failed', reason: error.message }),
    );
  }

  #goLive(): void {
    const { clients, guest, timers, onEvent } = this.#parts;
    guest.goLive();
    this.#opening = openClients(clients.listeners, this.#epoch, timers, onEvent);
  }

  #tickGateways(): void {
    const { clients, timers } = this.#parts;
    if (!clients.gateways.live) return;
    clients.gateways.tick(timers.now());
    this.#sendGatewayProgress();
  }

  #sendGatewayProgress(): void {
    const { clients } = this.#parts;
    const payload = progressPayload(clients.gateways);
    if (payload === undefined) return;
    this.#parts.durable?.store.progress(payload);
    this.#states.progress(payload);
    this.#connections.sendGatewayProgress(this.#epoch, payload);
  }

  #stop({ reason, exitCode, mayRejoin }: Omit<ReplicaStop, 'handedOver'>): void {
    this.#stopped = true;
    this.#states.stop(`it stops: ${reason}`);
    this.#parts.recovery?.stop();
    for (const cancel of this.#cancels) cancel();
    this.#opening?.cancel();
    for (const report of this.#stopReports) report(reason, exitCode, this.#successor);
    const leave = (): void => {
      this.#connections.close();
      this.#parts.onStop({ reason, exitCode, mayRejoin, handedOver: this.#successor !== undefined });
    };
    const { clients, timers } = this.#parts;
    const lostEpoch = exitCode === EXIT_CODES.lostEpoch;
    if (exitCode === this.#guestExitCode && !lostEpoch) lingerForGateways(clients.gateways, this.#epoch, timers, leave);
    else if (this.#successor !== undefined) timers.after(HANDED_OVER_MS, leave);
    else leave();
  }
}
