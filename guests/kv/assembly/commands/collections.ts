/** What lists, hashes and sets share: the structure behind a key, made on first use and gone with its last element. */
import { allocate, free } from '../memory/allocator';
import { argumentBytes, argumentLength } from '../protocol/request';
import { addEntry, createDict, Dict, findEntry, foundLink, unlinkEntry } from '../store/dict';
import {
  Entry,
  entryAt,
  entryBytes,
  keyBytes,
  setKeyMeta,
  setValueMeta,
  TYPE_LIST,
  TYPE_STRING,
  valueBytes,
} from '../store/entry';
import { lookup, NEVER, prepareEntry, removeFound } from '../store/keyspace';
import { createList } from '../store/list';
import { reclaimLater } from '../store/reclaim';
import { hashBytes } from '../store/siphash';
import { entryOf, exists, hasType, replyOutOfMemory } from './arguments';

const ADDRESS_BYTES: u32 = 4;

/** The structure of an entry that is known to hold one. */
export function structureOf(entry: Entry): usize {
  return load<usize>(valueBytes(entry));
}

/** The structure of the key that is argument 1, created if there is none; 0, and replied, if that cannot be. */
export function openStructure(type: u32): usize {
  const entry = entryOf(1);
  if (!hasType(entry, type)) return 0;
  if (exists(entry)) return structureOf(entry);
  const structure = type == TYPE_LIST ? createList() : changetype<usize>(createDict());
  const created = structure
    ? prepareEntry(entry, argumentBytes(1), argumentLength(1), ADDRESS_BYTES, NEVER)
    : entryAt(0);
  if (!exists(created)) {
    if (structure) reclaimLater(type, structure);
    replyOutOfMemory();
    return 0;
  }
  setValueMeta(created, type, ADDRESS_BYTES);
  store<usize>(valueBytes(created), structure);
  return structure;
}

/** Deletes the key that is argument 1 if its structure has nothing left in it. */
export function removeIfEmpty(count: u32): void {
  if (count) return;
  const entry = lookup(argumentBytes(1), argumentLength(1));
  if (exists(entry)) removeFound(entry);
}

/** The member of a hash or set that is argument `index`, or null; foundLink is set. */
export function memberOf(dict: Dict, index: u32): Entry {
  const bytes = argumentBytes(index);
  const length = argumentLength(index);
  return entryAt(findEntry(dict, hashBytes(bytes, length), bytes, length));
}

/** Adds a member, replacing `old` (just found, or null), with room for a value. Null when memory is exhausted. */
export function putMember(dict: Dict, old: Entry, index: u32, valueLength: u32): Entry {
  const bytes = argumentBytes(index);
  const length = argumentLength(index);
  const member = entryAt(allocate(entryBytes(length, valueLength, false)));
  if (!exists(member)) return member;
  if (exists(old)) removeMember(dict, old);
  member.hash = hashBytes(bytes, length);
  setKeyMeta(member, length, false);
  setValueMeta(member, TYPE_STRING, valueLength);
  memory.copy(keyBytes(member), bytes, length);
  addEntry(dict, member);
  return member;
}

/** Removes the member that was just found. */
export function removeMember(dict: Dict, member: Entry): void {
  unlinkEntry(dict, foundLink);
  free(changetype<usize>(member));
}
