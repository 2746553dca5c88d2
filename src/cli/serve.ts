/** `ft-wasm serve`: starts what the options ask for, logs its events and waits for its end. */
import type { Logger } from 'pino';
import { type Service, startPair, startReplica, startSolo } from '../index.js';
import { createLogger, logEvents } from './logger.js';
import type { ServeOptions } from './serve-options.js';
import type { CliProcess } from './streams.js';
import { writeStats } from './write-stats.js';

/** Runs until the service ends; returns its exit code. Rejects if it cannot start. */
export async function serve(options: ServeOptions, process: CliProcess): Promise<number> {
  const logger = createLogger(process.stderr, options.log);
  // A signal may come while the module is still being compiled: it then counts as soon as there is something to close.
  let service: Service | undefined;
  let leaving = false;
  const stopListening = process.onSignal((signal) => {
    logger.info({ signal }, 'signal');
    leaving = true;
    void service?.close();
  });
  try {
    service = await start(options, logger, process);
    if (leaving) void service.close();
    return await untilEnd(service, logger, options);
  } finally {
    stopListening();
  }
}

async function untilEnd(service: Service, logger: Logger, { stats: file, statsMs }: ServeOptions): Promise<number> {
  const timer = statsMs === undefined ? undefined : setInterval(() => logger.info(service.stats(), 'stats'), statsMs);
  const { exitCode, reason, stats } = await service.done;
  clearInterval(timer);
  logger.info({ exitCode, reason, ...stats }, 'stats');
  if (file !== undefined) await writeStats(file, { ...stats, exitCode, reason });
  return exitCode;
}

function start({ role, guest, replication }: ServeOptions, logger: Logger, process: CliProcess): Promise<Service> {
  const { stdin, stdinIsFile, ...stdio } = process;
  const options = {
    ...guest,
    ...replication,
    stdio,
    onEvent: logEvents(logger),
  };
  switch (role) {
    case 'solo':
      return startSolo({ ...options, stdin, ...(stdinIsFile !== undefined && { stdinIsFile }) });
    case 'pair':
      return startPair(options);
    default: {
      // The checks of the role's flags have made sure of these two.
      const { arbiter, logListen } = replication as Required<typeof replication>;
      return startReplica({ ...options, role, arbiter, logListen });
    }
  }
}
