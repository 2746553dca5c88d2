/**
 * The payload of a chunk of pages, little endian.
 *
 *     memory u32   first page u32   bytes of n pages   hash of each page i64
 */
import { PAGE_BYTES } from './page-hash.js';

export const PAGES_HEAD_BYTES = 8;
export const HASH_BYTES = 8;

/** Pages in a payload of so many bytes; not whole if it is damaged. */
export function pagesIn(payloadBytes: number): number {
  return (payloadBytes - PAGES_HEAD_BYTES) / (PAGE_BYTES + HASH_BYTES);
}

/** Where the pages begin, given where the payload does. */
export function pagesHead(end: number, start: number): number {
  return Math.min(end, start + PAGES_HEAD_BYTES);
}

/** Where the pages end and their hashes begin. */
export function pagesTail(end: number, start: number): number {
  const head = pagesHead(end, start);
  return head + Math.max(0, Math.floor(pagesIn(end - start))) * PAGE_BYTES;
}
