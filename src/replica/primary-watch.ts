/** A backup's eye on its primary: whether it still lives, and the heartbeats that tell it so of this backup. */
import type { Member } from '../arbiter/arbiter.js';
import type { Position } from '../log/entry.js';
import type { Context } from './context.js';
import { SilenceDetector } from './detector.js';
import type { Heartbeat } from './messages.js';
import type { PeerId } from './types.js';

export class PrimaryWatch {
  readonly #context: Context;
  #detector: SilenceDetector;
  /** Newest time of the primary's own clock that was heard. */
  #heardSentMs = 0;
  #nextHeartbeatMs = 0;

  constructor(context: Context) {
    this.#context = context;
    this.#detector = new SilenceDetector(context.config.failureTimeoutMs, context.nowMs);
  }

  /** Another primary is watched from now on. */
  begin(): void {
    this.#heardSentMs = 0;
    this.#detector = new SilenceDetector(this.#context.config.failureTimeoutMs, this.#context.nowMs);
  }

  heard(): void {
    this.#detector.heard(this.#context.nowMs);
  }

  forgive(gapMs: number): void {
    this.#detector.forgive(gapMs);
  }

  /** For how long the primary has been silent, if that is too long. */
  get silentMs(): number | undefined {
    const { nowMs } = this.#context;
    return this.#detector.isSilent(nowMs) ? this.#detector.silentMs(nowMs) : undefined;
  }

  /** From the channel or as a datagram. `epoch`: of the primary when it took this backup in. */
  heartbeat(message: Heartbeat, primary: Member, epoch: number): void {
    if (message.id !== primary.id || message.incarnation !== primary.incarnation) return;
    if (message.epoch < epoch || message.role !== 'primary') return;
    this.heard();
    // Output waits for the first echo.
    if (this.#heardSentMs === 0) this.#nextHeartbeatMs = 0;
    this.#heardSentMs = Math.max(this.#heardSentMs, message.sentMs);
  }

  /** Tells the primary, at `address` and on connection `peer`, that this backup lives. */
  tick(address: string, peer: PeerId | undefined, epoch: number, executed: Position): void {
    if (this.#context.nowMs < this.#nextHeartbeatMs) return;
    this.#nextHeartbeatMs = this.#context.nowMs + this.#context.config.heartbeatMs;
    const message = this.#context.heartbeat('backup', epoch, executed, this.#heardSentMs);
    this.#context.emit({ type: 'heartbeat', address, message });
    if (peer !== undefined) this.#context.send(peer, message);
  }
}
