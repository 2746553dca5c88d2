/**
 * One poll_oneoff call, live: its subscriptions are scanned in place after each wake-up until something fires. Guest memory
 * cannot change meanwhile, and reading it again is cheaper than keeping a parsed copy: one pass is the common case.
 */
import { CLOCK, ERRNO, EVENTTYPE, RIGHTS } from '../abi.js';
import type { WasiContext } from '../context.js';
import type { LiveWorld } from '../live.js';
import { readiness } from './readiness.js';
import { readClockSubscription, readFd, type SubscriptionLayout, tagAt } from './subscription.js';

interface Timer {
  readonly index: number;
  readonly clockId: number;
  readonly timeoutNs: bigint;
  readonly absolute: boolean;
}

export class PollSet {
  readonly #ctx: WasiContext;
  readonly #live: LiveWorld;
  readonly #layout: SubscriptionLayout;
  readonly #subs: number;
  readonly #count: number;
  readonly #timers: Timer[] = [];
  /** Flat triples: subscription index, byte count, code. */
  readonly #fired: number[] = [];
  /** Some timer may be due at once: the clock is read even when a descriptor is ready. */
  #eager = false;
  #startNs: bigint | undefined;

  constructor(ctx: WasiContext, live: LiveWorld, layout: SubscriptionLayout, subs: number, count: number) {
    this.#ctx = ctx;
    this.#live = live;
    this.#layout = layout;
    this.#subs = subs;
    this.#count = count;
    const { view, bytes } = ctx.memory;
    for (let index = 0, at = subs; index < count; index++, at += layout.bytes) {
      if (bytes[tagAt(at)] !== EVENTTYPE.CLOCK) continue;
      this.#addTimer({ index, ...readClockSubscription(view, layout, at) });
    }
  }

  /** Blocks until at least one subscription fires; returns the flat triples to log. `reissued`: see `Effect.observe`. */
  wait(reissued: boolean): number[] {
    this.#startNs = this.#live.clock.takeBegin(reissued);
    this.#scan();
    if (this.#fired.length === 0 || this.#eager) this.#fireTimers();
    while (this.#fired.length === 0) {
      this.#waitUntil(this.#hostDeadline());
      this.#scan();
      this.#fireTimers();
    }
    return this.#fired;
  }

  /** A call that is stopped for a capture is made again at once, and its relative timeouts must not start over. */
  #waitUntil(deadlineNs: bigint | undefined): void {
    const { clock, waiter } = this.#live;
    clock.stoppedSinceNs = this.#startNs;
    waiter.wait(deadlineNs);
    clock.stoppedSinceNs = undefined;
  }

  #addTimer(timer: Timer): void {
    if (timer.clockId !== CLOCK.REALTIME && timer.clockId !== CLOCK.MONOTONIC) {
      const errno = timer.clockId > CLOCK.THREAD_CPUTIME ? ERRNO.INVAL : ERRNO.NOTSUP;
      this.#fired.push(timer.index, 0, errno);
      return;
    }
    this.#timers.push(timer);
    this.#eager ||= timer.absolute || timer.timeoutNs === 0n;
  }

  #scan(): void {
    const { view, bytes } = this.#ctx.memory;
    const { slots } = this.#ctx.fds;
    const { network, stdin } = this.#live;
    for (let index = 0, at = this.#subs; index < this.#count; index++, at += this.#layout.bytes) {
      const tag = bytes[tagAt(at)]!;
      if (tag === EVENTTYPE.CLOCK) continue;
      const target = slots[readFd(view, at)];
      if (target == null) this.#fired.push(index, 0, ERRNO.BADF);
      else if ((target.rights & RIGHTS.POLL_FD_READWRITE) === 0) this.#fired.push(index, 0, ERRNO.NOTCAPABLE);
      else {
        const ready = readiness(target, tag, network, stdin);
        if (ready !== undefined) this.#fired.push(index, ready.byteCount, ready.code);
      }
    }
  }

  #fireTimers(): void {
    for (const timer of this.#timers) {
      if (this.#leftNs(timer) <= 0n) this.#fired.push(timer.index, 0, 0);
    }
  }

  #leftNs(timer: Timer): bigint {
    const { clock } = this.#live;
    if (timer.absolute && timer.clockId === CLOCK.REALTIME) return timer.timeoutNs - clock.realtimeNs();
    const now = clock.monotonicNs();
    if (timer.absolute) return timer.timeoutNs - now;
    this.#startNs ??= now;
    return this.#startNs + timer.timeoutNs - now;
  }

  /** The host's monotonic time of the first timer; undefined without timers. */
  #hostDeadline(): bigint | undefined {
    let least: bigint | undefined;
    for (const timer of this.#timers) {
      const left = this.#leftNs(timer);
      if (least === undefined || left < least) least = left;
    }
    if (least === undefined) return undefined;
    return this.#live.clock.hostDeadline(this.#live.clock.monotonicNs() + least);
  }
}
