/** Sizes in bytes as users write them: `64MiB`, `1.5GiB`, `4096B`. */
import { FtWasmError } from '../../index.js';

const UNIT_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/**
 * Parses a size to whole bytes.
 * @throws FtWasmError FTW_USAGE naming `option`.
 */
export function parseSize(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(text);
  if (match === null) throw usage(text, option, 'it is not a size');
  const unit = match[2]!;
  if (unit === '') throw usage(text, option, 'the unit is missing');
  const factor = UNIT_BYTES[unit];
  if (factor === undefined) throw usage(text, option, `'${unit}' is not a unit`);
  const bytes = Number(match[1]) * factor;
  if (!Number.isSafeInteger(bytes)) throw usage(text, option, 'it is not a whole number of bytes');
  return bytes;
}

function usage(text: string, option: string, reason: string): FtWasmError {
  const message = `${option} '${text}': ${reason}; expected a number with B, KiB, MiB, GiB or TiB, such as 64MiB`;
  return new FtWasmError('FTW_USAGE', message, { option, value: text });
}
