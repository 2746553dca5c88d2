/** What a primary knows about one backup. */
import { type Member, sameMember } from '../arbiter/arbiter.js';
import { POSITION_ZERO, type Position } from '../log/entry.js';
import type { Context } from './context.js';
import { SilenceDetector } from './detector.js';
import { Lease } from './lease.js';
import type { Hello } from './messages.js';
import type { PeerId } from './types.js';

/**
 * A backup acknowledges on receipt, so an acknowledgement is due at once. One that heartbeats and acknowledges nothing for
 * so many failure timeouts sits behind a channel that swallows the log (a firewall that has forgotten the connection).
 */
const STALLED_TIMEOUTS = 10;

export class BackupPeer {
  readonly member: Member;
  readonly logAddress: string;
  readonly detector: SilenceDetector;
  /** Hears every acknowledgement of something new, and that nothing is to be acknowledged. */
  readonly progress: SilenceDetector;
  readonly lease: Lease;
  /** Newest `sentMs` heard from it, to be echoed. */
  heardSentMs = 0;
  receivedEvent = 0;
  executed: Position = POSITION_ZERO;

  constructor(
    context: Context,
    readonly peer: PeerId,
    hello: Hello,
  ) {
    const { failureTimeoutMs } = context.config;
    this.member = { id: hello.id, incarnation: hello.incarnation };
    this.logAddress = hello.logAddress;
    this.detector = new SilenceDetector(failureTimeoutMs, context.nowMs);
    this.progress = new SilenceDetector(STALLED_TIMEOUTS * failureTimeoutMs, context.nowMs);
    this.lease = new Lease(failureTimeoutMs);
  }

  get id(): string {
    return this.member.id;
  }

  is(member: Member): boolean {
    return sameMember(this.member, member);
  }

  /** Reports may overtake each other on UDP; positions only grow. */
  hasExecuted(position: Position): void {
    const { event, counter } = this.executed;
    if (position.event > event || (position.event === event && position.counter > counter)) this.executed = position;
  }
}
