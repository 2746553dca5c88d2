/**
 * One key with its value: a single block, no pointer between the two.
 *
 *   0   next       next entry of the same bucket
 *   4   hash       32 bits of SipHash, so that splitting a bucket never reads keys
 *   8   keyMeta    key length, bit 31: the entry has a deadline
 *  12   valueMeta  value length, top two bits: its type
 * [16   deadline   realtime in milliseconds, i64       only with a deadline
 *  24   heapIndex  its place in the expiry heap, u32 ]
 *  ..   key bytes, then value bytes
 *
 * A collection's value is the address of its own structure (4 bytes). 16-byte keys with 3-byte values take a 40-byte block.
 */

@unmanaged
export class Entry {
  next: usize = 0;
  hash: u32 = 0;
  keyMeta: u32 = 0;
  valueMeta: u32 = 0;
  deadline: i64 = 0;
  heapIndex: u32 = 0;
}

export const TYPE_STRING: u32 = 0;
export const TYPE_LIST: u32 = 1;
export const TYPE_HASH: u32 = 2;
export const TYPE_SET: u32 = 3;

const HEADER_BYTES: u32 = 16;
const DEADLINE_BYTES: u32 = 12;
const HAS_DEADLINE: u32 = 1 << 31;
const LENGTH_MASK: u32 = 0x3fffffff;
const TYPE_SHIFT: u32 = 30;

export function entryAt(address: usize): Entry {
  return changetype<Entry>(address);
}

export function hasDeadline(entry: Entry): bool {
  return (entry.keyMeta & HAS_DEADLINE) != 0;
}

export function keyLength(entry: Entry): u32 {
  return entry.keyMeta & LENGTH_MASK;
}

export function keyBytes(entry: Entry): usize {
  return changetype<usize>(entry) + headerBytes(hasDeadline(entry));
}

export function valueType(entry: Entry): u32 {
  return entry.valueMeta >> TYPE_SHIFT;
}

export function valueLength(entry: Entry): u32 {
  return entry.valueMeta & LENGTH_MASK;
}

export function valueBytes(entry: Entry): usize {
  return keyBytes(entry) + keyLength(entry);
}

export function setKeyMeta(entry: Entry, length: u32, deadline: bool): void {
  entry.keyMeta = length | (deadline ? HAS_DEADLINE : 0);
}

export function setValueMeta(entry: Entry, type: u32, length: u32): void {
  entry.valueMeta = length | (type << TYPE_SHIFT);
}

/** Bytes of the header with or without a deadline. */
export function headerBytes(deadline: bool): u32 {
  return deadline ? HEADER_BYTES + DEADLINE_BYTES : HEADER_BYTES;
}

/** Bytes an entry needs in all. Fits u32: both lengths are at most 512 MiB. */
export function entryBytes(keyLength: u32, valueLength: u32, deadline: bool): u32 {
  return headerBytes(deadline) + keyLength + valueLength;
}
