/** INFO: the server about itself, in the words of Redis where it has them. */
import { allocatedBytes } from '../memory/allocator';
import { spanBytesUsed } from '../memory/spans';
import { CLIENTS_MAX } from '../limits';
import { Client, inputTotal, outputTotal } from '../net/client';
import { clientCount } from '../net/subscriptions';
import { beginLater, endBulk, writeInteger, writeText } from '../protocol/reply';
import { argumentCount } from '../protocol/request';
import { deadlineCount } from '../store/deadlines';
import { visits } from '../store/dict';
import { expiredTotal, keyCount } from '../store/keyspace';
import { isWord } from './arguments';
import { commandsTotal } from './dispatch';
import { SERVER_NAME, SERVER_VERSION } from './identity';

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

export function commandInfo(_client: Client): void {
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
