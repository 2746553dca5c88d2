/**
 * The list given to poll_oneoff, kept up to date instead of being rebuilt:
 *
 *   clock? | writers (newest first) | origin | listeners | hot clients | other clients
 *
 * Every client has one record behind the origin: for reading, or for writing when its requests wait. One that has unsent
 * replies but is still read has a second record, before the origin. The list polled is contiguous, so polling only the hot
 * clients (those that were ready lately) is a matter of its length: a host looks at every record, and thousands of idle
 * connections should not cost the busy ones a walk each turn.
 */

import { CLIENTS_MAX } from '../limits';
import { allocate } from '../memory/allocator';
import { poll_oneoff } from '../wasi_snapshot_preview1';
import { Client } from './client';

const RECORD_BYTES: u32 = 48;
const EVENT_BYTES: u32 = 32;
const LISTENERS_MAX: u32 = 16;
const TAG_CLOCK: u8 = 0;
const TAG_READ: u8 = 1;
const TAG_WRITE: u8 = 2;
const CLOCK_REALTIME: u32 = 0;
const ABSTIME: u16 = 1;
const NS_PER_MS: u64 = 1000000;

/** Below this number of clients all are polled every turn. */
const ALWAYS_ALL: u32 = 128;
/** At the latest, every so many turns all are polled. */
const HOT_TURNS_MAX: u32 = 15;

const readyCount: usize = memory.data(4, 4);
let origin: usize = 0;
let events: usize = 0;
let listeners: u32 = 0;
let clients: u32 = 0;
let hot: u32 = 0;
let hotTurns: u32 = 0;
let writers: u32 = 0;

/** False when memory is exhausted. */
export function initializeSubscriptions(): bool {
  const before = (CLIENTS_MAX + 1) * RECORD_BYTES;
  const records = 2 * CLIENTS_MAX + LISTENERS_MAX + 1;
  const block = allocate(records * RECORD_BYTES);
  events = allocate(records * EVENT_BYTES);
  origin = block + before;
  return block != 0 && events != 0;
}

export function clientCount(): u32 {
  return clients;
}

/** A connected client, 0 <= index < clientCount. */
export function clientAt(index: u32): Client {
  return changetype<Client>(load<usize>(reader(listeners + index)));
}

function reader(index: u32): usize {
  return origin + index * RECORD_BYTES;
}

/** Writer records count from 1, downwards from the origin. */
function writer(index: u32): usize {
  return origin - index * RECORD_BYTES;
}

function setRecord(record: usize, userData: u64, tag: u8, fd: u32): void {
  store<u64>(record, userData);
  store<u8>(record, tag, 8);
  store<u32>(record, fd, 16);
}

/** All listeners come before the first client. Their user data is their fd, which is smaller than any address. */
export function addListener(fd: u32): bool {
  if (listeners == LISTENERS_MAX) return false;
  setRecord(reader(listeners++), fd, TAG_READ, fd);
  return true;
}

export function addClient(client: Client): void {
  client.readerIndex = listeners + clients++;
  setRecord(reader(client.readerIndex), changetype<usize>(client), TAG_READ, client.fd);
}

export function removeClient(client: Client): void {
  setWriter(client, false);
  if (client.readerIndex < listeners + hot) {
    hot--;
    swapReaders(client, listeners + hot);
  }
  swapReaders(client, listeners + clients - 1);
  clients--;
}

/** What to wait for: reading, writing or both; not neither. */
export function setInterest(client: Client, read: bool, write: bool): void {
  store<u8>(reader(client.readerIndex), read ? TAG_READ : TAG_WRITE, 8);
  setWriter(client, read && write);
}

function setWriter(client: Client, wanted: bool): void {
  if (wanted == (client.writerIndex != 0)) return;
  if (wanted) {
    client.writerIndex = ++writers;
    setRecord(writer(writers), changetype<usize>(client), TAG_WRITE, client.fd);
    return;
  }
  const last = changetype<Client>(load<usize>(writer(writers)));
  last.writerIndex = client.writerIndex;
  setRecord(writer(client.writerIndex), changetype<usize>(last), TAG_WRITE, last.fd);
  client.writerIndex = 0;
  writers--;
}

function swapReaders(client: Client, index: u32): void {
  const from = client.readerIndex;
  if (from == index) return;
  const other = changetype<Client>(load<usize>(reader(index)));
  const tag = load<u8>(reader(from), 8);
  const otherTag = load<u8>(reader(index), 8);
  setRecord(reader(index), changetype<usize>(client), tag, client.fd);
  setRecord(reader(from), changetype<usize>(other), otherTag, other.fd);
  client.readerIndex = index;
  other.readerIndex = from;
}

/** The client was ready: it belongs to the hot ones until the next poll of all. */
export function markHot(client: Client): void {
  if (client.readerIndex < listeners + hot) return;
  swapReaders(client, listeners + hot);
  hot++;
}

/**
 * Waits until something is ready or realtime reaches `wakeMs` (negative: no limit; 0: do not wait). Returns the number of
 * events, or -1 if the host refused.
 */
export function poll(wakeMs: i64): i32 {
  const all = clients <= ALWAYS_ALL || hot == 0 || hotTurns >= HOT_TURNS_MAX;
  const readers = listeners + (all ? clients : hot);
  hotTurns = all ? 0 : hotTurns + 1;
  let first = writers;
  if (!all) wakeMs = 0;
  if (wakeMs >= 0) setClock(writer(++first), wakeMs);
  if (poll_oneoff(writer(first), events, first + readers, readyCount) != 0) return -1;
  const ready = load<i32>(readyCount);
  if (all || ready == 1) hot = 0;
  return ready;
}

function setClock(record: usize, wakeMs: i64): void {
  setRecord(record, 0, TAG_CLOCK, CLOCK_REALTIME);
  store<u64>(record, u64(wakeMs) * NS_PER_MS, 24);
  store<u64>(record, NS_PER_MS, 32);
  store<u16>(record, wakeMs > 0 ? ABSTIME : 0, 40);
}

/** What event `index` of the last poll is about: 0 for the clock, a listener's fd, or a client's address. */
export function eventSubject(index: u32): usize {
  return usize(load<u64>(events + index * EVENT_BYTES));
}

export function eventIsWrite(index: u32): bool {
  return load<u8>(events + index * EVENT_BYTES, 10) == TAG_WRITE;
}
