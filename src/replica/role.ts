/** What {@link Replica} expects of each part it plays: starting primary, primary, backup. */
import type { Input } from './types.js';

/** Inputs that reach a role; the rest is handled for all roles alike. */
export type RoleInput = Exclude<Input, { type: 'arbiter-result' } | { type: 'host-fault' }>;

export interface Role {
  /** Newest epoch that this replica holds or follows; 0 for none. */
  readonly epoch: number;
  handle(input: RoleInput): void;
  /** The process did not run for so long (stopped or suspended). */
  slept(gapMs: number): void;
}
