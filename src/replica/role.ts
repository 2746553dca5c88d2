/** What {@link Replica} expects of each part it plays: starting primary, primary, backup. */
import type { ArbiterRecord } from '../arbiter/arbiter.js';
import type { Input } from './types.js';

/** Inputs that reach a role; the rest is handled for all roles alike. */
export type RoleInput = Exclude<
  Input,
  { type: 'arbiter-result' } | { type: 'host-fault' } | { type: 'durable-failed' }
>;

/** Replicas that are connected to a primary and no backups yet. */
export interface Newcomers {
  readonly standbys: readonly string[];
  /** Whom the guest's state is being sent to. */
  readonly transfer?: { readonly to: string; readonly sentBytes: number; readonly ackedBytes: number };
}

export interface Role {
  /** What the replica is, for people. */
  readonly name: 'primary' | 'backup' | 'standby';
  /** Backup and standby: log address of the primary that it follows, or dialled last. */
  readonly primaryAddress?: string;
  /** Primary: who waits, and who is being taken in. */
  readonly newcomers?: Newcomers;
  /** Newest epoch that this replica holds or follows; 0 for none. */
  readonly epoch: number;
  /** Backup and standby: the newest record that names this replica, as its primary has announced it. */
  readonly announced?: { readonly record: ArbiterRecord | undefined };
  handle(input: RoleInput): void;
  /** The process did not run for so long (stopped or suspended). */
  slept(gapMs: number): void;
}
