/** What the guest is given: equal on every replica, part of the handshake's manifest. */
import type { Preopen } from './fs/description.js';

export interface WasiConfig {
  /** `argv`, the program's name first. */
  readonly args?: readonly string[];
  /** Environment in the order in which the guest sees it. */
  readonly env?: readonly (readonly [name: string, value: string])[];
  /** Number of preopened listeners: fds 3, 4, ... (Wasmtime's `--tcplisten`). */
  readonly listeners?: number;
  /** Preopened directories, on the fds that follow the listeners (Wasmtime's order). */
  readonly preopens?: readonly Preopen[];
  /** seeded (default): a ChaCha20 stream from one logged seed. os: the host's bytes are logged. */
  readonly random?: 'seeded' | 'os';
  /** Whether stdio looks like a terminal to the guest (isatty); fixed here so that it is the same on every replica. */
  readonly terminal?: boolean;
}
