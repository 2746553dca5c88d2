/** Strings that are numbers: INCR and its relatives. */
import { digitCount, formatInteger, parsedInteger, parseInteger } from '../memory/numbers';
import { Client } from '../net/client';
import { replyError, replyInteger } from '../protocol/reply';
import { argumentBytes, argumentLength } from '../protocol/request';
import { valueBytes, valueLength } from '../store/entry';
import { deadlineOf, NEVER, prepareEntry } from '../store/keyspace';
import { entryOf, exists, isInteger, isStringOrAbsent, replyOutOfMemory } from './arguments';
import { defineKeyed, FAST, WRITES } from './dispatch';

export function defineCounters(): void {
  defineKeyed('incr', 2, WRITES | FAST, 1, 1, 1, commandIncr);
  defineKeyed('decr', 2, WRITES | FAST, 1, 1, 1, commandDecr);
  defineKeyed('incrby', 3, WRITES | FAST, 1, 1, 1, commandIncrBy);
  defineKeyed('decrby', 3, WRITES | FAST, 1, 1, 1, commandDecrBy);
}

function commandIncr(_client: Client): void {
  add(1);
}

function commandDecr(_client: Client): void {
  add(-1);
}

function commandIncrBy(_client: Client): void {
  if (isInteger(2)) add(parsedInteger);
}

function commandDecrBy(_client: Client): void {
  if (!isInteger(2)) return;
  if (parsedInteger == i64.MIN_VALUE) replyError('ERR decrement would overflow');
  else add(-parsedInteger);
}

function add(amount: i64): void {
  const entry = entryOf(1);
  if (!isStringOrAbsent(entry)) return;
  let value: i64 = 0;
  if (exists(entry)) {
    if (!parseInteger(valueBytes(entry), valueLength(entry))) {
      replyError('ERR value is not an integer or out of range');
      return;
    }
    value = parsedInteger;
  }
  if (amount < 0 ? value < i64.MIN_VALUE - amount : value > i64.MAX_VALUE - amount) {
    replyError('ERR increment or decrement would overflow');
    return;
  }
  value += amount;
  const length = digitCount(value < 0 ? 0 - u64(value) : u64(value)) + u32(value < 0);
  const deadline = exists(entry) ? deadlineOf(entry) : NEVER;
  const target = prepareEntry(entry, argumentBytes(1), argumentLength(1), length, deadline);
  if (!exists(target)) {
    replyOutOfMemory();
    return;
  }
  formatInteger(valueBytes(target), value);
  replyInteger(value);
}
