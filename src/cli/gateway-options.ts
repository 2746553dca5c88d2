/** The flags of `ft-wasm gateway` and what becomes of them. */
import type { GatewayOptions } from '../index.js';
import { checkAddress, checkAddressList, defined, type Flag, optional, usage } from './flags.js';
import { LOG_FLAGS, type LogOptions, type RawLogFlags, toLogOptions } from './log-flags.js';
import { parseDuration } from './parse/duration.js';

/** Flags as commander collects them. */
export interface RawGatewayFlags extends RawLogFlags {
  readonly listen?: readonly string[];
  readonly replicas?: string;
  readonly service?: string;
  readonly wait?: string;
}

export const GATEWAY_FLAGS: readonly Flag[] = [
  [
    'Gateway:',
    '--listen <host:port>',
    'where clients connect, one per --tcplisten of the guest, in its order; repeatable',
  ],
  ['Gateway:', '--replicas <list>', '--log-listen addresses of all replicas, separated by commas'],
  ['Gateway:', '--service <name>', 'name of the service (default: whatever the replicas serve)'],
  ['Gateway:', '--wait <duration>', 'how long clients wait while no replica is live (default: 30s)'],
  ...LOG_FLAGS,
];

export interface GatewayCommandOptions {
  readonly gateway: GatewayOptions;
  readonly log: LogOptions;
}

/** @throws FtWasmError FTW_USAGE for the first mistake. */
export function toGatewayOptions(flags: RawGatewayFlags): GatewayCommandOptions {
  const { listen = [], replicas } = flags;
  if (listen.length === 0) throw usage('gateway needs --listen, at least once');
  if (replicas === undefined) throw usage('gateway needs --replicas');
  return {
    gateway: defined({
      listen: listen.map((text) => checkAddress(text, '--listen')),
      replicas: checkAddressList(replicas, '--replicas'),
      service: flags.service,
      waitMs: optional(flags.wait, (text) => parseDuration(text, '--wait')),
    }),
    log: toLogOptions(flags),
  };
}
