// Load with the npm `redis` client, unmodified: each connection writes keys of its own and increments counters of its
// own, one request at a time, and remembers what was acknowledged.
import { performance } from 'node:perf_hooks';
import { createClient } from 'redis';

/** Writes between two increments of a connection's counter. */
const SETS_PER_INCR = 3;

export class DemoClients {
  #connections;
  #stopped = false;
  sent = 0;
  acknowledged = 0;
  reconnects = 0;
  errors = 0;
  longestStallMs = 0;

  constructor(port, count) {
    this.#connections = Array.from({ length: count }, (_, index) => ({
      name: `c${index}`,
      client: this.#newClient(port),
      /** Newest acknowledged value of each key. */
      written: new Map(),
      /** Key and value of a write whose answer never came: both outcomes are right. */
      uncertain: new Map(),
      incremented: 0,
      uncertainIncrements: 0,
      serial: 0,
    }));
  }

  async connect() {
    await Promise.all(this.#connections.map(({ client }) => client.connect()));
  }

  /** Runs until {@link stop}; resolves when the last request has been answered. */
  async run() {
    await Promise.all(this.#connections.map((connection) => this.#loop(connection)));
  }

  stop() {
    this.#stopped = true;
  }

  /** Reads everything back and compares it with what was acknowledged. */
  async check() {
    let lost = 0;
    let doubled = 0;
    for (const connection of this.#connections) {
      const keys = [...connection.written.keys()];
      for (let at = 0; at < keys.length; at += 500) {
        const part = keys.slice(at, at + 500);
        const values = await connection.client.mGet(part);
        lost += part.filter((key, index) => !isRight(connection, key, values[index])).length;
      }
      const count = Number((await connection.client.get(`${connection.name}:count`)) ?? 0);
      lost += Math.max(0, connection.incremented - count);
      doubled += Math.max(0, count - connection.incremented - connection.uncertainIncrements);
    }
    const requests = this.acknowledged;
    return { lost, doubled, entriesPerRequest: (entries) => entries / Math.max(1, requests) };
  }

  async close() {
    await Promise.allSettled(this.#connections.map(({ client }) => client.destroy()));
  }

  #newClient(port) {
    const client = createClient({
      socket: { host: '127.0.0.1', port, reconnectStrategy: () => 10 },
    });
    client.on('reconnecting', () => {
      this.reconnects++;
    });
    // Each failed request reports its own error; this one would only repeat it.
    client.on('error', () => {});
    return client;
  }

  async #loop(connection) {
    while (!this.#stopped) {
      const serial = connection.serial++;
      if (serial % (SETS_PER_INCR + 1) === SETS_PER_INCR) await this.#increment(connection);
      else await this.#write(connection, `${connection.name}:${serial % 1000}`, `${connection.name}-${serial}`);
    }
  }

  async #write(connection, key, value) {
    const ok = await this.#timed(() => connection.client.set(key, value));
    if (ok) connection.written.set(key, value);
    else connection.uncertain.set(key, value);
  }

  async #increment(connection) {
    const ok = await this.#timed(() => connection.client.incr(`${connection.name}:count`));
    if (ok) connection.incremented++;
    else connection.uncertainIncrements++;
  }

  /** True if the request was acknowledged. */
  async #timed(request) {
    this.sent++;
    const start = performance.now();
    try {
      await request();
      this.acknowledged++;
      return true;
    } catch {
      this.errors++;
      return false;
    } finally {
      this.longestStallMs = Math.max(this.longestStallMs, performance.now() - start);
    }
  }
}

function isRight({ written, uncertain }, key, value) {
  return value === written.get(key) || (value !== null && value === uncertain.get(key));
}
