/** Non-blocking sockets and the few other descriptors, as plain functions over preview1. */

import { writeLiteral } from '../memory/bytes';
import {
  fd_close,
  fd_fdstat_get,
  fd_fdstat_set_flags,
  fd_write,
  sock_accept,
  sock_recv,
  sock_send,
} from '../wasi_snapshot_preview1';

const EAGAIN: u32 = 6;
const EBADF: u32 = 8;
const FDFLAGS_NONBLOCK: u32 = 4;
const FILETYPE_SOCKET_STREAM: u8 = 6;
const STDERR: u32 = 2;
const FIRST_FD: u32 = 3;

/** Results of {@link receive} and {@link send} that are not byte counts. */
export const WOULD_BLOCK: i32 = -1;
export const BROKEN: i32 = -2;

const vector: usize = memory.data(8, 4);
const result: usize = memory.data(24, 8);
const message: usize = memory.data(256);

/** The first listening socket at or after `fd`, or 0: preopened sockets and directories follow stdio without gaps. */
export function nextListener(fd: u32): u32 {
  let candidate = max(fd, FIRST_FD);
  let errno = fd_fdstat_get(candidate, result);
  while (errno != EBADF) {
    if (errno == 0 && load<u8>(result) == FILETYPE_SOCKET_STREAM) return candidate;
    errno = fd_fdstat_get(++candidate, result);
  }
  return 0;
}

/** False if the host cannot do it. */
export function setNonBlocking(fd: u32): bool {
  return fd_fdstat_set_flags(fd, FDFLAGS_NONBLOCK) == 0;
}

/** A new connection's descriptor (never 0), WOULD_BLOCK or BROKEN. */
export function accept(listener: u32): i32 {
  const errno = sock_accept(listener, FDFLAGS_NONBLOCK, result);
  if (errno == 0) return load<i32>(result);
  return errno == EAGAIN ? WOULD_BLOCK : BROKEN;
}

/** Number of bytes received (0: the peer has finished), WOULD_BLOCK or BROKEN. */
export function receive(fd: u32, to: usize, length: u32): i32 {
  store<usize>(vector, to);
  store<u32>(vector, length, 4);
  const errno = sock_recv(fd, vector, 1, 0, result, result + 4);
  if (errno == 0) return load<i32>(result);
  return errno == EAGAIN ? WOULD_BLOCK : BROKEN;
}

/** Number of bytes that the connection took, WOULD_BLOCK or BROKEN. */
export function send(fd: u32, from: usize, length: u32): i32 {
  store<usize>(vector, from);
  // A count must fit i32; the rest goes with the next call.
  store<u32>(vector, min(length, i32.MAX_VALUE), 4);
  const errno = sock_send(fd, vector, 1, 0, result);
  if (errno == 0) return load<i32>(result);
  return errno == EAGAIN ? WOULD_BLOCK : BROKEN;
}

export function closeSocket(fd: u32): void {
  fd_close(fd);
}

/** A line for the operator on stderr. */
export function report(text: string): void {
  const end = writeLiteral(message, text);
  store<u8>(end, 10);
  store<usize>(vector, message);
  store<u32>(vector, u32(end + 1 - message), 4);
  fd_write(STDERR, vector, 1, result);
}
