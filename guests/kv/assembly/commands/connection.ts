/** The connection itself: PING, ECHO, HELLO, SELECT, CLIENT, RESET, QUIT. */
import { allocate, free } from '../memory/allocator';
import { parsedInteger, parseInteger } from '../memory/numbers';
import { Client } from '../net/client';
import { clientAt, clientCount } from '../net/subscriptions';
import {
  beginLater,
  endBulk,
  replyArray,
  replyBulk,
  replyBulkLiteral,
  replyError,
  replyInteger,
  replyMap,
  replyNull,
  replyOk,
  replySimple,
  setReplyProtocol,
  writeInteger,
  writePrintable,
  writeText,
} from '../protocol/reply';
import { argumentBytes, argumentCount, argumentLength } from '../protocol/request';
import { isInteger, isWord, replyOutOfMemory } from './arguments';
import { define, FAST, replyArity, replySyntaxError, replyUnknownSubcommand } from './dispatch';
import { SERVER_NAME, SERVER_VERSION } from './identity';

export function defineConnection(): void {
  define('ping', -1, FAST, commandPing);
  define('echo', 2, FAST, commandEcho);
  define('hello', -1, FAST, commandHello);
  define('select', 2, FAST, commandSelect);
  define('client', -2, 0, commandClient);
  define('reset', 1, FAST, commandReset);
  define('quit', -1, FAST, commandQuit);
}

function commandPing(_client: Client): void {
  if (argumentCount > 2) replyArity('ping');
  else if (argumentCount == 2) replyBulk(argumentBytes(1), argumentLength(1));
  else replySimple('PONG');
}

function commandEcho(_client: Client): void {
  replyBulk(argumentBytes(1), argumentLength(1));
}

/** HELLO [version [AUTH user password] [SETNAME name]]: everything is checked before anything changes. */
function commandHello(client: Client): void {
  let protocol = client.protocol;
  if (argumentCount > 1) {
    const known = parseInteger(argumentBytes(1), argumentLength(1)) && (parsedInteger == 2 || parsedInteger == 3);
    if (!known) {
      replyError('NOPROTO unsupported protocol version');
      return;
    }
    protocol = u32(parsedInteger);
  }
  let name: u32 = 0;
  for (let i: u32 = 2; i < argumentCount; i += 2) {
    if (isWord(i, 'AUTH') && i + 2 < argumentCount) {
      replyNoPassword();
      return;
    }
    if (!isWord(i, 'SETNAME') || i + 1 >= argumentCount) {
      replySyntaxError();
      return;
    }
    name = i + 1;
  }
  if (name && !setName(client, name)) return;
  client.protocol = protocol;
  setReplyProtocol(protocol);
  replyHello(client);
}

function replyNoPassword(): void {
  replyError('ERR AUTH called without any password configured: this server has no users');
}

function replyHello(client: Client): void {
  replyMap(7);
  replyBulkLiteral('server');
  replyBulkLiteral(SERVER_NAME);
  replyBulkLiteral('version');
  replyBulkLiteral(SERVER_VERSION);
  replyBulkLiteral('proto');
  replyInteger(client.protocol);
  replyBulkLiteral('id');
  replyInteger(client.id);
  replyBulkLiteral('mode');
  replyBulkLiteral('standalone');
  replyBulkLiteral('role');
  replyBulkLiteral('master');
  replyBulkLiteral('modules');
  replyArray(0);
}

/** There is one database, number 0. */
function commandSelect(_client: Client): void {
  if (!isInteger(1)) return;
  if (parsedInteger == 0) replyOk();
  else replyError('ERR DB index is out of range');
}

function commandClient(client: Client): void {
  if (isWord(1, 'ID')) replyInteger(client.id);
  else if (isWord(1, 'GETNAME')) replyName(client);
  else if (isWord(1, 'INFO')) replyDescription(client);
  else if (isWord(1, 'LIST')) replyList();
  else if (isWord(1, 'SETNAME')) replySetName(client);
  else if (isWord(1, 'SETINFO') && argumentCount == 4) replyOk();
  else if ((isWord(1, 'NO-EVICT') || isWord(1, 'NO-TOUCH')) && argumentCount == 3) replyOk();
  else replyUnknownSubcommand();
}

function replyName(client: Client): void {
  if (client.name) replyBulk(client.name, client.nameLength);
  else replyNull();
}

function replySetName(client: Client): void {
  if (argumentCount != 3) replyArity('client|setname');
  else if (setName(client, 2)) replyOk();
}

/** Names the client as argument `index` says; replies and returns false if that is no name. An empty one removes it. */
function setName(client: Client, index: u32): bool {
  const length = argumentLength(index);
  for (let i: u32 = 0; i < length; i++) {
    const byte = load<u8>(argumentBytes(index) + i);
    if (byte < 33 || byte > 126) {
      replyError('ERR Client names cannot contain spaces, newlines or special characters.');
      return false;
    }
  }
  const name = length ? allocate(length) : 0;
  if (length && !name) {
    replyOutOfMemory();
    return false;
  }
  memory.copy(name, argumentBytes(index), length);
  if (client.name) free(client.name);
  client.name = name;
  client.nameLength = length;
  return true;
}

function writeDescription(client: Client): void {
  writeText('id=');
  writeInteger(client.id);
  writeText(' fd=');
  writeInteger(client.fd);
  writeText(' name=');
  writePrintable(client.name, client.nameLength);
  writeText(' db=0 resp=');
  writeInteger(client.protocol);
  writeText('\n');
}

function replyDescription(client: Client): void {
  const start = beginLater();
  writeDescription(client);
  endBulk(start);
}

function replyList(): void {
  const start = beginLater();
  for (let i: u32 = 0; i < clientCount(); i++) writeDescription(clientAt(i));
  endBulk(start);
}

function commandReset(client: Client): void {
  if (client.name) free(client.name);
  client.name = 0;
  client.nameLength = 0;
  client.protocol = 2;
  setReplyProtocol(2);
  replySimple('RESET');
}

function commandQuit(client: Client): void {
  replyOk();
  client.ending = true;
}
