/** Non-blocking sockets and lines on stdout, as plain functions over preview1. */
import { fd_fdstat_set_flags, fd_write, sock_accept, sock_recv, sock_send } from './wasi_snapshot_preview1';

const EAGAIN: u32 = 6;
const FDFLAGS_NONBLOCK: u32 = 4;
const STDOUT: u32 = 1;

/** Results that are not byte counts or descriptors. */
export const WOULD_BLOCK: i32 = -1;
export const BROKEN: i32 = -2;

const vector: usize = memory.data(8, 4);
const result: usize = memory.data(8, 4);
const digits: usize = memory.data(32);

export function setNonBlocking(fd: u32): bool {
  return fd_fdstat_set_flags(fd, FDFLAGS_NONBLOCK) == 0;
}

export function accept(listener: u32): i32 {
  const errno = sock_accept(listener, FDFLAGS_NONBLOCK, result);
  return errno == 0 ? load<i32>(result) : refused(errno);
}

/** Bytes received; 0 when the client has ended its side. */
export function receive(fd: u32, to: usize, length: u32): i32 {
  setVector(to, length);
  const errno = sock_recv(fd, vector, 1, 0, result, result + 4);
  return errno == 0 ? load<i32>(result) : refused(errno);
}

export function send(fd: u32, from: usize, length: u32): i32 {
  setVector(from, length);
  const errno = sock_send(fd, vector, 1, 0, result);
  return errno == 0 ? load<i32>(result) : refused(errno);
}

/** Writes `text` to stdout, and a number behind it if that is not negative. */
export function report(text: string, number: i64 = -1): void {
  const line = String.UTF8.encode(text);
  write(changetype<usize>(line), line.byteLength);
  if (number >= 0) {
    const length = formatDecimal(u64(number), digits);
    write(digits, length);
  }
  store<u8>(digits, 10);
  write(digits, 1);
}

/** Writes `value` in decimal at `to`; returns the number of digits. */
export function formatDecimal(value: u64, to: usize): u32 {
  let length: u32 = 1;
  for (let rest = value / 10; rest > 0; rest /= 10) length++;
  for (let at = length; at > 0; at--) {
    store<u8>(to + at - 1, u8(48 + (value % 10)));
    value /= 10;
  }
  return length;
}

function refused(errno: u32): i32 {
  return errno == EAGAIN ? WOULD_BLOCK : BROKEN;
}

function write(from: usize, length: u32): void {
  setVector(from, length);
  fd_write(STDOUT, vector, 1, result);
}

function setVector(address: usize, length: u32): void {
  store<u32>(vector, u32(address));
  store<u32>(vector, length, 4);
}
