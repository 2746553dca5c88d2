/** Takes the client addresses for a replica that goes live; the dead primary may hold them a moment longer. */
import type { ClientPort } from './client-port.js';
import type { EventListener, Timers } from './ports.js';

/** Pause between two attempts. */
const REBIND_MS = 25;

/** Tries until it has the addresses or the returned function is called. */
export function openClients(listeners: ClientPort, epoch: number, timers: Timers, onEvent: EventListener): () => void {
  let cancelled = false;
  let reported = false;
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
  attempt();
  return () => {
    cancelled = true;
  };
}
