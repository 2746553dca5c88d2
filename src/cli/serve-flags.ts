/** The flags of `ft-wasm serve`: their names, their help and the raw text that commander collects for them. */
import { CACHE_FLAGS } from './cache-flags.js';
import type { Flag } from './flags.js';
import { LOG_FLAGS, type RawLogFlags } from './log-flags.js';

export const ROLES = ['pair', 'primary', 'backup', 'standby'] as const;
export type ServeRole = (typeof ROLES)[number] | 'solo';

/** Flags of a guest as commander collects them: text or repeated text. */
export interface RawGuestFlags {
  readonly tcplisten?: readonly string[];
  readonly dir?: readonly string[];
  readonly env?: readonly string[];
  readonly allowConnect?: boolean;
  readonly random?: string;
  readonly maxMemory?: string;
  readonly maxTable?: string;
  readonly maxStack?: string;
  readonly fuel?: string;
}

/** Flags as commander collects them: text, repeated text or presence. */
export interface RawServeFlags extends RawLogFlags, RawGuestFlags {
  readonly role?: string;
  readonly solo?: boolean;
  /** Addresses, or false for --no-gateway. */
  readonly gateway?: readonly string[] | false;
  readonly replicas?: string;
  readonly id?: string;
  readonly service?: string;
  readonly logListen?: string;
  readonly primary?: string;
  readonly arbiter?: string;
  readonly minBackups?: string;
  readonly backups?: string;
  readonly acks?: string;
  /** False for --no-rejoin. */
  readonly rejoin?: boolean;
  readonly joinTimeout?: string;
  readonly heartbeat?: string;
  readonly failureTimeout?: string;
  readonly durable?: string;
  readonly recover?: string;
  readonly outputAfter?: string;
  readonly snapshotLog?: string;
  readonly snapshotEvery?: string;
  readonly engine?: string;
  readonly stats?: string;
  readonly statsEvery?: string;
}

/** What a guest is given and how far it may go: the same for every command that runs one. */
export const GUEST_FLAGS: readonly Flag[] = [
  ['Guest:', '--tcplisten <host:port>', 'preopen a listening socket as the next fd from 3; repeatable'],
  [
    'Guest:',
    '--dir <host::guest>',
    'load a directory into the guest, privately; ::ro behind it forbids changes, ::shared uses it in place; repeatable',
  ],
  ['Guest:', '--env <name=value>', 'set a variable, or pass ours on with NAME alone; repeatable'],
  ['Guest:', '--allow-connect', 'let the guest connect to others (WasmEdge sockets)'],
  ['Guest:', '--random <source>', 'seeded (default) or os'],
  ['Limits:', '--max-memory <size>', 'largest linear memory (default: 4GiB)'],
  ['Limits:', '--max-table <n>', 'most elements of all tables together (default: 10000000)'],
  ['Limits:', '--max-stack <n>', 'call depth in frame units (default: 200000)'],
  ['Limits:', '--fuel <n>', 'stop the guest after n instructions'],
];

export const SERVE_FLAGS: readonly Flag[] = [
  ['Role:', '--role <role>', 'pair (both replicas on this machine, the default), primary, backup or standby'],
  ['Role:', '--solo', 'run the guest with no replication at all'],
  ['Role:', '--gateway <host:port>', 'replica: run a gateway in this process that listens here; repeatable'],
  ['Role:', '--replicas <list>', 'log addresses of the other replicas, for that gateway, separated by commas'],
  ['Role:', '--no-gateway', 'pair: clients connect to the replicas themselves and are reset at a failover'],
  ['Role:', '--id <name>', 'unique name of this replica in logs and in the arbiter (default: role and process id)'],
  ['Role:', '--service <name>', "name of the service, equal on all replicas (default: the module's file name)"],
  ['Role:', '--log-listen <host:port>', 'where other replicas reach this one (TCP, and UDP for heartbeats)'],
  ['Role:', '--primary <host:port>', "backup, standby: where to look for the primary, besides the arbiter's record"],
  ['Role:', '--arbiter <url>', 'file:DIR/NAME or etcd://HOST:PORT/KEY, the record that decides who may run alone'],
  ['Role:', '--backups <n>', 'how many backups are wanted; further ones stand by (default: 1)'],
  ['Role:', '--acks <n>', 'output waits for the acknowledgements of n backups (default: of all)'],
  ['Role:', '--min-backups <n>', 'primary: hold the guest until n backups have joined (default: 0, it starts alone)'],
  ['Role:', '--no-rejoin', 'do not start afresh and join again after a divergence or a lost race'],
  ['Role:', '--join-timeout <duration>', 'backup: give up when it has found no primary after this time (default: 30s)'],
  ['Role:', '--heartbeat <duration>', 'interval of heartbeats (default: 20ms)'],
  ['Role:', '--failure-timeout <duration>', 'silence after which a peer counts as dead (default: 200ms)'],
  ['Disk:', '--durable <dir>', 'keep snapshots and the log in this directory'],
  ['Disk:', '--recover <dir>', 'primary: go on with the service in this directory, and keep it there'],
  ['Disk:', '--output-after <what>', 'ack (default), or fsync: output also waits until the log is on the disk'],
  ['Disk:', '--snapshot-log <size>', 'log behind a snapshot after which the next one is taken (default: 64MiB)'],
  ['Disk:', '--snapshot-every <duration>', 'time after which the next one is taken (default: 1m)'],
  ...GUEST_FLAGS,
  ['Engine:', '--engine <name>', 'compiled (default) or interpreter; replicas may differ in it'],
  ...CACHE_FLAGS,
  ...LOG_FLAGS,
  ['Logs:', '--stats <file>', 'write the last counters to a file as one JSON object, at the end'],
  ['Logs:', '--stats-every <duration>', 'log a stats event at this interval'],
];
