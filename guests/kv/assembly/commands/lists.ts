/** Lists: LPUSH, RPUSH, LPOP, RPOP, LLEN, LRANGE. */
import { parsedInteger } from '../memory/numbers';
import { Client } from '../net/client';
import { replyArray, replyBulk, replyError, replyInteger, replyNull, replyNullArray } from '../protocol/reply';
import { argumentBytes, argumentCount, argumentLength } from '../protocol/request';
import { TYPE_LIST } from '../store/entry';
import { freeNode, List, nodeAt, nodeAtIndex, nodeBytes, push, takeEnd } from '../store/list';
import { entryOf, exists, hasType, isInteger, replyOutOfMemory } from './arguments';
import { openStructure, removeIfEmpty, structureOf } from './collections';
import { defineKeyed, FAST, READS, replyArity, WRITES } from './dispatch';

export function defineLists(): void {
  defineKeyed('lpush', -3, WRITES | FAST, 1, 1, 1, commandLPush);
  defineKeyed('rpush', -3, WRITES | FAST, 1, 1, 1, commandRPush);
  defineKeyed('lpop', -2, WRITES | FAST, 1, 1, 1, commandLPop);
  defineKeyed('rpop', -2, WRITES | FAST, 1, 1, 1, commandRPop);
  defineKeyed('llen', 2, READS | FAST, 1, 1, 1, commandLLen);
  defineKeyed('lrange', 4, READS, 1, 1, 1, commandLRange);
}

function commandLPush(_client: Client): void {
  pushAll(true);
}

function commandRPush(_client: Client): void {
  pushAll(false);
}

function pushAll(atHead: bool): void {
  const structure = openStructure(TYPE_LIST);
  if (!structure) return;
  const list = changetype<List>(structure);
  for (let i: u32 = 2; i < argumentCount; i++) {
    if (push(list, atHead, argumentBytes(i), argumentLength(i))) continue;
    removeIfEmpty(list.count);
    replyOutOfMemory();
    return;
  }
  replyInteger(list.count);
}

function commandLPop(_client: Client): void {
  pop(true, 'lpop');
}

function commandRPop(_client: Client): void {
  pop(false, 'rpop');
}

function pop(atHead: bool, command: string): void {
  if (argumentCount > 3) {
    replyArity(command);
    return;
  }
  const many = argumentCount == 3;
  if (many && !isInteger(2)) return;
  const asked = many ? parsedInteger : 1;
  if (asked < 0) {
    replyError('ERR value is out of range, must be positive');
    return;
  }
  const entry = entryOf(1);
  if (!hasType(entry, TYPE_LIST)) return;
  if (!exists(entry)) {
    if (many) replyNullArray();
    else replyNull();
    return;
  }
  const list = changetype<List>(structureOf(entry));
  const count = u32(min(asked, i64(list.count)));
  if (many) replyArray(count);
  for (let i: u32 = 0; i < count; i++) {
    const node = takeEnd(list, atHead);
    replyBulk(nodeBytes(node), node.length);
    freeNode(node);
  }
  removeIfEmpty(list.count);
}

function commandLLen(_client: Client): void {
  const entry = entryOf(1);
  if (hasType(entry, TYPE_LIST)) replyInteger(exists(entry) ? changetype<List>(structureOf(entry)).count : 0);
}

function commandLRange(_client: Client): void {
  if (!isInteger(2)) return;
  let start = parsedInteger;
  if (!isInteger(3)) return;
  let stop = parsedInteger;
  const entry = entryOf(1);
  if (!hasType(entry, TYPE_LIST)) return;
  const list = changetype<List>(exists(entry) ? structureOf(entry) : 0);
  const count: i64 = exists(entry) ? i64(list.count) : 0;
  // Negative positions count from the end; a stop of the smallest i64 must not wrap.
  if (start < 0) start = max(start + count, 0);
  if (stop < 0) stop += count;
  stop = min(stop, count - 1);
  if (start > stop) {
    replyArray(0);
    return;
  }
  replyArray(u32(stop - start + 1));
  let node = nodeAtIndex(list, u32(start));
  for (let i = start; i <= stop; i++) {
    replyBulk(nodeBytes(node), node.length);
    node = nodeAt(node.next);
  }
}
