/** What the string commands share: giving a key a value, and replying with one. */
import { repliesLength, replyBulk, replyNull, rewindReplies } from '../protocol/reply';
import { argumentBytes, argumentLength } from '../protocol/request';
import { Entry, entryAt, TYPE_STRING, valueBytes, valueLength, valueType } from '../store/entry';
import { prepareEntry, removeFound } from '../store/keyspace';
import { exists, replyOutOfMemory } from './arguments';

/**
 * Gives the key that is argument `key` a string value and a deadline; `entry` is what looking it up has just found. False,
 * and replied, when memory is exhausted.
 */
export function assign(entry: Entry, key: u32, value: u32, deadline: i64): bool {
  if (exists(entry) && valueType(entry) != TYPE_STRING) {
    removeFound(entry);
    entry = entryAt(0);
  }
  const length = argumentLength(value);
  const target = prepareEntry(entry, argumentBytes(key), argumentLength(key), length, deadline);
  if (!exists(target)) {
    replyOutOfMemory();
    return false;
  }
  memory.copy(valueBytes(target), argumentBytes(value), length);
  return true;
}

/** Like {@link assign}, replying with the old value; with an error in its place when memory is exhausted. */
export function exchange(entry: Entry, key: u32, value: u32, deadline: i64): void {
  const start = repliesLength();
  replyValue(entry);
  if (assign(entry, key, value, deadline)) return;
  rewindReplies(start);
  replyOutOfMemory();
}

/** The value of a string entry, or null if there is none. */
export function replyValue(entry: Entry): void {
  if (exists(entry)) replyBulk(valueBytes(entry), valueLength(entry));
  else replyNull();
}
