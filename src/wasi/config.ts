/** What the guest is given: equal on every replica, part of the handshake's manifest. */
import type { Preopen } from './fs/description.js';

export interface WasiConfig {
  /** `argv`, the program's name first. */
  readonly args?: readonly string[];
  /** Environment in the order in which the guest sees it. */
  readonly env?: readonly (readonly [name: string, value: string])[];
  /** Number of preopened listeners: fds 3, 4, ... (Wasmtime's `--tcplisten`). */
  readonly listeners?: number;
  /**
   * Ports of those listeners, for guests that bind sockets themselves (WasmEdge): a bind to one of them gets that listener.
   * Without it, binds take the listeners in order, whatever port they name.
   */
  readonly listenerPorts?: readonly number[];
  /** Preopened directories, on the fds that follow the listeners (Wasmtime's order). */
  readonly preopens?: readonly Preopen[];
  /** seeded (default): a ChaCha20 stream from one logged seed. os: the host's bytes are logged. */
  readonly random?: 'seeded' | 'os';
  /** Whether stdio looks like a terminal to the guest (isatty); fixed here so that it is the same on every replica. */
  readonly terminal?: boolean;
}
