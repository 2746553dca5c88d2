/** The log on stderr: pino JSON, one object per line; pretty on a terminal. */
import type { Writable } from 'node:stream';
import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';
import type { ServiceEvent } from '../index.js';
import type { LogOptions } from './log-flags.js';

/**
 * A logger whose lines carry the stable name of what happened as `event`, and its fields beside it:
 * `{"level":30,"time":1751371200000,"event":"go-live","epoch":2}`.
 */
export function createLogger(stderr: Writable & { isTTY?: boolean }, options: LogOptions): Logger {
  const settings = { level: options.level, base: null, messageKey: 'event' };
  if (options.json || !stderr.isTTY) return pino(settings, stderr);
  return pino(
    settings,
    pretty({ destination: stderr, colorize: true, messageKey: 'event', translateTime: 'HH:MM:ss.l', singleLine: true }),
  );
}

/** Writes the events of a service or gateway to `logger`. */
export function logEvents(logger: Logger): (event: ServiceEvent) => void {
  return ({ name, level, fields }) => logger[level](fields, name);
}
