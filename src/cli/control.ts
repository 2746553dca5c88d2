/** `ft-wasm status` and `ft-wasm switch`: an operator talks to replicas at their log addresses. */
import { type ReplicaStatus, requestStatus, requestSwitch } from '../index.js';
import { checkAddress } from './flags.js';
import type { CliProcess } from './streams.js';

/** Prints one line per replica. Rejects for the first that does not answer. */
export async function status(addresses: readonly string[], json: boolean, process: CliProcess): Promise<void> {
  for (const text of addresses) checkAddress(text, 'host:port');
  const all = await Promise.all(addresses.map(requestStatus));
  for (const one of all) process.stdout.write(`${json ? JSON.stringify(one) : describe(one)}\n`);
}

/** Lets the primary hand over; prints how it left. Rejects if it cannot. */
export async function switchOver(address: string, json: boolean, process: CliProcess): Promise<void> {
  const left = await requestSwitch(checkAddress(address, 'host:port'));
  process.stdout.write(`${json ? JSON.stringify(left) : `handed over: ${left.reason}`}\n`);
}

function describe(replica: ReplicaStatus): string {
  const { id, role, service, epoch, members, event, counter, logAddress } = replica;
  const position = `event ${event}, instruction ${counter}`;
  return `${id} (${logAddress}): ${role} of ${service}, epoch ${epoch} of ${members.join(' and ') || 'nobody'}, ${position}`;
}
