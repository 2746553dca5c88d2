/** Hashes: HSET, HGET, HMGET, HDEL, HEXISTS, HLEN, HGETALL. */
import { Client } from '../net/client';
import { replyArray, replyBulk, replyInteger, replyMap, replyOk } from '../protocol/reply';
import { argumentBytes, argumentCount, argumentLength } from '../protocol/request';
import { bucketHead, Dict } from '../store/dict';
import { Entry, entryAt, keyBytes, keyLength, TYPE_HASH, valueBytes } from '../store/entry';
import { entryOf, exists, hasType, replyOutOfMemory } from './arguments';
import { memberOf, openStructure, putMember, removeIfEmpty, removeMember, structureOf } from './collections';
import { defineKeyed, FAST, READS, replyArity, WRITES } from './dispatch';
import { replyValue } from './values';

export function defineHashes(): void {
  defineKeyed('hset', -4, WRITES | FAST, 1, 1, 1, commandHSet);
  defineKeyed('hmset', -4, WRITES | FAST, 1, 1, 1, commandHMSet);
  defineKeyed('hget', 3, READS | FAST, 1, 1, 1, commandHGet);
  defineKeyed('hmget', -3, READS | FAST, 1, 1, 1, commandHMGet);
  defineKeyed('hdel', -3, WRITES | FAST, 1, 1, 1, commandHDel);
  defineKeyed('hexists', 3, READS | FAST, 1, 1, 1, commandHExists);
  defineKeyed('hlen', 2, READS | FAST, 1, 1, 1, commandHLen);
  defineKeyed('hgetall', 2, READS, 1, 1, 1, commandHGetAll);
}

function dictOf(entry: Entry): Dict {
  return changetype<Dict>(structureOf(entry));
}

function commandHSet(_client: Client): void {
  const added = setFields('hset');
  if (added >= 0) replyInteger(added);
}

function commandHMSet(_client: Client): void {
  if (setFields('hmset') >= 0) replyOk();
}

/** The number of new fields, or -1 if something was wrong and replied. */
function setFields(command: string): i32 {
  if (argumentCount & 1) {
    replyArity(command);
    return -1;
  }
  const structure = openStructure(TYPE_HASH);
  if (!structure) return -1;
  const dict = changetype<Dict>(structure);
  const before = dict.count;
  for (let i: u32 = 2; i < argumentCount; i += 2) {
    const member = putMember(dict, memberOf(dict, i), i, argumentLength(i + 1));
    if (!exists(member)) {
      removeIfEmpty(dict.count);
      replyOutOfMemory();
      return -1;
    }
    memory.copy(valueBytes(member), argumentBytes(i + 1), argumentLength(i + 1));
  }
  return dict.count - before;
}

function commandHGet(_client: Client): void {
  const entry = entryOf(1);
  if (hasType(entry, TYPE_HASH)) replyValue(exists(entry) ? memberOf(dictOf(entry), 2) : entry);
}

function commandHMGet(_client: Client): void {
  const entry = entryOf(1);
  if (!hasType(entry, TYPE_HASH)) return;
  replyArray(argumentCount - 2);
  for (let i: u32 = 2; i < argumentCount; i++) replyValue(exists(entry) ? memberOf(dictOf(entry), i) : entry);
}

function commandHDel(_client: Client): void {
  const entry = entryOf(1);
  if (!hasType(entry, TYPE_HASH)) return;
  let deleted: u32 = 0;
  if (exists(entry)) {
    const dict = dictOf(entry);
    for (let i: u32 = 2; i < argumentCount; i++) {
      const member = memberOf(dict, i);
      if (!exists(member)) continue;
      removeMember(dict, member);
      deleted++;
    }
    removeIfEmpty(dict.count);
  }
  replyInteger(deleted);
}

function commandHExists(_client: Client): void {
  const entry = entryOf(1);
  if (hasType(entry, TYPE_HASH)) replyInteger(exists(entry) && exists(memberOf(dictOf(entry), 2)) ? 1 : 0);
}

function commandHLen(_client: Client): void {
  const entry = entryOf(1);
  if (hasType(entry, TYPE_HASH)) replyInteger(exists(entry) ? dictOf(entry).count : 0);
}

function commandHGetAll(_client: Client): void {
  const entry = entryOf(1);
  if (!hasType(entry, TYPE_HASH)) return;
  if (!exists(entry)) {
    replyMap(0);
    return;
  }
  const dict = dictOf(entry);
  replyMap(dict.count);
  for (let i: u32 = 0; i < dict.buckets; i++) {
    for (let at = bucketHead(dict, i); at; at = entryAt(at).next) {
      replyBulk(keyBytes(entryAt(at)), keyLength(entryAt(at)));
      replyValue(entryAt(at));
    }
  }
}
