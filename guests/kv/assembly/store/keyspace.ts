/**
 * The database: one dict of entries, their deadlines, and what is still to be reclaimed after FLUSHALL. Every lookup
 * drops an entry whose time has come, so an expired key is never seen, however late the loop gets to it.
 */
import { allocate, free, roundedBytes, usableBytes } from '../memory/allocator';
import { nowMs } from './clock';
import {
  addDeadline,
  clearDeadlines,
  deadlineCount,
  earliest,
  moveDeadline,
  removeDeadline,
  reserveDeadline,
  updateDeadline,
} from './deadlines';
import { addEntry, createDict, Dict, findEntry, foundLink, linkOf, unlinkEntry } from './dict';
import {
  Entry,
  entryAt,
  entryBytes,
  hasDeadline,
  headerBytes,
  keyBytes,
  keyLength,
  setKeyMeta,
  setValueMeta,
  TYPE_HASH,
  TYPE_STRING,
  valueBytes,
  valueLength,
  valueType,
} from './entry';
import { disposeCollection, disposeEntry, reclaimLater } from './reclaim';
import { hashBytes } from './siphash';

/** No deadline. */
export const NEVER: i64 = -1;
/** Blocks this small are never moved just because their value has shrunk. */
const SHRINK_BYTES_MIN: u32 = 64;

let dict = changetype<Dict>(0);
/** Hash of the key looked up last. */
let foundHash: u32 = 0;
export let expiredTotal: u64 = 0;

export function initializeKeyspace(): bool {
  dict = createDict();
  return changetype<usize>(dict) != 0;
}

export function keyspace(): Dict {
  return dict;
}

export function keyCount(): u32 {
  return dict.count;
}

/** The living entry of a key, or null (address 0). {@link foundLink} is valid until the next change. */
export function lookup(key: usize, length: u32): Entry {
  foundHash = hashBytes(key, length);
  const entry = entryAt(findEntry(dict, foundHash, key, length));
  if (changetype<usize>(entry) && hasDeadline(entry) && entry.deadline <= nowMs()) {
    remove(entry, foundLink);
    expiredTotal++;
    return entryAt(0);
  }
  return entry;
}

/** Deletes an entry that the pointer at `link` points to. */
export function remove(entry: Entry, link: usize): void {
  if (hasDeadline(entry)) removeDeadline(entry);
  unlinkEntry(dict, link);
  disposeEntry(entry);
}

export function removeFound(entry: Entry): void {
  remove(entry, foundLink);
}

/**
 * Gives `entry` (just looked up, or null for a new key) room for a value and the wanted deadline, and returns it, maybe
 * at a new address; the first bytes of the old value are kept as far as they fit. Null when memory is exhausted, with
 * nothing changed. `key` must be the one looked up last.
 */
export function prepareEntry(entry: Entry, key: usize, length: u32, valueBytesWanted: u32, deadline: i64): Entry {
  const timed = deadline != NEVER;
  const exists = changetype<usize>(entry) != 0;
  if (timed && !(exists && hasDeadline(entry)) && !reserveDeadline()) return entryAt(0);
  if (exists) return resizeEntry(entry, valueBytesWanted, deadline);
  const created = entryAt(allocate(entryBytes(length, valueBytesWanted, timed)));
  if (!changetype<usize>(created)) return created;
  created.hash = foundHash;
  setKeyMeta(created, length, timed);
  setValueMeta(created, TYPE_STRING, valueBytesWanted);
  memory.copy(keyBytes(created), key, length);
  if (timed) {
    created.deadline = deadline;
    addDeadline(created);
  }
  addEntry(dict, created);
  return created;
}

function resizeEntry(entry: Entry, valueBytesWanted: u32, deadline: i64): Entry {
  const timed = deadline != NEVER;
  const needed = entryBytes(keyLength(entry), valueBytesWanted, timed);
  const usable = usableBytes(changetype<usize>(entry));
  const fits = needed <= usable && (usable <= SHRINK_BYTES_MIN || roundedBytes(needed) >= usable >> 1);
  if (fits && timed == hasDeadline(entry)) {
    setValueMeta(entry, valueType(entry), valueBytesWanted);
    if (timed && entry.deadline != deadline) {
      entry.deadline = deadline;
      updateDeadline(entry);
    }
    return entry;
  }
  return moveEntry(entry, needed, valueBytesWanted, deadline);
}

function moveEntry(entry: Entry, needed: u32, valueBytesWanted: u32, deadline: i64): Entry {
  const timed = deadline != NEVER;
  const moved = entryAt(allocate(needed));
  if (!changetype<usize>(moved)) return moved;
  const link = foundLink;
  const length = keyLength(entry);
  moved.next = entry.next;
  moved.hash = entry.hash;
  setKeyMeta(moved, length, timed);
  setValueMeta(moved, valueType(entry), valueBytesWanted);
  const kept = min(valueLength(entry), valueBytesWanted);
  memory.copy(changetype<usize>(moved) + headerBytes(timed), keyBytes(entry), length + kept);
  if (timed) {
    moved.deadline = deadline;
    if (hasDeadline(entry)) {
      moved.heapIndex = entry.heapIndex;
      moveDeadline(moved);
      updateDeadline(moved);
    } else {
      addDeadline(moved);
    }
  } else if (hasDeadline(entry)) {
    removeDeadline(entry);
  }
  store<usize>(link, changetype<usize>(moved));
  free(changetype<usize>(entry));
  return moved;
}

/** The deadline of an entry, or NEVER. */
export function deadlineOf(entry: Entry): i64 {
  return hasDeadline(entry) ? entry.deadline : NEVER;
}

/** Drops what a collection held, so that the entry can take a string. */
export function becomeString(entry: Entry): void {
  if (valueType(entry) == TYPE_STRING) return;
  disposeCollection(entry);
  setValueMeta(entry, TYPE_STRING, valueLength(entry));
}

/** Deletes up to `budget` entries whose time has come. */
export function expireDue(budget: u32): void {
  const now = nowMs();
  while (budget-- > 0 && deadlineCount() > 0) {
    const entry = earliest();
    if (entry.deadline > now) return;
    remove(entry, linkOf(dict, entry));
    expiredTotal++;
  }
}

/** Empties the database at once; the memory comes back bit by bit. False when memory is exhausted. */
export function flush(): bool {
  const fresh = createDict();
  if (!changetype<usize>(fresh)) return false;
  clearDeadlines();
  reclaimLater(TYPE_HASH, changetype<usize>(dict));
  dict = fresh;
  return true;
}
