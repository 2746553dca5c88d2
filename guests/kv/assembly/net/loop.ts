/** The event loop: one poll per turn, then every ready client's turn, then a bounded share of the housekeeping. */
import { ACCEPTS_PER_TURN, CLIENTS_MAX, EXPIRIES_PER_TURN, RECLAIMS_PER_TURN, STALLED_MS_MAX } from '../limits';
import { beginReplies, repliesBytes, repliesLength, replyError } from '../protocol/reply';
import { forgetTime, isTimeKnown, nowMs } from '../store/clock';
import { deadlineCount, earliest } from '../store/deadlines';
import { expireDue } from '../store/keyspace';
import { isReclaimPending, reclaim } from '../store/reclaim';
import { Client, createClient } from './client';
import { closeIfStalled, freeClosedClients, onReadable, onWritable, stalledCount } from './session';
import { accept, closeSocket, nextListener, send, setNonBlocking } from './socket';
import {
  addClient,
  addListener,
  clientAt,
  clientCount,
  eventIsWrite,
  eventSubject,
  markHot,
  poll,
} from './subscriptions';

/** User data of listeners is below this, addresses of clients are above. */
const FD_LIMIT: usize = 65536;
/** Under constant load nothing else reads the clock: after so many turns the due entries get their share anyway. */
const TURNS_PER_EXPIRY: u32 = 64;
const STALL_CHECK_MS: i64 = 1000;

let acceptsMany: bool = true;
let turn: u32 = 0;
let nextStallCheck: i64 = 0;
export let connectionsTotal: u64 = 0;

/** Subscribes to every listening socket that the host preopened; returns how many there are. */
export function adoptListeners(): u32 {
  let count: u32 = 0;
  for (let fd = nextListener(0); fd && addListener(fd); fd = nextListener(fd + 1)) {
    // Only where accepting cannot block may it be tried until nobody is left.
    if (!setNonBlocking(fd)) acceptsMany = false;
    count++;
  }
  return count;
}

/** Serves for ever; returns only if the host refuses to poll. */
export function serve(): void {
  while (true) {
    const ready = poll(wakeTime());
    if (ready < 0) return;
    forgetTime();
    let clockFired = false;
    for (let i: u32 = 0; i < <u32>ready; i++) {
      if (eventSubject(i) == 0) clockFired = true;
      else handleEvent(i);
    }
    freeClosedClients();
    housekeep(clockFired);
  }
}

/** When the next turn must come even if no client does anything: realtime milliseconds, 0 at once, -1 never. */
function wakeTime(): i64 {
  if (isReclaimPending()) return 0;
  let wake: i64 = deadlineCount() ? max(earliest().deadline, 1) : -1;
  if (stalledCount && (wake < 0 || nextStallCheck < wake)) wake = max(nextStallCheck, 1);
  return wake;
}

function handleEvent(index: u32): void {
  const subject = eventSubject(index);
  if (subject < FD_LIMIT) {
    acceptClients(u32(subject));
    return;
  }
  const client = changetype<Client>(subject);
  if (client.closed) return;
  markHot(client);
  // An event that carries an error is treated like any other: the socket call will say what is wrong.
  if (eventIsWrite(index)) onWritable(client);
  else onReadable(client);
}

function acceptClients(listener: u32): void {
  const most = acceptsMany ? ACCEPTS_PER_TURN : 1;
  for (let i: u32 = 0; i < most; i++) {
    const fd = accept(listener);
    if (fd < 0) return;
    connectionsTotal++;
    const client = clientCount() < CLIENTS_MAX ? createClient(fd) : changetype<Client>(0);
    if (changetype<usize>(client)) addClient(client);
    else turnAway(fd);
  }
}

function turnAway(fd: u32): void {
  beginReplies(2);
  replyError('ERR max number of clients reached');
  send(fd, repliesBytes(), repliesLength());
  closeSocket(fd);
}

function housekeep(clockFired: bool): void {
  turn++;
  if (isReclaimPending()) reclaim(RECLAIMS_PER_TURN);
  if (deadlineCount() && (clockFired || isTimeKnown() || turn % TURNS_PER_EXPIRY == 0)) expireDue(EXPIRIES_PER_TURN);
  if (stalledCount && (clockFired || isTimeKnown()) && nowMs() >= nextStallCheck) closeStalled();
  // The next poll is told an absolute time; whatever was read is old by then.
  forgetTime();
}

function closeStalled(): void {
  nextStallCheck = nowMs() + STALL_CHECK_MS;
  for (let i = clientCount(); i > 0; i--) closeIfStalled(clientAt(i - 1), nowMs() - STALLED_MS_MAX);
  freeClosedClients();
}
