/**
 * WasmEdge's addrinfo: a list that the guest has linked before the call, each element with a sockaddr and a buffer of its own.
 * ```
 * addrinfo  [0] flags u16  [2] family u8  [3] socktype u8  [4] protocol u8  [8] addrlen u32  [12] addr  [16] canonname
 *           [20] canonnamelen u32  [24] next
 * sockaddr  [0] family u8  [4] data_len u32  [8] data: port (big-endian u16), then the octets
 * ```
 */
import type { GuestBytes } from '../memory.js';
import { FAMILY, SOCKET_TYPE } from './address.js';

const ADDRINFO_BYTES = 28;
const SOCKADDR_BYTES = 12;
const PROTOCOL_TCP = 1;
/** Length of the data of a C sockaddr_in and sockaddr_in6, which guests expect to be told; what is written is shorter. */
const DATA_BYTES = { INET4: 14, INET6: 26 } as const;
const WRITTEN_BYTES_MAX = 18;

/** The octets of each address. */
export type AddressList = readonly (readonly number[])[];

interface AddressTarget {
  readonly info: number;
  readonly sockaddr: number;
  readonly data: number;
}

/** Follows the list that `list` points at, up to `max` elements. EFAULT if a part of it lies outside memory. */
export function readAddressList(memory: GuestBytes, list: number, max: number): AddressTarget[] {
  const targets: AddressTarget[] = [];
  for (let info = memory.u32(list); info !== 0 && targets.length < max; info = memory.u32(info + 24)) {
    memory.check(info, ADDRINFO_BYTES);
    const sockaddr = memory.u32(info + 12);
    memory.check(sockaddr, SOCKADDR_BYTES);
    const data = memory.u32(sockaddr + 8);
    memory.check(data, WRITTEN_BYTES_MAX);
    targets.push({ info, sockaddr, data });
  }
  return targets;
}

/** Returns how many addresses were written. */
export function writeAddressList(
  memory: GuestBytes,
  targets: readonly AddressTarget[],
  addresses: AddressList,
  port: number,
): number {
  const count = Math.min(targets.length, addresses.length);
  for (let at = 0; at < count; at++) writeAddress(memory, targets[at]!, addresses[at]!, port);
  return count;
}

function writeAddress(
  memory: GuestBytes,
  { info, sockaddr, data }: AddressTarget,
  octets: readonly number[],
  port: number,
): void {
  const isInet4 = octets.length === 4;
  const family = isInet4 ? FAMILY.INET4 : FAMILY.INET6;
  const length = isInet4 ? DATA_BYTES.INET4 : DATA_BYTES.INET6;
  memory.view.setUint16(info, 0, true);
  memory.view.setUint8(info + 2, family);
  memory.view.setUint8(info + 3, SOCKET_TYPE.STREAM);
  memory.view.setUint8(info + 4, PROTOCOL_TCP);
  memory.setU32(info + 8, length);
  memory.setU32(info + 20, 0);
  memory.view.setUint8(sockaddr, family);
  memory.setU32(sockaddr + 4, length);
  memory.view.setUint16(data, port, false);
  memory.bytes.set(octets, data + 2);
}
