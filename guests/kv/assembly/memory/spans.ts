/**
 * The lower half of the allocator: spans of whole 64 KiB pages on linear memory.
 *
 *   0 ............ heap base, static data of the module
 *   page table     one u32 per page of a 4 GiB memory (256 KiB, touched only as far as memory has grown)
 *   spans ........ used and free, up to the end of memory
 *
 * A page table word is `pages << 2 | tag`. It is meaningful at the first page of a used span and at both ends of a free
 * one, which is all that coalescing needs. Free spans are in doubly linked lists binned by the logarithm of their length;
 * the links live in the first bytes of the span itself.
 */

export const PAGE_SHIFT: u32 = 16;
export const PAGE_BYTES: u32 = 1 << PAGE_SHIFT;

const TAG_USED: u32 = 1;
const TAG_FREE: u32 = 2;
const TAG_MASK: u32 = 3;
const BINS: u32 = 17;
const PAGES_MAX: u32 = 65536;
/** Candidates looked at in the bin where a span may be too short; later bins always fit. */
const SEARCH_MAX: u32 = 32;
/** Memory grows by a sixteenth, within these bounds, so that the number of growths stays small and the slack too. */
const GROW_PAGES_MIN: u32 = 16;
const GROW_PAGES_MAX: u32 = 512;

const bins: usize = memory.data(BINS * 4, 4);
let table: usize = 0;
let endPage: u32 = 0;
let freePages: u32 = 0;

@unmanaged
class FreeSpan {
  next: usize = 0;
  previous: usize = 0;
}

/** Must run before any allocation. */
export function initializeSpans(): void {
  table = (__heap_base + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
  const firstPage = u32((table + PAGES_MAX * 4) >> PAGE_SHIFT);
  const present = u32(memory.size());
  if (present < firstPage) memory.grow(firstPage - present);
  endPage = firstPage;
  if (present > firstPage) {
    endPage = present;
    release(firstPage, present - firstPage);
  }
}

/** Bytes of linear memory that are not in free spans. */
export function spanBytesUsed(): u64 {
  return u64(endPage - freePages) << PAGE_SHIFT;
}

/** A page-aligned span of `pages` pages with undefined content, or 0 if memory cannot grow. */
export function allocateSpan(pages: u32): usize {
  let span = takeFit(pages);
  if (!span) {
    if (!grow(pages)) return 0;
    span = takeFit(pages);
  }
  return span;
}

export function freeSpan(address: usize): void {
  const page = u32(address >> PAGE_SHIFT);
  release(page, word(page) >> 2);
}

/** Length of a used span in pages. */
export function spanPages(address: usize): u32 {
  return word(u32(address >> PAGE_SHIFT)) >> 2;
}

function word(page: u32): u32 {
  return load<u32>(table + (page << 2));
}

function setWord(page: u32, value: u32): void {
  store<u32>(table + (page << 2), value);
}

function binOf(pages: u32): u32 {
  return 31 - clz(pages);
}

function takeFit(pages: u32): usize {
  let bin = binOf(pages);
  let span = load<usize>(bins + (bin << 2));
  for (let i: u32 = 0; span && i < SEARCH_MAX; i++) {
    const page = u32(span >> PAGE_SHIFT);
    if (word(page) >> 2 >= pages) return carve(page, pages);
    span = changetype<FreeSpan>(span).next;
  }
  while (++bin < BINS) {
    span = load<usize>(bins + (bin << 2));
    if (span) return carve(u32(span >> PAGE_SHIFT), pages);
  }
  return 0;
}

/** Uses the first `pages` pages of the free span at `page`; the rest stays free. */
function carve(page: u32, pages: u32): usize {
  const length = word(page) >> 2;
  unlink(page, length);
  freePages -= length;
  if (length > pages) insert(page + pages, length - pages);
  // The last page's word must not look like the end of a free span; of a one-page span it is the first one, too.
  setWord(page + pages - 1, 0);
  setWord(page, (pages << 2) | TAG_USED);
  return usize(page) << PAGE_SHIFT;
}

/** Makes pages free and joins them with free neighbours. */
function release(page: u32, pages: u32): void {
  const after = page + pages;
  if (after < endPage && (word(after) & TAG_MASK) == TAG_FREE) {
    const length = word(after) >> 2;
    unlink(after, length);
    freePages -= length;
    pages += length;
  }
  const before = word(page - 1);
  if ((before & TAG_MASK) == TAG_FREE) {
    const length = before >> 2;
    page -= length;
    unlink(page, length);
    freePages -= length;
    pages += length;
  }
  insert(page, pages);
}

function insert(page: u32, pages: u32): void {
  setWord(page, (pages << 2) | TAG_FREE);
  setWord(page + pages - 1, (pages << 2) | TAG_FREE);
  freePages += pages;
  const head = bins + (binOf(pages) << 2);
  const address = usize(page) << PAGE_SHIFT;
  const span = changetype<FreeSpan>(address);
  const next = load<usize>(head);
  span.next = next;
  span.previous = 0;
  if (next) changetype<FreeSpan>(next).previous = address;
  store<usize>(head, address);
}

function unlink(page: u32, pages: u32): void {
  const span = changetype<FreeSpan>(usize(page) << PAGE_SHIFT);
  if (span.next) changetype<FreeSpan>(span.next).previous = span.previous;
  if (span.previous) changetype<FreeSpan>(span.previous).next = span.next;
  else store<usize>(bins + (binOf(pages) << 2), span.next);
}

function grow(pages: u32): bool {
  let step = max(pages, min(max(endPage >> 4, GROW_PAGES_MIN), GROW_PAGES_MAX));
  if (memory.grow(i32(step)) < 0) {
    step = pages;
    if (memory.grow(i32(step)) < 0) return false;
  }
  const first = endPage;
  endPage += step;
  release(first, step);
  return true;
}
