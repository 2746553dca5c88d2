/** The operator's side of a replica's control commands. */
import { ChannelError } from '../../errors.js';
import { parseAddress } from '../../transport/address.js';
import { dialTcp } from '../../transport/node/tcp.js';
import { askControl, type ControlReply, type ReplicaStatus } from '../control-link.js';
import { askSnapshot } from '../snapshot-link.js';
import { SnapshotFile } from './snapshot-file.js';
import type { SnapshotResult } from './start-snapshot.js';
import { nodeTimers } from './timers.js';

/** Asks the replica at log address `address` about itself. Rejects with FTW_CHANNEL if nobody answers. */
export async function requestStatus(address: string): Promise<ReplicaStatus> {
  let status: ReplicaStatus | undefined;
  await askControl(await dialTcp(parseAddress(address, 'replica')), nodeTimers, 'status', (reply) => {
    if (reply.kind === 'status') status = reply.status;
    return true;
  });
  if (status === undefined) throw new ChannelError('FTW_CHANNEL', `${address} did not answer with its status`);
  return status;
}

/**
 * Tells the primary at log address `address` to hand over to its backup and to stop; resolves when it has. Rejects with
 * FTW_HANDSHAKE if it is not a primary, has no backup, or stopped without one.
 */
export async function requestSwitch(address: string): Promise<{ successor: string; reason: string }> {
  let last: ControlReply | undefined;
  await askControl(await dialTcp(parseAddress(address, 'replica')), nodeTimers, 'switch', (reply) => {
    last = reply;
    return reply.kind !== 'switching';
  });
  if (last?.kind === 'stopped' && last.successor !== undefined)
    return { successor: last.successor, reason: last.reason };
  const reason = last?.kind === 'refused' || last?.kind === 'stopped' ? last.reason : 'it gave no answer to that';
  throw new ChannelError('FTW_HANDSHAKE', `${address} does not hand over: ${reason}`, { address });
}

/**
 * Has the running replica at log address `address` write its state into file `output`. Rejects with FTW_HANDSHAKE if it gives
 * none, FTW_IO if the file cannot be written.
 */
export async function requestSnapshot(address: string, output: string): Promise<SnapshotResult> {
  const channel = await dialTcp(parseAddress(address, 'replica'));
  let file: SnapshotFile;
  try {
    file = await SnapshotFile.create(output);
  } catch (error) {
    channel.destroy();
    throw error;
  }
  let place = { event: 0, counter: 0 };
  try {
    await askSnapshot(channel, nodeTimers, {
      captured: (event, counter) => {
        place = { event, counter };
      },
      outputs: (bytes) => file.addSection('outputs', bytes),
      piece: (piece) => file.write(piece),
    });
    await file.close();
    return { ...place, path: output, bytes: file.bytes };
  } catch (error) {
    await file.abandon();
    throw error;
  }
}
