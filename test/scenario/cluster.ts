/**
 * A handful of replicas on a manual network: nothing moves and no time passes unless a command says so. Everything
 * that a replica does is written down, heartbeats excepted.
 */
import { MemoryArbiter } from '../../src/arbiter/memory.js';
import { Replica } from '../../src/replica/replica.js';
import {
  type ArbiterResult,
  type Effect,
  type Input,
  type PeerId,
  REPLICA_DEFAULTS,
  type ReplicaConfig,
} from '../../src/replica/types.js';
import { describeEffect } from './describe.js';

/** How the arbiter answers: at once, not at all for now, or with the next reply lost after it took effect. */
export type ArbiterMode = 'up' | 'away' | 'lose-reply';

interface Node {
  readonly id: string;
  readonly replica: Replica;
  readonly waiting: Input[];
  alive: boolean;
  /** Like SIGSTOP: inputs wait. */
  paused: boolean;
  /** Numbers of its open connections and whom they reach. */
  readonly links: Map<PeerId, { readonly to: Node; readonly farPeer: PeerId }>;
}

/** Something under way between two processes. */
interface Parcel {
  readonly from: string;
  readonly to: string;
  readonly arrive: () => void;
}

export class Cluster {
  nowMs = 1_000;
  arbiterMode: ArbiterMode = 'up';
  readonly arbiter = new MemoryArbiter();
  readonly #nodes = new Map<string, Node>();
  readonly #cuts = new Set<string>();
  readonly #lines: string[] = [];
  #parcels: Parcel[] = [];
  #nextPeer = 1;

  /** What has happened since the last call. */
  takeLines(): string[] {
    return this.#lines.splice(0);
  }

  /** Starts a replica; a dead one of the same id is replaced. */
  add(id: string, options: Partial<ReplicaConfig>): void {
    const incarnation = this.#nodes.has(id) ? `${Number(this.#node(id).replica.config.incarnation) + 1}` : '1';
    const fixed = { id, incarnation, service: 'kv', manifest: { module: 'm1' }, logAddress: id };
    const config: ReplicaConfig = { ...REPLICA_DEFAULTS, ...fixed, role: 'primary', ...options };
    const node: Node = { id, replica: new Replica(config), waiting: [], alive: true, paused: false, links: new Map() };
    this.#nodes.set(id, node);
    this.#step(node, { type: 'start' });
  }

  input(id: string, input: Input): void {
    this.#step(this.#node(id), input);
  }

  /** Lets time pass in steps of a heartbeat; messages keep flowing. */
  pass(ms: number): void {
    const untilMs = this.nowMs + ms;
    while (this.nowMs < untilMs) {
      this.nowMs = Math.min(untilMs, this.nowMs + REPLICA_DEFAULTS.heartbeatMs);
      for (const node of [...this.#nodes.values()]) if (!node.paused) this.#step(node, { type: 'tick' });
      this.run();
    }
  }

  /** Delivers everything that is under way until nothing moves any more. */
  run(): void {
    for (;;) {
      const moving = this.#parcels.filter((parcel) => !this.#isCut(parcel.from, parcel.to));
      if (moving.length === 0) return;
      this.#parcels = this.#parcels.filter((parcel) => this.#isCut(parcel.from, parcel.to));
      for (const parcel of moving) parcel.arrive();
    }
  }

  /** The process dies; its kernel ends the connections. */
  kill(id: string): void {
    const node = this.#node(id);
    node.alive = false;
    this.#closeAll(node, 'connection reset');
  }

  /** Holds back what goes from one to the other; the opposite direction stays. */
  cut(from: string, to: string): void {
    this.#cuts.add(`${from}>${to}`);
  }

  heal(): void {
    this.#cuts.clear();
  }

  /** Breaks the connections between two replicas; each learns of it separately. */
  reset(a: string, b: string): void {
    const node = this.#node(a);
    for (const [peer, link] of [...node.links]) {
      if (link.to.id !== b) continue;
      node.links.delete(peer);
      link.to.links.delete(link.farPeer);
      this.#step(node, { type: 'peer-closed', peer, reason: 'connection reset' });
      this.#step(link.to, { type: 'peer-closed', peer: link.farPeer, reason: 'connection reset' });
    }
  }

  pause(id: string): void {
    this.#node(id).paused = true;
  }

  resume(id: string): void {
    const node = this.#node(id);
    node.paused = false;
    for (const input of node.waiting.splice(0)) this.#step(node, input);
  }

  #node(id: string): Node {
    const node = this.#nodes.get(id);
    if (node === undefined) throw new Error(`there is no replica ${JSON.stringify(id)}`);
    return node;
  }

  #step(node: Node, input: Input): void {
    if (!node.alive) return;
    if (node.paused) {
      node.waiting.push(input);
      return;
    }
    for (const effect of node.replica.step(input, this.nowMs)) this.#carryOut(node, effect);
  }

  #carryOut(node: Node, effect: Effect): void {
    const peerName = (peer: PeerId): string => node.links.get(peer)?.to.id ?? 'nobody';
    const line = describeEffect(effect, peerName);
    if (line !== undefined) this.#lines.push(`${node.id} ${line}`);
    switch (effect.type) {
      case 'connect':
        this.#send(node.id, effect.address, () => this.#connect(node, effect.address));
        break;
      case 'probe':
        this.#send(node.id, effect.address, () => {
          const gone = !this.#node(effect.address).alive;
          this.#step(node, { type: 'probe-result', address: effect.address, gone });
        });
        break;
      case 'send':
        this.#sendMessage(node, effect);
        break;
      case 'heartbeat':
        this.#send(node.id, effect.address, () => {
          this.#step(this.#node(effect.address), { type: 'heartbeat', message: effect.message });
        });
        break;
      case 'close':
        this.#close(node, effect.peer, effect.reason);
        break;
      case 'arbiter-read':
      case 'arbiter-cas':
        this.#send(node.id, 'arbiter', () => this.#askArbiter(node, effect));
        break;
      case 'stop':
        node.alive = false;
        this.#closeAll(node, 'connection closed');
        break;
      default:
        break;
    }
  }

  #connect(dialler: Node, address: string): void {
    const listener = this.#nodes.get(address);
    if (!listener?.alive) {
      this.#step(dialler, { type: 'connect-failed', address, reason: 'connection refused' });
      return;
    }
    const [near, far] = [this.#nextPeer, this.#nextPeer + 1];
    this.#nextPeer += 2;
    dialler.links.set(near, { to: listener, farPeer: far });
    listener.links.set(far, { to: dialler, farPeer: near });
    this.#step(listener, { type: 'peer-connected', peer: far, dialled: false });
    this.#step(dialler, { type: 'peer-connected', peer: near, dialled: true, address });
  }

  #sendMessage(node: Node, effect: Effect & { type: 'send' }): void {
    const link = node.links.get(effect.peer);
    if (link === undefined) return;
    this.#send(node.id, link.to.id, () => {
      if (!link.to.links.has(link.farPeer)) return;
      this.#step(link.to, { type: 'message', peer: link.farPeer, message: effect.message });
    });
  }

  #close(node: Node, peer: PeerId, reason: string): void {
    const link = node.links.get(peer);
    if (link === undefined) return;
    node.links.delete(peer);
    this.#send(node.id, link.to.id, () => {
      if (link.to.links.delete(link.farPeer)) this.#step(link.to, { type: 'peer-closed', peer: link.farPeer, reason });
    });
  }

  #closeAll(node: Node, reason: string): void {
    for (const peer of [...node.links.keys()]) this.#close(node, peer, reason);
  }

  #askArbiter(node: Node, effect: Effect & { type: 'arbiter-read' | 'arbiter-cas' }): void {
    const mode = this.arbiterMode;
    let result: ArbiterResult = { kind: 'unreachable', message: 'no answer' };
    if (mode !== 'away') result = this.#applyToArbiter(effect);
    if (mode === 'lose-reply' && effect.type === 'arbiter-cas') {
      this.arbiterMode = 'up';
      result = { kind: 'unreachable', message: 'no answer' };
    }
    this.#step(node, { type: 'arbiter-result', requestId: effect.requestId, result });
  }

  #applyToArbiter(effect: Effect & { type: 'arbiter-read' | 'arbiter-cas' }): ArbiterResult {
    if (effect.type === 'arbiter-read') return { kind: 'read', current: this.arbiter.state };
    const result = this.arbiter.apply(effect.expectedGeneration, effect.record);
    return result.won ? { kind: 'won', generation: result.generation } : { kind: 'lost', current: result.current };
  }

  #send(from: string, to: string, arrive: () => void): void {
    this.#parcels.push({ from, to, arrive });
  }

  #isCut(from: string, to: string): boolean {
    return this.#cuts.has(`${from}>${to}`);
  }
}
