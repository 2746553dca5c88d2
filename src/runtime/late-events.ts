/**
 * Events, told a moment after they have happened. Writing a line of log takes as long as sending a message, and at a
 * failover clients wait for the messages. Order is kept.
 */

/** What follows at once from what is told, such as a guest's answer to being woken, comes within this time and goes first. */
export const LATE_MS = 1;

export class LateEvents<Event> {
  readonly #tell: (event: Event) => void;
  readonly #soon: (run: () => void) => void;
  #waiting: Event[] = [];

  /** `soon` runs what it is given a moment later, when what is urgent has been done. */
  constructor(tell: (event: Event) => void, soon: (run: () => void) => void) {
    this.#tell = tell;
    this.#soon = soon;
  }

  add(event: Event): void {
    this.#waiting.push(event);
    if (this.#waiting.length === 1) this.#soon(() => this.flush());
  }

  /** Tells everything now. */
  flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const event of waiting) this.#tell(event);
  }
}
