/** The load generator seen from the benchmark: one child process for all rounds, so that it is always equally warm. */
import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** @typedef {ReturnType<import('./resp-load.mjs').RespLoad['stop']>} LoadResult */

export class Load {
  #child = fork(fileURLToPath(new URL('./load-process.mjs', import.meta.url)));
  #nextId = 1;
  #waiting = /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */ (new Map());

  constructor() {
    this.#child.on('message', (/** @type {{ id: number, result?: unknown, error?: string }} */ message) => {
      const waiter = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.error === undefined) waiter?.resolve(message.result);
      else waiter?.reject(new Error(message.error));
    });
    this.#child.on('exit', () => {
      for (const waiter of this.#waiting.values()) waiter.reject(new Error('the load generator ended'));
    });
  }

  get pid() {
    return /** @type {number} */ (this.#child.pid);
  }

  /** @param {import('./resp-load.mjs').LoadOptions} options */
  start(options) {
    return this.#ask({ command: 'start', options });
  }

  /** Forgets what was measured so far: the warm-up. */
  restart() {
    return this.#ask({ command: 'restart' });
  }

  /** Ends the load. @returns {Promise<LoadResult>} */
  stop() {
    return this.#ask({ command: 'stop' });
  }

  /**
   * One measured run.
   * @param {import('./resp-load.mjs').LoadOptions} options
   * @param {{ warmUpSeconds: number, seconds: number }} times
   * @returns {Promise<LoadResult>}
   */
  async run(options, { warmUpSeconds, seconds }) {
    await this.start(options);
    await sleep(warmUpSeconds * 1000);
    await this.restart();
    await sleep(seconds * 1000);
    return this.stop();
  }

  close() {
    this.#child.disconnect();
  }

  /** @param {object} message @returns {Promise<any>} */
  #ask(message) {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, ...message });
    });
  }
}
