/** One client's turn: receive once, answer every complete request, send once. */
import { execute } from '../commands/dispatch';
import { usableBytes } from '../memory/allocator';
import { beginReplies, repliesLength, replyLost, writeLineEnd, writePrintable, writeText } from '../protocol/reply';
import {
  argumentCount,
  bytesExpected,
  COMPLETE,
  failure,
  INCOMPLETE,
  parseRequest,
  progressOffset,
  progressRemaining,
  requestEnd,
  unexpected,
} from '../protocol/request';
import { nowMs } from '../store/clock';
import { Client, freeClient, pendingOutput } from './client';
import { keepInput, receiveBlock, receiveOffset } from './input';
import { flushReplies, outputAllowance, sendPending } from './output';
import { BROKEN, closeSocket, receive, WOULD_BLOCK } from './socket';
import { removeClient, setInterest } from './subscriptions';

let firstClosed: usize = 0;
/** Clients whose requests wait until they read. */
export let stalledCount: u32 = 0;
const badByte: usize = memory.data(1);

export function onReadable(client: Client): void {
  const block = receiveBlock(client);
  if (!block) {
    close(client);
    return;
  }
  const offset = receiveOffset(client);
  const received = receive(client.fd, block + offset, usableBytes(block) - offset);
  if (received == WOULD_BLOCK) return;
  if (received == BROKEN || (received == 0 && !pendingOutput(client))) {
    close(client);
    return;
  }
  if (received == 0) client.ending = true;
  run(client, client.input ? block + client.inputStart : block, block + offset + received);
}

export function onWritable(client: Client): void {
  if (client.output && !sendPending(client)) {
    close(client);
    return;
  }
  if (client.stalled && pendingOutput(client) <= outputAllowance() >> 1) {
    setStalled(client, false);
    run(client, client.input + client.inputStart, client.input + client.inputEnd);
    return;
  }
  settle(client);
}

/** Closes a client that has read nothing for too long although its requests wait. */
export function closeIfStalled(client: Client, since: i64): void {
  if (client.stalled && client.stalledSince <= since) close(client);
}

/** Frees the clients closed in this turn; no event can name them any more. */
export function freeClosedClients(): void {
  while (firstClosed) {
    const client = changetype<Client>(firstClosed);
    firstClosed = client.nextClosed;
    freeClient(client);
  }
}

/** Answers the requests in `[from, to)`, sends the replies and keeps the rest. */
function run(client: Client, from: usize, to: usize): void {
  beginReplies(client.protocol);
  while (from < to && !client.ending) {
    if (pendingOutput(client) + repliesLength() > outputAllowance() && !relieve(client)) break;
    const state = parseRequest(from, to, client.progressOffset, client.progressRemaining);
    const unfinished = state == INCOMPLETE;
    client.progressOffset = unfinished ? progressOffset : 0;
    client.progressRemaining = unfinished ? progressRemaining : 0;
    client.bytesExpected = unfinished ? bytesExpected : 0;
    if (unfinished) break;
    if (state == COMPLETE) {
      from = requestEnd;
      if (argumentCount) execute(client);
    } else {
      refuse(client);
    }
    if (replyLost) break;
  }
  if (client.ending) from = to;
  if (!keepInput(client, from, to) || !flushReplies(client)) close(client);
  else settle(client);
}

/** Too many unsent replies: sends some. False if this client's requests must wait (or it is broken). */
function relieve(client: Client): bool {
  if (!flushReplies(client)) {
    client.ending = true;
    return false;
  }
  beginReplies(client.protocol);
  if (pendingOutput(client) <= outputAllowance()) return true;
  setStalled(client, true);
  return false;
}

/** A request that is no RESP: says so and ends the connection, since there is no telling where the next one starts. */
function refuse(client: Client): void {
  writeText('-ERR Protocol error: ');
  writeText(failure);
  if (unexpected) {
    store<u8>(badByte, unexpected);
    writePrintable(badByte, 1);
    writeText("'");
  }
  writeLineEnd();
  client.ending = true;
}

function setStalled(client: Client, stalled: bool): void {
  if (client.stalled == stalled) return;
  client.stalled = stalled;
  stalledCount += stalled ? 1 : -1;
  if (stalled) client.stalledSince = nowMs();
}

/** After a turn: wait for the right thing, or close. */
function settle(client: Client): void {
  const pending = pendingOutput(client) != 0;
  if (client.ending && !pending) {
    close(client);
    return;
  }
  setInterest(client, !client.stalled && !client.ending, pending);
}

function close(client: Client): void {
  if (client.closed) return;
  client.closed = true;
  setStalled(client, false);
  removeClient(client);
  closeSocket(client.fd);
  client.nextClosed = firstClosed;
  firstClosed = changetype<usize>(client);
}
