/** Keys of any type: DEL, EXISTS, TYPE, RANDOMKEY, KEYS, SCAN, DBSIZE, FLUSHALL. */
import { parsedInteger } from '../memory/numbers';
import { Client } from '../net/client';
import {
  beginLater,
  endArray,
  replyArray,
  replyBulk,
  replyBulkInteger,
  replyError,
  replyInteger,
  replyNull,
  replyOk,
  replySimple,
} from '../protocol/reply';
import { argumentBytes, argumentCount, argumentLength } from '../protocol/request';
import { nowMs } from '../store/clock';
import { bucketHead, linkOf, someEntry } from '../store/dict';
import {
  Entry,
  entryAt,
  hasDeadline,
  keyBytes,
  keyLength,
  TYPE_HASH,
  TYPE_LIST,
  TYPE_SET,
  TYPE_STRING,
  valueType,
} from '../store/entry';
import { flush, keyCount, keyspace, remove, removeFound } from '../store/keyspace';
import { nextRandom } from '../store/random';
import { LINE_END, stretchEnd, visitStretch } from '../store/scan';
import { entryOf, exists, isInteger, isWord, replyOutOfMemory } from './arguments';
import { define, defineKeyed, FAST, READS, replySyntaxError, WRITES } from './dispatch';
import { matchesGlob } from './glob';

const SCAN_COUNT_DEFAULT: u32 = 10;
const SCAN_COUNT_MAX: i64 = 1 << 30;
const ANY_TYPE: u32 = 254;
const NO_TYPE: u32 = 255;

let patternStart: usize = 0;
let patternEnd: usize = 0;
let typeWanted: u32 = ANY_TYPE;
let found: u32 = 0;

export function defineKeys(): void {
  defineKeyed('del', -2, WRITES, 1, -1, 1, commandDel);
  defineKeyed('unlink', -2, WRITES | FAST, 1, -1, 1, commandDel);
  defineKeyed('exists', -2, READS | FAST, 1, -1, 1, commandExists);
  defineKeyed('touch', -2, READS | FAST, 1, -1, 1, commandExists);
  defineKeyed('type', 2, READS | FAST, 1, 1, 1, commandType);
  define('randomkey', 1, READS, commandRandomKey);
  define('keys', 2, READS, commandKeys);
  define('scan', -2, READS, commandScan);
  define('dbsize', 1, READS | FAST, commandDbSize);
  define('flushall', -1, WRITES, commandFlush);
  define('flushdb', -1, WRITES, commandFlush);
}

function commandDel(_client: Client): void {
  let deleted: u32 = 0;
  for (let i: u32 = 1; i < argumentCount; i++) {
    const entry = entryOf(i);
    if (!exists(entry)) continue;
    removeFound(entry);
    deleted++;
  }
  replyInteger(deleted);
}

function commandExists(_client: Client): void {
  let present: u32 = 0;
  for (let i: u32 = 1; i < argumentCount; i++) present += u32(exists(entryOf(i)));
  replyInteger(present);
}

function typeName(entry: Entry): string {
  const type = valueType(entry);
  if (type == TYPE_LIST) return 'list';
  if (type == TYPE_HASH) return 'hash';
  return type == TYPE_SET ? 'set' : 'string';
}

function commandType(_client: Client): void {
  const entry = entryOf(1);
  replySimple(exists(entry) ? typeName(entry) : 'none');
}

/** The number of the type that an argument names; one that no entry has if there is no such type. */
function typeNumber(index: u32): u32 {
  if (isWord(index, 'STRING')) return TYPE_STRING;
  if (isWord(index, 'LIST')) return TYPE_LIST;
  if (isWord(index, 'HASH')) return TYPE_HASH;
  return isWord(index, 'SET') ? TYPE_SET : NO_TYPE;
}

function isExpired(entry: Entry): bool {
  return hasDeadline(entry) && entry.deadline <= nowMs();
}

function commandRandomKey(_client: Client): void {
  while (keyCount()) {
    const entry = someEntry(keyspace(), nextRandom());
    if (!isExpired(entry)) {
      replyBulk(keyBytes(entry), keyLength(entry));
      return;
    }
    remove(entry, linkOf(keyspace(), entry));
  }
  replyNull();
}

function setPattern(index: u32): void {
  patternStart = argumentBytes(index);
  patternEnd = patternStart + argumentLength(index);
}

/** Replies with the key of an entry if it is alive and matches. */
function replyIfMatching(entry: Entry): void {
  const key = keyBytes(entry);
  if (patternStart && !matchesGlob(patternStart, patternEnd, key, key + keyLength(entry))) return;
  if (typeWanted != ANY_TYPE && typeWanted != valueType(entry)) return;
  if (isExpired(entry)) return;
  replyBulk(key, keyLength(entry));
  found++;
}

function commandKeys(_client: Client): void {
  setPattern(1);
  typeWanted = ANY_TYPE;
  found = 0;
  const start = beginLater();
  const dict = keyspace();
  for (let i: u32 = 0; i < dict.buckets; i++) {
    for (let address = bucketHead(dict, i); address; address = entryAt(address).next) replyIfMatching(entryAt(address));
  }
  endArray(start, found);
}

function commandScan(_client: Client): void {
  if (!isInteger(1)) return;
  if (parsedInteger < 0 || parsedInteger >= i64(LINE_END)) {
    replyError('ERR invalid cursor');
    return;
  }
  const cursor = u32(parsedInteger);
  const count = parseScanOptions();
  if (!count) return;
  let end: u64 = cursor;
  for (let i: u32 = 0; i < count && end < LINE_END; i++) end = stretchEnd(keyspace(), u32(end));
  replyArray(2);
  replyBulkInteger(end < LINE_END ? end : 0);
  found = 0;
  const start = beginLater();
  for (let at: u64 = cursor; at < end; at = stretchEnd(keyspace(), u32(at))) {
    visitStretch(keyspace(), u32(at), replyIfMatching);
  }
  endArray(start, found);
}

/** Reads MATCH, COUNT and TYPE; returns the number of buckets to visit, or 0 after replying what is wrong. */
function parseScanOptions(): u32 {
  let count: u32 = SCAN_COUNT_DEFAULT;
  patternStart = 0;
  typeWanted = ANY_TYPE;
  for (let i: u32 = 2; i < argumentCount; i += 2) {
    const complete = i + 1 < argumentCount;
    if (complete && isWord(i, 'MATCH')) {
      setPattern(i + 1);
    } else if (complete && isWord(i, 'TYPE')) {
      typeWanted = typeNumber(i + 1);
    } else if (complete && isWord(i, 'COUNT')) {
      if (!isInteger(i + 1)) return 0;
      count = parsedInteger < 1 ? 0 : u32(min(parsedInteger, SCAN_COUNT_MAX));
    } else {
      count = 0;
    }
    if (count) continue;
    replySyntaxError();
    return 0;
  }
  return count;
}

function commandDbSize(_client: Client): void {
  replyInteger(keyCount());
}

/** ASYNC and SYNC are accepted and make no difference: the database is empty at once, its memory comes back in steps. */
function commandFlush(_client: Client): void {
  if (argumentCount > 2 || (argumentCount == 2 && !isWord(1, 'ASYNC') && !isWord(1, 'SYNC'))) replySyntaxError();
  else if (flush()) replyOk();
  else replyOutOfMemory();
}
