/**
 * A lean closed-loop RESP client: every connection keeps `pipeline` requests in flight and sends the next ones when
 * replies come. Requests are prepared beforehand and replies are only counted, because on a small machine the load
 * generator competes with what it measures.
 */
import net from 'node:net';
import { ReplyCounter } from './reply-counter.mjs';
import { Histogram } from './statistics.mjs';

const REQUESTS_PREPARED = 4096;
const RECONNECT_MS = 2;

/**
 * @typedef {object} LoadOptions
 * @property {string} [host]
 * @property {number} port
 * @property {number} connections
 * @property {number} pipeline requests in flight on each connection
 * @property {number} readPercent share of GET, the others are SET
 * @property {boolean} wait follow each SET by WAIT 1, and count both as one request
 * @property {number} keys
 * @property {number} valueBytes
 * @property {boolean} reconnect take up again, with the requests that were not answered, when a connection breaks
 */

/** @param {LoadOptions} options */
function prepareRequests({ readPercent, wait, keys, valueBytes }) {
  const value = 'v'.repeat(valueBytes);
  return Array.from({ length: REQUESTS_PREPARED }, (_, i) => {
    // A fixed order in which neighbours differ: reproducible, and no random numbers while measuring.
    const key = `key:${String((i * 7919) % keys).padStart(10, '0')}`;
    const isRead = ((i * 37) % 100) + 1 <= readPercent;
    if (isRead) return { bytes: encode('GET', key), replies: 1 };
    return { bytes: encode('SET', key, value) + (wait ? encode('WAIT', '1', '0') : ''), replies: wait ? 2 : 1 };
  });
}

/** @param {...string} words */
function encode(...words) {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
}

class Connection {
  #load;
  #next;
  #socket = /** @type {net.Socket | undefined} */ (undefined);
  #replies = new ReplyCounter();
  /** Requests in flight, oldest first. */
  #inFlight = /** @type {{ bytes: string, replies: number, left: number, at: number }[]} */ ([]);
  errors = 0;
  reconnects = 0;

  /** @param {RespLoad} load @param {number} start */
  constructor(load, start) {
    this.#load = load;
    this.#next = start;
  }

  /** @returns {Promise<void>} */
  connect() {
    return new Promise((resolve, reject) => {
      const { host, port } = this.#load.options;
      const socket = net.connect({ host: host ?? '127.0.0.1', port, noDelay: true });
      this.#socket = socket;
      socket.once('connect', () => {
        this.#replies.reset();
        socket.on('data', (chunk) => this.#onData(chunk));
        resolve();
      });
      socket.on('error', reject);
      socket.once('close', () => this.#onClose());
    });
  }

  start() {
    this.#send(this.#load.options.pipeline);
  }

  close() {
    this.#socket?.destroy();
  }

  /** @param {number} count */
  #send(count) {
    const at = performance.now();
    let bytes = '';
    for (let i = 0; i < count; i++) {
      const request = this.#load.requests[this.#next++ % REQUESTS_PREPARED];
      this.#inFlight.push({ ...request, left: request.replies, at });
      bytes += request.bytes;
    }
    this.#socket?.write(bytes, 'latin1');
  }

  /** @param {Buffer} chunk */
  #onData(chunk) {
    let replies = this.#replies.count(chunk);
    const now = performance.now();
    let done = 0;
    while (replies > 0) {
      const first = this.#inFlight[0];
      if (first === undefined) throw new Error('the server sent a reply that nobody asked for');
      const taken = Math.min(replies, first.left);
      first.left -= taken;
      replies -= taken;
      if (first.left > 0) break;
      this.#inFlight.shift();
      this.#load.latency.add((now - first.at) * 1000);
      done++;
    }
    this.errors = this.#replies.errors;
    if (done > 0 && this.#load.running) this.#send(done);
  }

  #onClose() {
    if (!this.#load.running) return;
    if (!this.#load.options.reconnect) {
      this.#load.fail(new Error('the server closed a connection'));
      return;
    }
    this.#reconnect();
  }

  #reconnect() {
    setTimeout(() => {
      if (!this.#load.running) return;
      this.connect().then(
        () => this.#resend(),
        () => {},
      );
    }, RECONNECT_MS);
  }

  /** What was not answered is asked again; its time goes on, since that is what the client's user sees. */
  #resend() {
    for (const request of this.#inFlight) request.left = request.replies;
    this.reconnects++;
    this.#socket?.write(this.#inFlight.map((request) => request.bytes).join(''), 'latin1');
  }
}

export class RespLoad {
  options;
  requests;
  running = false;
  latency = new Histogram();
  /** Answered since the start, warm-up included. */
  #answered = 0;
  #connections;
  #startedAt = 0;
  #failure = /** @type {Error | undefined} */ (undefined);

  /** @param {LoadOptions} options */
  constructor(options) {
    this.options = options;
    this.requests = prepareRequests(options);
    this.#connections = Array.from({ length: options.connections }, (_, i) => new Connection(this, i * 83));
  }

  async start() {
    for (const connection of this.#connections) await connection.connect();
    this.running = true;
    this.restart();
    for (const connection of this.#connections) connection.start();
  }

  /** Forgets what was measured so far (warming up). */
  restart() {
    this.#answered += this.latency.total;
    this.latency = new Histogram();
    this.#startedAt = performance.now();
  }

  /** @param {Error} error */
  fail(error) {
    this.#failure ??= error;
    this.stop();
  }

  /** Ends the load and returns what was measured. */
  stop() {
    this.running = false;
    const seconds = (performance.now() - this.#startedAt) / 1000;
    for (const connection of this.#connections) connection.close();
    if (this.#failure !== undefined) throw this.#failure;
    return {
      requests: this.latency.total,
      requestsWithWarmUp: this.#answered + this.latency.total,
      seconds,
      perSecond: this.latency.total / seconds,
      p50Us: this.latency.quantileUs(0.5),
      p99Us: this.latency.quantileUs(0.99),
      maxUs: this.latency.maxUs,
      errors: sum(this.#connections.map((connection) => connection.errors)),
      reconnects: sum(this.#connections.map((connection) => connection.reconnects)),
    };
  }
}

/** @param {readonly number[]} values */
function sum(values) {
  return values.reduce((a, b) => a + b, 0);
}
