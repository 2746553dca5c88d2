/**
 * A backup looks at the arbiter while all is well: at its start, so that a wrong path is found now and not at the
 * failover, and once it is a member, because two replicas with different arbiters would both go live.
 */
import { type ArbiterState, type Member, sameMember } from '../arbiter/arbiter.js';
import type { ArbiterSession } from './arbiter-session.js';
import type { Context } from './context.js';
import { EXIT_CODES } from './exit-codes.js';
import { describeForeignService, liveMember } from './failover.js';

/** A shared file system may show a new record late. */
const RECHECK_MS = 1_000;
const CHECKS_MAX = 5;

export class ArbiterCheck {
  readonly #context: Context;
  readonly #arbiter: ArbiterSession;
  #checksLeft = CHECKS_MAX;
  #againAtMs: number | undefined;
  #epoch = 0;

  constructor(context: Context, arbiter: ArbiterSession) {
    this.#context = context;
    this.#arbiter = arbiter;
  }

  /** Reads once; `done` follows if the arbiter can be used and serves this service. */
  usable(done: () => void): void {
    this.#arbiter.read((current) => {
      if (!this.#stopIfForeign(current)) done();
    });
  }

  /** The primary says that the record of `epoch` holds: the arbiter must show it, or a newer one. */
  expect(epoch: number): void {
    this.#epoch = epoch;
    this.#checksLeft = CHECKS_MAX;
    this.#check();
  }

  /** Reads once, unless something else is asked meanwhile; `done` follows if another one than `primary` is live. */
  successorOf(primary: Member, done: () => void): void {
    this.#arbiter.read((current) => {
      const live = current && liveMember(current.record);
      if (live !== undefined && !sameMember(live, primary)) done();
    });
  }

  tick(): void {
    if (this.#againAtMs !== undefined && this.#context.nowMs >= this.#againAtMs && this.#arbiter.idle) this.#check();
  }

  #check(): void {
    this.#againAtMs = undefined;
    this.#arbiter.read((current) => {
      if (this.#stopIfForeign(current) || (current?.record.epoch ?? 0) >= this.#epoch) return;
      this.#checksLeft -= 1;
      this.#againAtMs = this.#context.nowMs + RECHECK_MS;
      if (this.#checksLeft === 0) this.#context.stop(EXIT_CODES.arbiter, this.#describe(current));
    });
  }

  #stopIfForeign(current: ArbiterState | undefined): boolean {
    const reason = current && describeForeignService(this.#context.config.service, current.record);
    if (reason !== undefined) this.#context.stop(EXIT_CODES.arbiter, reason);
    return reason !== undefined;
  }

  #describe(current: ArbiterState | undefined): string {
    const seen = current === undefined ? 'no record' : `epoch ${current.record.epoch}`;
    return `the primary has written epoch ${this.#epoch}, but this replica's arbiter shows ${seen}; both must use the same arbiter`;
  }
}
