/** `ft-wasm gateway`: runs until it is told to leave. */
import { EXIT_CODES, startGateway } from '../index.js';
import type { GatewayCommandOptions } from './gateway-options.js';
import { createLogger, logEvents } from './logger.js';
import type { CliProcess } from './streams.js';

/** Serves clients until a signal; returns the exit code. Rejects if it cannot start. */
export async function gateway(options: GatewayCommandOptions, process: CliProcess): Promise<number> {
  const logger = createLogger(process.stderr, options.log);
  const service = await startGateway({ ...options.gateway, onEvent: logEvents(logger) });
  await new Promise<void>((resolve) => {
    const stopListening = process.onSignal((signal) => {
      logger.info({ signal, connections: service.connections }, 'signal');
      stopListening();
      resolve();
    });
  });
  await service.close();
  return EXIT_CODES.ok;
}
