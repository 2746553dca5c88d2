/** Requests to the arbiter on behalf of the protocol: each is answered exactly once, by a timeout at the latest. */
import { type Arbiter, type ArbiterRecord, ArbiterUnreachableError } from '../arbiter/arbiter.js';
import type { ArbiterResult } from '../replica/types.js';
import type { Timers } from './ports.js';

/**
 * An arbiter that does not answer within this time counts as unreachable. The next request gets twice the time, up to the
 * maximum, until one is answered: an arbiter that takes its time would otherwise never be heard.
 */
const TIMEOUT_MS = 2000;
const TIMEOUT_MS_MAX = 32_000;

export class ArbiterRequests {
  readonly #arbiter: Arbiter;
  readonly #timers: Timers;
  #timeoutMs = TIMEOUT_MS;

  constructor(arbiter: Arbiter, timers: Timers) {
    this.#arbiter = arbiter;
    this.#timers = timers;
  }

  read(answer: (result: ArbiterResult) => void): void {
    this.#ask(async () => ({ kind: 'read', current: await this.#arbiter.read() }), answer);
  }

  compareAndSet(expectedGeneration: number, record: ArbiterRecord, answer: (result: ArbiterResult) => void): void {
    this.#ask(async () => {
      const result = await this.#arbiter.compareAndSet(expectedGeneration, record);
      return result.won ? { kind: 'won', generation: result.generation } : { kind: 'lost', current: result.current };
    }, answer);
  }

  #ask(ask: () => Promise<ArbiterResult>, answer: (result: ArbiterResult) => void): void {
    const timeoutMs = this.#timeoutMs;
    let settled = false;
    const once = (result: ArbiterResult): void => {
      if (settled) return;
      settled = true;
      cancel();
      answer(result);
    };
    const cancel = this.#timers.after(timeoutMs, () => {
      this.#timeoutMs = Math.min(TIMEOUT_MS_MAX, timeoutMs * 2);
      once({ kind: 'unreachable', message: `no answer within ${timeoutMs} ms` });
    });
    ask()
      .catch(describeFailure)
      .then((result) => {
        if (!settled) this.#timeoutMs = TIMEOUT_MS;
        once(result);
      });
  }
}

function describeFailure(error: Error): ArbiterResult {
  return { kind: error instanceof ArbiterUnreachableError ? 'unreachable' : 'unusable', message: error.message };
}
