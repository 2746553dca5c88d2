/** One simulated replica process: the real driver with everything behind it; guest thread, network and arbiter are simulated. */

import { ReplicaPort } from '../../src/gateway/replica-port.js';
import type { Entry } from '../../src/log/entry.js';
import { EXIT_CODES } from '../../src/replica/exit-codes.js';
import type { ReplicaConfig } from '../../src/replica/types.js';
import type { ClientPort } from '../../src/runtime/client-port.js';
import { Clients, type StreamOutput } from '../../src/runtime/clients.js';
import { ReplicaDriver, type ReplicaStop } from '../../src/runtime/driver.js';
import type { Output } from '../../src/runtime/held-outputs.js';
import { OutputGate } from '../../src/runtime/output-gate.js';
import type { CaptureEvents } from '../../src/runtime/ports.js';
import { Recovery } from '../../src/runtime/recovery.js';
import type { Channel } from '../../src/transport/channel.js';
import { ArbiterLink } from './arbiter-link.js';
import { beginDurable, type DurableLife } from './durable-life.js';
import { Host } from './host.js';
import type { Server } from './network.js';
import { ToyGuest, type ToyGuestEvents } from './toy-guest.js';
import { TRANSFER_EVENTS, type TransferStep } from './transfer-steps.js';
import type { World } from './world.js';

/** Clients come through gateways only. */
const NO_LISTENERS: ClientPort = {
  bind: async () => {},
  serve: () => {},
  emit: () => {},
  consumed: () => {},
  addresses: [],
  connections: 0,
  drained: async () => {},
  close: () => {},
};

const SLOWNESS = 60;

/** The real gate, with the checker looking at what leaves. */
class CheckedGate extends OutputGate {
  onRelease: (event: number) => void = () => {};

  override release(event: number): void {
    this.onRelease(event);
    super.release(event);
  }
}

/** A backup that keeps nothing for gateways: a mistake to be found. */
class ForgetfulClients extends Clients {
  override retain(_output: StreamOutput): void {}
}

/** A primary that hands its state on without the outputs that wait in it: a mistake to be found. */
class HastyGate extends CheckedGate {
  override get held(): Iterable<Output> {
    return [];
  }
}

export class ReplicaProcess extends Host implements Server {
  /** Run of the service in which its guest has exited. */
  exitedInRun: number | undefined;
  /** It is a backup and has not lost its primary. */
  following = false;
  /** The protocol has come to its end; gateways may still take output. */
  stopping = false;
  readonly role: ReplicaConfig['role'];
  readonly guest: ToyGuest;
  readonly port: ReplicaPort;
  /** Digest at each event that the guest has come to. */
  readonly digests: number[] = [0];
  /** True from the start of a live guest, or from go-live on. */
  live = false;
  readonly #world: World;
  #driver!: ReplicaDriver;
  readonly #clients: Clients;
  readonly #config: ReplicaConfig;
  readonly #gate: CheckedGate;
  #started = false;
  #leaving = false;
  #transferTo = '';

  /** `recover`: it goes on with what its disk has. */
  constructor(
    world: World,
    config: ReplicaConfig,
    readonly recover = false,
  ) {
    super(config.id, config.incarnation, world.scheduler, world.random);
    this.role = config.role;
    this.#config = config;
    this.#world = world;
    const { random } = world;
    const { guestRequests: requestsMax, mutation } = world.options;
    this.guest = new ToyGuest(this, random, {
      requestsMax,
      events: this.#guestEvents(),
      captureEvents: this.#captureEvents(),
      captureOffByOne: mutation === 'capture-off-by-one',
    });
    this.port = new ReplicaPort(config.service, this.guest);
    const Kind = mutation === 'backup-keeps-no-output' ? ForgetfulClients : Clients;
    this.#clients = new Kind(NO_LISTENERS, this.port);
    const Gate = mutation === 'held-outputs-forgotten' ? HastyGate : CheckedGate;
    this.#gate = new Gate(this.#clients, {
      write: (_fd, _bytes, done) => {
        this.scheduler.after(random.chance(0.1) ? 40 : 0.1, () => this.whenRunning(() => done?.()));
      },
    });
    this.#gate.onRelease = (event) => world.checker.released(this, event);
  }

  openWithoutDisk(): void {
    this.#assemble(this.#config, undefined);
  }

  /** Looks at its disk first. Resolves to whether there is a reason to start. */
  async open(): Promise<boolean> {
    const { outputAfter = 'fsync' } = this.#world.options;
    const onEvent = (name: string, _level: string, fields: Readonly<Record<string, unknown>>) =>
      this.#onEvent(name, fields);
    const parts = { world: this.#world, host: this, config: this.#config, guest: this.guest, outputAfter, onEvent };
    const life = await beginDurable({ ...parts, recover: this.recover });
    if (life === undefined) {
      this.end ??= { how: 'stopped', exitCode: EXIT_CODES.durable, reason: 'what its directory has is not to be used' };
      return false;
    }
    this.#assemble(this.#config, life);
    return true;
  }

  #assemble(config: ReplicaConfig, life: DurableLife | undefined): void {
    const world = this.#world;
    const onEvent = (name: string, _level: string, fields: Readonly<Record<string, unknown>>) =>
      this.#onEvent(name, fields);
    const { found, link } = life ?? {};
    const common = { guest: this.guest, gate: this.#gate, timers: this.timers, onEvent };
    const recovery = found && new Recovery({ ...found, ...common, port: this.#clients.gateways });
    const recovered = found && {
      recovered: {
        event: found.recovered.event,
        epoch: found.recovered.epoch,
        writers: found.recovered.header.writers,
      },
    };
    this.#driver = new ReplicaDriver({
      ...common,
      ...{ config: { ...config, ...recovered }, durable: link, recovery, clients: this.#clients },
      arbiter: new ArbiterLink(world, this),
      network: {
        dial: (address) => world.network.dial(this, address),
        isGone: (address) => world.network.isGone(this, address),
        heartbeat: (address, _epoch, payload) => world.network.datagram(this, address, payload),
        close: () => {},
      },
      onStop: (stop) => this.#stop(stop),
    });
  }

  get host(): Host {
    return this;
  }

  start(): void {
    this.#started = true;
    this.#driver.start();
  }

  onChannel(channel: Channel): void {
    this.#driver.accept(channel);
  }

  onDatagram(payload: Uint8Array): void {
    if (this.#started) this.#driver.heartbeat(payload);
  }

  /** SIGTERM. */
  shutdown(): void {
    this.#leaving = true;
    this.whenRunning(() => this.#started && this.#driver.shutdown());
  }

  /** The replay of a backup fails. */
  diverge(): void {
    if (!this.live) this.whenRunning(() => this.#started && this.#driver.guestDiverged('made to diverge'));
  }

  /** For a while everything takes its guest much longer. */
  slow(durationMs: number): void {
    this.guest.slowness = SLOWNESS;
    this.scheduler.after(durationMs, () => {
      this.guest.slowness = 1;
    });
  }

  /** `gently`: the kernel ends the connections; otherwise the host is gone. */
  kill(gently: boolean): void {
    if (!this.running) return;
    this.end = { how: 'killed', vanished: !gently };
    if (!gently) this.#world.powerFailed(this.id);
    if (gently) this.#world.network.endAllOf(this);
    else this.#world.network.vanish(this);
  }

  #guestEvents(): ToyGuestEvents {
    const { checker, options } = this.#world;
    return {
      batch: (first, last, counter, batch) => {
        this.#driver.guestBatch(first, last, counter, batch);
        if (options.mutation === 'release-before-acknowledgement') this.#gate.release(last);
      },
      output: (output) => this.#gate.push(output),
      consumed: (stream, bytes, event) => this.port.consumed(stream, bytes, event),
      live: (streams) => {
        this.live = true;
        checker.wentLive(this);
        this.#driver.guestLive(streams);
      },
      exit: (stopped) => {
        if (!stopped) for (const [id, times] of this.guest.program.executed) checker.executed(this, id, times);
        this.live = false;
        if (!stopped) this.exitedInRun = checker.runs;
        this.#driver.guestExit({ exitCode: stopped ? 0 : this.#world.guestExitCode, description: 'exited' });
      },
      logged: (entry: Entry, event) => {
        this.digests[event] = entry.digest;
        checker.logged(this, event, entry.digest);
      },
    };
  }

  #captureEvents(): CaptureEvents {
    return {
      onState: (capture, piece, last) => {
        this.#driver.onState(capture, piece, last);
        this.#reached('piece');
      },
      onCaptured: (capture, event, counter, cost) => this.#driver.onCaptured(capture, event, counter, cost),
      onCaptureFailed: (capture, reason, retry) => this.#driver.onCaptureFailed(capture, reason, retry),
    };
  }

  #onEvent(name: string, fields: Readonly<Record<string, unknown>>): void {
    this.#world.note(`${this.name} ${name} ${JSON.stringify(fields)}`);
    if (name === 'recovering') this.#world.recovers(fields['lastEvent'] as number, fields['complete'] === true);
    if (name === 'stopped') this.stopping = true;
    if (name === 'ready') this.following = fields['role'] === 'backup';
    if (name === 'primary-lost') this.following = false;
    if (name === 'guest-started' && fields['mode'] === 'live') this.live = true;
    const step = TRANSFER_EVENTS[name];
    if (step === undefined) return;
    this.#transferTo = fields['id'] as string;
    this.#reached(step);
  }

  #reached(step: TransferStep): void {
    this.#world.reached(step, this.id, this.#transferTo);
  }

  /** The process goes on with a fresh guest where it may, as the real one does. */
  #stop({ reason, exitCode, mayRejoin }: ReplicaStop): void {
    this.live = false;
    this.end = { how: 'stopped', exitCode, reason };
    this.#world.network.endAllOf(this);
    if (mayRejoin && !this.#leaving) this.scheduler.after(1, () => this.#world.rejoin(this));
  }
}
