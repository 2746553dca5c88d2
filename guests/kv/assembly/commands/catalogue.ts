/** COMMAND: which commands there are and how they are called. */
import { Client } from '../net/client';
import {
  replyArray,
  replyBulkLiteral,
  replyInteger,
  replyMap,
  replyNullArray,
  replySet,
  replySimple,
} from '../protocol/reply';
import { argumentBytes, argumentCount, argumentLength } from '../protocol/request';
import { isWord } from './arguments';
import {
  commandCount,
  CommandSpec,
  FAST,
  findCommand,
  listedPosition,
  nextCommand,
  READS,
  replyUnknownSubcommand,
  WRITES,
} from './dispatch';

export function commandCommand(_client: Client): void {
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
