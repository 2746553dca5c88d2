/** `ft-wasm status` and `ft-wasm switch`: an operator talks to replicas at their log addresses. */
import { type DurableStatus, type ReplicaStatus, requestStatus, requestSwitch } from '../index.js';
import { errorText, exitCodeOf } from './exit-code.js';
import { checkAddress } from './flags.js';
import type { CliProcess } from './streams.js';

/** Prints one line per replica that answers and complains about each that does not; returns the exit code. */
export async function status(addresses: readonly string[], json: boolean, process: CliProcess): Promise<number> {
  for (const text of addresses) checkAddress(text, 'host:port');
  let exitCode = 0;
  for (const asked of await Promise.allSettled(addresses.map(requestStatus))) {
    if (asked.status === 'fulfilled') {
      process.stdout.write(`${json ? JSON.stringify(asked.value) : describe(asked.value)}\n`);
    } else {
      process.stderr.write(errorText(asked.reason));
      exitCode = exitCodeOf(asked.reason);
    }
  }
  return exitCode;
}

/** Lets the primary hand over; prints how it left. Rejects if it cannot. */
export async function switchOver(address: string, json: boolean, process: CliProcess): Promise<void> {
  const left = await requestSwitch(checkAddress(address, 'host:port'));
  process.stdout.write(`${json ? JSON.stringify(left) : left.reason}\n`);
}

function describe(replica: ReplicaStatus): string {
  const { id, role, service, epoch, members, event, counter, logAddress, standbys, transfer, durable } = replica;
  let position = `event ${event}, instruction ${counter}`;
  if (standbys.length > 0) position += `; standing by: ${standbys.join(', ')}`;
  if (transfer !== undefined) position += `; sending its state to ${transfer.to} (${transfer.ackedBytes} bytes so far)`;
  if (durable !== undefined) position += `; ${describeDurable(durable)}`;
  const record = members.length > 0 ? `epoch ${epoch} of ${members.join(' and ')}` : `epoch ${epoch}`;
  return `${id} (${logAddress}): ${role} of ${service}, ${record}, ${position}`;
}

function describeDurable({ path, bytes, segments, snapshotEvent, syncedEvent }: DurableStatus): string {
  const snapshot = snapshotEvent > 0 ? `a snapshot of event ${snapshotEvent}` : 'no snapshot yet';
  return `in ${path}: ${snapshot}, the log up to event ${syncedEvent} (${bytes} bytes, ${segments} log files)`;
}
