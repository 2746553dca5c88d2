/**
 * A backup's way to its primary: finds out who that is, dials, says hello, dials again while the primary is not there yet,
 * and gives up after the join timeout (a standby begins anew then).
 */
import type { ArbiterState, Member } from '../arbiter/arbiter.js';
import type { ArbiterSession } from './arbiter-session.js';
import type { Context } from './context.js';
import { EXIT_CODES } from './exit-codes.js';
import { type LogEnd, PROTOCOL_VERSION, type RefusalCode, type Refuse } from './messages.js';
import type { PeerId, ReplicaConfig } from './types.js';

const REDIAL_MS_MIN = 20;
const REDIAL_MS_MAX = 500;
/** A hello that is not answered for so many failure timeouts went into a connection of which the other side knows nothing. */
const ANSWER_TIMEOUTS = 5;
const NO_ANSWER = 'no answer to the hello';

/** Refusals that may be different in a moment: an old connection not yet noticed as dead, a service being restarted. */
const PASSING_REFUSALS: ReadonlySet<RefusalCode> = new Set([
  'duplicate-id',
  'not-primary',
  'not-resumable',
  'shutting-down',
]);

/** Where the primary may be: the address of the record's live member first, then the configured one. */
export function primaryAddresses(config: ReplicaConfig, current: ArbiterState | undefined): string[] {
  const record = current?.record;
  const live = record?.ended === true ? undefined : record?.members.find(({ id }) => id === record.live);
  const known = [live?.id === config.id ? undefined : live?.address, config.primaryAddress];
  return [...new Set(known)].filter((address) => address !== undefined && address !== config.logAddress) as string[];
}

export class PrimaryLink {
  readonly #context: Context;
  readonly #arbiter: ArbiterSession;
  readonly #onGivenUp: (reason: string) => void;
  /** The connection that is up, joined or not. */
  peer: PeerId | undefined;
  /** Log address that was dialled last. */
  address = '';
  #attempts = 0;
  #redialMs = REDIAL_MS_MIN;
  #redialAtMs: number | undefined;
  #deadlineMs = Number.POSITIVE_INFINITY;
  /** When the hello must have been answered; set while it is not. */
  #answerByMs: number | undefined;
  #lastTrouble = '';
  /** Chooses whom to dial, for a replica that looks for the successor of its primary. */
  #chooses: ((current: ArbiterState | undefined) => Member | undefined) | undefined;

  constructor(context: Context, arbiter: ArbiterSession, onGivenUp: (reason: string) => void) {
    this.#context = context;
    this.#arbiter = arbiter;
    this.#onGivenUp = onGivenUp;
  }

  begin(): void {
    this.#startClock();
    this.#dial();
  }

  /** The primary that had taken us in is gone, and we were no more than waiting: look for its successor. */
  lost(reason: string): void {
    this.#startClock();
    this.failed(reason);
  }

  /**
   * Another replica has become the primary. `choose` is told what the arbiter says before each attempt, and returns whom to
   * dial; undefined ends the search.
   */
  seek(choose: (current: ArbiterState | undefined) => Member | undefined): void {
    this.#chooses = choose;
    this.#lastTrouble = '';
    this.#redialMs = REDIAL_MS_MIN;
    this.#dial();
  }

  /** Nobody is dialled any more. */
  stop(): void {
    this.#chooses = undefined;
    this.#redialAtMs = undefined;
    this.#answerByMs = undefined;
    this.#deadlineMs = Number.POSITIVE_INFINITY;
  }

  /** The primary has taken us in: no more dialling. */
  joined(): void {
    this.#chooses = undefined;
    this.#deadlineMs = Number.POSITIVE_INFINITY;
    this.#answerByMs = undefined;
    this.#redialMs = REDIAL_MS_MIN;
  }

  /** `logEnd`: where the log of this replica ends, if its guest runs. */
  connected(peer: PeerId, epoch: number, logEnd?: LogEnd): void {
    this.peer = peer;
    const { config, self, nowMs } = this.#context;
    this.#answerByMs = nowMs + ANSWER_TIMEOUTS * config.failureTimeoutMs;
    this.#context.send(peer, {
      type: 'hello',
      ...self,
      protocolVersion: PROTOCOL_VERSION,
      epoch,
      service: config.service,
      manifest: config.manifest,
      logAddress: config.logAddress,
      ...(logEnd && { logEnd }),
    });
  }

  /** The connection or the attempt to make one failed before we were taken in. */
  failed(reason: string): void {
    this.peer = undefined;
    this.#answerByMs = undefined;
    this.#redialAtMs = this.#context.nowMs + this.#redialMs;
    this.#redialMs = Math.min(REDIAL_MS_MAX, this.#redialMs * 2);
    if (reason === this.#lastTrouble) return;
    this.#lastTrouble = reason;
    this.#context.event('primary-unreachable', { address: this.address, reason });
  }

  refused(message: Refuse): void {
    if (PASSING_REFUSALS.has(message.code)) {
      this.close(message.reason);
      this.failed(message.reason);
    } else {
      this.#context.stop(EXIT_CODES.handshakeRefused, `refused by ${this.address}: ${message.reason}`);
    }
  }

  close(reason: string): void {
    if (this.peer !== undefined) this.#context.close(this.peer, reason);
    this.peer = undefined;
  }

  tick(): void {
    const { nowMs, config } = this.#context;
    if (this.#answerByMs !== undefined && nowMs >= this.#answerByMs) {
      this.close(NO_ANSWER);
      this.failed(NO_ANSWER);
    }
    if (nowMs >= this.#deadlineMs) {
      const trouble = this.#lastTrouble === '' ? NO_ANSWER : this.#lastTrouble;
      const where = this.address === '' ? 'a primary' : `the primary at ${this.address}`;
      const reason = `not joined to ${where} within ${config.joinTimeoutMs} ms: ${trouble}`;
      this.#deadlineMs = Number.POSITIVE_INFINITY;
      this.#onGivenUp(reason);
    } else if (this.#redialAtMs !== undefined && nowMs >= this.#redialAtMs) this.#dial();
  }

  #startClock(): void {
    this.#deadlineMs = this.#context.nowMs + this.#context.config.joinTimeoutMs;
  }

  /** Who is live may have changed since the last attempt. */
  #dial(): void {
    this.#redialAtMs = undefined;
    this.#arbiter.read((current) => {
      if (this.#chooses !== undefined) return this.#dialChosen(this.#chooses(current));
      const addresses = primaryAddresses(this.#context.config, current);
      const address = addresses[this.#attempts++ % addresses.length];
      if (address === undefined) return this.failed(describeAbsence(this.#context.config, current));
      this.address = address;
      this.#context.emit({ type: 'connect', address });
    });
  }

  #dialChosen(chosen: Member | undefined): void {
    if (chosen === undefined) return;
    if (chosen.address === undefined) return this.failed(`the arbiter's record does not say where ${chosen.id} is`);
    this.address = chosen.address;
    this.#context.emit({ type: 'connect', address: chosen.address });
  }
}

/** Why there is nobody to dial. */
function describeAbsence({ id }: ReplicaConfig, current: ArbiterState | undefined): string {
  if (current === undefined) return "the arbiter has no record yet, and no primary's address was given";
  const { record } = current;
  if (record.ended) return 'the service has ended';
  const others = record.members.filter((member) => member.id !== id).map((member) => member.id);
  if (record.live !== id) return `the arbiter's record names ${record.live} as live, but not its address`;
  return (
    `the arbiter's record (epoch ${record.epoch}) names an earlier run of ${id} as live; ` +
    `${others.join(' or ')} can take over, but has not. If none of them is running any more, remove the record and start again`
  );
}
