/** Durations as users write them: `20ms`, `2s`, `1.5m`, `1h`. */
import { FtWasmError } from '../../index.js';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/**
 * Parses a duration to milliseconds, at least 1 and at most 2^31 - 1 (about 24 days, the longest timer there is).
 * @throws FtWasmError FTW_USAGE naming `option`.
 */
export function parseDuration(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (match === null) throw usage(text, option, /^[\d.]+$/.test(text) ? 'the unit is missing' : 'it is not a duration');
  const ms = Math.round(Number(match[1]) * UNIT_MS[match[2]!]!);
  if (ms < 1) throw usage(text, option, 'it is shorter than 1ms');
  if (ms > 0x7fffffff) throw usage(text, option, 'it is longer than 24 days');
  return ms;
}

function usage(text: string, option: string, reason: string): FtWasmError {
  const message = `${option} '${text}': ${reason}; expected a number with ms, s, m or h, such as 20ms or 2s`;
  return new FtWasmError('FTW_USAGE', message, { option, value: text });
}
