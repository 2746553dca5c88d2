/**
 * Remembers, for the part of the log that is still on its way, how many bytes it has and when it was made. From that
 * follow the bytes that wait (R7) and the lag (R8). Batches of the same millisecond share a mark.
 */
interface Mark {
  /** Last event covered. */
  event: number;
  /** Bytes logged since the start, this mark included. */
  totalBytes: number;
  readonly madeMs: number;
}

/** Removed marks are compacted away once there are so many. */
const COMPACT_MIN = 1024;

export class LogMarks {
  #marks: Mark[] = [];
  /** Index of the first mark that is still needed. */
  #head = 0;
  #totalBytes = 0;
  /** Bytes of everything before `#head`. */
  #droppedBytes = 0;

  push(event: number, bytes: number, nowMs: number): void {
    this.#totalBytes += bytes;
    const last = this.#marks.at(-1);
    if (last !== undefined && this.#marks.length > this.#head && nowMs - last.madeMs < 1) {
      last.event = event;
      last.totalBytes = this.#totalBytes;
    } else {
      this.#marks.push({ event, totalBytes: this.#totalBytes, madeMs: nowMs });
    }
  }

  /** Forgets marks up to `event`. */
  drop(event: number): void {
    for (let mark = this.#marks[this.#head]; mark !== undefined && mark.event <= event; ) {
      this.#droppedBytes = mark.totalBytes;
      this.#head += 1;
      mark = this.#marks[this.#head];
    }
    if (this.#head >= COMPACT_MIN && this.#head * 2 >= this.#marks.length) {
      this.#marks.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /** Bytes of the log after `event`, rounded up to whole marks. */
  bytesAfter(event: number): number {
    const index = this.#firstAfter(event);
    const before = index === this.#head ? this.#droppedBytes : (this.#marks[index - 1] as Mark).totalBytes;
    return this.#totalBytes - before;
  }

  /** Age of the oldest entry after `event`, in milliseconds; 0 if there is none. */
  ageAfter(event: number, nowMs: number): number {
    const mark = this.#marks[this.#firstAfter(event)];
    return mark === undefined ? 0 : nowMs - mark.madeMs;
  }

  /** Index of the first mark with an event after `event` (binary search). */
  #firstAfter(event: number): number {
    let low = this.#head;
    let high = this.#marks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#marks[middle] as Mark).event > event) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
