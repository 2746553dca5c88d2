/** Plain counts. */
import { FtWasmError } from '../../index.js';

/**
 * Parses a whole number of at least `min`.
 * @throws FtWasmError FTW_USAGE naming `option`.
 */
export function parseCount(text: string, option: string, min = 0): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= min) return value;
  const message = `${option} '${text}': expected a whole number of at least ${min}`;
  throw new FtWasmError('FTW_USAGE', message, { option, value: text });
}
