/**
 * Where received bytes go. A client whose last request was complete uses one block that all share; only bytes of an
 * unfinished request, or of requests that must wait, get a block of the client's own.
 */

import { INPUT_BYTES_TOTAL_MAX, RECEIVE_BYTES } from '../limits';
import { allocate, usableBytes } from '../memory/allocator';
import { Client, dropInput, inputTotal, setInput } from './client';

let shared: usize = 0;

export function initializeInput(): bool {
  shared = allocate(RECEIVE_BYTES);
  return shared != 0;
}

/** The block that a receive for this client goes to, its free part starting at {@link receiveOffset}. 0: no memory. */
export function receiveBlock(client: Client): usize {
  if (!client.input) return shared;
  const room = usableBytes(client.input) - client.inputEnd;
  if (room >= RECEIVE_BYTES || requestFits(client)) return client.input;
  return moveInput(client, grownBytes(client)) ? client.input : 0;
}

export function receiveOffset(client: Client): u32 {
  return client.input ? client.inputEnd : 0;
}

/** A long bulk string has been given room up to its last byte: what follows it can wait for the next receive. */
function requestFits(client: Client): bool {
  const end = client.inputStart + client.bytesExpected;
  return end > client.inputEnd && end <= usableBytes(client.input);
}

/** Doubles with what has really arrived, so that announcing a large value reserves nothing. */
function grownBytes(client: Client): u32 {
  const held = client.inputEnd - client.inputStart;
  const doubled = max(held << 1, held + RECEIVE_BYTES);
  return client.bytesExpected > held ? min(doubled, max(client.bytesExpected, held + RECEIVE_BYTES)) : doubled;
}

/** Moves the unfinished part to a block of at least `bytes`. False when that would exceed the memory for requests. */
function moveInput(client: Client, bytes: u32): bool {
  const held = client.inputEnd - client.inputStart;
  if (client.inputStart > 0 && bytes <= usableBytes(client.input)) {
    memory.copy(client.input, client.input + client.inputStart, held);
    client.inputStart = 0;
    client.inputEnd = held;
    return true;
  }
  if (inputTotal + bytes > INPUT_BYTES_TOTAL_MAX) return false;
  const block = allocate(bytes);
  if (!block) return false;
  memory.copy(block, client.input + client.inputStart, held);
  setInput(client, block, held);
  return true;
}

/** Keeps what is left of `[from, to)` after a turn. False when memory is exhausted. */
export function keepInput(client: Client, from: usize, to: usize): bool {
  if (from == to) {
    dropInput(client);
    return true;
  }
  if (client.input) {
    client.inputStart = u32(from - client.input);
    client.inputEnd = u32(to - client.input);
    return true;
  }
  const held = u32(to - from);
  const block: usize = inputTotal + held > INPUT_BYTES_TOTAL_MAX ? 0 : allocate(held);
  if (!block) return false;
  memory.copy(block, from, held);
  setInput(client, block, held);
  return true;
}
