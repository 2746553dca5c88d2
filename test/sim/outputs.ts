/** The held outputs of one process: one per event, leaving when executed and released, dropped when trimmed. */
import type { SimProcess } from './process.js';
import type { World } from './world.js';

export class Outputs {
  readonly #world: World;
  readonly #process: SimProcess;
  #releasedEvent = 0;
  #trimmedEvent = 0;
  /** Outputs up to this event are under way or gone. */
  #takenEvent = 0;
  /** Outputs leave in order. */
  #lastLeavesAtMs = 0;

  constructor(world: World, process: SimProcess) {
    this.#world = world;
    this.#process = process;
  }

  release(event: number): void {
    this.#releasedEvent = event;
    this.#flush();
  }

  trim(event: number): void {
    this.#trimmedEvent = Math.max(this.#trimmedEvent, event);
  }

  /** The guest has come further. */
  executed(): void {
    this.#flush();
  }

  /** Outputs leave a moment later; a process that dies before takes them with it. */
  #flush(): void {
    const last = Math.min(this.#releasedEvent, this.#process.guest.event);
    if (last <= this.#takenEvent) return;
    const first = Math.max(this.#takenEvent, this.#trimmedEvent) + 1;
    this.#takenEvent = last;
    const { random, scheduler } = this.#world;
    // Sometimes a client is slow to take its bytes.
    const leavesAtMs = scheduler.nowMs + random.between(0, random.chance(0.03) ? 80 : 2);
    this.#lastLeavesAtMs = Math.max(this.#lastLeavesAtMs, leavesAtMs);
    scheduler.at(this.#lastLeavesAtMs, () => {
      this.#process.whenRunning(() => this.#leave(first, last));
    });
  }

  #leave(first: number, last: number): void {
    for (let event = first; event <= last; event++) this.#world.checker.outputLeft(this.#process, event);
    this.#process.deliver({ type: 'outputs-left', event: last });
  }
}
