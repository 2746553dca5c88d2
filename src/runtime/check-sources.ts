/** What is done about each source of non-determinism (design: RATIONALE.md), by what a module imports and contains. */
import type { CodeSource } from './check-code.js';

export interface SourceRule {
  /** The source's name, for people. */
  readonly source: string;
  /** logged: an input of the log. fixed: the same everywhere by construction. held: an output. limited: bounded by configuration. */
  readonly handling: 'logged' | 'fixed' | 'held' | 'limited';
  readonly rule: string;
}

export const CODE_RULES: Readonly<Record<CodeSource, SourceRule>> = {
  nan: {
    source: 'bits of NaNs',
    handling: 'fixed',
    rule: 'canonical wherever they can be observed',
  },
  'memory-growth': {
    source: 'growing memory',
    handling: 'limited',
    rule: 'fails beyond --max-memory on every replica; a host that cannot deliver it stops itself',
  },
  'table-growth': {
    source: 'growing tables',
    handling: 'limited',
    rule: 'fails beyond --max-table on every replica; a host that cannot deliver it stops itself',
  },
  recursion: {
    source: 'stack depth of recursive functions',
    handling: 'limited',
    rule: 'counted in declared frames; traps at --max-stack, the same place on every replica',
  },
};

const CLOCKS: SourceRule = {
  source: 'clocks',
  handling: 'logged',
  rule: 'each value is logged; time never steps back',
};
const RANDOM: SourceRule = {
  source: 'random numbers',
  handling: 'logged',
  rule: 'a stream from one logged seed; with --random os every byte is logged',
};
const NETWORK: SourceRule = {
  source: 'network',
  handling: 'logged',
  rule: 'connections, bytes received, counts and errors are logged; bytes sent are held until acknowledged',
};
const READS: SourceRule = {
  source: 'standard input and partial reads',
  handling: 'logged',
  rule: 'bytes and counts are logged, also of files in shared directories; other files are part of the configuration',
};
const WRITES: SourceRule = {
  source: 'output',
  handling: 'held',
  rule: 'leaves once the log up to it is acknowledged; what the guest learns about it is logged',
};
const POLL: SourceRule = {
  source: 'readiness and timers',
  handling: 'logged',
  rule: 'the events that fired are logged',
};
const FILES: SourceRule = {
  source: 'descriptor numbers, directory order, inodes, file times',
  handling: 'fixed',
  rule: 'lowest free descriptor, names sorted by code point; virtual inodes and times, but logged ones in shared directories',
};
const START: SourceRule = {
  source: 'arguments and environment',
  handling: 'fixed',
  rule: 'part of the configuration, compared between replicas, in the order given',
};

const BY_PREFIX: readonly (readonly [prefix: string, rule: SourceRule])[] = [
  ['clock_', CLOCKS],
  ['random_', RANDOM],
  ['sock_', NETWORK],
  ['poll_', POLL],
  ['args_', START],
  ['environ_', START],
  ['fd_write', WRITES],
  ['fd_pwrite', WRITES],
  ['fd_read', READS],
  ['fd_pread', READS],
  ['fd_', FILES],
  ['path_', FILES],
];

/** The rule for an imported function, by its name; undefined for one that is no source (exit, yield). */
export function importRule(name: string): SourceRule | undefined {
  if (name === 'fd_readdir') return FILES;
  return BY_PREFIX.find(([prefix]) => name.startsWith(prefix))?.[1];
}
