/** `ft-wasm serve`: starts what the options ask for, logs its events and waits for its end. */
import type { Logger } from 'pino';
import { type Service, startPair, startReplica, startSolo } from '../index.js';
import { createLogger, logEvents } from './logger.js';
import type { ServeOptions } from './serve-options.js';
import type { CliProcess } from './streams.js';

/** Runs until the service ends; returns its exit code. Rejects if it cannot start. */
export async function serve(options: ServeOptions, process: CliProcess): Promise<number> {
  const logger = createLogger(process.stderr, options.log);
  const service = await start(options, logger, process);
  const stopListening = process.onSignal((signal) => {
    logger.info({ signal }, 'signal');
    void service.close();
  });
  const stopStats = logStats(service, logger, options.statsMs);
  const { exitCode, reason, stats } = await service.done;
  stopListening();
  stopStats();
  logger.info({ exitCode, reason, ...stats }, 'stats');
  return exitCode;
}

function start({ role, guest, replication }: ServeOptions, logger: Logger, process: CliProcess): Promise<Service> {
  const { stdin, ...stdio } = process;
  const options = {
    ...guest,
    ...replication,
    stdio,
    onEvent: logEvents(logger),
  };
  switch (role) {
    case 'solo':
      return startSolo({ ...options, stdin });
    case 'pair':
      return startPair(options);
    default: {
      // The checks of the role's flags have made sure of these two.
      const { arbiter, logListen } = replication as Required<typeof replication>;
      return startReplica({ ...options, role, arbiter, logListen });
    }
  }
}

function logStats(service: Service, logger: Logger, intervalMs: number | undefined): () => void {
  if (intervalMs === undefined) return () => {};
  const timer = setInterval(() => logger.info({ ...service.stats() }, 'stats'), intervalMs);
  return () => clearInterval(timer);
}
