// What the demo shows: progress on a terminal, a plain table at the end.

const TICK_MS = 200;

export class Progress {
  #stream;

  constructor(stream) {
    this.#stream = stream;
  }

  /** A line that the next one replaces; only on a terminal. */
  show(text) {
    if (this.#stream.isTTY) this.#stream.write(`\r\x1b[K${text}`);
  }

  /** A line that stays. */
  say(text) {
    this.clear();
    this.#stream.write(`${text}\n`);
  }

  clear() {
    this.show('');
  }

  /** Waits for `ms`, showing what `text` returns. */
  async during(ms, text) {
    const timer = setInterval(() => this.show(text()), TICK_MS);
    await new Promise((resolve) => setTimeout(resolve, ms));
    clearInterval(timer);
  }
}

export function printTable(stream, rows) {
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, value] of rows) {
    const text = typeof value === 'number' ? value.toLocaleString('en') : String(value);
    stream.write(`${name.padEnd(width)}  ${text.padStart(14)}\n`);
  }
}
