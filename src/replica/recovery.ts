/**
 * A service that is started again from what a replica of it had on disk, after all of them have died. The operator has
 * decided that; what is checked here is that the directory is that of the replica that was live, or of one that could have
 * gone live, and that nobody else claims the epoch at the same time.
 */
import { type ArbiterRecord, type ArbiterState, type Member, sameMember } from '../arbiter/arbiter.js';
import type { ArbiterSession } from './arbiter-session.js';
import { describeForeignService, type StartHandlers } from './failover.js';
import type { RecoveredService } from './types.js';

export type RecoveryDecision =
  | { readonly kind: 'claim'; readonly expectedGeneration: number; readonly record: ArbiterRecord }
  | { readonly kind: 'refuse'; readonly reason: string };

/** May `self` go on with what was found? */
export function decideRecovery(
  self: Member,
  service: string,
  current: ArbiterState | undefined,
  recovered: RecoveredService,
): RecoveryDecision {
  const record = current?.record;
  if (record !== undefined) {
    const reason = describeForeignService(service, record) ?? describeStale(record, recovered);
    if (reason !== undefined) return { kind: 'refuse', reason };
  }
  // A record may have been lost with its directory; streams and gateways must not be numbered twice all the same.
  const epoch = Math.max(record?.epoch ?? 0, recovered.epoch) + 1;
  const claimed: ArbiterRecord = { epoch, members: [self], live: self.id, service };
  return { kind: 'claim', expectedGeneration: current?.generation ?? 0, record: claimed };
}

/**
 * Whether the log on disk is that of the replica that was live last, which lets no output go before it is on disk, if it
 * was told so. A backup's may lack the end: it acknowledges what it has received, not what it has written. One that went
 * live has written that behind all that it had received.
 */
export function isEndOfService(record: ArbiterRecord | undefined, { epoch, writers }: RecoveredService): boolean {
  if (epoch === 0) return false;
  return record === undefined || record.members.some((member) => member.id === record.live && isOneOf(writers, member));
}

/** Why the log is not that of this record. */
function describeStale({ epoch, members, live }: ArbiterRecord, { event, writers }: RecoveredService) {
  if (members.some((member) => isOneOf(writers, member))) return undefined;
  const last = writers.at(-1)?.id ?? 'nobody';
  return (
    `the directory ends with event ${event}, as ${last} knew it; since then ${live} was live, in epoch ${epoch}. ` +
    `Recover from its directory; to go back all the same, use another arbiter name`
  );
}

function isOneOf(writers: readonly Member[], member: Member): boolean {
  return writers.some((writer) => sameMember(writer, member));
}

/** Claims the service for what was found. */
export function claimRecovered(
  arbiter: ArbiterSession,
  self: Member,
  service: string,
  recovered: RecoveredService,
  handlers: Pick<StartHandlers, 'won' | 'refused'>,
): void {
  arbiter.read((current) => {
    const decision = decideRecovery(self, service, current, recovered);
    if (decision.kind === 'refuse') return handlers.refused(decision.reason);
    arbiter.propose(decision.expectedGeneration, decision.record, (outcome) => {
      if (outcome.won) handlers.won(outcome.state, current);
      else handlers.refused(`${outcome.current?.record.live ?? 'somebody'} was faster; the service runs elsewhere`);
    });
  });
}
