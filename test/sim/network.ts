/**
 * The simulated network. Connections keep order and lose nothing until they break; datagrams are lost, doubled and
 * overtake each other. A blocked link holds a connection's bytes back and drops datagrams, in one direction.
 */
import { decodeHeartbeat, decodeMessage, encodeMessage } from '../../src/replica/codec.js';
import type { Heartbeat, Message } from '../../src/replica/messages.js';
import type { PeerId } from '../../src/replica/types.js';
import type { SimProcess } from './process.js';
import type { Random } from './random.js';
import type { Scheduler } from './scheduler.js';

const BLOCKED_RETRY_MS = 4;

type Item = { readonly kind: 'bytes'; readonly bytes: Uint8Array } | { readonly kind: 'end'; readonly reason: string };

/** One direction of a connection. */
interface Pipe {
  readonly from: SimProcess;
  readonly to: SimProcess;
  /** The connection's number on the receiving side. */
  readonly peer: PeerId;
  readonly items: Item[];
  moving: boolean;
  dead: boolean;
}

export class Network {
  /** Share of datagrams that are lost, and as many that are doubled. */
  datagramLoss = 0;
  delayMsMax = 1;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #blocked = new Set<string>();
  /** Outgoing pipe by the number of the sending side. */
  readonly #pipes = new Map<PeerId, Pipe>();
  #nextPeer = 1;

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

  healAll(): void {
    this.#blocked.clear();
  }

  reaches(from: string, to: string): boolean {
    return !this.#blocked.has(`${from}>${to}`);
  }

  delayMs(): number {
    // Mostly quick, sometimes slow: a queue somewhere.
    return this.#random.between(0.05, this.#random.chance(0.05) ? 20 * this.delayMsMax : this.delayMsMax);
  }

  /** The dialling side learns of the connection first. */
  connect(dialler: SimProcess, listener: SimProcess): void {
    const [near, far] = [this.#nextPeer, this.#nextPeer + 1];
    this.#nextPeer += 2;
    this.#pipes.set(near, { from: dialler, to: listener, peer: far, items: [], moving: false, dead: false });
    this.#pipes.set(far, { from: listener, to: dialler, peer: near, items: [], moving: false, dead: false });
    listener.deliver({ type: 'peer-connected', peer: far, dialled: false });
    dialler.deliver({ type: 'peer-connected', peer: near, dialled: true });
  }

  send(peer: PeerId, message: Message): void {
    this.#put(peer, { kind: 'bytes', bytes: encodeMessage(message) });
  }

  /** Orderly: what was sent before arrives first. Nothing more is delivered to the closing side. */
  close(peer: PeerId, reason: string): void {
    this.#put(peer, { kind: 'end', reason });
    const pipe = this.#pipes.get(peer);
    if (pipe !== undefined) this.#reverse(pipe).dead = true;
  }

  datagram(from: SimProcess, to: SimProcess, message: Heartbeat): void {
    const bytes = encodeMessage(message);
    const copies = this.#random.chance(this.datagramLoss) ? 0 : this.#random.chance(this.datagramLoss) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      this.#scheduler.after(this.delayMs(), () => {
        if (this.reaches(from.id, to.id)) to.deliver({ type: 'heartbeat', message: decodeHeartbeat(bytes) });
      });
    }
  }

  /** The process was killed: the kernel still sends what was written, then ends its connections. */
  endAllOf(process: SimProcess): void {
    for (const [peer, pipe] of this.#pipes) if (pipe.from === process) this.close(peer, 'connection ended');
  }

  /** The host lost power: connections neither carry anything nor end. */
  vanish(process: SimProcess): void {
    for (const pipe of this.#pipes.values()) if (pipe.from === process || pipe.to === process) pipe.dead = true;
  }

  /** Breaks all connections of a process under way; each side notices in its own time. */
  breakAllOf(process: SimProcess, reason: string): void {
    for (const pipe of this.#pipes.values()) {
      if (pipe.dead || (pipe.from !== process && pipe.to !== process)) continue;
      pipe.dead = true;
      this.#scheduler.after(this.#random.between(0, this.#random.chance(0.2) ? 300 : 5), () => {
        pipe.to.deliver({ type: 'peer-closed', peer: pipe.peer, reason });
      });
    }
  }

  #reverse(pipe: Pipe): Pipe {
    return this.#pipes.get(pipe.peer) as Pipe;
  }

  #put(peer: PeerId, item: Item): void {
    const pipe = this.#pipes.get(peer);
    if (pipe === undefined || pipe.dead) return;
    pipe.items.push(item);
    if (!pipe.moving) this.#move(pipe, this.delayMs());
  }

  #move(pipe: Pipe, delayMs: number): void {
    pipe.moving = true;
    this.#scheduler.after(delayMs, () => this.#arrive(pipe));
  }

  /** Everything that has gathered arrives together, as one read from a socket would. */
  #arrive(pipe: Pipe): void {
    pipe.moving = false;
    if (pipe.dead) return;
    if (!this.reaches(pipe.from.id, pipe.to.id)) {
      this.#move(pipe, BLOCKED_RETRY_MS);
      return;
    }
    for (const item of pipe.items.splice(0)) {
      if (pipe.dead) return;
      if (item.kind === 'end') {
        pipe.dead = true;
        this.#reverse(pipe).dead = true;
        pipe.to.deliver({ type: 'peer-closed', peer: pipe.peer, reason: item.reason });
      } else {
        pipe.to.deliver({ type: 'message', peer: pipe.peer, message: decodeMessage(item.bytes) });
      }
    }
  }
}
