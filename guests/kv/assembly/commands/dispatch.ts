/** Finds the handler of a request, checks the number of arguments and calls it. */
import { lowerCase } from '../memory/bytes';
import { Client } from '../net/client';
import { replyError, writeLineEnd, writePrintable, writeText } from '../protocol/reply';
import { argumentBytes, argumentCount, argumentLength } from '../protocol/request';

export type Handler = (client: Client) => void;

const TABLE_SLOTS: u32 = 512;
const SPEC_BYTES: u32 = 24;
const NAME_BYTES_MAX: u32 = 16;
/** What of an unknown command is repeated in the error, at most. */
const ECHO_BYTES_MAX: u32 = 128;

export const READS: u32 = 1;
export const WRITES: u32 = 2;
export const FAST: u32 = 4;

/** How a command is called. Arity counts the name; negative: at least that many. Keys are positions; 0, 0, 0 for none. */
@unmanaged
export class CommandSpec {
  name: usize = 0;
  handler: usize = 0;
  arity: i32 = 0;
  flags: u32 = 0;
  firstKey: i32 = 0;
  /** Of the last key, negative from the end; every argument in between in steps of `keyStep`. */
  lastKey: i16 = 0;
  keyStep: i16 = 0;
}

/** Open addressing, never more than half full. */
const table: usize = memory.data(TABLE_SLOTS * SPEC_BYTES, 4);
export let commandCount: u32 = 0;
export let commandsTotal: u64 = 0;

function slot(index: u32): CommandSpec {
  return changetype<CommandSpec>(table + (index & (TABLE_SLOTS - 1)) * SPEC_BYTES);
}

/** Adds a command that takes no keys. `name` is lower case. */
export function define(name: string, arity: i32, flags: u32, handler: Handler): void {
  defineKeyed(name, arity, flags, 0, 0, 0, handler);
}

/** Adds a command whose keys are at `first`, `first + step`, ... `last`. */
export function defineKeyed(
  name: string,
  arity: i32,
  flags: u32,
  first: i32,
  last: i16,
  step: i16,
  handler: Handler,
): void {
  let hash = HASH_START;
  for (let i = 0; i < name.length; i++) hash = hashStep(hash, name.charCodeAt(i));
  let spec = slot(hash);
  while (spec.name) spec = slot(++hash);
  spec.name = changetype<usize>(name);
  spec.handler = changetype<usize>(handler);
  spec.arity = arity;
  spec.flags = flags;
  spec.firstKey = first;
  spec.lastKey = last;
  spec.keyStep = step;
  commandCount++;
}

// FNV-1a: names are few and known, nobody can attack this table.
const HASH_START: u32 = 2166136261;

function hashStep(hash: u32, byte: u32): u32 {
  return (hash ^ byte) * 16777619;
}

/** The command of a name in any case, or null (address 0). */
export function findCommand(name: usize, length: u32): CommandSpec {
  if (length > NAME_BYTES_MAX) return changetype<CommandSpec>(0);
  let hash = HASH_START;
  for (let i: u32 = 0; i < length; i++) hash = hashStep(hash, lowerCase(load<u8>(name + i)));
  for (let spec = slot(hash); spec.name; spec = slot(++hash)) {
    if (isNamed(spec, name, length)) return spec;
  }
  return changetype<CommandSpec>(0);
}

function isNamed(spec: CommandSpec, name: usize, length: u32): bool {
  if (u32(changetype<string>(spec.name).length) != length) return false;
  for (let i: u32 = 0; i < length; i++) {
    if (lowerCase(load<u8>(name + i)) != load<u16>(spec.name + (i << 1))) return false;
  }
  return true;
}

/** The next command at or after a table position, for listing; null at the end. Its position is {@link listedPosition}. */
export function nextCommand(position: u32): CommandSpec {
  while (position < TABLE_SLOTS && !slot(position).name) position++;
  listedPosition = position;
  return position < TABLE_SLOTS ? slot(position) : changetype<CommandSpec>(0);
}
export let listedPosition: u32 = 0;

/** Carries out the request that was parsed last. */
export function execute(client: Client): void {
  commandsTotal++;
  const spec = findCommand(argumentBytes(0), argumentLength(0));
  if (!changetype<usize>(spec)) {
    replyUnknown();
    return;
  }
  const arity = spec.arity;
  if (arity > 0 ? argumentCount != <u32>arity : argumentCount < <u32>-arity) {
    replyArity(changetype<string>(spec.name));
    return;
  }
  changetype<Handler>(spec.handler)(client);
}

export function replyArity(name: string): void {
  writeText("-ERR wrong number of arguments for '");
  writeText(name);
  writeText("' command\r\n");
}

function replyUnknown(): void {
  writeText("-ERR unknown command '");
  writePrintable(argumentBytes(0), min(argumentLength(0), ECHO_BYTES_MAX));
  writeText("', with args beginning with: ");
  let echoed: u32 = 0;
  for (let i: u32 = 1; i < argumentCount && echoed < ECHO_BYTES_MAX; i++) {
    const length = min(argumentLength(i), ECHO_BYTES_MAX - echoed);
    writeText("'");
    writePrintable(argumentBytes(i), length);
    writeText("' ");
    echoed += length;
  }
  writeLineEnd();
}

/** For a command with subcommands: argument 1 is none of them. */
export function replyUnknownSubcommand(): void {
  writeText("-ERR unknown subcommand '");
  writePrintable(argumentBytes(1), min(argumentLength(1), ECHO_BYTES_MAX));
  writeText("'. Try COMMAND.\r\n");
}

export function replySyntaxError(): void {
  replyError('ERR syntax error');
}
