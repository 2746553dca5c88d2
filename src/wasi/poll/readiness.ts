/** Whether a descriptor can be read or written without blocking, as poll_oneoff reports it. */
import type { HostNetwork } from '../../host/services.js';
import { EVENTTYPE } from '../abi.js';
import type { Descriptor, StreamDescriptor } from '../descriptors.js';
import type { StdinBuffer } from '../live.js';

/** In an event's logged code, above the errno: the peer will send nothing more. */
export const HANGUP_CODE = 1 << 8;

export interface Ready {
  /** Bytes that can be transferred, where known. */
  readonly byteCount: number;
  readonly code: number;
}

const READY: Ready = { byteCount: 0, code: 0 };
const ONE: Ready = { byteCount: 1, code: 0 };
const HUNG_UP: Ready = { byteCount: 0, code: HANGUP_CODE };
const COUNT_MAX = 0x7fffffff;

export function readiness(
  target: Descriptor,
  tag: number,
  network: HostNetwork,
  stdin: StdinBuffer,
): Ready | undefined {
  const reading = tag === EVENTTYPE.FD_READ;
  switch (target.kind) {
    case 'stream':
      return reading ? streamReadable(target, network) : streamWritable(target, network);
    case 'listener':
      return reading && network.pendingAccepts(target.listener) > 0 ? ONE : undefined;
    case 'stdio':
      return reading && target.stdio === 0 ? stdinReadable(stdin) : READY;
    case 'socket':
      return HUNG_UP;
    default:
      return READY;
  }
}

function streamReadable(target: StreamDescriptor, network: HostNetwork): Ready | undefined {
  if (target.readShut || network.isReset(target.stream)) return HUNG_UP;
  const byteCount = network.readable(target.stream);
  if (byteCount > 0) return { byteCount: Math.min(byteCount, COUNT_MAX), code: hangup(target, network) };
  return network.ended(target.stream) ? HUNG_UP : undefined;
}

function streamWritable(target: StreamDescriptor, network: HostNetwork): Ready | undefined {
  if (target.writeShut || network.isReset(target.stream)) return HUNG_UP;
  const byteCount = network.writable(target.stream);
  return byteCount > 0 ? { byteCount: Math.min(byteCount, COUNT_MAX), code: 0 } : undefined;
}

function hangup(target: StreamDescriptor, network: HostNetwork): number {
  return network.ended(target.stream) ? HANGUP_CODE : 0;
}

function stdinReadable(stdin: StdinBuffer): Ready | undefined {
  const available = stdin.available();
  if (available === undefined) return stdin.alwaysReady ? ONE : undefined;
  return available === 0 ? HUNG_UP : { byteCount: available, code: 0 };
}
