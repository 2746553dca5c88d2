/** The arbiter in memory: for one process with both replicas, and for the simulator, which decides when it fails. */
import {
  type Arbiter,
  type ArbiterRecord,
  type ArbiterState,
  ArbiterUnreachableError,
  type CompareAndSetResult,
} from './arbiter.js';

/**
 * What happens to one request: `lost-request` never arrives, `lost-reply` takes effect but its reply does not arrive.
 * Both look the same to the caller.
 */
export type ArbiterFault = 'none' | 'lost-request' | 'lost-reply';

export interface MemoryArbiterOptions {
  /** Asked once per request. */
  readonly fault?: (request: 'read' | 'compare-and-set') => ArbiterFault;
}

export class MemoryArbiter implements Arbiter {
  readonly #fault: (request: 'read' | 'compare-and-set') => ArbiterFault;
  #state: ArbiterState | undefined;

  constructor(options: MemoryArbiterOptions = {}) {
    this.#fault = options.fault ?? (() => 'none');
  }

  /** The record as it is, past all faults. */
  get state(): ArbiterState | undefined {
    return this.#state;
  }

  async read(): Promise<ArbiterState | undefined> {
    if (this.#fault('read') !== 'none') throw lost('read');
    return this.#state;
  }

  async compareAndSet(expectedGeneration: number, record: ArbiterRecord): Promise<CompareAndSetResult> {
    const fault = this.#fault('compare-and-set');
    if (fault === 'lost-request') throw lost('compare-and-set');
    const result = this.apply(expectedGeneration, record);
    if (fault === 'lost-reply') throw lost('compare-and-set');
    return result;
  }

  /** Compare-and-set without faults, at once. */
  apply(expectedGeneration: number, record: ArbiterRecord): CompareAndSetResult {
    if ((this.#state?.generation ?? 0) !== expectedGeneration) return { won: false, current: this.#state };
    this.#state = { generation: expectedGeneration + 1, record };
    return { won: true, generation: expectedGeneration + 1 };
  }
}

function lost(request: string): ArbiterUnreachableError {
  return new ArbiterUnreachableError(`no answer to the ${request}; whether it took effect is unknown`);
}
