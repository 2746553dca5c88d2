/** The outside world as `observe` halves see it: the host's services, with clocks that continue across a go-live. */

import type { HostFiles } from '../host/files.js';
import type {
  HostBarrier,
  HostClock,
  HostDialer,
  HostEntropy,
  HostInput,
  HostNetwork,
  HostServices,
  HostWaiter,
} from '../host/services.js';
import type { ClockState } from './state.js';

export interface LiveWorld {
  readonly clock: LiveClock;
  readonly entropy: HostEntropy;
  readonly network: HostNetwork;
  readonly stdin: StdinBuffer;
  readonly waiter: HostWaiter;
  readonly barrier: HostBarrier;
  readonly files: HostFiles | undefined;
  /** Undefined if the guest may not connect to others. */
  readonly dialer: HostDialer | undefined;
}

export function liveWorld(services: HostServices, clocks: ClockState): LiveWorld {
  const { entropy, network, waiter, barrier, files, dialer } = services;
  const stdin = new StdinBuffer(services.stdin);
  return { clock: new LiveClock(services.clock, clocks), entropy, network, stdin, waiter, barrier, files, dialer };
}

/**
 * The guest's clocks: never below the last value that any replica has logged. Monotonic time is the host's plus an offset
 * that is chosen when this replica goes live, so that it continues from the last logged value without a step back.
 */
export class LiveClock {
  readonly #host: HostClock;
  readonly #last: ClockState;
  #offsetNs = 0n;
  #waitingSinceNs: bigint | undefined;
  /** When the call began that was stopped for a capture and is made again. */
  stoppedSinceNs: bigint | undefined;

  constructor(host: HostClock, last: ClockState) {
    this.#host = host;
    this.#last = last;
  }

  /**
   * Continues monotonic time from the last logged value; called when this replica starts or goes live. `waitedNs`: so much
   * has passed since, while the guest waited for the log to go on; a timer that it waits for goes on, too.
   */
  rebase(waitedNs = 0n): void {
    this.#waitingSinceNs = this.#last.monotonicNs;
    this.#offsetNs = this.#last.monotonicNs + waitedNs - this.#host.monotonicNs();
  }

  /** When a call began that has been under way before, by the guest's monotonic time; `reissued` by a replica that went live. */
  takeBegin(reissued: boolean): bigint | undefined {
    const since = this.stoppedSinceNs ?? (reissued ? this.#waitingSinceNs : undefined);
    // It is this call's and no later one's.
    this.stoppedSinceNs = undefined;
    return since;
  }

  monotonicNs(): bigint {
    const now = this.#host.monotonicNs() + this.#offsetNs;
    return later(now, this.#last.monotonicNs);
  }

  realtimeNs(): bigint {
    return later(this.#host.realtimeNs(), this.#last.realtimeNs);
  }

  /** The host's monotonic time at a guest's monotonic time, for {@link HostWaiter}. */
  hostDeadline(guestMonotonicNs: bigint): bigint {
    return guestMonotonicNs - this.#offsetNs;
  }
}

function later(left: bigint, right: bigint): bigint {
  if (left > right) return left;
  return right;
}

const STDIN_CHUNK_BYTES = 65536;

/** Standard input that can be asked how much is there without taking it: poll_oneoff needs that. */
export class StdinBuffer {
  readonly #input: HostInput;
  #pending: Uint8Array | undefined;

  constructor(input: HostInput) {
    this.#input = input;
  }

  /** Whether a read never finds that nothing is there yet. */
  get alwaysReady(): boolean {
    return this.#input.isFile ?? false;
  }

  /** Bytes that can be read now; 0 at end of input; undefined if nothing is there yet. */
  available(): number | undefined {
    this.#pending ??= this.#input.read(STDIN_CHUNK_BYTES)?.slice();
    return this.#pending?.length;
  }

  /** Like {@link HostInput.read}, but the result is the caller's own. */
  read(max: number): Uint8Array | undefined {
    if (this.available() === undefined) return undefined;
    const pending = this.#pending!;
    const taken = pending.subarray(0, max);
    this.#pending = taken.length === pending.length ? undefined : pending.subarray(max);
    return taken;
  }
}
