// The pair under test: `ft-wasm serve` as a user starts it, watched through its log.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const GUEST = fileURLToPath(new URL('../../guests/kv/build/kv.wasm', import.meta.url));
/** Whatever is waited for comes within this time, or the demo says what is missing. */
const WAIT_MS = 30_000;

export class Pair {
  #child;
  #events = [];
  #waiting = [];

  /** Starts the pair on a free port; resolves when it is redundant and listens. */
  static async start({ gateway }) {
    const pair = new Pair();
    const flags = ['serve', '--json', '--tcplisten', '127.0.0.1:0', '--stats-every', '100ms'];
    if (!gateway) flags.push('--no-gateway');
    pair.#child = spawn(process.execPath, [CLI, ...flags, GUEST], { stdio: ['ignore', 'ignore', 'pipe'] });
    createInterface({ input: pair.#child.stderr }).on('line', (line) => pair.#take(line));
    pair.#child.once('close', (code) => pair.#take(JSON.stringify({ event: 'ended', code })));
    const kind = gateway ? 'gateway' : 'client';
    const listening = await pair.#event((entry) => entry.event === 'listening' && entry.kind === kind);
    pair.port = Number(listening.address.split(':').pop());
    pair.#primary = await pair.#event((entry) => entry.event === 'replica-started' && entry.role === 'primary');
    await pair.#event((entry) => entry.event === 'backup-joined');
    return pair;
  }

  #primary;
  port = 0;

  /** Kills the primary's process; nothing in it gets a chance to say good-bye. */
  killPrimary() {
    process.kill(this.#primary.pid, 'SIGKILL');
    return { pid: this.#primary.pid, at: performance.now() };
  }

  /** When the backup went live (performance.now()). */
  async live() {
    return (await this.#event((entry) => entry.event === 'go-live')).at;
  }

  /** When the killed replica, started again by the pair, had joined the new primary. */
  async redundantAgain() {
    const goLive = (await this.#event((entry) => entry.event === 'go-live')).at;
    return (await this.#event((entry) => entry.event === 'backup-joined' && entry.at > goLive)).at;
  }

  /** Ends the service in good order and returns what its live replica counted. */
  async stop() {
    // The primary's own counters ended with it: entries and log bytes are taken from its last report.
    const before = this.#events.filter(
      (entry) => entry.event === 'stats' && entry.logBytes > 0 && entry.at < this.#killedBefore(),
    );
    const primary = before.at(-1) ?? { logBytes: 0, entries: 1 };
    this.#child.kill('SIGTERM');
    await this.#event((entry) => entry.event === 'ended');
    const last = this.#events.filter((entry) => entry.event === 'stats').at(-1);
    return {
      instructions: last.instructions,
      entries: last.entries,
      logBytesPerEntry: primary.logBytes / Math.max(1, primary.entries),
    };
  }

  #killedBefore() {
    return this.#events.find((entry) => entry.event === 'go-live')?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Makes sure that nothing stays behind. */
  async kill() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGTERM');
    await Promise.race([once(this.#child, 'close'), new Promise((resolve) => setTimeout(resolve, 3000).unref())]);
    this.#child.kill('SIGKILL');
  }

  #take(line) {
    let entry;
    try {
      entry = JSON.parse(line);
    } catch {
      entry = { event: 'message', text: line };
    }
    entry.at = performance.now();
    this.#events.push(entry);
    this.#waiting = this.#waiting.filter(({ matches, resolve }) => {
      if (!matches(entry)) return true;
      resolve(entry);
      return false;
    });
  }

  #event(matches) {
    const known = this.#events.find(matches);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(this.#complaint())), WAIT_MS);
      const found = (entry) => {
        clearTimeout(timer);
        resolve(entry);
      };
      this.#waiting.push({ matches, resolve: found });
    });
  }

  #complaint() {
    const last = this.#events.slice(-3).map((entry) => JSON.stringify(entry));
    return `the service did not report what was expected; it said last:\n${last.join('\n')}`;
  }
}
