/**
 * The entries that have a deadline, as a binary heap with the earliest on top. Each entry knows its place, so changing or
 * removing one costs O(log n), and the loop knows exactly when to wake up. The array is made of page-sized segments: it
 * never moves.
 */
import { allocate, free } from '../memory/allocator';
import { Entry, entryAt } from './entry';

const SEGMENT_SHIFT: u32 = 14;
const SEGMENT_MASK: u32 = (1 << SEGMENT_SHIFT) - 1;
const SEGMENTS_MAX: u32 = 8192;

const directory: usize = memory.data(SEGMENTS_MAX * 4, 4);
let segments: u32 = 0;
let count: u32 = 0;

export function deadlineCount(): u32 {
  return count;
}

/** The entry with the earliest deadline; there must be one. */
export function earliest(): Entry {
  return at(0);
}

/** Makes room for one more; false when memory is exhausted. Call before {@link addDeadline}. */
export function reserveDeadline(): bool {
  if (count < segments << SEGMENT_SHIFT) return true;
  if (segments == SEGMENTS_MAX) return false;
  const segment = allocate(4 << SEGMENT_SHIFT);
  if (!segment) return false;
  store<usize>(directory + (segments << 2), segment);
  segments++;
  return true;
}

/** Takes up an entry whose deadline is set. */
export function addDeadline(entry: Entry): void {
  count++;
  siftUp(entry, count - 1);
}

/** The deadline of an entry has changed. */
export function updateDeadline(entry: Entry): void {
  const index = entry.heapIndex;
  siftUp(entry, index);
  if (entry.heapIndex == index) siftDown(entry, index);
}

/** The entry has moved to another address. */
export function moveDeadline(entry: Entry): void {
  put(entry.heapIndex, entry);
}

export function removeDeadline(entry: Entry): void {
  const index = entry.heapIndex;
  const last = at(--count);
  if (index < count) {
    last.heapIndex = index;
    put(index, last);
    updateDeadline(last);
  }
  // One spare segment is kept against thrashing at the border.
  if (segments > 1 && count + SEGMENT_MASK + 1 < (segments - 1) << SEGMENT_SHIFT) {
    segments--;
    free(load<usize>(directory + (segments << 2)));
  }
}

/** Forgets all entries at once. */
export function clearDeadlines(): void {
  count = 0;
  while (segments > 0) {
    segments--;
    free(load<usize>(directory + (segments << 2)));
  }
}

function slot(index: u32): usize {
  return load<usize>(directory + ((index >> SEGMENT_SHIFT) << 2)) + ((index & SEGMENT_MASK) << 2);
}

function at(index: u32): Entry {
  return entryAt(load<usize>(slot(index)));
}

function put(index: u32, entry: Entry): void {
  store<usize>(slot(index), changetype<usize>(entry));
  entry.heapIndex = index;
}

function siftUp(entry: Entry, index: u32): void {
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = at(parent);
    if (above.deadline <= entry.deadline) break;
    put(index, above);
    index = parent;
  }
  put(index, entry);
}

function siftDown(entry: Entry, index: u32): void {
  for (let child: u32 = 2 * index + 1; child < count; child = 2 * index + 1) {
    if (child + 1 < count && at(child + 1).deadline < at(child).deadline) child++;
    const below = at(child);
    if (below.deadline >= entry.deadline) break;
    put(index, below);
    index = child;
  }
  put(index, entry);
}
