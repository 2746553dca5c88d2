/**
 * One request at a time to the arbiter, repeated until it is answered (R4: an unreachable arbiter means wait, never
 * guess). A compare-and-set whose outcome is unknown is repeated unchanged: if the first attempt succeeded after all,
 * the repetition loses to a record equal to our own and is thereby known to have won.
 */
import { type ArbiterRecord, type ArbiterState, sameRecord } from '../arbiter/arbiter.js';
import { invariant } from '../errors.js';
import type { Context } from './context.js';
import { EXIT_CODES } from './exit-codes.js';
import type { ArbiterResult } from './types.js';

const RETRY_MS_MIN = 10;
const RETRY_MS_MAX = 1_000;

export type ProposalOutcome =
  | { readonly won: true; readonly state: ArbiterState }
  | { readonly won: false; readonly current: ArbiterState | undefined };

type Request =
  | { readonly kind: 'read'; readonly done: (current: ArbiterState | undefined) => void }
  | {
      readonly kind: 'propose';
      readonly expectedGeneration: number;
      readonly record: ArbiterRecord;
      readonly done: (outcome: ProposalOutcome) => void;
    };

export class ArbiterSession {
  readonly #context: Context;
  #request: Request | undefined;
  #requestId = 0;
  #retryMs = RETRY_MS_MIN;
  /** When to repeat the request; undefined while an answer is awaited. */
  #retryAtMs: number | undefined;
  #complained = false;
  /** An arbiter that has worked once is retried for ever; one that never did is a mistake in the configuration. */
  #worked = false;

  constructor(context: Context) {
    this.#context = context;
  }

  get idle(): boolean {
    return this.#request === undefined;
  }

  /** True while a compare-and-set is unsettled: nothing else may be asked until its outcome is known. */
  get proposing(): boolean {
    return this.#request?.kind === 'propose';
  }

  /** Replaces an earlier read that is still unanswered. */
  read(done: (current: ArbiterState | undefined) => void): void {
    this.#begin({ kind: 'read', done });
  }

  /** Replaces an unanswered read. */
  propose(expectedGeneration: number, record: ArbiterRecord, done: (outcome: ProposalOutcome) => void): void {
    this.#begin({ kind: 'propose', expectedGeneration, record, done });
  }

  tick(): void {
    if (this.#retryAtMs !== undefined && this.#context.nowMs >= this.#retryAtMs) this.#issue();
  }

  /** Answers to requests that are no longer awaited are ignored. */
  onResult(requestId: number, result: ArbiterResult): void {
    const request = this.#request;
    if (request === undefined || requestId !== this.#requestId || this.#retryAtMs !== undefined) return;
    if (result.kind === 'unusable' && !this.#worked) {
      this.#context.stop(EXIT_CODES.arbiter, result.message);
    } else if (result.kind === 'unreachable' || result.kind === 'unusable') {
      this.#retryLater(result.message);
    } else {
      this.#answered();
      if (request.kind === 'read') {
        invariant(result.kind === 'read', `the arbiter answered a read with ${result.kind}`);
        request.done(result.current);
      } else {
        invariant(result.kind !== 'read', 'the arbiter answered a compare-and-set with a read');
        request.done(this.#settle(request, result));
      }
    }
  }

  #settle(request: Request & { kind: 'propose' }, result: ArbiterResult & { kind: 'won' | 'lost' }): ProposalOutcome {
    if (result.kind === 'won') {
      return { won: true, state: { generation: result.generation, record: request.record } };
    }
    const current = result.current;
    return current !== undefined && sameRecord(current.record, request.record)
      ? { won: true, state: current }
      : { won: false, current };
  }

  #begin(request: Request): void {
    invariant(!this.proposing, 'a compare-and-set must be settled before the arbiter is asked again');
    this.#request = request;
    this.#retryMs = RETRY_MS_MIN;
    this.#issue();
  }

  #issue(): void {
    const request = this.#request;
    invariant(request !== undefined, 'no arbiter request to issue');
    this.#retryAtMs = undefined;
    this.#requestId += 1;
    const requestId = this.#requestId;
    if (request.kind === 'read') {
      this.#context.emit({ type: 'arbiter-read', requestId });
    } else {
      const { expectedGeneration, record } = request;
      this.#context.emit({ type: 'arbiter-cas', requestId, expectedGeneration, record });
    }
  }

  #retryLater(reason: string): void {
    this.#retryAtMs = this.#context.nowMs + this.#retryMs;
    this.#retryMs = Math.min(RETRY_MS_MAX, this.#retryMs * 2);
    if (!this.#complained) this.#context.event('arbiter-unreachable', { reason });
    this.#complained = true;
  }

  #answered(): void {
    this.#request = undefined;
    this.#worked = true;
    if (this.#complained) this.#context.event('arbiter-reachable');
    this.#complained = false;
  }
}
