/**
 * One replica's part of the protocol (design.md section 6): `step` takes an input and the driver's monotonic time and
 * returns the effects to carry out, in order. The same code runs in production and in the simulator.
 */
import type { ArbiterRecord, ArbiterState } from '../arbiter/arbiter.js';
import { ArbiterSession } from './arbiter-session.js';
import { Backup, type Promotion } from './backup.js';
import { checkConfig } from './config.js';
import { Context } from './context.js';
import { SleepDetector } from './detector.js';
import { EXIT_CODES } from './exit-codes.js';
import { Primary, type PrimaryStart } from './primary.js';
import type { Newcomers, Role, RoleInput } from './role.js';
import { StartingPrimary } from './starting.js';
import type { Effect, Input, ReplicaConfig } from './types.js';

/**
 * @example
 * const replica = new Replica(config);
 * for (const effect of replica.step({ type: 'start' }, performance.now())) carryOut(effect);
 */
export class Replica {
  readonly #context: Context;
  readonly #arbiter: ArbiterSession;
  readonly #sleep: SleepDetector;
  #role: Role;

  /** @throws FtWasmError FTW_USAGE if the configuration makes no sense. */
  constructor(readonly config: ReplicaConfig) {
    checkConfig(config);
    this.#context = new Context(config);
    this.#arbiter = new ArbiterSession(this.#context);
    this.#sleep = new SleepDetector(config.failureTimeoutMs);
    this.#role =
      config.role === 'primary'
        ? new StartingPrimary(
            this.#context,
            this.#arbiter,
            (state, kept) => this.#serve(state, kept),
            (kept) => this.#join(kept),
          )
        : this.#backup();
  }

  /** What this replica is now; a backup that won the epoch is a primary. */
  get role(): ReplicaConfig['role'] {
    return this.#role.name;
  }

  /** Log address of the primary that this replica follows; undefined on a primary. */
  get primaryAddress(): string | undefined {
    return this.#role.primaryAddress;
  }

  /** Replicas that wait for this primary, or are being taken in. */
  get newcomers(): Newcomers {
    return this.#role.newcomers ?? { standbys: [] };
  }

  /** Newest epoch that this replica holds (primary) or follows (backup); 0 for none. */
  get epoch(): number {
    return this.#role.epoch;
  }

  /** Backup: the newest record that names it, as its primary has announced it. */
  get announced(): ArbiterRecord | undefined {
    return this.#role.announced?.record;
  }

  /** No effect will follow any more. */
  get stopped(): boolean {
    return this.#context.stopped;
  }

  /**
   * Takes one input at `nowMs` (monotonic, milliseconds, never smaller than before).
   * @throws InvariantError for a bug in this program or its driver; the replica must then be stopped.
   */
  step(input: Input, nowMs: number): Effect[] {
    if (this.#context.stopped) return [];
    this.#context.nowMs = nowMs;
    const sleptMs = this.#sleep.step(nowMs);
    if (sleptMs > 0) this.#role.slept(sleptMs);
    this.#dispatch(input);
    return this.#context.take();
  }

  #dispatch(input: Input): void {
    if (input.type === 'host-fault') {
      this.#context.stop(EXIT_CODES.brokenHost, input.reason);
    } else if (input.type === 'durable-failed') {
      this.#context.stop(EXIT_CODES.durable, input.reason);
    } else if (input.type === 'arbiter-result') {
      this.#arbiter.onResult(input.requestId, input.result);
      // What the answer made possible is done by the role, whichever it is by now.
      if (!this.#context.stopped) this.#role.handle({ type: 'tick' });
    } else {
      if (input.type === 'tick') this.#arbiter.tick();
      this.#role.handle(input);
    }
  }

  #backup(): Backup {
    return new Backup(this.#context, this.#arbiter, (promotion) => this.#promote(promotion));
  }

  /** Started as primary, but the service runs already. */
  #join(kept: readonly RoleInput[]): void {
    this.#role = this.#backup();
    this.#role.handle({ type: 'start' });
    for (const input of kept) this.#role.handle(input);
  }

  #serve(state: ArbiterState, kept: readonly RoleInput[]): void {
    const recovered = this.config.recovered;
    const primary =
      recovered === undefined
        ? this.#lead({ state, lastEvent: 0, guest: 'held' })
        : this.#lead({ state, lastEvent: recovered.event, guest: 'replaying' });
    for (const input of kept) primary.handle(input);
  }

  /** R6: the guest consumes the log to its last entry, then runs live. */
  #promote({ state, lastEvent, outcome, inheritance }: Promotion): void {
    this.#context.emit({ type: 'go-live' });
    const primary = this.#lead({ state, lastEvent, guest: 'replaying', inheritance });
    if (outcome !== undefined) primary.handle({ type: 'guest-exit', outcome });
  }

  #lead(start: PrimaryStart): Primary {
    const primary = new Primary(this.#context, this.#arbiter, start);
    this.#role = primary;
    primary.begin();
    return primary;
  }
}
