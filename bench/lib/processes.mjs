/** Starting what is measured: commands of ft-wasm with their log events, and other servers. */
import { spawn, spawnSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 5_000;

/** Every process that still runs; the benchmark's end takes them along, whatever it was. */
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => process.exit(1));

/** @typedef {Record<string, unknown> & { event: string, receivedAt: number }} LogEvent */

/** A process with its end awaited. */
class Child {
  /** @param {string} name @param {string} command @param {readonly string[]} args */
  constructor(name, command, args) {
    this.name = name;
    this.process = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    running.add(this.process);
    this.ended = once(this.process, 'exit').then(() => running.delete(this.process));
  }

  get pid() {
    return /** @type {number} */ (this.process.pid);
  }

  /** Ends it in good order, or by force if it does not listen. */
  async stop() {
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.ended;
    clearTimeout(timer);
  }

  async kill() {
    this.process.kill('SIGKILL');
    await this.ended;
  }
}

/** An ft-wasm command; its log is read as events. */
export class FtWasm extends Child {
  /** @type {LogEvent[]} */
  events = [];
  #text = '';
  #emitter = new EventEmitter();

  /** @param {string} name @param {readonly string[]} args */
  constructor(name, args) {
    super(name, process.execPath, [CLI, ...args]);
    createInterface({ input: /** @type {NodeJS.ReadableStream} */ (this.process.stderr) }).on('line', (line) =>
      this.#onLine(line),
    );
    this.process.once('exit', () => this.#emitter.emit('end'));
  }

  /** @param {string} line */
  #onLine(line) {
    const receivedAt = performance.now();
    if (!line.startsWith('{')) {
      this.#text += `${line}\n`;
      return;
    }
    const event = { ...JSON.parse(line), receivedAt };
    this.events.push(event);
    this.#emitter.emit('event', event);
  }

  /**
   * The first event, past or coming, that fits. Rejects with what the process said if it ends before.
   * @param {string} name
   * @param {(event: LogEvent) => boolean} [fits]
   * @returns {Promise<LogEvent>}
   */
  event(name, fits = () => true) {
    const wanted = (/** @type {LogEvent} */ event) => event.event === name && fits(event);
    const past = this.events.find(wanted);
    if (past !== undefined) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      const settle = (/** @type {() => void} */ action) => {
        clearTimeout(timer);
        this.#emitter.off('event', onEvent);
        this.#emitter.off('end', onEnd);
        action();
      };
      const onEvent = (/** @type {LogEvent} */ event) => wanted(event) && settle(() => resolve(event));
      const onEnd = () => settle(() => reject(new Error(`${this.name} ended without '${name}'\n${this.log}`)));
      const timer = setTimeout(
        () =>
          settle(() =>
            reject(new Error(`${this.name}: no event '${name}' within ${START_TIMEOUT_MS} ms\n${this.log}`)),
          ),
        START_TIMEOUT_MS,
      );
      this.#emitter.on('event', onEvent);
      this.#emitter.on('end', onEnd);
    });
  }

  /** The port of a socket that the process has opened: kind `log`, `client` or `gateway`. @param {string} kind */
  async port(kind) {
    const { address } = await this.event('listening', (event) => event.kind === kind);
    return Number(String(address).replace(/^.*:/, ''));
  }

  /** What it logged, counters left out: for the message of a failure. */
  get log() {
    const lines = this.events.filter(({ event }) => event !== 'stats').map((event) => JSON.stringify(event));
    return lines.join('\n') + this.#text;
  }
}

/** Starts a server that is not ours and waits until it accepts connections. */
export async function startServer(name, command, args, port) {
  const child = new Child(name, command, args);
  child.process.stderr?.resume();
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await accepts(port))) {
    if (performance.now() > deadline) throw new Error(`${name} does not accept connections on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return child;
}

/** @param {number} port @returns {Promise<boolean>} */
function accepts(port) {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** A port that nobody uses now. @returns {Promise<number>} */
export async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
}

/** @param {string} command */
export function isInstalled(command) {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}
