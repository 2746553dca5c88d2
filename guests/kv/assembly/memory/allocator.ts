/**
 * The upper half of the allocator: size classes. A slab is one 64 KiB page that holds blocks of a single class behind a
 * 32-byte header; anything above the largest class gets a span of its own. The address alone tells which: a span starts
 * on a page boundary, a block never does. So no block carries a header, and a freed page can serve any class.
 */
import { allocateSpan, freeSpan, initializeSpans, PAGE_BYTES, PAGE_SHIFT, spanPages } from './spans';

const HEADER_BYTES: u32 = 32;
const STEP_SHIFT: u32 = 3;
/** Up to here a table indexed by eighths of the size names the class. */
const TABLE_BYTES_MAX: u32 = 4096;
const TABLE_LENGTH: u32 = (TABLE_BYTES_MAX >> STEP_SHIFT) + 1;
const CLASSES_MAX: u32 = 64;

const classOfStep: usize = memory.data(TABLE_LENGTH);
const classBytes: usize = memory.data(CLASSES_MAX * 4, 4);
/** First slab with a free block, per class. */
const classSlabs: usize = memory.data(CLASSES_MAX * 4, 4);
let classCount: u32 = 0;
let blockBytesMax: u32 = 0;
let bytesUsed: u64 = 0;

@unmanaged
class Slab {
  next: usize = 0;
  previous: usize = 0;
  /** Freed blocks, linked through their first word. */
  freed: usize = 0;
  /** First block that was never used. */
  fresh: usize = 0;
  used: u32 = 0;
  capacity: u32 = 0;
  sizeClass: u32 = 0;
  blockBytes: u32 = 0;
}

/** Must run before any allocation. */
export function initializeAllocator(): void {
  initializeSpans();
  for (let size: u32 = 16; size <= 128; size += 8) addClass(size);
  // Four classes per doubling: at most a fifth of a block is slack.
  for (let base: u32 = 128; base < 2048; base <<= 1) {
    for (let quarter: u32 = 1; quarter <= 4; quarter++) addClass(base + quarter * (base >> 2));
  }
  addClass(2560);
  addClass(3072);
  addClass(TABLE_BYTES_MAX);
  // Above, the classes are the ones that fill a page: n equal blocks behind the header.
  addClass(pageFraction(13));
  for (let n: u32 = 10; n >= 2; n--) addClass(pageFraction(n));
  fillTable();
}

function pageFraction(n: u32): u32 {
  return ((PAGE_BYTES - HEADER_BYTES) / n) & ~7;
}

function addClass(size: u32): void {
  store<u32>(classBytes + (classCount << 2), size);
  classCount++;
  blockBytesMax = size;
}

function fillTable(): void {
  let sizeClass: u32 = 0;
  for (let step: u32 = 0; step < TABLE_LENGTH; step++) {
    if (step << STEP_SHIFT > load<u32>(classBytes + (sizeClass << 2))) sizeClass++;
    store<u8>(classOfStep + step, u8(sizeClass));
  }
}

function classOf(size: u32): u32 {
  if (size <= TABLE_BYTES_MAX) return load<u8>(classOfStep + ((size + 7) >> STEP_SHIFT));
  let sizeClass = u32(load<u8>(classOfStep + TABLE_LENGTH - 1)) + 1;
  while (load<u32>(classBytes + (sizeClass << 2)) < size) sizeClass++;
  return sizeClass;
}

/** Bytes in blocks and spans handed out, slack included. */
export function allocatedBytes(): u64 {
  return bytesUsed;
}

/** At least `size` bytes, 8-byte aligned, content undefined; 0 when memory is exhausted. */
export function allocate(size: u32): usize {
  if (size > blockBytesMax) return allocateLarge(size);
  const sizeClass = classOf(size);
  let address = load<usize>(classSlabs + (sizeClass << 2));
  if (!address) {
    address = addSlab(sizeClass);
    if (!address) return 0;
  }
  const slab = changetype<Slab>(address);
  let block = slab.freed;
  if (block) {
    slab.freed = load<usize>(block);
  } else {
    block = slab.fresh;
    slab.fresh = block + slab.blockBytes;
  }
  slab.used++;
  bytesUsed += slab.blockBytes;
  if (slab.used == slab.capacity) unlinkSlab(slab);
  return block;
}

function allocateLarge(size: u32): usize {
  if (size > u32.MAX_VALUE - PAGE_BYTES) return 0;
  const pages = (size + PAGE_BYTES - 1) >> PAGE_SHIFT;
  const span = allocateSpan(pages);
  if (span) bytesUsed += u64(pages) << PAGE_SHIFT;
  return span;
}

export function free(block: usize): void {
  if (!(block & (PAGE_BYTES - 1))) {
    bytesUsed -= u64(spanPages(block)) << PAGE_SHIFT;
    freeSpan(block);
    return;
  }
  const address = block & ~(PAGE_BYTES - 1);
  const slab = changetype<Slab>(address);
  if (slab.used == slab.capacity) linkSlab(slab);
  store<usize>(block, slab.freed);
  slab.freed = block;
  slab.used--;
  bytesUsed -= slab.blockBytes;
  // The last slab of a class is kept, so that one block going back and forth does not cost a page each time.
  if (slab.used == 0 && (slab.next || slab.previous)) {
    unlinkSlab(slab);
    freeSpan(address);
  }
}

/** Bytes that the block really has. */
export function usableBytes(block: usize): u32 {
  if (!(block & (PAGE_BYTES - 1))) return spanPages(block) << PAGE_SHIFT;
  return changetype<Slab>(block & ~(PAGE_BYTES - 1)).blockBytes;
}

/** What `allocate(size)` would really hand out. */
export function roundedBytes(size: u32): u32 {
  if (size > blockBytesMax) return (size + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
  return load<u32>(classBytes + (classOf(size) << 2));
}

function addSlab(sizeClass: u32): usize {
  const address = allocateSpan(1);
  if (!address) return 0;
  const slab = changetype<Slab>(address);
  slab.freed = 0;
  slab.fresh = address + HEADER_BYTES;
  slab.used = 0;
  slab.blockBytes = load<u32>(classBytes + (sizeClass << 2));
  slab.capacity = (PAGE_BYTES - HEADER_BYTES) / slab.blockBytes;
  slab.sizeClass = sizeClass;
  linkSlab(slab);
  return address;
}

function linkSlab(slab: Slab): void {
  const head = classSlabs + (slab.sizeClass << 2);
  const next = load<usize>(head);
  slab.next = next;
  slab.previous = 0;
  if (next) changetype<Slab>(next).previous = changetype<usize>(slab);
  store<usize>(head, changetype<usize>(slab));
}

function unlinkSlab(slab: Slab): void {
  if (slab.next) changetype<Slab>(slab.next).previous = slab.previous;
  if (slab.previous) changetype<Slab>(slab.previous).next = slab.next;
  else store<usize>(classSlabs + (slab.sizeClass << 2), slab.next);
}
