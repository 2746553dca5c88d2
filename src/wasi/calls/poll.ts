/**
 * poll_oneoff. The live half decides which subscriptions fire, in one pass per wake-up over plain arrays; the logged
 * result lists only those, so that a replay's work is proportional to the events and not to the subscriptions.
 */
import type { LoggedValue } from '../../log/entry.js';
import { ERRNO, EVENT_BYTES, EVENT_HANGUP, SUBSCRIPTION_BYTES } from '../abi.js';
import type { WasiContext, WasiStep } from '../context.js';
import { input } from '../effects.js';
import { fail } from '../failure.js';
import { PollSet } from '../poll/poll-set.js';
import { HANGUP_CODE } from '../poll/readiness.js';
import { clockLowerBound, readSubscription, type SubscriptionLayout, tagAt } from '../poll/subscription.js';

/** Logged numbers per event: index of the subscription, byte count, errno or'ed with {@link HANGUP_CODE}. */
const FIELDS = 3;

/** Preview1's layout of a subscription; wasi_unstable has one of its own. */
const PREVIEW1: SubscriptionLayout = { bytes: SUBSCRIPTION_BYTES, clock: 16, timeout: 24, flags: 40 };

export function pollOneoff(
  ctx: WasiContext,
  subs: number,
  events: number,
  count: number,
  eventCount: number,
): WasiStep {
  return pollWith(PREVIEW1, ctx, subs, events, count, eventCount);
}

export function pollWith(
  layout: SubscriptionLayout,
  ctx: WasiContext,
  subs: number,
  events: number,
  count: number,
  eventCount: number,
): WasiStep {
  const { memory } = ctx;
  if (count === 0) return ERRNO.INVAL;
  memory.check(subs, count * layout.bytes);
  memory.check(events, count * EVENT_BYTES);
  memory.check(eventCount, 4);
  checkTags(ctx, layout, subs, count);
  return input<readonly number[]>({
    observe: (live, reissued) => new PollSet(ctx, live, layout, subs, count).wait(reissued),
    accepts: (value) => isEventList(value, count),
    apply: (fired) => {
      for (let at = 0; at < fired.length; at += FIELDS) {
        const sub = subs + fired[at]! * layout.bytes;
        writeEvent(ctx, layout, sub, events + (at / FIELDS) * EVENT_BYTES, fired[at + 1]!, fired[at + 2]!);
      }
      memory.setU32(eventCount, fired.length / FIELDS);
      return ERRNO.SUCCESS;
    },
  });
}

/** An unknown subscription type fails the whole call, before anything is asked of the outside world. */
function checkTags(ctx: WasiContext, layout: SubscriptionLayout, subs: number, count: number): void {
  const { bytes } = ctx.memory;
  for (let index = 0, at = subs; index < count; index++, at += layout.bytes) {
    if (bytes[tagAt(at)]! > 2) fail(ERRNO.INVAL);
  }
}

/** Every byte of the struct, padding included. */
function writeEvent(
  ctx: WasiContext,
  layout: SubscriptionLayout,
  sub: number,
  event: number,
  byteCount: number,
  code: number,
): void {
  const { view, bytes } = ctx.memory;
  const { userdata, tag } = readSubscription(view, sub);
  raiseClock(ctx, layout, sub, tag, code);
  bytes.fill(0, event, event + EVENT_BYTES);
  view.setBigUint64(event, userdata, true);
  view.setUint16(event + 8, code & 0xff, true);
  view.setUint8(event + 10, tag);
  view.setUint32(event + 16, byteCount, true);
  view.setUint16(event + 24, (code & HANGUP_CODE) !== 0 ? EVENT_HANGUP : 0, true);
}

/** A timer that fired proves that its time has passed: a clock read after a go-live must not contradict it. */
function raiseClock(ctx: WasiContext, layout: SubscriptionLayout, sub: number, tag: number, code: number): void {
  if (tag !== 0 || code !== 0) return;
  const { clocks } = ctx.state;
  const { clock, timeNs } = clockLowerBound(ctx.memory.view, layout, sub, clocks);
  if (timeNs > clocks[clock]) clocks[clock] = timeNs;
}

function isEventList(value: LoggedValue, count: number): boolean {
  if (!Array.isArray(value) || value.length === 0 || value.length % FIELDS !== 0) return false;
  if (value.length > count * FIELDS) return false;
  return value.every((number, at) => Number.isInteger(number) && number >= 0 && (at % FIELDS !== 0 || number < count));
}
