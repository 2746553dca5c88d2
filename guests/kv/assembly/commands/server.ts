/** The server: TIME, WAIT, CONFIG GET. */
import { BULK_BYTES_MAX, CLIENTS_MAX } from '../limits';
import { Client } from '../net/client';
import { replyArray, replyBulkInteger, replyBulkLiteral, replyInteger, replyMap } from '../protocol/reply';
import { argumentBytes, argumentCount, argumentLength } from '../protocol/request';
import { nowUs } from '../store/clock';
import { isInteger, isWord } from './arguments';
import { commandCommand } from './catalogue';
import { define, FAST, replyUnknownSubcommand } from './dispatch';
import { matchesGlobLiteral } from './glob';
import { commandInfo } from './info';

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
