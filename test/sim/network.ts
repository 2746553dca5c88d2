/**
 * The simulated network. Connections keep order and lose nothing until they break; datagrams are lost, doubled and
 * overtake each other. A blocked link holds a connection's bytes back and drops datagrams, in one direction.
 */
import { ChannelError } from '../../src/errors.js';
import type { Channel } from '../../src/transport/channel.js';
import type { Frame } from '../../src/transport/frame.js';
import { SimChannel } from './channel.js';
import type { Host } from './host.js';
import type { Random } from './random.js';
import type { Scheduler } from './scheduler.js';

const BLOCKED_RETRY_MS = 4;
const RETRANSMIT_MS = 50;
const DIAL_TIMEOUT_MS = 100;
/** TCP asks after the other end of an idle connection; a host that has been started again denies all knowledge of it. */
const KEEP_ALIVE_MS = 2_000;

/** A process that takes connections and datagrams. Ids of hosts are their addresses. */
export interface Server {
  readonly host: Host;
  onChannel(channel: Channel): void;
  onDatagram(payload: Uint8Array): void;
}

export class Network {
  /** Share of datagrams that are lost, and as many that are doubled. */
  datagramLoss = 0;
  delayMsMax = 1;
  /** Hears of each frame between two hosts before it is handed over. */
  onFrame: (from: Host, to: Host, frame: Frame) => void = () => {};
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #blocked = new Set<string>();
  /** Hosts whose connections to others carry nothing for now; datagrams pass. */
  readonly #stalled = new Set<string>();
  /** The newest process under each address, dead or alive. */
  readonly #servers = new Map<string, Server>();
  #channels: SimChannel[] = [];

  constructor(scheduler: Scheduler, random: Random) {
    this.#scheduler = scheduler;
    this.#random = random;
  }

  block(from: string, to: string): void {
    this.#blocked.add(`${from}>${to}`);
  }

  unblock(from: string, to: string): void {
    this.#blocked.delete(`${from}>${to}`);
  }

  stall(from: string): void {
    this.#stalled.add(from);
  }

  unstall(from: string): void {
    this.#stalled.delete(from);
  }

  healAll(): void {
    this.#blocked.clear();
    this.#stalled.clear();
  }

  reaches(from: string, to: string): boolean {
    return !this.#blocked.has(`${from}>${to}`);
  }

  delayMs(): number {
    // Mostly quick, sometimes slow: a queue somewhere.
    return this.#random.between(0.05, this.#random.chance(0.05) ? 20 * this.delayMsMax : this.delayMsMax);
  }

  listen(server: Server): void {
    this.#servers.set(server.host.id, server);
  }

  dial(from: Host, address: string): Promise<Channel> {
    return new Promise((resolve, reject) => {
      const fail = (reason: string) => () => reject(new ChannelError('FTW_CHANNEL', `${address}: ${reason}`));
      this.#scheduler.after(this.delayMs(), () => {
        const server = this.#servers.get(address);
        if (!this.#bothWays(from.id, address) || vanished(server)) {
          this.#scheduler.after(DIAL_TIMEOUT_MS, () => from.whenRunning(fail('timed out')));
        } else if (server === undefined || !server.host.running) {
          from.whenRunning(fail('connection refused'));
        } else if (from.running) from.whenRunning(() => resolve(this.#connect(from, server)));
      });
    });
  }

  /** Whether a connection to `address` is refused: a machine that is there, and no process. */
  isGone(from: Host, address: string): Promise<boolean> {
    return new Promise((resolve) => {
      this.#scheduler.after(this.delayMs(), () => {
        const server = this.#servers.get(address);
        const dead = server !== undefined && !server.host.running && !vanished(server);
        const refused = this.#bothWays(from.id, address) && dead;
        const delayMs = refused ? this.delayMs() : DIAL_TIMEOUT_MS;
        this.#scheduler.after(delayMs, () => from.whenRunning(() => resolve(refused)));
      });
    });
  }

  datagram(from: Host, address: string, payload: Uint8Array): void {
    const server = this.#servers.get(address);
    if (server === undefined || !from.running) return;
    const copies = this.#random.chance(this.datagramLoss) ? 0 : this.#random.chance(this.datagramLoss) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      this.#scheduler.after(this.delayMs(), () => {
        if (this.reaches(from.id, address)) server.host.whenRunning(() => server.onDatagram(payload));
      });
    }
  }

  /** The process has ended: the kernel still sends what was written, then ends its connections. */
  endAllOf(host: Host): void {
    for (const channel of this.#channels) if (channel.host === host) channel.endByKernel();
    this.#channels = this.#channels.filter((channel) => channel.host !== host);
  }

  /** The host lost power: connections neither carry anything nor end. */
  vanish(host: Host): void {
    for (const channel of this.#channels) if (channel.host === host) channel.dead = true;
  }

  /** Breaks all connections of a process under way; each side notices in its own time. */
  breakAllOf(host: Host): void {
    for (const channel of this.#channels) {
      if (channel.dead || (channel.host !== host && channel.peer.host !== host)) continue;
      channel.dead = true;
      const delayMs = this.#random.between(0, this.#random.chance(0.2) ? 300 : 5);
      this.#scheduler.after(delayMs, () => channel.break('connection reset'));
    }
    this.#channels = this.#channels.filter((channel) => !channel.dead);
  }

  /** The dialling side learns of the connection first. */
  #connect(from: Host, server: Server): Channel {
    const move = (channel: SimChannel): void => this.#move(channel);
    const near = new SimChannel(from, server.host.id, move, (frame) => this.onFrame(server.host, from, frame));
    const far = new SimChannel(server.host, from.id, move, (frame) => this.onFrame(from, server.host, frame));
    near.peer = far;
    far.peer = near;
    this.#channels.push(near, far);
    for (const end of [near, far]) this.#keepAlive(end);
    this.#scheduler.after(this.delayMs(), () => server.host.whenRunning(() => server.onChannel(far)));
    return near;
  }

  #keepAlive(channel: SimChannel): void {
    this.#scheduler.after(KEEP_ALIVE_MS, () => {
      if (channel.dead || !channel.isOpen) return;
      this.#move(channel);
      this.#keepAlive(channel);
    });
  }

  #move(channel: SimChannel, delayMs = this.delayMs()): void {
    if (channel.moving || channel.dead) return;
    channel.moving = true;
    this.#scheduler.after(delayMs, () => this.#arrive(channel));
  }

  #arrive(channel: SimChannel): void {
    channel.moving = false;
    if (channel.dead) return;
    const to = channel.peer.host;
    if (!this.reaches(channel.host.id, to.id) || this.#stalled.has(channel.host.id)) {
      this.#move(channel, BLOCKED_RETRY_MS);
    } else if (to.running) {
      channel.peer.arrive(channel.takeOutgoing());
    } else if (vanished(this.#newest(to))) {
      this.#move(channel, RETRANSMIT_MS);
    } else {
      // Nobody has this connection any more: the kernel over there answers with a reset.
      channel.dead = true;
      channel.break('connection reset');
    }
  }

  /** Who answers for the machine of `host` now. */
  #newest(host: Host): { readonly host: Host } {
    return this.#servers.get(host.id) ?? { host };
  }

  #bothWays(a: string, b: string): boolean {
    return this.reaches(a, b) && this.reaches(b, a);
  }
}

function vanished(server: { readonly host: Host } | undefined): boolean {
  return server?.host.end?.how === 'killed' && server.host.end.vanished;
}
