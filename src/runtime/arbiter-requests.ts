/** Requests to the arbiter on behalf of the protocol: each is answered exactly once, by a timeout at the latest. */
import { type Arbiter, type ArbiterRecord, ArbiterUnreachableError } from '../arbiter/arbiter.js';
import type { ArbiterResult } from '../replica/types.js';
import type { Timers } from './ports.js';

/** An arbiter that does not answer within this time counts as unreachable. */
const TIMEOUT_MS = 2000;

export class ArbiterRequests {
  readonly #arbiter: Arbiter;
  readonly #timers: Timers;

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
    let answered = false;
    const once = (result: ArbiterResult): void => {
      if (answered) return;
      answered = true;
      cancel();
      answer(result);
    };
    const cancel = this.#timers.after(TIMEOUT_MS, () =>
      once({ kind: 'unreachable', message: `no answer within ${TIMEOUT_MS} ms` }),
    );
    ask().then(once, (error: Error) =>
      once({ kind: error instanceof ArbiterUnreachableError ? 'unreachable' : 'unusable', message: error.message }),
    );
  }
}
