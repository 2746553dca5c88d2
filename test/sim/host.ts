/**
 * What every simulated process has in common, replica or gateway: its own clock, timers, and the ways in which it can
 * stop running. Paused like a process that got SIGSTOP: what arrives meanwhile waits, and its clock goes on.
 */
import type { Timers } from '../../src/runtime/ports.js';
import type { Random } from './random.js';
import type { Scheduler } from './scheduler.js';

export type End =
  /** `vanished`: the machine lost power; otherwise its kernel still ends its connections. */
  | { readonly how: 'killed'; readonly vanished: boolean }
  | { readonly how: 'stopped'; readonly exitCode: number; readonly reason: string };

export class Host {
  readonly timers: Timers;
  end: End | undefined;
  /** The clock runs at its own speed from its own zero. */
  readonly #clockRate: number;
  readonly #clockZero: number;
  #paused = false;
  readonly #waiting: (() => void)[] = [];

  constructor(
    readonly id: string,
    readonly incarnation: string,
    readonly scheduler: Scheduler,
    random: Random,
  ) {
    this.#clockRate = random.between(0.98, 1.02);
    this.#clockZero = random.between(0, 10_000);
    this.timers = {
      now: () => this.#clockZero + scheduler.nowMs * this.#clockRate,
      after: (ms, run) => this.#after(ms, run),
      every: (ms, run) => this.#every(ms, run),
    };
  }

  get name(): string {
    return `${this.id}/${this.incarnation}`;
  }

  get running(): boolean {
    return this.end === undefined;
  }

  /** Does `action` now, when the process runs again, or never. */
  whenRunning(action: () => void): void {
    if (this.end !== undefined) return;
    if (this.#paused) this.#waiting.push(action);
    else action();
  }

  pause(): void {
    this.#paused = true;
  }

  /** A real event loop may look at its timers or at its sockets first: the order of arrival is one of both. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    for (const action of this.#waiting.splice(0)) this.whenRunning(action);
  }

  #after(ms: number, run: () => void): () => void {
    let cancelled = false;
    this.scheduler.after(ms, () => {
      if (!cancelled) this.whenRunning(() => cancelled || run());
    });
    return () => {
      cancelled = true;
    };
  }

  /** An interval that was missed counts once, as on a real event loop. */
  #every(ms: number, run: () => void): () => void {
    let cancelled = false;
    let waits = false;
    const next = (): void => {
      if (cancelled || this.end !== undefined) return;
      this.scheduler.after(ms, next);
      if (waits) return;
      waits = true;
      this.whenRunning(() => {
        waits = false;
        if (!cancelled) run();
      });
    };
    this.scheduler.after(ms, next);
    return () => {
      cancelled = true;
    };
  }
}
