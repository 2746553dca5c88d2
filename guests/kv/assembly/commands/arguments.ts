/** What handlers ask of their arguments. A function that finds something wrong has already replied when it says so. */
import { equalsLiteral } from '../memory/bytes';
import { parseInteger } from '../memory/numbers';
import { replyError } from '../protocol/reply';
import { argumentBytes, argumentLength } from '../protocol/request';
import { Entry, TYPE_STRING, valueType } from '../store/entry';
import { lookup } from '../store/keyspace';

/** Whether an argument is this word; `word` is upper case. */
export function isWord(index: u32, word: string): bool {
  return equalsLiteral(argumentBytes(index), argumentLength(index), word);
}

/** The entry that an argument names, or null. */
export function entryOf(index: u32): Entry {
  return lookup(argumentBytes(index), argumentLength(index));
}

export function exists(entry: Entry): bool {
  return changetype<usize>(entry) != 0;
}

/** True if there is no entry or it holds this type; replies WRONGTYPE otherwise. */
export function hasType(entry: Entry, type: u32): bool {
  if (!exists(entry) || valueType(entry) == type) return true;
  replyError('WRONGTYPE Operation against a key holding the wrong kind of value');
  return false;
}

export function isStringOrAbsent(entry: Entry): bool {
  return hasType(entry, TYPE_STRING);
}

/** Parses an argument into parsedInteger; replies and returns false if it is no integer. */
export function isInteger(index: u32): bool {
  if (parseInteger(argumentBytes(index), argumentLength(index))) return true;
  replyError('ERR value is not an integer or out of range');
  return false;
}

export function replyOutOfMemory(): void {
  replyError('OOM command not allowed, the memory of the server is exhausted');
}
