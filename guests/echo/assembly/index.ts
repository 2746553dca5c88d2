/**
 * A server for tests of connections: what it does with bytes is chosen by its first argument (mode.ts). One poll per turn,
 * then every ready connection; it says on stdout when a connection breaks.
 */
import {
  addConnection,
  BUFFER_BYTES,
  CONNECTIONS_MAX,
  Connection,
  connectionAt,
  connections,
  releaseBuffer,
  removeConnection,
  takeBuffer,
} from './connection';
import { COUNT, DEAF, ECHO, END_FIRST, FLOOD, parseMode, UNKNOWN } from './mode';
import { accept, BROKEN, formatDecimal, receive, report, send, setNonBlocking, WOULD_BLOCK } from './socket';
import { fd_close, poll_oneoff, proc_exit, sock_shutdown } from './wasi_snapshot_preview1';

const LISTENER: u32 = 3;
const TAG_READ: u8 = 1;
const TAG_WRITE: u8 = 2;
const SHUTDOWN_WRITE: u32 = 2;
const SUBSCRIPTION_BYTES: u32 = 48;
const EVENT_BYTES: u32 = 32;
const PATTERN: u64 = 251;

const subscriptions: usize = memory.data((8192 + 1) * 48, 8);
const events: usize = memory.data((8192 + 1) * 32, 8);
const ready: usize = memory.data(8, 4);
let mode: u32 = ECHO;

export function _start(): void {
  mode = parseMode();
  if (mode == UNKNOWN) fail('echo: the first argument is echo, count, end-first, flood or deaf');
  if (!setNonBlocking(LISTENER)) fail('echo: no listening socket; start with --tcplisten ADDR');
  while (true) turn();
}

function fail(text: string): void {
  report(text);
  proc_exit(2);
}

function turn(): void {
  const count = subscribe();
  if (poll_oneoff(subscriptions, events, count, ready) != 0) fail('echo: the host refused to poll');
  const readyCount = load<u32>(ready);
  for (let i: u32 = 0; i < readyCount; i++) {
    const subject = usize(load<u64>(events + i * EVENT_BYTES));
    if (subject == 0) acceptAll();
    else serve(changetype<Connection>(subject));
  }
}

function subscribe(): u32 {
  setSubscription(0, 0, TAG_READ, LISTENER);
  let count: u32 = 1;
  for (let i: u32 = 0; i < connections; i++) {
    const connection = connectionAt(i);
    if (mode == DEAF) continue;
    const sends = mode == FLOOD || connection.end > connection.start;
    setSubscription(count++, changetype<usize>(connection), sends ? TAG_WRITE : TAG_READ, connection.fd);
  }
  return count;
}

function setSubscription(index: u32, subject: usize, tag: u8, fd: u32): void {
  const record = subscriptions + index * SUBSCRIPTION_BYTES;
  store<u64>(record, subject);
  store<u8>(record, tag, 8);
  store<u32>(record, fd, 16);
}

function acceptAll(): void {
  while (connections < CONNECTIONS_MAX) {
    const fd = accept(LISTENER);
    if (fd < 0) return;
    const connection = addConnection(fd);
    if (mode == END_FIRST) sayBye(connection);
  }
}

function sayBye(connection: Connection): void {
  takeBuffer(connection);
  store<u32>(connection.buffer, 0x0a657962);
  send(connection.fd, connection.buffer, 4);
  releaseBuffer(connection);
  sock_shutdown(connection.fd, SHUTDOWN_WRITE);
}

/** Sends what waits, then goes on reading; each ready connection gets one receive per turn. */
function serve(connection: Connection): void {
  if (mode == FLOOD) return flood(connection);
  if (connection.end > connection.start && !sendPending(connection)) return;
  if (connection.ending) return close(connection);
  takeBuffer(connection);
  const received = receive(connection.fd, connection.buffer, BUFFER_BYTES);
  if (received == WOULD_BLOCK) return releaseBuffer(connection);
  if (received == BROKEN) return broken(connection);
  if (received == 0) return inputEnded(connection);
  connection.received += received;
  if (mode != ECHO) return releaseBuffer(connection);
  connection.end = received;
  sendPending(connection);
}

/** True once nothing waits any more. */
function sendPending(connection: Connection): bool {
  const sent = send(connection.fd, connection.buffer + connection.start, connection.end - connection.start);
  if (sent == BROKEN) broken(connection);
  if (sent < 0) return false;
  connection.start += sent;
  connection.sent += sent;
  if (connection.start < connection.end) return false;
  releaseBuffer(connection);
  return true;
}

function inputEnded(connection: Connection): void {
  connection.inputEnded = true;
  if (mode == END_FIRST) report('read ', i64(connection.received));
  if (mode != COUNT) return close(connection);
  connection.end = formatDecimal(connection.received, connection.buffer);
  connection.ending = true;
  if (sendPending(connection)) close(connection);
}

function flood(connection: Connection): void {
  takeBuffer(connection);
  for (let i: u32 = 0; i < BUFFER_BYTES; i++) store<u8>(connection.buffer + i, u8((connection.sent + i) % PATTERN));
  const sent = send(connection.fd, connection.buffer, BUFFER_BYTES);
  releaseBuffer(connection);
  if (sent == BROKEN) broken(connection);
  else if (sent > 0) connection.sent += sent;
}

function broken(connection: Connection): void {
  report('reset after ', i64(connection.received));
  close(connection);
}

function close(connection: Connection): void {
  fd_close(connection.fd);
  removeConnection(connection);
}
