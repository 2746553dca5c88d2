/**
 * Requests of RESP (https://redis.io/docs/latest/develop/reference/protocol-spec/): arrays of bulk strings, or inline
 * lines. Arguments are not copied: they are ranges of the input buffer, valid until the request is done.
 *
 * A request that is not complete yet leaves a {@link progress}, so that one that arrives in thousands of pieces is scanned
 * once, plus once more to collect the arguments when its last byte is there.
 */

import { ARGUMENTS_MAX, BULK_BYTES_MAX, LINE_BYTES_MAX } from '../limits';
import { allocate, free } from '../memory/allocator';
import { CR, findByte, LF } from '../memory/bytes';
import { parsedInteger, parseInteger } from '../memory/numbers';
import { splitInline } from './inline';

export const INCOMPLETE: u32 = 0;
export const COMPLETE: u32 = 1;
export const MALFORMED: u32 = 2;

const ARRAY: u8 = 42; // *
const BULK: u8 = 36; // $
const ARGUMENT_BYTES: u32 = 8;

/** Number of arguments of the request, its name included; 0 for an empty line or array. */
export let argumentCount: u32 = 0;
/** Behind the complete request. */
export let requestEnd: usize = 0;
/** What was wrong with a malformed request, as Redis says it. */
export let failure: string = '';
/** Of a request that starts with a bad character where `$` was expected: that character. */
export let unexpected: u8 = 0;

/** Where an incomplete request can be taken up again: bytes from its start, and arguments still to come. */
export let progressOffset: u32 = 0;
export let progressRemaining: u32 = 0;
/** Bytes, from its start, that an incomplete request will have at least. */
export let bytesExpected: u32 = 0;

let slots: usize = 0;
let slotCapacity: u32 = 0;
let lineEnd: usize = 0;

export function argumentBytes(index: u32): usize {
  return load<usize>(slots + index * ARGUMENT_BYTES);
}

export function argumentLength(index: u32): u32 {
  return load<u32>(slots + index * ARGUMENT_BYTES, 4);
}

/** Appends an argument; false when memory is exhausted. */
export function addArgument(bytes: usize, length: u32): bool {
  if (argumentCount == slotCapacity && !growSlots()) return false;
  const slot = slots + argumentCount * ARGUMENT_BYTES;
  store<usize>(slot, bytes);
  store<u32>(slot, length, 4);
  argumentCount++;
  return true;
}

function growSlots(): bool {
  const capacity = slotCapacity ? slotCapacity << 1 : 64;
  const block = allocate(capacity * ARGUMENT_BYTES);
  if (!block) return fail('out of memory') != MALFORMED;
  if (slots) {
    memory.copy(block, slots, slotCapacity * ARGUMENT_BYTES);
    free(slots);
  }
  slots = block;
  slotCapacity = capacity;
  return true;
}

export function fail(reason: string): u32 {
  failure = reason;
  return MALFORMED;
}

/**
 * Parses the request at `from`; there is at least one byte. For one that was incomplete before, `offset` and `remaining`
 * are its progress then (0, 0 otherwise).
 */
export function parseRequest(from: usize, to: usize, offset: u32, remaining: u32): u32 {
  argumentCount = 0;
  unexpected = 0;
  if (load<u8>(from) != ARRAY) return parseInline(from, to);
  if (remaining) {
    const state = walk(from, from + offset, to, remaining, false);
    if (state != COMPLETE) return state;
  }
  return parseArray(from, to);
}

function parseArray(from: usize, to: usize): u32 {
  const state = readLength(from + 1, to);
  if (state == MALFORMED) return fail(lineEnd ? 'invalid multibulk length' : 'too big mbulk count string');
  if (state == INCOMPLETE) return incomplete(0, 0, 0);
  if (parsedInteger > i64(ARGUMENTS_MAX)) return fail('invalid multibulk length');
  requestEnd = lineEnd;
  if (parsedInteger <= 0) return COMPLETE;
  return walk(from, lineEnd, to, u32(parsedInteger), true);
}

/** Goes over bulk strings from `at` on; collects them as arguments if asked to. */
function walk(from: usize, at: usize, to: usize, remaining: u32, collect: bool): u32 {
  for (; remaining; remaining--) {
    if (at == to) return incomplete(u32(at - from), remaining, 0);
    if (load<u8>(at) != BULK) {
      unexpected = load<u8>(at);
      return fail("expected '$', got '");
    }
    const state = readLength(at + 1, to);
    if (state == MALFORMED) return fail(lineEnd ? 'invalid bulk length' : 'too big bulk count string');
    if (state == INCOMPLETE) return incomplete(u32(at - from), remaining, 0);
    if (parsedInteger < 0 || parsedInteger > i64(BULK_BYTES_MAX)) return fail('invalid bulk length');
    const length = u32(parsedInteger);
    if (u32(to - lineEnd) < length + 2) return incomplete(u32(at - from), remaining, u32(lineEnd - from) + length + 2);
    if (collect && !addArgument(lineEnd, length)) return MALFORMED;
    at = lineEnd + length + 2;
  }
  requestEnd = at;
  return COMPLETE;
}

function incomplete(offset: u32, remaining: u32, expected: u32): u32 {
  progressOffset = offset;
  progressRemaining = remaining;
  bytesExpected = expected;
  return INCOMPLETE;
}

/** Reads `digits CR LF` into parsedInteger and {@link lineEnd}; lineEnd is 0 if the line is just too long. */
function readLength(from: usize, to: usize): u32 {
  const end = findByte(from, min(to, from + LINE_BYTES_MAX), CR);
  lineEnd = 0;
  if (u32(end - from) >= LINE_BYTES_MAX) return MALFORMED;
  if (end + 1 >= to) return INCOMPLETE;
  lineEnd = end + 2;
  return parseInteger(from, u32(end - from)) ? COMPLETE : MALFORMED;
}

function parseInline(from: usize, to: usize): u32 {
  const end = findByte(from, to, LF);
  if (u32(end - from) > LINE_BYTES_MAX) return fail('too big inline request');
  if (end == to) return incomplete(0, 0, 0);
  requestEnd = end + 1;
  const textEnd = end > from && load<u8>(end - 1) == CR ? end - 1 : end;
  return splitInline(from, textEnd);
}
