/** The server: INFO, TIME, COMMAND, CONFIG GET, WAIT. */

import { BULK_BYTES_MAX, CLIENTS_MAX } from '../limits';
import { allocatedBytes } from '../memory/allocator';
import { spanBytesUsed } from '../memory/spans';
import { Client, inputTotal, outputTotal } from '../net/client';
import { clientCount } from '../net/subscriptions';
import {
  beginLater,
  endBulk,
  replyArray,
  replyBulkInteger,
  replyBulkLiteral,
  replyInteger,
  replyMap,
  replyNullArray,
  replySet,
  replySimple,
  writeInteger,
  writeText,
} from '../protocol/reply';
import { argumentBytes, argumentCount, argumentLength } from '../protocol/request';
import { nowUs } from '../store/clock';
import { deadlineCount } from '../store/deadlines';
import { visits } from '../store/dict';
import { expiredTotal, keyCount } from '../store/keyspace';
import { isInteger, isWord } from './arguments';
import {
  CommandSpec,
  commandCount,
  commandsTotal,
  define,
  FAST,
  findCommand,
  listedPosition,
  nextCommand,
  READS,
  replyUnknownSubcommand,
  WRITES,
} from './dispatch';
import { matchesGlobLiteral } from './glob';
import { SERVER_NAME, SERVER_VERSION } from './identity';

const US_PER_SECOND: i64 = 1000000;

export function defineServer(): void {
  define('info', -1, 0, commandInfo);
  define('time', 1, FAST, commandTime);
  define('command', -1, 0, commandCommand);
  define('config', -2, 0, commandConfig);
  define('wait', 3, 0, commandWait);
}

function commandTime(_client: Client): void {
  const now = nowUs();
  replyArray(2);
  replyBulkInteger(now / US_PER_SECOND);
  replyBulkInteger(now % US_PER_SECOND);
}

/**
 * Always 0: a guest does not know that it is replicated. Under ft-wasm every reply, this one included, is held until the
 * backup has acknowledged what led to it, so a client that has its reply need not wait for anything.
 */
function commandWait(_client: Client): void {
  if (isInteger(1) && isInteger(2)) replyInteger(0);
}

function isSectionWanted(name: string): bool {
  if (argumentCount == 1) return true;
  for (let i: u32 = 1; i < argumentCount; i++) {
    if (isWord(i, name) || isWord(i, 'ALL') || isWord(i, 'DEFAULT') || isWord(i, 'EVERYTHING')) return true;
  }
  return false;
}

function textField(name: string, value: string): void {
  writeText(name);
  writeText(value);
  writeText('\r\n');
}

function numberField(name: string, value: i64): void {
  writeText(name);
  writeInteger(value);
  writeText('\r\n');
}

function commandInfo(_client: Client): void {
  const start = beginLater();
  if (isSectionWanted('SERVER')) {
    textField('# Server', '');
    textField('server_name:', SERVER_NAME);
    textField('redis_version:', SERVER_VERSION);
    textField('redis_mode:', 'standalone');
    textField('arch_bits:', '32');
  }
  if (isSectionWanted('CLIENTS')) {
    textField('# Clients', '');
    numberField('connected_clients:', clientCount());
    numberField('maxclients:', CLIENTS_MAX);
    numberField('input_buffer_bytes:', inputTotal);
    numberField('output_buffer_bytes:', outputTotal);
  }
  if (isSectionWanted('MEMORY')) {
    textField('# Memory', '');
    numberField('used_memory:', allocatedBytes());
    numberField('used_memory_pages:', spanBytesUsed());
    numberField('linear_memory:', i64(memory.size()) << 16);
  }
  if (isSectionWanted('STATS')) {
    textField('# Stats', '');
    numberField('total_commands_processed:', commandsTotal);
    numberField('expired_keys:', expiredTotal);
    numberField('entries_visited:', visits);
  }
  if (isSectionWanted('REPLICATION')) textField('# Replication\r\n', 'role:master');
  if (isSectionWanted('KEYSPACE')) writeKeyspace();
  endBulk(start);
}

function writeKeyspace(): void {
  textField('# Keyspace', '');
  if (!keyCount()) return;
  writeText('db0:keys=');
  writeInteger(keyCount());
  numberField(',expires=', deadlineCount());
}

function commandCommand(_client: Client): void {
  if (argumentCount == 1) replyAllCommands();
  else if (isWord(1, 'COUNT')) replyInteger(commandCount);
  // Documentation is optional; redis-cli then shows its own.
  else if (isWord(1, 'DOCS')) replyMap(0);
  else if (isWord(1, 'LIST')) replyNames();
  else if (isWord(1, 'INFO')) replySomeCommands();
  else replyUnknownSubcommand();
}

function replyAllCommands(): void {
  replyArray(commandCount);
  for (let spec = nextCommand(0); changetype<usize>(spec); spec = nextCommand(listedPosition + 1)) replySpec(spec);
}

function replyNames(): void {
  replyArray(commandCount);
  for (let spec = nextCommand(0); changetype<usize>(spec); spec = nextCommand(listedPosition + 1)) {
    replyBulkLiteral(changetype<string>(spec.name));
  }
}

function replySomeCommands(): void {
  replyArray(argumentCount - 2);
  for (let i: u32 = 2; i < argumentCount; i++) {
    const spec = findCommand(argumentBytes(i), argumentLength(i));
    if (changetype<usize>(spec)) replySpec(spec);
    else replyNullArray();
  }
}

function replySpec(spec: CommandSpec): void {
  replyArray(6);
  replyBulkLiteral(changetype<string>(spec.name));
  replyInteger(spec.arity);
  replySet(popcnt(spec.flags));
  if (spec.flags & READS) replySimple('readonly');
  if (spec.flags & WRITES) replySimple('write');
  if (spec.flags & FAST) replySimple('fast');
  replyInteger(spec.firstKey);
  replyInteger(spec.lastKey);
  replyInteger(spec.keyStep);
}

/** CONFIG GET for what tools ask (redis-benchmark: save, appendonly); nothing can be set. */
function commandConfig(_client: Client): void {
  if (argumentCount < 3 || !isWord(1, 'GET')) {
    replyUnknownSubcommand();
    return;
  }
  let count: u32 = 0;
  for (let i: u32 = 0; i < SETTINGS; i++) count += u32(isSettingWanted(settingName(i)));
  replyMap(count);
  for (let i: u32 = 0; i < SETTINGS; i++) {
    if (!isSettingWanted(settingName(i))) continue;
    replyBulkLiteral(settingName(i));
    replySetting(i);
  }
}

const SETTINGS: u32 = 6;

function settingName(index: u32): string {
  switch (index) {
    case 0:
      return 'save';
    case 1:
      return 'appendonly';
    case 2:
      return 'maxclients';
    case 3:
      return 'maxmemory';
    case 4:
      return 'databases';
    default:
      return 'proto-max-bulk-len';
  }
}

function replySetting(index: u32): void {
  if (index == 0) replyBulkLiteral('');
  else if (index == 1) replyBulkLiteral('no');
  else if (index == 2) replyBulkInteger(CLIENTS_MAX);
  else if (index == 3) replyBulkInteger(0);
  else if (index == 4) replyBulkInteger(1);
  else replyBulkInteger(BULK_BYTES_MAX);
}

function isSettingWanted(name: string): bool {
  for (let i: u32 = 2; i < argumentCount; i++) {
    if (matchesGlobLiteral(argumentBytes(i), argumentLength(i), name)) return true;
  }
  return false;
}
