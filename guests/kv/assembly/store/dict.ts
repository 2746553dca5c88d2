/**
 * A hash table that grows by one bucket per insertion: linear hashing (Litwin, 1980). There is never a second table nor a
 * pass over all entries, so growing to ten million keys has no pause. Bucket arrays are segments of one page; the first
 * one starts small and doubles, so that a small collection stays small.
 *
 * With 2^L <= buckets < 2^(L+1), a hash is looked up by its low L+1 bits, or by L bits if that bucket does not exist yet.
 */
import { allocate, free } from '../memory/allocator';
import { equalBytes } from '../memory/bytes';
import { Entry, entryAt, keyBytes, keyLength } from './entry';

const SEGMENT_SHIFT: u32 = 14;
const SEGMENT_BUCKETS: u32 = 1 << SEGMENT_SHIFT;
const SEGMENT_MASK: u32 = SEGMENT_BUCKETS - 1;
const BUCKETS_MIN: u32 = 4;
/** A table shrinks once it has this many buckets per entry, by this many buckets per removal. */
const SPARSE_FACTOR: u32 = 4;

@unmanaged
export class Dict {
  count: u32 = 0;
  buckets: u32 = 0;
  /** 2^L - 1 */
  mask: u32 = 0;
  /** Buckets that the first segment has room for. */
  firstCapacity: u32 = 0;
  /** Addresses of the segments. */
  directory: usize = 0;
  directoryCapacity: u32 = 0;
  /** For lists of dicts that wait to be reclaimed. */
  next: usize = 0;
}

/** Some entry, not quite uniformly chosen by a random number; the dict must not be empty. */
export function someEntry(dict: Dict, random: u32): Entry {
  let index = random % dict.buckets;
  let address = load<usize>(slotAddress(dict, index));
  while (!address) {
    visits++;
    index = index + 1 < dict.buckets ? index + 1 : 0;
    address = load<usize>(slotAddress(dict, index));
  }
  // Any of the chain, by bits that did not choose the bucket.
  for (let skip = (random >> 24) & 3; skip && entryAt(address).next; skip--) address = entryAt(address).next;
  return entryAt(address);
}

/** Where {@link findEntry} found its entry: the address of the pointer to it. */
export let foundLink: usize = 0;
/** Entries and buckets visited since the start: a deterministic measure of work, reported by INFO. */
export let visits: u64 = 0;

/** An empty dict, or null (address 0) when memory is exhausted. */
export function createDict(): Dict {
  const address = allocate(offsetof<Dict>());
  const directory = allocate(4);
  const segment = allocate(BUCKETS_MIN * 4);
  if (!address || !directory || !segment) {
    if (address) free(address);
    if (directory) free(directory);
    if (segment) free(segment);
    return changetype<Dict>(0);
  }
  const dict = changetype<Dict>(address);
  dict.count = 0;
  dict.buckets = BUCKETS_MIN;
  dict.mask = BUCKETS_MIN - 1;
  dict.firstCapacity = BUCKETS_MIN;
  dict.directory = directory;
  dict.directoryCapacity = 1;
  dict.next = 0;
  store<usize>(directory, segment);
  memory.fill(segment, 0, BUCKETS_MIN * 4);
  return dict;
}

/** Frees the table itself; its entries must be gone. */
export function freeDict(dict: Dict): void {
  const segments = ((dict.buckets - 1) >> SEGMENT_SHIFT) + 1;
  for (let i: u32 = 0; i < segments; i++) free(load<usize>(dict.directory + (i << 2)));
  free(dict.directory);
  free(changetype<usize>(dict));
}

function slotAddress(dict: Dict, index: u32): usize {
  return load<usize>(dict.directory + ((index >> SEGMENT_SHIFT) << 2)) + ((index & SEGMENT_MASK) << 2);
}

/** The bucket that a hash belongs to, as an index. */
export function bucketIndex(dict: Dict, hash: u32): u32 {
  const index = hash & ((dict.mask << 1) | 1);
  return index < dict.buckets ? index : index & dict.mask;
}

/** The address of a bucket's head pointer. */
export function bucketSlot(dict: Dict, hash: u32): usize {
  return slotAddress(dict, bucketIndex(dict, hash));
}

/** The first entry of a bucket, or 0. */
export function bucketHead(dict: Dict, index: u32): usize {
  return load<usize>(slotAddress(dict, index));
}

/** The mask of the low hash bits that select the bucket `index`: its entries share exactly those. */
export function bucketMask(dict: Dict, index: u32): u32 {
  const wide = (dict.mask << 1) | 1;
  // Split already (or the new half of a split): one bit more.
  return index > dict.mask || index + dict.mask + 1 < dict.buckets ? wide : dict.mask;
}

/** The entry of a key, or 0; sets {@link foundLink}. */
export function findEntry(dict: Dict, hash: u32, key: usize, length: u32): usize {
  let link = bucketSlot(dict, hash);
  let address = load<usize>(link);
  while (address) {
    visits++;
    const entry = entryAt(address);
    if (entry.hash == hash && keyLength(entry) == length && equalBytes(keyBytes(entry), key, length)) break;
    link = address;
    address = entry.next;
  }
  foundLink = link;
  return address;
}

/** The address of the pointer to an entry that is in the dict. */
export function linkOf(dict: Dict, entry: Entry): usize {
  let link = bucketSlot(dict, entry.hash);
  while (load<usize>(link) != changetype<usize>(entry)) {
    visits++;
    link = load<usize>(link);
  }
  return link;
}

/** Adds an entry whose key is not in the dict; `entry.hash` must be set. */
export function addEntry(dict: Dict, entry: Entry): void {
  const slot = bucketSlot(dict, entry.hash);
  entry.next = load<usize>(slot);
  store<usize>(slot, changetype<usize>(entry));
  if (++dict.count > dict.buckets) split(dict);
}

/** Takes the entry out that the pointer at `link` points to; does not free it. */
export function unlinkEntry(dict: Dict, link: usize): void {
  store<usize>(link, entryAt(load<usize>(link)).next);
  dict.count--;
  for (let i: u32 = 0; i < SPARSE_FACTOR; i++) {
    if (dict.buckets <= BUCKETS_MIN || dict.count >= dict.buckets / SPARSE_FACTOR) return;
    merge(dict);
  }
}

/** Adds one bucket and moves into it what belongs there. Without memory the chains just get longer. */
function split(dict: Dict): void {
  const index = dict.buckets;
  if (!ensureBucket(dict, index)) return;
  const bit = dict.mask + 1;
  let link = slotAddress(dict, index - bit);
  let moved: usize = 0;
  let address = load<usize>(link);
  while (address) {
    visits++;
    const entry = entryAt(address);
    const next = entry.next;
    if (entry.hash & bit) {
      store<usize>(link, next);
      entry.next = moved;
      moved = address;
    } else {
      link = address;
    }
    address = next;
  }
  store<usize>(slotAddress(dict, index), moved);
  dict.buckets++;
  if (dict.buckets == bit << 1) dict.mask = (bit << 1) - 1;
}

/** Takes the last bucket away: the reverse of split. */
function merge(dict: Dict): void {
  const index = dict.buckets - 1;
  if (index == dict.mask) dict.mask >>= 1;
  const slot = slotAddress(dict, index);
  const moved = load<usize>(slot);
  if (moved) {
    let link = slotAddress(dict, index & dict.mask);
    while (load<usize>(link)) {
      visits++;
      link = load<usize>(link);
    }
    store<usize>(link, moved);
  }
  dict.buckets--;
  if (!(index & SEGMENT_MASK)) free(load<usize>(dict.directory + ((index >> SEGMENT_SHIFT) << 2)));
}

/**
 * One step of emptying a dict that is no longer used: returns an entry taken out, or 0 after dropping one empty bucket.
 * Done when {@link isDrained}.
 */
export function drainStep(dict: Dict): usize {
  const index = dict.buckets - 1;
  const slot = slotAddress(dict, index);
  const address = load<usize>(slot);
  if (address) {
    store<usize>(slot, entryAt(address).next);
    return address;
  }
  if (index > 0) {
    dict.buckets = index;
    if (!(index & SEGMENT_MASK)) free(load<usize>(dict.directory + ((index >> SEGMENT_SHIFT) << 2)));
  }
  return 0;
}

export function isDrained(dict: Dict): bool {
  return dict.buckets == 1 && !load<usize>(slotAddress(dict, 0));
}

function ensureBucket(dict: Dict, index: u32): bool {
  if (index < dict.firstCapacity) return true;
  if (index < SEGMENT_BUCKETS) return growFirstSegment(dict);
  if (index & SEGMENT_MASK) return true;
  return addSegment(dict, index >> SEGMENT_SHIFT);
}

function growFirstSegment(dict: Dict): bool {
  const capacity = dict.firstCapacity << 1;
  const segment = allocate(capacity << 2);
  if (!segment) return false;
  const old = load<usize>(dict.directory);
  memory.copy(segment, old, dict.firstCapacity << 2);
  free(old);
  store<usize>(dict.directory, segment);
  dict.firstCapacity = capacity;
  return true;
}

function addSegment(dict: Dict, number: u32): bool {
  if (number >= dict.directoryCapacity) {
    const capacity = dict.directoryCapacity << 1;
    const directory = allocate(capacity << 2);
    if (!directory) return false;
    memory.copy(directory, dict.directory, dict.directoryCapacity << 2);
    free(dict.directory);
    dict.directory = directory;
    dict.directoryCapacity = capacity;
  }
  const segment = allocate(SEGMENT_BUCKETS << 2);
  if (!segment) return false;
  store<usize>(dict.directory + (number << 2), segment);
  return true;
}
