/** The arbiter's record as a backup knows it without asking: its primary has announced it. */
import type { ArbiterRecord, Member } from '../arbiter/arbiter.js';
import type { Context } from './context.js';
import { decideClaim, otherBackups } from './failover.js';
import type { Configured } from './messages.js';

export class AnnouncedRecord {
  readonly #context: Context;
  #primary: Member | undefined;
  #record: ArbiterRecord | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /** `primary` is followed from now on, and has announced nothing yet. */
  begin(primary: Member): void {
    this.#primary = primary;
    this.#record = undefined;
  }

  /** The newest one with this backup as a member. */
  get record(): ArbiterRecord | undefined {
    return this.#record;
  }

  /** The primary has written a record. The one by which this backup would succeed it is made ready: clients would wait for that. */
  take({ epoch, members, acks }: Configured): void {
    const { self, config } = this.#context;
    if (this.#primary === undefined) return;
    const { service } = config;
    this.#record = { epoch, members, live: this.#primary.id, service, ...(acks && { acks }) };
    const record = succeedingRecord(self, this.#primary, this.#record);
    if (record !== undefined) this.#context.emit({ type: 'arbiter-prepare', record });
  }
}

/** Undefined if it is not known ahead: where output has not waited for all backups, it depends on who of them is there then. */
function succeedingRecord(self: Member, primary: Member, record: ArbiterRecord): ArbiterRecord | undefined {
  if (record.acks !== undefined) return undefined;
  const claimant = { self, service: record.service, lost: primary, complete: () => otherBackups(record, self) };
  const decision = decideClaim(claimant, { generation: 0, record });
  return decision.kind === 'claim' ? decision.record : undefined;
}
