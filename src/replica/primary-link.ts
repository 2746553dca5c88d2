/**
 * A backup's way to its primary: dials, says hello, dials again while the primary is not there yet, and gives up after
 * the join timeout.
 */
import { POSITION_ZERO } from '../log/entry.js';
import type { Context } from './context.js';
import { EXIT_CODES } from './exit-codes.js';
import { PROTOCOL_VERSION, type RefusalCode, type Refuse } from './messages.js';
import type { PeerId } from './types.js';

const REDIAL_MS_MIN = 20;
const REDIAL_MS_MAX = 1_000;

/** Refusals that may be different in a moment: an old connection not yet noticed as dead, a service being restarted. */
const PASSING_REFUSALS: ReadonlySet<RefusalCode> = new Set(['duplicate-id', 'not-primary', 'shutting-down']);

export class PrimaryLink {
  readonly #context: Context;
  readonly #onGivenUp: (reason: string) => void;
  /** The connection that is up, joined or not. */
  peer: PeerId | undefined;
  #redialMs = REDIAL_MS_MIN;
  #redialAtMs: number | undefined;
  #deadlineMs = Number.POSITIVE_INFINITY;
  #lastTrouble = '';

  constructor(context: Context, onGivenUp: (reason: string) => void) {
    this.#context = context;
    this.#onGivenUp = onGivenUp;
  }

  get address(): string {
    return this.#context.config.primaryAddress ?? '';
  }

  begin(): void {
    this.#deadlineMs = this.#context.nowMs + this.#context.config.joinTimeoutMs;
    this.#dial();
  }

  /** The primary has taken us in: no more dialling. */
  joined(): void {
    this.#deadlineMs = Number.POSITIVE_INFINITY;
    this.#redialMs = REDIAL_MS_MIN;
  }

  connected(peer: PeerId, epoch: number): void {
    this.peer = peer;
    const { config, self } = this.#context;
    this.#context.send(peer, {
      type: 'hello',
      ...self,
      protocolVersion: PROTOCOL_VERSION,
      epoch,
      service: config.service,
      manifest: config.manifest,
      logAddress: config.logAddress,
      position: POSITION_ZERO,
    });
  }

  /** The connection or the attempt to make one failed before we were taken in. */
  failed(reason: string): void {
    this.peer = undefined;
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
    if (nowMs >= this.#deadlineMs) {
      const trouble = this.#lastTrouble === '' ? 'no answer to the hello' : this.#lastTrouble;
      const reason = `not joined to the primary at ${this.address} within ${config.joinTimeoutMs} ms: ${trouble}`;
      this.#deadlineMs = Number.POSITIVE_INFINITY;
      this.#onGivenUp(reason);
    } else if (this.#redialAtMs !== undefined && nowMs >= this.#redialAtMs) this.#dial();
  }

  #dial(): void {
    this.#redialAtMs = undefined;
    this.#context.emit({ type: 'connect', address: this.address });
  }
}
