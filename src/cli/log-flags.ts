/** The flags of the log, the same for every command. */
import { type Flag, parseChoice } from './flags.js';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface RawLogFlags {
  readonly json?: boolean;
  readonly logLevel?: string;
}

export const LOG_FLAGS: readonly Flag[] = [
  ['Logs:', '--json', 'log JSON even on a terminal'],
  ['Logs:', '--log-level <level>', `${LOG_LEVELS.join(', ')} (default: info)`],
];

export interface LogOptions {
  /** JSON even on a terminal. */
  readonly json: boolean;
  readonly level: LogLevel;
}

/** @throws FtWasmError FTW_USAGE for an unknown level. */
export function toLogOptions(flags: RawLogFlags): LogOptions {
  return {
    json: flags.json ?? false,
    level: parseChoice(flags.logLevel ?? 'info', '--log-level', LOG_LEVELS),
  };
}
