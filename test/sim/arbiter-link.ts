/** One process's way to the arbiter: requests and answers get lost, come late, or are overtaken by a timeout. */
import {
  type Arbiter,
  type ArbiterRecord,
  type ArbiterState,
  ArbiterUnreachableError,
  type CompareAndSetResult,
} from '../../src/arbiter/arbiter.js';
import type { Host } from './host.js';
import type { World } from './world.js';

export const ARBITER = 'arbiter';
const LATE_MS = 300;

export class ArbiterLink implements Arbiter {
  readonly #world: World;
  readonly #host: Host;

  constructor(world: World, host: Host) {
    this.#world = world;
    this.#host = host;
  }

  read(): Promise<ArbiterState | undefined> {
    return this.#ask(() => this.#world.arbiter.state);
  }

  compareAndSet(expectedGeneration: number, record: ArbiterRecord): Promise<CompareAndSetResult> {
    this.#world.proposed(this.#host, record);
    return this.#ask(() => this.#world.compareAndSet(this.#host, expectedGeneration, record));
  }

  /** A late request takes effect although nobody waits for its answer any more. */
  #ask<T>(apply: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const lost = () => reject(new ArbiterUnreachableError('no answer; whether it took effect is unknown'));
      this.#travel(this.#host.id, ARBITER, lost, () => {
        const result = apply();
        this.#travel(ARBITER, this.#host.id, lost, () => this.#host.whenRunning(() => resolve(result)));
      });
    });
  }

  /** What is lost is sometimes reported as an error at once, and sometimes by nobody. */
  #travel(from: string, to: string, lost: () => void, arrive: () => void): void {
    const { random, scheduler, network, arbiterLoss } = this.#world;
    const faulty = random.chance(arbiterLoss);
    if (faulty && random.chance(0.5)) {
      if (random.chance(0.7)) scheduler.after(network.delayMs(), () => this.#host.whenRunning(lost));
      return;
    }
    const delayMs = faulty ? random.between(0, LATE_MS) : network.delayMs();
    scheduler.after(delayMs, () => {
      if (network.reaches(from, to)) arrive();
      else scheduler.after(20, () => this.#host.whenRunning(lost));
    });
  }
}
