/**
 * Frees big things bit by bit: a collection that was deleted, or the whole database after FLUSHALL, is queued here and
 * the event loop takes a few steps per turn, so that no command stops the others for as long as freeing takes.
 */
import { free } from '../memory/allocator';
import { Dict, drainStep, freeDict, isDrained } from './dict';
import { Entry, entryAt, TYPE_LIST, TYPE_STRING, valueBytes, valueType } from './entry';
import { freeNode, List, takeEnd } from './list';

let dicts: usize = 0;
let lists: usize = 0;

export function isReclaimPending(): bool {
  return dicts != 0 || lists != 0;
}

/** Queues a structure (the dict of a hash or set, or a list) that nothing refers to any more. */
export function reclaimLater(type: u32, address: usize): void {
  if (type == TYPE_LIST) {
    changetype<List>(address).next = lists;
    lists = address;
  } else {
    changetype<Dict>(address).next = dicts;
    dicts = address;
  }
}

/** Gives up what an entry's value owns outside the entry. */
export function disposeCollection(entry: Entry): void {
  if (valueType(entry) != TYPE_STRING) reclaimLater(valueType(entry), load<usize>(valueBytes(entry)));
}

/** Frees an entry that is in no dict, and what it owns. */
export function disposeEntry(entry: Entry): void {
  disposeCollection(entry);
  free(changetype<usize>(entry));
}

/** Takes up to `budget` steps of freeing; each is O(1). */
export function reclaim(budget: u32): void {
  for (; budget > 0 && isReclaimPending(); budget--) {
    if (lists) reclaimList(changetype<List>(lists));
    else reclaimDict(changetype<Dict>(dicts));
  }
}

function reclaimList(list: List): void {
  if (list.count) {
    freeNode(takeEnd(list, true));
    return;
  }
  lists = list.next;
  free(changetype<usize>(list));
}

function reclaimDict(dict: Dict): void {
  if (isDrained(dict)) {
    // Still at the front: what its last entry owned was queued before it and is gone.
    dicts = dict.next;
    freeDict(dict);
    return;
  }
  const address = drainStep(dict);
  if (address) disposeEntry(entryAt(address));
}
