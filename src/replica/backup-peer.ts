/** What a primary knows about one backup. */
import { type Member, sameMember } from '../arbiter/arbiter.js';
import { POSITION_ZERO, type Position } from '../log/entry.js';
import type { Context } from './context.js';
import { SilenceDetector } from './detector.js';
import { Lease } from './lease.js';
import { LogMarks } from './log-marks.js';
import type { Hello } from './messages.js';
import type { PeerId } from './types.js';

/**
 * A backup acknowledges on receipt, so an acknowledgement is due at once. One that heartbeats and acknowledges nothing for
 * so many failure timeouts sits behind a channel that swallows the log (a firewall that has forgotten the connection).
 */
const STALLED_TIMEOUTS = 10;

/**
 * - standby: waits until it is needed
 * - receiving: the guest's state is on its way to it
 * - catching-up: it has the state, and follows the log
 * - arming: nothing is released any more without its acknowledgement; it is still short of what was released before
 * - ready: it has everything that was ever released, so the record may name it
 */
export type BackupStage = 'standby' | 'receiving' | 'catching-up' | 'arming' | 'ready';

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
  /** Whether new batches of the log are sent to it. */
  followsLog: boolean;
  /** When it had the whole state. */
  completeMs = 0;
  /** Catching up: it has caught up once it has received up to here, where the log ended when its guest was seen to run. */
  caughtUpAtEvent: number | undefined;
  /** What it was sent of the log and has not executed. */
  readonly backlog = new LogMarks();

  constructor(
    context: Context,
    readonly peer: PeerId,
    hello: Hello,
    public stage: BackupStage,
  ) {
    this.followsLog = stage === 'ready';
    const { failureTimeoutMs } = context.config;
    this.member = { id: hello.id, incarnation: hello.incarnation, address: hello.logAddress };
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
