/** Checks a configuration once, at the door. */
import { FtWasmError } from '../errors.js';
import type { ReplicaConfig } from './types.js';

/** Fewer heartbeats in a failure timeout would make one lost datagram look like a dead peer. */
const HEARTBEATS_PER_TIMEOUT_MIN = 3;

/** @throws FtWasmError FTW_USAGE naming the option and what it must be. */
export function checkConfig(config: ReplicaConfig): void {
  const { heartbeatMs, failureTimeoutMs } = config;
  check(config.id !== '', 'the id must not be empty');
  check(config.incarnation !== '', 'the incarnation must not be empty');
  check(Number.isInteger(config.minBackups) && config.minBackups >= 0, 'minBackups must be 0 or a whole number above');
  check(Number.isInteger(config.backups) && config.backups >= 0, 'backups must be 0 or a whole number above');
  const { acks } = config;
  check(acks === undefined || (Number.isInteger(acks) && acks > 0), 'acks must be a whole number above 0');
  check(heartbeatMs > 0, 'the heartbeat must be longer than 0 ms');
  check(
    failureTimeoutMs >= HEARTBEATS_PER_TIMEOUT_MIN * heartbeatMs,
    `the failure timeout (${failureTimeoutMs} ms) must be at least ${HEARTBEATS_PER_TIMEOUT_MIN} heartbeats of ${heartbeatMs} ms`,
  );
  check(config.logBytesMax > 0 && config.backlogBytesMax > 0, 'buffer bounds must be above 0 bytes');
  check(config.lagTargetMs > 0, 'the lag target must be above 0 ms');
}

function check(condition: unknown, message: string): void {
  if (!condition) throw new FtWasmError('FTW_USAGE', message);
}
