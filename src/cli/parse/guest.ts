/** What the guest is given, in Wasmtime's notation: `--env K=V` and `--dir HOST::GUEST`. */
import { FtWasmError } from '../../index.js';

/**
 * Parses `NAME=VALUE`, or `NAME` for the value that this process has in its own environment.
 * @throws FtWasmError FTW_USAGE if the name is empty or not set here.
 */
export function parseEnv(text: string, own: Readonly<Record<string, string | undefined>>): [string, string] {
  const equals = text.indexOf('=');
  const name = equals < 0 ? text : text.slice(0, equals);
  if (name === '') {
    throw new FtWasmError('FTW_USAGE', `--env '${text}': the name is empty; expected NAME=VALUE or NAME`, {
      option: '--env',
      value: text,
    });
  }
  const value = equals < 0 ? own[name] : text.slice(equals + 1);
  if (value === undefined) {
    const message = `--env '${name}': no value is given and ${name} is not set here; expected NAME=VALUE`;
    throw new FtWasmError('FTW_USAGE', message, { option: '--env', value: text });
  }
  return [name, value];
}

const DIR_MODES = ['private', 'ro', 'shared'] as const;

/** A directory of this machine, the name under which the guest sees it, and what the guest may do with it. */
export interface DirMapping {
  readonly host: string;
  readonly guest: string;
  readonly mode: (typeof DIR_MODES)[number];
}

/**
 * Parses `HOST::GUEST`, `HOST` for a directory that has the same name in the guest, or `HOST::GUEST::MODE`.
 * @throws FtWasmError FTW_USAGE if a part is empty or the mode unknown.
 */
export function parseDir(text: string): DirMapping {
  const [host, guest, modeText = 'private', ...rest] = text.split('::');
  const mode = DIR_MODES.find((candidate) => candidate === modeText);
  if (!host || guest === '' || mode === undefined || rest.length > 0) {
    const message =
      `--dir '${text}': expected HOST, HOST::GUEST or HOST::GUEST::MODE, such as ./data::/data; ` +
      `modes are ${DIR_MODES.join(', ')}`;
    throw new FtWasmError('FTW_USAGE', message, { option: '--dir', value: text });
  }
  return { host, guest: guest ?? host, mode };
}
