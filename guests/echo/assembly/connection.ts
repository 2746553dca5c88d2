/** One connection: bytes that wait to be sent, and how far both directions have come. */

export const BUFFER_BYTES: u32 = 64 << 10;

@unmanaged
export class Connection {
  fd: u32 = 0;
  /** Bytes [start, end) of the buffer wait to be sent; block 0 while there are none. */
  buffer: usize = 0;
  start: u32 = 0;
  end: u32 = 0;
  /** Bytes received so far. */
  received: u64 = 0;
  /** Bytes sent so far. */
  sent: u64 = 0;
  /** The client has ended its side. */
  inputEnded: bool = false;
  /** To be closed once everything has been sent. */
  ending: bool = false;
  /** Place in the table. */
  index: u32 = 0;
}

export const CONNECTIONS_MAX: u32 = 8192;
const table: usize = memory.data(8192 * 4, 4);
export let connections: u32 = 0;

/** Blocks and records that are free again; nothing is ever given back to the heap. */
let freeBuffers: usize = 0;
let freeRecords: usize = 0;

export function connectionAt(index: u32): Connection {
  return changetype<Connection>(<usize>load<u32>(table + index * 4));
}

export function addConnection(fd: u32): Connection {
  let address = freeRecords;
  if (address) freeRecords = load<u32>(address);
  else address = heap.alloc(offsetof<Connection>());
  memory.fill(address, 0, offsetof<Connection>());
  const connection = changetype<Connection>(address);
  connection.fd = fd;
  connection.index = connections;
  store<u32>(table + connections * 4, u32(address));
  connections++;
  return connection;
}

export function removeConnection(connection: Connection): void {
  releaseBuffer(connection);
  const last = connectionAt(--connections);
  last.index = connection.index;
  store<u32>(table + last.index * 4, u32(changetype<usize>(last)));
  store<u32>(changetype<usize>(connection), u32(freeRecords));
  freeRecords = changetype<usize>(connection);
}

export function takeBuffer(connection: Connection): void {
  if (connection.buffer) return;
  connection.buffer = freeBuffers;
  if (freeBuffers) freeBuffers = load<u32>(freeBuffers);
  else connection.buffer = heap.alloc(BUFFER_BYTES);
  connection.start = 0;
  connection.end = 0;
}

export function releaseBuffer(connection: Connection): void {
  if (!connection.buffer) return;
  store<u32>(connection.buffer, u32(freeBuffers));
  freeBuffers = connection.buffer;
  connection.buffer = 0;
  connection.start = 0;
  connection.end = 0;
}
