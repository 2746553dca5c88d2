/**
 * The client side of WasmEdge's socket extension. A connection belongs to the replica that dialled: it ends with it, which the
 * guest sees as ECONNRESET. That somebody connects can be seen from outside, so it waits for the output rule; a name is only
 * looked up.
 */
import type { DialError, HostDialer, Ticket } from '../../host/services.js';
import type { LoggedValue } from '../../log/entry.js';
import { ERRNO } from '../abi.js';
import type { WasiContext, WasiStep } from '../context.js';
import type { SocketAddress } from '../descriptors.js';
import { input, output } from '../effects.js';
import { errnoByName } from '../errno-by-name.js';
import { isStreamOrErrno, openStream } from '../io/stream.js';
import type { LiveWorld } from '../live.js';
import { isCount } from '../results.js';
import { PORT_MAX, readOctets } from '../wasmedge/address.js';
import { type AddressList, readAddressList, writeAddressList } from '../wasmedge/addrinfo.js';
import { socketOf } from './wasmedge.js';

/** WasmEdge's additions to errno. */
const AI = { AGAIN: 78, NONAME: 84, SERVICE: 85 } as const;

/** Blocks also on a non-blocking socket: a connection that is "in progress" would be one more state to replicate. */
export function sockConnect(ctx: WasiContext, fd: number, address: number, port: number): WasiStep {
  if (ctx.fds.get(fd).kind === 'stream') return ERRNO.ISCONN;
  const socket = socketOf(ctx, fd);
  if (port > PORT_MAX) return ERRNO.INVAL;
  const peer: SocketAddress = { octets: readOctets(ctx, address), port };
  return output<number>({
    observe: (live) => {
      live.barrier.waitReleased(ctx.event);
      return connectLive(live, peer);
    },
    accepts: isStreamOrErrno,
    digest: (_stream, digest) => digest.updateBytes(Uint8Array.from(peer.octets)),
    apply: (stream) => {
      if (stream < 0) return -stream;
      ctx.fds.put(fd, { ...openStream(stream, socket.flags), peer });
      return ERRNO.SUCCESS;
    },
  });
}

function connectLive(live: LiveWorld, { octets, port }: SocketAddress): number {
  const answer = ask(
    live,
    (dialer) => dialer.connect(octets, port),
    (dialer, ticket) => dialer.connected(ticket),
  );
  if (answer === undefined) return -ERRNO.ACCES;
  return typeof answer === 'number' ? answer : -(errnoByName(answer.error) ?? ERRNO.IO);
}

/** Waits for a ticket's answer; undefined if the guest may not dial. */
function ask<T>(
  live: LiveWorld,
  question: (dialer: HostDialer) => Ticket,
  answer: (dialer: HostDialer, ticket: Ticket) => T | undefined,
): T | undefined {
  const { dialer } = live;
  if (dialer === undefined) return undefined;
  const ticket = question(dialer);
  for (;;) {
    const found = answer(dialer, ticket);
    if (found !== undefined) return found;
    live.waiter.wait(undefined);
  }
}

/** `list`: address of the pointer to the first of `max` structs that the guest has linked and given buffers. */
export function sockGetAddrInfo(
  ctx: WasiContext,
  node: number,
  nodeLength: number,
  service: number,
  serviceLength: number,
  _hints: number,
  list: number,
  max: number,
  countPointer: number,
): WasiStep {
  const name = nodeName(ctx, node, nodeLength);
  const port = servicePort(nodeName(ctx, service, serviceLength));
  if (port === undefined) return AI.SERVICE;
  if (max === 0) return ERRNO.INVAL;
  ctx.memory.check(countPointer, 4);
  const targets = readAddressList(ctx.memory, list, max);
  return input<AddressList | number>({
    observe: (live) => resolveLive(live, name),
    accepts: isAddressList,
    apply: (found) => {
      if (typeof found === 'number') return -found;
      ctx.memory.setU32(countPointer, writeAddressList(ctx.memory, targets, found, port));
      return ERRNO.SUCCESS;
    },
  });
}

/** Guests pass C strings: a NUL at the end belongs to the length. */
function nodeName(ctx: WasiContext, pointer: number, length: number): string {
  const ends = length > 0 && ctx.memory.slice(pointer, length)[length - 1] === 0;
  return ctx.memory.string(pointer, ends ? length - 1 : length);
}

const SERVICES: Readonly<Record<string, number>> = { '': 0, http: 80, https: 443, redis: 6379, postgresql: 5432 };

function servicePort(service: string): number | undefined {
  const port = /^\d+$/.test(service) ? Number(service) : SERVICES[service];
  return port !== undefined && port <= PORT_MAX ? port : undefined;
}

function resolveLive(live: LiveWorld, name: string): AddressList | number {
  const answer = ask(
    live,
    (dialer) => dialer.resolve(name),
    (dialer, ticket) => dialer.resolved(ticket),
  );
  if (answer === undefined) return -ERRNO.ACCES;
  return isDialError(answer) ? -nameError(answer) : answer;
}

function isDialError(answer: AddressList | DialError): answer is DialError {
  return 'error' in answer;
}

function nameError({ error }: DialError): number {
  return error === 'EAI_AGAIN' ? AI.AGAIN : AI.NONAME;
}

function isAddressList(value: LoggedValue): boolean {
  if (!Array.isArray(value)) return isCount(value, -1);
  return value.every((octets: LoggedValue) => Array.isArray(octets) && (octets.length === 4 || octets.length === 16));
}
