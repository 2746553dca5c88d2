/**
 * Takes the client addresses for a replica that goes live; the dead primary may hold them a moment longer. Listening costs
 * a millisecond or two the first time, which the clients of gateways would wait for: the guest and they come first.
 */
import type { ClientPort } from './client-port.js';
import type { EventListener, Timers } from './ports.js';

/** Pause between two attempts, and how long the guest may take to consume the log before clients are let in to wait for it. */
const REBIND_MS = 25;

/** Gateways' clients have most of their answers so long after the guest is live. */
const GATEWAYS_FIRST_MS = 10;

export interface ClientOpening {
  /** The guest is live: there is nothing to wait for any more but, if there are any, gateways' clients. */
  guestLive(gateways: boolean): void;
  cancel(): void;
}

/** Tries, soon, until it has the addresses. */
export function openClients(
  listeners: ClientPort,
  epoch: number,
  timers: Timers,
  onEvent: EventListener,
): ClientOpening {
  let cancelled = false;
  let begun = false;
  let reported = false;
  const begin = (): void => {
    if (begun) return;
    begun = true;
    attempt();
  };
  const attempt = (): void => {
    if (cancelled) return;
    listeners.bind().then(
      () => {
        listeners.serve(epoch);
        for (const address of listeners.addresses) onEvent('listening', 'info', { kind: 'client', address });
      },
      (error: Error) => {
        if (!reported) onEvent('listen-failed', 'warn', { reason: error.message });
        reported = true;
        timers.after(REBIND_MS, attempt);
      },
    );
  };
  let stopWaiting = timers.after(REBIND_MS, begin);
  return {
    guestLive: (gateways) => {
      if (begun) return;
      stopWaiting();
      stopWaiting = timers.after(gateways ? GATEWAYS_FIRST_MS : 0, begin);
    },
    cancel: () => {
      cancelled = true;
      stopWaiting();
    },
  };
}
