/**
 * Which history a log is of. A reign is the time in which one replica is live; its number is the epoch that it won. Event
 * numbers go on from reign to reign, so an event alone does not say what an entry is: an entry that a primary had sent to
 * one backup only is void once another one has gone live without it.
 */
import type { LogEnd } from './messages.js';

/** Reigns that are over and remembered; nobody comes back from further ago. */
const REIGNS_MAX = 16;

/** Below 0 if `a` has less of the history than `b`: a later reign knows everything that was ever released before it. */
export function compareLogEnds(a: LogEnd, b: LogEnd): number {
  return a.reign === b.reign ? a.event - b.event : a.reign - b.reign;
}

/** Whether a log that ends with `end` is the beginning of one whose earlier reigns ended with `history`. */
export function isPrefix(end: LogEnd, history: readonly LogEnd[]): boolean {
  return history.some(({ reign, event }) => reign === end.reign && end.event <= event);
}

/** The history of a log that was received: from one primary, or from several, one after the other. */
export class LogHistory {
  #reign = 0;
  #before: readonly LogEnd[] = [];
  /** The primary that is followed, as long as not all is here that was there when it went live. */
  #next: { readonly reign: number; readonly before: readonly LogEnd[] } | undefined;

  /** A primary of `reign` is followed; `before`: the ends of earlier reigns in its log. */
  follow(reign: number, before: readonly LogEnd[], receivedEvent: number): void {
    this.#next = { reign, before };
    this.received(receivedEvent);
  }

  received(event: number): void {
    const next = this.#next;
    if (next === undefined || event < (next.before.at(-1)?.event ?? 0)) return;
    this.#reign = next.reign;
    this.#before = next.before;
    this.#next = undefined;
  }

  /** Where a log with this history ends whose last event is `event`. */
  end(event: number): LogEnd {
    return { reign: this.#reign, event };
  }

  /** The ends of all reigns, should this replica go live behind `event`. */
  endsAt(event: number): readonly LogEnd[] {
    return this.#reign === 0 ? [] : [...this.#before, this.end(event)].slice(-REIGNS_MAX);
  }
}
