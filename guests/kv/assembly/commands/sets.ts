/** Sets: SADD, SREM, SISMEMBER, SCARD, SMEMBERS, SPOP. */
import { Client } from '../net/client';
import { replyBulk, replyInteger, replyNull, replySet } from '../protocol/reply';
import { argumentCount } from '../protocol/request';
import { bucketHead, Dict, linkOf, someEntry, unlinkEntry } from '../store/dict';
import { Entry, entryAt, keyBytes, keyLength, TYPE_SET } from '../store/entry';
import { nextRandom } from '../store/random';
import { disposeEntry } from '../store/reclaim';
import { entryOf, exists, hasType, replyOutOfMemory } from './arguments';
import { memberOf, openStructure, putMember, removeIfEmpty, removeMember, structureOf } from './collections';
import { defineKeyed, FAST, READS, WRITES } from './dispatch';

export function defineSets(): void {
  defineKeyed('sadd', -3, WRITES | FAST, 1, 1, 1, commandSAdd);
  defineKeyed('srem', -3, WRITES | FAST, 1, 1, 1, commandSRem);
  defineKeyed('sismember', 3, READS | FAST, 1, 1, 1, commandSIsMember);
  defineKeyed('scard', 2, READS | FAST, 1, 1, 1, commandSCard);
  defineKeyed('smembers', 2, READS, 1, 1, 1, commandSMembers);
  defineKeyed('spop', 2, WRITES | FAST, 1, 1, 1, commandSPop);
}

function dictOf(entry: Entry): Dict {
  return changetype<Dict>(structureOf(entry));
}

function commandSAdd(_client: Client): void {
  const structure = openStructure(TYPE_SET);
  if (!structure) return;
  const dict = changetype<Dict>(structure);
  const before = dict.count;
  for (let i: u32 = 2; i < argumentCount; i++) {
    const known = memberOf(dict, i);
    if (exists(known) || exists(putMember(dict, known, i, 0))) continue;
    removeIfEmpty(dict.count);
    replyOutOfMemory();
    return;
  }
  replyInteger(dict.count - before);
}

function commandSRem(_client: Client): void {
  const entry = entryOf(1);
  if (!hasType(entry, TYPE_SET)) return;
  let removed: u32 = 0;
  if (exists(entry)) {
    const dict = dictOf(entry);
    for (let i: u32 = 2; i < argumentCount; i++) {
      const member = memberOf(dict, i);
      if (!exists(member)) continue;
      removeMember(dict, member);
      removed++;
    }
    removeIfEmpty(dict.count);
  }
  replyInteger(removed);
}

function commandSIsMember(_client: Client): void {
  const entry = entryOf(1);
  if (hasType(entry, TYPE_SET)) replyInteger(exists(entry) && exists(memberOf(dictOf(entry), 2)) ? 1 : 0);
}

function commandSCard(_client: Client): void {
  const entry = entryOf(1);
  if (hasType(entry, TYPE_SET)) replyInteger(exists(entry) ? dictOf(entry).count : 0);
}

function commandSMembers(_client: Client): void {
  const entry = entryOf(1);
  if (!hasType(entry, TYPE_SET)) return;
  if (!exists(entry)) {
    replySet(0);
    return;
  }
  const dict = dictOf(entry);
  replySet(dict.count);
  for (let i: u32 = 0; i < dict.buckets; i++) {
    for (let at = bucketHead(dict, i); at; at = entryAt(at).next)
      replyBulk(keyBytes(entryAt(at)), keyLength(entryAt(at)));
  }
}

function commandSPop(_client: Client): void {
  const entry = entryOf(1);
  if (!hasType(entry, TYPE_SET)) return;
  if (!exists(entry)) {
    replyNull();
    return;
  }
  const dict = dictOf(entry);
  const member = someEntry(dict, nextRandom());
  replyBulk(keyBytes(member), keyLength(member));
  unlinkEntry(dict, linkOf(dict, member));
  disposeEntry(member);
  removeIfEmpty(dict.count);
}
