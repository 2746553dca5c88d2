/** The exit code of a command that an operating error ended. */
import type { ErrorCode } from '../errors.js';
import { EXIT_CODES } from '../replica/exit-codes.js';

export function errorExitCode(code: ErrorCode | undefined): number {
  switch (code) {
    case 'FTW_USAGE':
      return EXIT_CODES.usage;
    case 'FTW_MALFORMED':
    case 'FTW_INVALID':
    case 'FTW_UNSUPPORTED':
    case 'FTW_LIMIT':
    case 'FTW_LINK':
      return EXIT_CODES.refusedModule;
    case 'FTW_DIVERGENCE':
      return EXIT_CODES.divergence;
    case 'FTW_HANDSHAKE':
      return EXIT_CODES.handshakeRefused;
    case 'FTW_CHANNEL':
    case 'FTW_FRAME':
      return EXIT_CODES.primaryUnreachable;
    case 'FTW_ARBITER':
      return EXIT_CODES.arbiter;
    case 'FTW_IO':
    case 'FTW_LOG_FORMAT':
    case 'FTW_SNAPSHOT':
      return EXIT_CODES.io;
    case 'FTW_DURABLE':
      return EXIT_CODES.durable;
    case 'FTW_EPOCH_LOST':
      return EXIT_CODES.lostEpoch;
    case 'FTW_HOST':
      return EXIT_CODES.brokenHost;
    case undefined:
      return EXIT_CODES.internal;
  }
}
