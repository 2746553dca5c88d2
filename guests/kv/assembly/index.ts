/**
 * A key-value server that speaks RESP on every listening socket it is given. See README.md for what it can do and for
 * how the parts fit together.
 */
import { defineConnection } from './commands/connection';
import { defineCounters } from './commands/counters';
import { defineDeadlines } from './commands/deadline';
import { defineHashes } from './commands/hashes';
import { defineKeys } from './commands/keys';
import { defineLists } from './commands/lists';
import { defineServer } from './commands/server';
import { defineSet } from './commands/set_command';
import { defineSets } from './commands/sets';
import { defineStrings } from './commands/strings';
import { initializeAllocator } from './memory/allocator';
import { initializeInput } from './net/input';
import { adoptListeners, serve } from './net/loop';
import { report } from './net/socket';
import { initializeSubscriptions } from './net/subscriptions';
import { initializeReplies } from './protocol/reply';
import { initializeKeyspace } from './store/keyspace';
import { initializeRandom } from './store/random';
import { initializeHash } from './store/siphash';
import { proc_exit } from './wasi_snapshot_preview1';

const EXIT_NO_LISTENER: u32 = 2;
const EXIT_HOST: u32 = 1;

function defineCommands(): void {
  defineConnection();
  defineServer();
  defineKeys();
  defineDeadlines();
  defineStrings();
  defineSet();
  defineCounters();
  defineLists();
  defineHashes();
  defineSets();
}

function initialize(): bool {
  initializeAllocator();
  initializeHash();
  initializeRandom();
  defineCommands();
  return initializeSubscriptions() && initializeReplies() && initializeInput() && initializeKeyspace();
}

/** The command of preview1: runs until the host stops it. */
export function _start(): void {
  if (!initialize()) {
    report('kv: not enough memory to start');
    proc_exit(EXIT_HOST);
  }
  if (!adoptListeners()) {
    report('kv: no listening socket; start with --tcplisten ADDR');
    proc_exit(EXIT_NO_LISTENER);
  }
  serve();
  report('kv: the host refused to poll');
  proc_exit(EXIT_HOST);
}
