/** Deadlines: EXPIRE, TTL and their relatives. */
import { parsedInteger } from '../memory/numbers';
import { Client } from '../net/client';
import { replyError, replyInteger, writeText } from '../protocol/reply';
import { argumentBytes, argumentCount, argumentLength } from '../protocol/request';
import { nowMs } from '../store/clock';
import { Entry, valueLength } from '../store/entry';
import { deadlineOf, NEVER, prepareEntry, removeFound } from '../store/keyspace';
import { entryOf, exists, isInteger, isWord, replyOutOfMemory } from './arguments';
import { defineKeyed, FAST, READS, WRITES } from './dispatch';

/** Units of time, in milliseconds. */
export const MS: i64 = 1;
export const SECONDS: i64 = 1000;

const NO_KEY: i64 = -2;
const NO_DEADLINE: i64 = -1;

export function defineDeadlines(): void {
  defineKeyed('expire', -3, WRITES | FAST, 1, 1, 1, commandExpire);
  defineKeyed('pexpire', -3, WRITES | FAST, 1, 1, 1, commandPExpire);
  defineKeyed('expireat', -3, WRITES | FAST, 1, 1, 1, commandExpireAt);
  defineKeyed('pexpireat', -3, WRITES | FAST, 1, 1, 1, commandPExpireAt);
  defineKeyed('persist', 2, WRITES | FAST, 1, 1, 1, commandPersist);
  defineKeyed('ttl', 2, READS | FAST, 1, 1, 1, commandTtl);
  defineKeyed('pttl', 2, READS | FAST, 1, 1, 1, commandPTtl);
  defineKeyed('expiretime', 2, READS | FAST, 1, 1, 1, commandExpireTime);
  defineKeyed('pexpiretime', 2, READS | FAST, 1, 1, 1, commandPExpireTime);
}

/**
 * A deadline in realtime milliseconds from a time in `unit`, relative to now unless `absolute`. NEVER, and replied, if the
 * time is not positive or too large.
 */
export function deadlineFrom(time: i64, unit: i64, absolute: bool, command: string): i64 {
  if (time > 0 && time <= i64.MAX_VALUE / unit) {
    const ms = time * unit;
    const start: i64 = absolute ? 0 : nowMs();
    if (ms <= i64.MAX_VALUE - start) return start + ms;
  }
  replyInvalidTime(command);
  return NEVER;
}

function replyInvalidTime(command: string): void {
  writeText("-ERR invalid expire time in '");
  writeText(command);
  writeText("' command\r\n");
}

function commandExpire(_client: Client): void {
  expire(SECONDS, false, 'expire');
}

function commandPExpire(_client: Client): void {
  expire(MS, false, 'pexpire');
}

function commandExpireAt(_client: Client): void {
  expire(SECONDS, true, 'expireat');
}

function commandPExpireAt(_client: Client): void {
  expire(MS, true, 'pexpireat');
}

/** Unlike SET's times, these may lie in the past: then the key goes at once. */
function expire(unit: i64, absolute: bool, command: string): void {
  if (!isInteger(2)) return;
  const limit = i64.MAX_VALUE / unit;
  const time = parsedInteger;
  const start: i64 = absolute ? 0 : nowMs();
  if (time > limit || time < -limit || (time > 0 && time * unit > i64.MAX_VALUE - start)) {
    replyInvalidTime(command);
    return;
  }
  const deadline = start + time * unit;
  const entry = entryOf(1);
  if (argumentCount > 4) replyError('ERR only one of the NX, XX, GT or LT options is supported at a time');
  else if (argumentCount == 4 && !isCondition(3)) replyError('ERR Unsupported option');
  else if (!exists(entry) || (argumentCount == 4 && !conditionHolds(3, deadlineOf(entry), deadline))) replyInteger(0);
  else setDeadline(entry, deadline);
}

function isCondition(i: u32): bool {
  return isWord(i, 'NX') || isWord(i, 'XX') || isWord(i, 'GT') || isWord(i, 'LT');
}

/** No deadline counts as infinitely far away. */
function conditionHolds(i: u32, old: i64, wanted: i64): bool {
  if (isWord(i, 'NX')) return old == NEVER;
  if (isWord(i, 'XX')) return old != NEVER;
  if (isWord(i, 'GT')) return old != NEVER && wanted > old;
  return old == NEVER || wanted < old;
}

function setDeadline(entry: Entry, deadline: i64): void {
  if (deadline <= nowMs()) {
    removeFound(entry);
    replyInteger(1);
    return;
  }
  changeDeadline(entry, deadline);
}

function changeDeadline(entry: Entry, deadline: i64): void {
  if (exists(prepareEntry(entry, argumentBytes(1), argumentLength(1), valueLength(entry), deadline))) replyInteger(1);
  else replyOutOfMemory();
}

function commandPersist(_client: Client): void {
  const entry = entryOf(1);
  if (exists(entry) && deadlineOf(entry) != NEVER) changeDeadline(entry, NEVER);
  else replyInteger(0);
}

/** The deadline of argument 1 in milliseconds, or NO_KEY, or NO_DEADLINE. */
function askedDeadline(): i64 {
  const entry = entryOf(1);
  if (!exists(entry)) return NO_KEY;
  const deadline = deadlineOf(entry);
  return deadline == NEVER ? NO_DEADLINE : deadline;
}

function commandTtl(_client: Client): void {
  const deadline = askedDeadline();
  // Rounded, as Redis does.
  replyInteger(deadline < 0 ? deadline : (deadline - nowMs() + SECONDS / 2) / SECONDS);
}

function commandPTtl(_client: Client): void {
  const deadline = askedDeadline();
  replyInteger(deadline < 0 ? deadline : deadline - nowMs());
}

function commandExpireTime(_client: Client): void {
  const deadline = askedDeadline();
  replyInteger(deadline < 0 ? deadline : deadline / SECONDS);
}

function commandPExpireTime(_client: Client): void {
  replyInteger(askedDeadline());
}
