/** Addresses as WasmEdge's socket extension passes them: a pair of a pointer and a size. */
import { ERRNO } from '../abi.js';
import type { WasiContext } from '../context.js';
import type { SocketAddress } from '../descriptors.js';
import { fail } from '../failure.js';

/** WasmEdge's numbers. */
export const FAMILY = { INET4: 1, INET6: 2 } as const;
export const SOCKET_TYPE = { ANY: 0, DATAGRAM: 1, STREAM: 2 } as const;
export const PORT_MAX = 65535;

const INET4_BYTES = 4;
const INET6_BYTES = 16;
/** The newer form of an address buffer: two bytes of family, then the octets. */
const TAGGED_ADDRESS_BYTES = 128;

interface AddressBuffer {
  readonly pointer: number;
  readonly size: number;
}

/** The extension passes addresses as a pair of a pointer and a size. */
function addressBuffer(ctx: WasiContext, address: number): AddressBuffer {
  const buffer = { pointer: ctx.memory.u32(address), size: ctx.memory.u32(address + 4) };
  ctx.memory.check(buffer.pointer, buffer.size);
  return buffer;
}

export function readOctets(ctx: WasiContext, address: number): number[] {
  const { pointer, size } = addressBuffer(ctx, address);
  if (size === INET4_BYTES || size === INET6_BYTES) return [...ctx.memory.slice(pointer, size)];
  if (size !== TAGGED_ADDRESS_BYTES) return fail(ERRNO.INVAL);
  const family = ctx.memory.bytes[pointer];
  if (family !== FAMILY.INET4 && family !== FAMILY.INET6) return fail(ERRNO.AFNOSUPPORT);
  return [...ctx.memory.slice(pointer + 2, family === FAMILY.INET4 ? INET4_BYTES : INET6_BYTES)];
}

export function writeAddress(
  ctx: WasiContext,
  found: SocketAddress,
  address: number,
  type: number,
  port: number,
): number {
  const { pointer, size } = addressBuffer(ctx, address);
  const isInet4 = found.octets.length === INET4_BYTES;
  const tagged = size === TAGGED_ADDRESS_BYTES;
  if (size < found.octets.length) return ERRNO.INVAL;
  ctx.memory.slice(pointer, size).fill(0);
  if (tagged) ctx.memory.setU16(pointer, isInet4 ? FAMILY.INET4 : FAMILY.INET6);
  ctx.memory.bytes.set(found.octets, tagged ? pointer + 2 : pointer);
  ctx.memory.setU32(type, isInet4 ? 4 : 6);
  ctx.memory.setU32(port, found.port);
  return ERRNO.SUCCESS;
}
