/**
 * The output rule (R1): an output may leave once every entry up to it is acknowledged by the required number of
 * backups. Acknowledgements are cumulative, so the answer is the `required`-th highest of them.
 */

/** How many of `backups` backups must acknowledge an output; `acks` as configured, undefined for all of them. */
export function requiredAcks(backups: number, acks: number | undefined): number {
  return Math.min(backups, acks ?? backups);
}

/** Last event whose outputs may leave. `acknowledged` holds one event number per backup, in any order. */
export function releasableEvent(lastEvent: number, acknowledged: readonly number[], required: number): number {
  if (required === 0) return lastEvent;
  if (acknowledged.length < required) return 0;
  const descending = [...acknowledged].sort((a, b) => b - a);
  return Math.min(lastEvent, descending[required - 1] as number);
}
