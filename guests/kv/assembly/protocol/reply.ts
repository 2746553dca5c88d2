/**
 * Replies of RESP2 and RESP3. They are collected in one growing buffer, which the client's turn sends with one call when
 * its pipeline is done, or hands over as a whole to a client that reads too slowly.
 */
import { allocate, free, usableBytes } from '../memory/allocator';
import { writeLiteral } from '../memory/bytes';
import { digitCount, formatInteger, INTEGER_BYTES_MAX } from '../memory/numbers';

const INITIAL_BYTES: u32 = 64 << 10;
const CRLF: u16 = 0x0a0d;
const OK_LINE: u64 = 0x0a0d4b4f2b;
const NULL_BULK: u64 = 0x0a0d312d24; // $-1
const NULL_ARRAY: u64 = 0x0a0d312d2a; // *-1
const NULL_3: u32 = 0x0a0d5f; // _

let base: usize = 0;
let at: usize = 0;
let end: usize = 0;
let resp3: bool = false;

/** A reply did not fit in memory: the client cannot be told, it must be closed. */
export let replyLost: bool = false;

export function initializeReplies(): bool {
  base = allocate(INITIAL_BYTES);
  at = base;
  if (!base) return false;
  end = base + usableBytes(base);
  return true;
}

/** Starts the replies of one client's turn. */
export function beginReplies(protocol: u32): void {
  at = base;
  replyLost = false;
  resp3 = protocol >= 3;
}

export function setReplyProtocol(protocol: u32): void {
  resp3 = protocol >= 3;
}

export function repliesBytes(): usize {
  return base;
}

export function repliesLength(): u32 {
  return u32(at - base);
}

/** Takes back what was written since the replies had this length, in the same command. */
export function rewindReplies(length: u32): void {
  at = base + length;
}

/** The replies so far are on their way. */
export function clearReplies(): void {
  at = base;
  if (usableBytes(base) > INITIAL_BYTES) takeReplies();
}

/** Gives the buffer away (freed if nobody keeps it) and starts a fresh one; false when memory is exhausted. */
export function handOverReplies(): bool {
  const fresh = allocate(INITIAL_BYTES);
  if (!fresh) return false;
  base = fresh;
  at = base;
  end = base + usableBytes(base);
  return true;
}

function takeReplies(): void {
  const old = base;
  if (handOverReplies()) free(old);
}

/** Makes room for `bytes` more; false (and the reply is lost) when memory is exhausted. */
function reserve(bytes: u32): bool {
  if (bytes <= u32(end - at)) return true;
  const used = u32(at - base);
  const wanted = u64(used) + bytes;
  const doubled = min(max(wanted, u64(usableBytes(base)) << 1), wanted + (64 << 20));
  const grown: usize = replyLost || doubled > u32.MAX_VALUE ? 0 : allocate(u32(doubled));
  if (!grown) {
    replyLost = true;
    return false;
  }
  memory.copy(grown, base, used);
  free(base);
  base = grown;
  at = grown + used;
  end = grown + usableBytes(grown);
  return true;
}

export function replyOk(): void {
  if (!reserve(8)) return;
  store<u64>(at, OK_LINE);
  at += 5;
}

/** `+text`; the text is ASCII without line breaks. */
export function replySimple(text: string): void {
  line(43, text);
}

/** `-text`, for example `ERR syntax error`. */
export function replyError(text: string): void {
  line(45, text);
}

function line(prefix: u8, text: string): void {
  if (!reserve(u32(text.length) + 3)) return;
  store<u8>(at, prefix);
  at = writeLiteral(at + 1, text);
  store<u16>(at, CRLF);
  at += 2;
}

export function replyInteger(value: i64): void {
  header(58, value);
}

export function replyArray(count: u32): void {
  header(42, count);
}

export function replySet(count: u32): void {
  header(resp3 ? 126 : 42, count);
}

/** A map of `pairs` keys and values; a flat array in RESP2. */
export function replyMap(pairs: u32): void {
  if (resp3) header(37, pairs);
  else header(42, pairs << 1);
}

function header(prefix: u8, value: i64): void {
  if (!reserve(INTEGER_BYTES_MAX + 3)) return;
  store<u8>(at, prefix);
  at = formatInteger(at + 1, value);
  store<u16>(at, CRLF);
  at += 2;
}

export function replyBulk(bytes: usize, length: u32): void {
  if (!reserve(length + INTEGER_BYTES_MAX + 5)) return;
  header(36, length);
  memory.copy(at, bytes, length);
  at += length;
  store<u16>(at, CRLF);
  at += 2;
}

export function replyBulkLiteral(text: string): void {
  const length = u32(text.length);
  if (!reserve(length + INTEGER_BYTES_MAX + 5)) return;
  header(36, length);
  at = writeLiteral(at, text);
  store<u16>(at, CRLF);
  at += 2;
}

/** An integer as a bulk string. */
export function replyBulkInteger(value: i64): void {
  if (!reserve(2 * INTEGER_BYTES_MAX + 5)) return;
  header(36, digitCount(value < 0 ? 0 - u64(value) : u64(value)) + u32(value < 0));
  at = formatInteger(at, value);
  store<u16>(at, CRLF);
  at += 2;
}

/** No such value. */
export function replyNull(): void {
  replyNothing(NULL_BULK);
}

export function replyNullArray(): void {
  replyNothing(NULL_ARRAY);
}

function replyNothing(resp2: u64): void {
  if (!reserve(8)) return;
  store<u64>(at, resp3 ? NULL_3 : resp2);
  at += resp3 ? 3 : 5;
}

/** Raw pieces, for replies composed of several: a literal, a number, or bytes with line breaks made harmless. */
export function writeText(text: string): void {
  if (reserve(u32(text.length))) at = writeLiteral(at, text);
}

export function writeInteger(value: i64): void {
  if (reserve(INTEGER_BYTES_MAX)) at = formatInteger(at, value);
}

export function writePrintable(bytes: usize, length: u32): void {
  if (!reserve(length)) return;
  for (let i: u32 = 0; i < length; i++) {
    const byte = load<u8>(bytes + i);
    store<u8>(at++, byte == 13 || byte == 10 ? 32 : byte);
  }
}

export function writeLineEnd(): void {
  writeText('\r\n');
}

/** An offset for {@link endBulk} or {@link endArray}, when the length is known only afterwards. */
export function beginLater(): u32 {
  return repliesLength();
}

/** Turns what was written since `start` into a bulk string. */
export function endBulk(start: u32): void {
  const length = repliesLength() - start;
  insertHeader(start, 36, length);
  writeLineEnd();
}

/** Turns the `count` values written since `start` into an array. */
export function endArray(start: u32, count: u32): void {
  insertHeader(start, 42, count);
}

function insertHeader(start: u32, prefix: u8, value: u32): void {
  const headerLength = digitCount(value) + 3;
  if (!reserve(headerLength)) return;
  const from = base + start;
  const length = u32(at - from);
  memory.copy(from + headerLength, from, length);
  store<u8>(from, prefix);
  store<u16>(formatInteger(from + 1, value), CRLF);
  at += headerLength;
}
