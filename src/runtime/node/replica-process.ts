/**
 * Entry of a replica that runs as a child process (see pair.ts): options come in by IPC, events and the exit go out.
 * When the parent disappears, the replica leaves in good order instead of staying behind as an orphan.
 */
import { FtWasmError } from '../../errors.js';
import type { ReplicaOptions, Service } from '../options.js';
import type { FromReplica, ToReplica } from './replica-ipc.js';
import { startReplica } from './start-replica.js';

const LINGER_MS = 1000;

let service: Service | undefined;
let leaving = false;

function tell(message: FromReplica): void {
  if (process.connected) process.send?.(message);
}

async function start(options: ReplicaOptions): Promise<void> {
  try {
    service = await startReplica({ ...options, onEvent: (event) => tell({ type: 'event', event }) });
  } catch (error) {
    const known = error instanceof FtWasmError;
    tell({
      type: 'start-failed',
      code: known ? error.code : 'FTW_HOST',
      message: error instanceof Error ? error.message : String(error),
      details: known ? { ...error.details } : {},
    });
    process.disconnect();
    return;
  }
  tell({ type: 'started' });
  if (leaving) void service.close();
  const exit = await service.done;
  tell({ type: 'exit', exit });
  process.exitCode = exit.exitCode;
  if (process.connected) process.disconnect();
  // Whatever else still holds the event loop must not keep a replica that has stopped.
  setTimeout(() => process.exit(), LINGER_MS).unref();
}

function leave(): void {
  leaving = true;
  void service?.close();
}

process.on('message', (message: ToReplica) => {
  switch (message.type) {
    case 'start':
      void start(message.options);
      break;
    case 'shutdown':
      leave();
      break;
    case 'stats':
      if (service !== undefined) tell({ type: 'stats', stats: service.stats() });
      break;
  }
});
process.on('disconnect', leave);
// The parent decides: a terminal sends Ctrl-C to the whole group, and so does who ends the group with SIGTERM.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {
  if (process.connected) tell({ type: 'terminated' });
  else leave();
});
