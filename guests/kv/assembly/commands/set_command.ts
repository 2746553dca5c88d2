/** SET with all its options, and its old forms SETEX and PSETEX. */
import { parsedInteger } from '../memory/numbers';
import { Client } from '../net/client';
import { replyNull, replyOk } from '../protocol/reply';
import { argumentCount } from '../protocol/request';
import { Entry } from '../store/entry';
import { deadlineOf, NEVER } from '../store/keyspace';
import { entryOf, exists, isInteger, isStringOrAbsent, isWord } from './arguments';
import { deadlineFrom, MS, SECONDS } from './deadline';
import { defineKeyed, replySyntaxError, WRITES } from './dispatch';
import { assign, exchange, replyValue } from './values';

/** The options of the SET that is being carried out. */
let onlyIfAbsent: bool = false;
let onlyIfPresent: bool = false;
let keepDeadline: bool = false;
let returnOld: bool = false;
let newDeadline: i64 = NEVER;

export function defineSet(): void {
  defineKeyed('set', -3, WRITES, 1, 1, 1, commandSet);
  defineKeyed('setex', 4, WRITES, 1, 1, 1, commandSetEx);
  defineKeyed('psetex', 4, WRITES, 1, 1, 1, commandPSetEx);
}

function commandSet(_client: Client): void {
  onlyIfAbsent = false;
  onlyIfPresent = false;
  keepDeadline = false;
  returnOld = false;
  newDeadline = NEVER;
  for (let i: u32 = 3; i < argumentCount; i++) {
    const used = parseOption(i);
    if (!used) return;
    i += used - 1;
  }
  if ((onlyIfAbsent && onlyIfPresent) || (keepDeadline && newDeadline != NEVER)) {
    replySyntaxError();
    return;
  }
  const entry = entryOf(1);
  if (returnOld && !isStringOrAbsent(entry)) return;
  set(entry);
}

function set(entry: Entry): void {
  const present = exists(entry);
  const refused = present ? onlyIfAbsent : onlyIfPresent;
  const deadline = keepDeadline && present ? deadlineOf(entry) : newDeadline;
  if (refused) {
    if (returnOld) replyValue(entry);
    else replyNull();
  } else if (returnOld) {
    exchange(entry, 1, 2, deadline);
  } else if (assign(entry, 1, 2, deadline)) {
    replyOk();
  }
}

/** Takes the option at argument `i`; returns how many arguments it used, or 0 after replying what is wrong. */
function parseOption(i: u32): u32 {
  if (isWord(i, 'NX')) {
    onlyIfAbsent = true;
  } else if (isWord(i, 'XX')) {
    onlyIfPresent = true;
  } else if (isWord(i, 'GET')) {
    returnOld = true;
  } else if (isWord(i, 'KEEPTTL')) {
    keepDeadline = true;
  } else {
    return parseTime(i);
  }
  return 1;
}

function parseTime(i: u32): u32 {
  const seconds = isWord(i, 'EX') || isWord(i, 'EXAT');
  const absolute = isWord(i, 'EXAT') || isWord(i, 'PXAT');
  const known = seconds || absolute || isWord(i, 'PX');
  if (!known || i + 1 >= argumentCount || newDeadline != NEVER) {
    replySyntaxError();
    return 0;
  }
  if (!isInteger(i + 1)) return 0;
  newDeadline = deadlineFrom(parsedInteger, seconds ? SECONDS : MS, absolute, 'set');
  return newDeadline == NEVER ? 0 : 2;
}

function commandSetEx(_client: Client): void {
  setWithTime(SECONDS, 'setex');
}

function commandPSetEx(_client: Client): void {
  setWithTime(MS, 'psetex');
}

function setWithTime(unit: i64, command: string): void {
  if (!isInteger(2)) return;
  const deadline = deadlineFrom(parsedInteger, unit, false, command);
  if (deadline != NEVER && assign(entryOf(1), 1, 3, deadline)) replyOk();
}
