/** The host of a replay that is only looked at: everything observed comes from the log, every output is dropped. */
import { invariant } from '../errors.js';
import type { HostServices } from '../host/services.js';
import type { Entry } from '../log/entry.js';
import type { LogSource } from '../record/session.js';

function refuse(what: string): never {
  invariant(false, `a replay asked its host for ${what}`);
}

export const REPLAY_HOST: HostServices = {
  clock: { realtimeNs: () => refuse('the time'), monotonicNs: () => refuse('the time') },
  entropy: { bytes: () => refuse('entropy') },
  network: {
    listenerCount: 0,
    pendingAccepts: () => refuse('connections'),
    accept: () => refuse('a connection'),
    readable: () => refuse('input'),
    ended: () => refuse('the end of input'),
    isReset: () => refuse('the end of a connection'),
    writable: () => refuse('room for output'),
    receive: () => refuse('input'),
  },
  stdin: { read: () => refuse('standard input') },
  dialer: {
    connect: () => refuse('a connection'),
    resolve: () => refuse('an address'),
    connected: () => refuse('a connection'),
    resolved: () => refuse('an address'),
  },
  waiter: { wait: () => refuse('a wait') },
  output: { stdio: () => {}, send: () => {}, shutdown: () => {}, close: () => {} },
  barrier: { waitReleased: () => {} },
};

/** The log from event number `event` on; the guest must not ask for more than there is. */
export function logFrom(entries: readonly Entry[], event: number): LogSource {
  let next = event;
  return { next: () => entries[next++] ?? 'end' };
}
