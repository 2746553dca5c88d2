/** What the guest does with its connections: its first argument. */
import { args_get, args_sizes_get } from './wasi_snapshot_preview1';

/** Sends back what it gets; ends when the client has. */
export const ECHO: u32 = 0;
/** Reads to the end, answers with the number of bytes and closes. */
export const COUNT: u32 = 1;
/** Says `bye`, ends its own side at once, then reads to the end and reports the number of bytes on stdout. */
export const END_FIRST: u32 = 2;
/** Sends without end and never reads: byte i of a connection is i % 251. */
export const FLOOD: u32 = 3;
/** Neither reads nor sends. */
export const DEAF: u32 = 4;
export const UNKNOWN: u32 = 5;

const sizes: usize = memory.data(8, 4);
const ARGUMENT_BYTES_MAX: u32 = 1024;
const argv: usize = memory.data(256, 4);
const text: usize = memory.data(1024);

export function parseMode(): u32 {
  args_sizes_get(sizes, sizes + 4);
  const count = load<u32>(sizes);
  if (count < 2) return ECHO;
  if (count > 32 || load<u32>(sizes + 4) > ARGUMENT_BYTES_MAX) return UNKNOWN;
  args_get(argv, text);
  const name = load<u32>(argv + 4);
  if (is(name, 'echo')) return ECHO;
  if (is(name, 'count')) return COUNT;
  if (is(name, 'end-first')) return END_FIRST;
  if (is(name, 'flood')) return FLOOD;
  if (is(name, 'deaf')) return DEAF;
  return UNKNOWN;
}

function is(at: usize, name: string): bool {
  for (let i = 0; i < name.length; i++) if (load<u8>(at + i) != name.charCodeAt(i)) return false;
  return load<u8>(at + name.length) == 0;
}
