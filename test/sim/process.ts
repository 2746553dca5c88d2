/**
 * One simulated process: the real Replica, and the runtime's driver in small. It can be paused like a process that got
 * SIGSTOP: what arrives meanwhile waits, and its clock goes on.
 */
import { Replica } from '../../src/replica/replica.js';
import type { Effect, Input, LogBatch, ReplicaConfig } from '../../src/replica/types.js';
import { Outputs } from './outputs.js';
import { COUNTER_PER_EVENT, ToyGuest } from './toy-guest.js';
import type { World } from './world.js';

const TICK_MS = 20;

export type End =
  | { readonly how: 'killed' }
  | { readonly how: 'stopped'; readonly exitCode: number; readonly reason: string };

export class SimProcess {
  readonly guest = new ToyGuest();
  readonly id: string;
  readonly incarnation: string;
  end: End | undefined;
  /** True from the start of a live guest, or from go-live on. */
  live = false;
  readonly #world: World;
  readonly #replica: Replica;
  readonly #outputs: Outputs;
  /** This process's clock runs at its own speed from its own zero. */
  readonly #clockRate: number;
  readonly #clockZero: number;
  #paused = false;
  readonly #waiting: (() => void)[] = [];
  readonly #inbox: Input[] = [];
  #stepping = false;
  readonly #replayQueue: (LogBatch | 'go-live')[] = [];
  #replaying = false;
  #logPaused = false;
  #guestStopped = false;
  #throttle = 0;

  constructor(world: World, config: ReplicaConfig) {
    this.#world = world;
    this.id = config.id;
    this.incarnation = config.incarnation;
    this.#replica = new Replica(config);
    this.#outputs = new Outputs(world, this);
    this.#clockRate = world.random.between(0.98, 1.02);
    this.#clockZero = world.random.between(0, 10_000);
  }

  get name(): string {
    return `${this.id}/${this.incarnation}`;
  }

  get running(): boolean {
    return this.end === undefined;
  }

  start(): void {
    this.deliver({ type: 'start' });
    this.#tick();
  }

  /** Now, or when the process runs again. */
  deliver(input: Input): void {
    this.whenRunning(() => this.#enqueue(input));
  }

  whenRunning(action: () => void): void {
    if (this.end !== undefined) return;
    if (this.#paused) this.#waiting.push(action);
    else action();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    // A real event loop may look at its timers or at its sockets first.
    const tickFirst = this.#world.random.chance(0.5);
    if (tickFirst) this.deliver({ type: 'tick' });
    for (const action of this.#waiting.splice(0)) this.whenRunning(action);
  }

  /** `gently`: the kernel ends the connections; otherwise the host is gone. */
  kill(gently: boolean): void {
    if (this.end !== undefined) return;
    this.end = { how: 'killed' };
    if (gently) this.#world.network.endAllOf(this);
    else this.#world.network.vanish(this);
  }

  #tick(): void {
    if (this.end !== undefined) return;
    if (!this.#paused) this.#enqueue({ type: 'tick' });
    this.#world.scheduler.after(TICK_MS, () => this.#tick());
  }

  /** Inputs that arise while effects are carried out wait for their turn, as in the real driver. */
  #enqueue(input: Input): void {
    this.#inbox.push(input);
    if (this.#stepping) return;
    this.#stepping = true;
    for (let next = this.#inbox.shift(); next !== undefined; next = this.#inbox.shift()) this.#step(next);
    this.#stepping = false;
  }

  #step(input: Input): void {
    if (this.end !== undefined) return;
    const nowMs = this.#clockZero + this.#world.scheduler.nowMs * this.#clockRate;
    const effects = this.#replica.step(input, nowMs);
    this.#world.trace(this, input, effects);
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: Effect): void {
    const { network } = this.#world;
    switch (effect.type) {
      case 'connect':
        this.#world.dial(this, effect.address);
        break;
      case 'send':
        network.send(effect.peer, effect.message);
        break;
      case 'close':
        network.close(effect.peer, effect.reason);
        break;
      case 'heartbeat':
        this.#world.datagram(this, effect.address, effect.message);
        break;
      case 'probe':
        this.#world.probe(this, effect.address);
        break;
      case 'arbiter-read':
      case 'arbiter-cas':
        this.#world.askArbiter(this, effect);
        break;
      case 'release':
        this.#world.checker.released(this, effect.event);
        this.#outputs.release(effect.event);
        break;
      case 'trim':
        this.#outputs.trim(effect.event);
        break;
      case 'stop':
        this.#stop(effect);
        break;
      default:
        this.#carryOutForGuest(effect);
    }
  }

  #carryOutForGuest(effect: Effect): void {
    switch (effect.type) {
      case 'start-guest':
        if (effect.mode === 'live') this.#goLive();
        break;
      case 'append-to-guest':
        this.#replayQueue.push(effect);
        this.#replaySoon();
        break;
      case 'go-live':
        this.#replayQueue.push('go-live');
        this.#replaySoon();
        break;
      case 'pause-log':
        this.#logPaused = true;
        break;
      case 'resume-log':
        this.#logPaused = false;
        break;
      case 'throttle':
        this.#throttle = effect.level;
        break;
      case 'stop-guest':
        this.live = false;
        this.#guestStopped = true;
        break;
      default:
        break;
    }
  }

  #stop(effect: Effect & { type: 'stop' }): void {
    this.end = { how: 'stopped', exitCode: effect.exitCode, reason: effect.reason };
    this.#world.network.endAllOf(this);
  }

  #goLive(): void {
    if (this.#guestStopped) return;
    this.live = true;
    if (!this.#guestEnded()) this.#produceSoon();
  }

  #produceSoon(): void {
    const delayMs = this.#world.random.between(0.5, 12) * (1 + 4 * this.#throttle);
    this.#world.scheduler.after(delayMs, () => this.whenRunning(() => this.#produce()));
  }

  /** The live guest executes a few events, unless it has been stopped or waits. */
  #produce(): void {
    if (!this.live) return;
    if (!this.#logPaused) {
      const { random, guestEvents } = this.#world;
      const firstEvent = this.guest.event + 1;
      const count = Math.min(random.whole(1, 3), guestEvents - this.guest.event);
      const batch = this.guest.run(Array.from({ length: count }, () => random.word()));
      const lastEvent = this.guest.event;
      this.deliver({ type: 'log', firstEvent, lastEvent, counter: lastEvent * COUNTER_PER_EVENT, batch });
      this.#outputs.executed();
    }
    if (!this.#guestEnded()) this.#produceSoon();
  }

  #replaySoon(): void {
    if (this.#replaying) return;
    this.#replaying = true;
    this.#world.scheduler.after(this.#world.random.between(0.1, 6), () => this.whenRunning(() => this.#replayAll()));
  }

  #replayAll(): void {
    this.#replaying = false;
    if (this.#guestStopped) return;
    for (const item of this.#replayQueue.splice(0)) {
      if (item === 'go-live') {
        this.#world.checker.wentLive(this);
        this.deliver({ type: 'guest-live' });
        this.#goLive();
      } else this.#replay(item);
    }
  }

  #replay(item: LogBatch): void {
    this.#world.checker.replayed(this, this.guest.replay(item.batch));
    this.deliver({ type: 'executed', position: { event: item.lastEvent, counter: item.counter } });
    this.#outputs.executed();
    this.#guestEnded();
  }

  /** Tells the replica if the guest has come to its end. */
  #guestEnded(): boolean {
    const ended = this.guest.event >= this.#world.guestEvents;
    if (ended) {
      const outcome = { exitCode: this.#world.guestExitCode, description: 'exited' };
      this.deliver({ type: 'guest-exit', outcome });
    }
    return ended;
  }
}
