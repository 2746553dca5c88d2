/** One connection. An idle one costs this record and two poll subscriptions; buffers exist only while they hold something. */
import { allocate, free, usableBytes } from '../memory/allocator';

@unmanaged
export class Client {
  fd: u32 = 0;
  /** 2 or 3. */
  protocol: u32 = 0;
  id: u64 = 0;

  /** Received bytes of which no complete request has been made yet; block 0 if there are none. */
  input: usize = 0;
  inputStart: u32 = 0;
  inputEnd: u32 = 0;
  /** Progress of the incomplete request at inputStart; see protocol/request. */
  progressOffset: u32 = 0;
  progressRemaining: u32 = 0;
  bytesExpected: u32 = 0;

  /** Replies that the connection did not take yet; block 0 if there are none. */
  output: usize = 0;
  outputStart: u32 = 0;
  outputEnd: u32 = 0;

  /** Its requests wait until it reads replies, since when (milliseconds). */
  stalled: bool = false;
  stalledSince: i64 = 0;
  /** To be closed when the replies are sent. */
  ending: bool = false;
  /** Closed; the record lives until the end of the turn, since events may still name it. */
  closed: bool = false;

  /** Places in the poll list; see subscriptions. writerIndex is 0 without a writer subscription. */
  readerIndex: u32 = 0;
  writerIndex: u32 = 0;

  /** CLIENT SETNAME, or 0. */
  name: usize = 0;
  nameLength: u32 = 0;
  /** Next closed client of this turn. */
  nextClosed: usize = 0;
}

let nextId: u64 = 1;
/** Bytes of all clients' input blocks and of all their unsent replies. */
export let inputTotal: u64 = 0;
export let outputTotal: u64 = 0;

/** A new connection's record, or null (address 0) when memory is exhausted. */
export function createClient(fd: u32): Client {
  const address = allocate(offsetof<Client>());
  const client = changetype<Client>(address);
  if (!address) return client;
  memory.fill(address, 0, offsetof<Client>());
  client.fd = fd;
  client.protocol = 2;
  client.id = nextId++;
  return client;
}

export function freeClient(client: Client): void {
  dropInput(client);
  dropOutput(client);
  if (client.name) free(client.name);
  free(changetype<usize>(client));
}

export function pendingOutput(client: Client): u32 {
  return client.outputEnd - client.outputStart;
}

export function dropInput(client: Client): void {
  if (client.input) {
    inputTotal -= usableBytes(client.input);
    free(client.input);
  }
  client.input = 0;
  client.inputStart = 0;
  client.inputEnd = 0;
}

/** Makes `block`, holding `[0, length)`, the client's input in place of the old one. */
export function setInput(client: Client, block: usize, length: u32): void {
  dropInput(client);
  client.input = block;
  client.inputEnd = length;
  inputTotal += usableBytes(block);
}

export function dropOutput(client: Client): void {
  outputTotal -= pendingOutput(client);
  if (client.output) free(client.output);
  client.output = 0;
  client.outputStart = 0;
  client.outputEnd = 0;
}

/** Makes `[start, end)` of `block` the client's unsent replies; there were none. */
export function setOutput(client: Client, block: usize, start: u32, end: u32): void {
  client.output = block;
  client.outputStart = start;
  client.outputEnd = end;
  outputTotal += end - start;
}

/** The connection took `bytes` of the unsent replies. */
export function consumeOutput(client: Client, bytes: u32): void {
  client.outputStart += bytes;
  outputTotal -= bytes;
  if (client.outputStart == client.outputEnd) dropOutput(client);
}

/** Adds a copy of the bytes to the unsent replies; false when memory is exhausted. */
export function appendOutput(client: Client, bytes: usize, length: u32): bool {
  const pending = pendingOutput(client);
  if (client.outputEnd + length > usableBytes(client.output)) {
    const wanted = u64(pending) + length;
    // Growing by half keeps appending linear; room at the front is used up first.
    if (wanted + (wanted >> 1) <= usableBytes(client.output)) {
      memory.copy(client.output, client.output + client.outputStart, pending);
    } else {
      const grown: usize = wanted > 0xc0000000 ? 0 : allocate(u32(wanted + (wanted >> 1)));
      if (!grown) return false;
      memory.copy(grown, client.output + client.outputStart, pending);
      free(client.output);
      client.output = grown;
    }
    client.outputStart = 0;
    client.outputEnd = pending;
  }
  memory.copy(client.output + client.outputEnd, bytes, length);
  client.outputEnd += length;
  outputTotal += length;
  return true;
}
