/** Strings, apart from SET itself and the numbers. */
import { BULK_BYTES_MAX } from '../limits';
import { Client } from '../net/client';
import { replyArray, replyError, replyInteger, replyOk } from '../protocol/reply';
import { argumentBytes, argumentCount, argumentLength } from '../protocol/request';
import { entryAt, TYPE_STRING, valueBytes, valueLength, valueType } from '../store/entry';
import { deadlineOf, NEVER, prepareEntry, removeFound } from '../store/keyspace';
import { entryOf, exists, isStringOrAbsent, replyOutOfMemory } from './arguments';
import { defineKeyed, FAST, READS, replyArity, WRITES } from './dispatch';
import { assign, exchange, replyValue } from './values';

export function defineStrings(): void {
  defineKeyed('get', 2, READS | FAST, 1, 1, 1, commandGet);
  defineKeyed('getset', 3, WRITES | FAST, 1, 1, 1, commandGetSet);
  defineKeyed('getdel', 2, WRITES | FAST, 1, 1, 1, commandGetDel);
  defineKeyed('setnx', 3, WRITES | FAST, 1, 1, 1, commandSetNx);
  defineKeyed('mget', -2, READS | FAST, 1, -1, 1, commandMGet);
  defineKeyed('mset', -3, WRITES, 1, -1, 2, commandMSet);
  defineKeyed('append', 3, WRITES | FAST, 1, 1, 1, commandAppend);
  defineKeyed('strlen', 2, READS | FAST, 1, 1, 1, commandStrLen);
}

function commandGet(_client: Client): void {
  const entry = entryOf(1);
  if (isStringOrAbsent(entry)) replyValue(entry);
}

function commandGetSet(_client: Client): void {
  const entry = entryOf(1);
  if (isStringOrAbsent(entry)) exchange(entry, 1, 2, NEVER);
}

function commandGetDel(_client: Client): void {
  const entry = entryOf(1);
  if (!isStringOrAbsent(entry)) return;
  replyValue(entry);
  if (exists(entry)) removeFound(entry);
}

function commandSetNx(_client: Client): void {
  const entry = entryOf(1);
  if (exists(entry)) replyInteger(0);
  else if (assign(entry, 1, 2, NEVER)) replyInteger(1);
}

function commandMGet(_client: Client): void {
  replyArray(argumentCount - 1);
  for (let i: u32 = 1; i < argumentCount; i++) {
    const entry = entryOf(i);
    replyValue(exists(entry) && valueType(entry) == TYPE_STRING ? entry : entryAt(0));
  }
}

function commandMSet(_client: Client): void {
  if (!(argumentCount & 1)) {
    replyArity('mset');
    return;
  }
  for (let i: u32 = 1; i < argumentCount; i += 2) {
    if (!assign(entryOf(i), i, i + 1, NEVER)) return;
  }
  replyOk();
}

function commandAppend(_client: Client): void {
  const entry = entryOf(1);
  if (!isStringOrAbsent(entry)) return;
  const old = exists(entry) ? valueLength(entry) : 0;
  const added = argumentLength(2);
  if (old + added > BULK_BYTES_MAX) {
    replyError('ERR string exceeds maximum allowed size (proto-max-bulk-len)');
    return;
  }
  const deadline = exists(entry) ? deadlineOf(entry) : NEVER;
  const target = prepareEntry(entry, argumentBytes(1), argumentLength(1), old + added, deadline);
  if (!exists(target)) {
    replyOutOfMemory();
    return;
  }
  memory.copy(valueBytes(target) + old, argumentBytes(2), added);
  replyInteger(old + added);
}

function commandStrLen(_client: Client): void {
  const entry = entryOf(1);
  if (isStringOrAbsent(entry)) replyInteger(exists(entry) ? valueLength(entry) : 0);
}
