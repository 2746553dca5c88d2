/**
 * The server side of WasmEdge's socket extension: guests open, bind and listen themselves. A bind is served by one of the
 * preopened listeners, so that which addresses a service has is decided where the service is started, on every replica.
 */
import { ERRNO } from '../abi.js';
import type { WasiContext, WasiStep } from '../context.js';
import type { SocketAddress, SocketDescriptor } from '../descriptors.js';
import { fail } from '../failure.js';
import { LISTENER_RIGHTS, STREAM_RIGHTS } from '../rights.js';
import { listenerDescriptor } from '../state.js';
import { FAMILY, PORT_MAX, readOctets, SOCKET_TYPE, writeAddress } from '../wasmedge/address.js';
import { sockAccept, sockRecv, sockSend } from './sock.js';

/** WasmEdge's numbers. */
const OPTION = { TYPE: 1, RCVTIMEO: 11, SNDTIMEO: 12, ACCEPTCONN: 13, BINDTODEVICE: 14 } as const;
const SOL_SOCKET = 0;

/** Stream sockets only (RATIONALE.md, "Why guests have no datagram sockets"). */
export function sockOpen(ctx: WasiContext, family: number, type: number, fdPointer: number): number {
  if (family !== FAMILY.INET4 && family !== FAMILY.INET6) return ERRNO.AFNOSUPPORT;
  if (type === SOCKET_TYPE.DATAGRAM) return ERRNO.PROTONOSUPPORT;
  if (type !== SOCKET_TYPE.STREAM && type !== SOCKET_TYPE.ANY) return ERRNO.INVAL;
  ctx.memory.check(fdPointer, 4);
  const rights = LISTENER_RIGHTS | STREAM_RIGHTS;
  const fd = ctx.fds.insert({ kind: 'socket', local: null, rights, inheriting: STREAM_RIGHTS, flags: 0 });
  ctx.memory.setU32(fdPointer, fd);
  return ERRNO.SUCCESS;
}

export function sockBind(ctx: WasiContext, fd: number, address: number, port: number): number {
  const socket = socketOf(ctx, fd);
  if (socket.local !== null || port > PORT_MAX) return ERRNO.INVAL;
  socket.local = { octets: readOctets(ctx, address), port };
  return ERRNO.SUCCESS;
}

/** EADDRNOTAVAIL if no preopened listener has the port, EADDRINUSE if another socket listens on it. */
export function sockListen(ctx: WasiContext, fd: number, _backlog: number): number {
  const { local, flags } = socketOf(ctx, fd);
  if (local === null) return ERRNO.INVAL;
  const listener = chooseListener(ctx, local);
  ctx.fds.put(fd, { ...listenerDescriptor(listener, local), flags });
  return ERRNO.SUCCESS;
}

function chooseListener(ctx: WasiContext, local: SocketAddress): number {
  const { listeners = 0, listenerPorts } = ctx.config;
  const bound = new Set<number>();
  for (const slot of ctx.fds.slots) if (slot?.kind === 'listener' && slot.local !== null) bound.add(slot.listener);
  if (listenerPorts !== undefined) {
    const listener = listenerPorts.indexOf(local.port);
    if (listener === -1) return fail(ERRNO.ADDRNOTAVAIL);
    return bound.has(listener) ? fail(ERRNO.ADDRINUSE) : listener;
  }
  for (let listener = 0; listener < listeners; listener++) if (!bound.has(listener)) return listener;
  return fail(ERRNO.ADDRNOTAVAIL);
}

/** WasmEdge's first signature; the second is preview1's. */
export function sockAcceptPlain(ctx: WasiContext, fd: number, fdPointer: number): WasiStep {
  return sockAccept(ctx, fd, 0, fdPointer);
}

/** On a stream the address is left alone, as by recvfrom() on a connected TCP socket. */
export function sockRecvFrom(
  ctx: WasiContext,
  fd: number,
  iovecs: number,
  iovecCount: number,
  _address: number,
  riflags: number,
  lengthPointer: number,
  roflagsPointer: number,
): WasiStep {
  return sockRecv(ctx, fd, iovecs, iovecCount, riflags, lengthPointer, roflagsPointer);
}

export function sockRecvFromPort(
  ctx: WasiContext,
  fd: number,
  iovecs: number,
  iovecCount: number,
  address: number,
  riflags: number,
  portPointer: number,
  lengthPointer: number,
  roflagsPointer: number,
): WasiStep {
  ctx.memory.setU32(portPointer, 0);
  return sockRecvFrom(ctx, fd, iovecs, iovecCount, address, riflags, lengthPointer, roflagsPointer);
}

/** The address is ignored: a stream has its peer. */
export function sockSendTo(
  ctx: WasiContext,
  fd: number,
  iovecs: number,
  iovecCount: number,
  _address: number,
  _port: number,
  siflags: number,
  lengthPointer: number,
): WasiStep {
  return sockSend(ctx, fd, iovecs, iovecCount, siflags, lengthPointer);
}

export function sockGetLocalAddr(ctx: WasiContext, fd: number, address: number, type: number, port: number): number {
  const descriptor = ctx.fds.get(fd);
  if (descriptor.kind === 'stream') return writeAddress(ctx, UNKNOWN_ADDRESS, address, type, port);
  if (descriptor.kind !== 'socket' && descriptor.kind !== 'listener') return ERRNO.NOTSOCK;
  return writeAddress(ctx, descriptor.local ?? UNKNOWN_ADDRESS, address, type, port);
}

/** Where clients come from differs between replicas and gateways: a guest sees 0.0.0.0, port 0. */
const UNKNOWN_ADDRESS: SocketAddress = { octets: [0, 0, 0, 0], port: 0 };

export function sockGetPeerAddr(ctx: WasiContext, fd: number, address: number, type: number, port: number): number {
  const descriptor = ctx.fds.get(fd);
  const { kind } = descriptor;
  if (kind === 'stream') return writeAddress(ctx, descriptor.peer ?? UNKNOWN_ADDRESS, address, type, port);
  return kind === 'socket' || kind === 'listener' ? ERRNO.NOTCONN : ERRNO.NOTSOCK;
}

export function sockGetSockOpt(
  ctx: WasiContext,
  fd: number,
  level: number,
  name: number,
  value: number,
  sizePointer: number,
): number {
  const { kind } = checkSocket(ctx, fd);
  if (level !== SOL_SOCKET || name > OPTION.BINDTODEVICE) return ERRNO.NOPROTOOPT;
  const size = ctx.memory.u32(sizePointer);
  if (size < 4) return ERRNO.INVAL;
  ctx.memory.slice(value, size).fill(0);
  const accepts = name === OPTION.ACCEPTCONN && kind === 'listener' ? 1 : 0;
  ctx.memory.setU32(value, name === OPTION.TYPE ? SOCKET_TYPE.STREAM : accepts);
  return ERRNO.SUCCESS;
}

/** Options that tune are accepted and have no effect; those that would change what the guest sees are refused. */
export function sockSetSockOpt(
  ctx: WasiContext,
  fd: number,
  level: number,
  name: number,
  value: number,
  size: number,
): number {
  checkSocket(ctx, fd);
  if (level !== SOL_SOCKET || name > OPTION.BINDTODEVICE) return ERRNO.NOPROTOOPT;
  const changesBehaviour = name === OPTION.RCVTIMEO || name === OPTION.SNDTIMEO || name === OPTION.BINDTODEVICE;
  const isSet = ctx.memory.slice(value, size).some((byte) => byte !== 0);
  return changesBehaviour && isSet ? ERRNO.NOTSUP : ERRNO.SUCCESS;
}

function checkSocket(ctx: WasiContext, fd: number) {
  const descriptor = ctx.fds.get(fd);
  const { kind } = descriptor;
  return kind === 'stream' || kind === 'listener' || kind === 'socket' ? descriptor : fail(ERRNO.NOTSOCK);
}

export function socketOf(ctx: WasiContext, fd: number): SocketDescriptor {
  const descriptor = checkSocket(ctx, fd);
  return descriptor.kind === 'socket' ? descriptor : fail(ERRNO.INVAL);
}
