/**
 * Events, told a moment after they have happened. Writing a line of log takes as long as sending a message, and at a
 * failover clients wait for the messages. Order is kept.
 */
export class LateEvents<Event> {
  readonly #tell: (event: Event) => void;
  readonly #soon: (run: () => void) => void;
  #waiting: Event[] = [];

  /** `soon` runs what it is given once everything that has arrived by now was handled, and its answers have been sent. */
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
