/**
 * Walking through a dict while it changes. All hashes, read from their lowest bit to their highest, form a line of 2^32
 * points; a bucket owns an aligned stretch of it, and splitting or merging buckets only cuts or joins stretches. A cursor
 * is a point on that line: what lies before it has been seen, whatever the table did in between, and nothing twice.
 */
import { bucketHead, bucketIndex, bucketMask, Dict } from './dict';
import { Entry, entryAt } from './entry';

export const LINE_END: u64 = 1 << 32;

/** The point of a hash: its bits in reverse order. */
function pointOf(hash: u32): u32 {
  hash = ((hash >> 1) & 0x55555555) | ((hash & 0x55555555) << 1);
  hash = ((hash >> 2) & 0x33333333) | ((hash & 0x33333333) << 2);
  hash = ((hash >> 4) & 0x0f0f0f0f) | ((hash & 0x0f0f0f0f) << 4);
  return bswap<u32>(hash);
}

/** The end of the stretch that the point lies in; LINE_END at the last one. */
export function stretchEnd(dict: Dict, point: u32): u64 {
  const bits = popcnt(bucketMask(dict, bucketIndex(dict, pointOf(point))));
  const width = LINE_END >> bits;
  return (u64(point) & ~(width - 1)) + width;
}

/** Visits the entries at or behind the point, in its stretch. */
export function visitStretch(dict: Dict, point: u32, visit: (entry: Entry) => void): void {
  let address = bucketHead(dict, bucketIndex(dict, pointOf(point)));
  while (address) {
    const entry = entryAt(address);
    address = entry.next;
    if (pointOf(entry.hash) >= point) visit(entry);
  }
}
